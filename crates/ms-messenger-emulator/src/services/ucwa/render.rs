//! The resources as JSON.

use serde_json::{Map, Value, json};

use crate::services::ucwa::{
    data_uri, hrefs,
    model::{Application, Conversation, Invitation, Invites, Message, Messaging},
    transaction::Tx,
};

/// A link with its address only.
pub(super) fn link(href: impl Into<String>) -> Value {
    json!({"href": href.into()})
}

fn titled(href: String, title: &str) -> Value {
    json!({"href": href, "title": title})
}

/// The title of a participant in events: the service leaves it empty for the callee.
pub(super) fn title(tx: &Tx<'_>, view: &Conversation, sip: &str) -> String {
    if view.is_outgoing && view.meeting.is_none() {
        return String::new();
    }
    tx.name_of(sip)
}

/// `conversation`.
pub(super) fn conversation(tx: &Tx<'_>, application: &str, id: &str) -> Option<Value> {
    let owner = tx.store.applications.get(application)?;
    let view = owner.conversations.get(id)?;
    let this = hrefs::conversation(application, id);
    let mut links = Map::new();
    links.insert("self".into(), link(this.as_str()));
    links.insert("messaging".into(), link(format!("{this}/messaging")));
    if matches!(view.state, "Connected" | "Conferenced") {
        let local = hrefs::participant(application, id, &owner.sip);
        links.insert("localParticipant".into(), titled(local, &owner.name));
        links.insert("participants".into(), link(format!("{this}/participants")));
        let add = format!("participantInvitations?conversation={id}");
        let add = format!("{}/{add}", hrefs::communication(application));
        links.insert("addParticipant".into(), link(add));
    }
    if view.meeting.is_some() {
        links.insert(
            "onlineMeeting".into(),
            link(format!("{this}/onlineMeeting")),
        );
    }
    let is_active = view.messaging == Messaging::Connected || view.state == "Incoming";
    let modalities: &[&str] = if is_active { &["Messaging"] } else { &[] };
    Some(json!({
        "state": view.state,
        "threadId": view.thread,
        "subject": view.subject,
        "activeModalities": modalities,
        "importance": view.importance,
        "recording": false,
        "_links": links,
        "rel": "conversation",
    }))
}

/// `messaging`.
pub(super) fn messaging(tx: &Tx<'_>, application: &str, id: &str) -> Option<Value> {
    let view = tx.store.view(application, id)?;
    let this = hrefs::messaging(application, id);
    let mut links = Map::new();
    links.insert("self".into(), link(this.as_str()));
    links.insert(
        "conversation".into(),
        link(hrefs::conversation(application, id)),
    );
    if view.messaging == Messaging::Disconnected {
        let add = format!("messagingInvitations?conversation={id}");
        let add = format!("{}/{add}", hrefs::communication(application));
        links.insert("addMessaging".into(), link(add));
    } else {
        links.insert("stopMessaging".into(), link(format!("{this}/terminate")));
    }
    let mut resource = json!({"state": view.messaging.as_str(), "rel": "messaging"});
    if view.messaging == Messaging::Connected {
        if view.has_send_link {
            links.insert("sendMessage".into(), link(format!("{this}/messages")));
        }
        links.insert("setIsTyping".into(), link(format!("{this}/typing")));
        let typing = format!("{this}/typingParticipants");
        links.insert("typingParticipants".into(), link(typing));
        resource["negotiatedMessageFormats"] = json!(view.formats);
    }
    resource["_links"] = links.into();
    Some(resource)
}

/// `participant`, of oneself or of another.
pub(super) fn participant(tx: &Tx<'_>, application: &str, id: &str, sip: &str) -> Value {
    let owner = tx.store.applications.get(application);
    let is_self = owner.is_some_and(|owner| owner.sip == sip);
    let mut links = Map::new();
    let this = hrefs::participant(application, id, sip);
    links.insert("self".into(), link(this));
    links.insert(
        "conversation".into(),
        link(hrefs::conversation(application, id)),
    );
    if is_self {
        links.insert(
            "me".into(),
            link(format!("{}/me", hrefs::base(application))),
        );
    } else {
        let person = hrefs::person(application, sip);
        links.insert("contactPresence".into(), link(format!("{person}/presence")));
        links.insert("contact".into(), link(person));
    }
    let is_known = tx.user(sip).is_some();
    json!({
        "sourceNetwork": if is_known || is_self { "SameEnterprise" } else { "Federated" },
        "anonymous": owner.is_some_and(|owner| is_self && owner.is_anonymous),
        "name": tx.name_of(sip),
        "uri": sip,
        "_links": links,
        "rel": "participant",
    })
}

/// `participantMessaging`.
pub(super) fn participant_messaging(tx: &Tx<'_>, application: &str, id: &str, sip: &str) -> Value {
    let participant = hrefs::participant(application, id, sip);
    json!({
        "_links": {
            "self": {"href": format!("{participant}/messaging")},
            "participant": {"href": participant, "title": tx.name_of(sip)},
        },
        "rel": "participantMessaging",
    })
}

/// A messaging, participant or online meeting invitation.
pub(super) fn invitation(tx: &Tx<'_>, application: &str, invitation: &Invitation) -> Value {
    let id = &invitation.conversation;
    let rel = invitation.invites.rel();
    let mut embedded = Map::new();
    if invitation.is_incoming {
        let from = participant(tx, application, id, &invitation.from);
        embedded.insert("from".into(), from);
    }
    if let Some(accepted_by) = &invitation.accepted_by {
        let by = participant(tx, application, id, accepted_by);
        embedded.insert("acceptedByParticipant".into(), json!([by]));
    }
    let direction = if invitation.is_incoming {
        "Incoming"
    } else {
        "Outgoing"
    };
    let mut resource = json!({
        "direction": direction,
        "importance": invitation.importance,
        "threadId": invitation.thread,
        "state": invitation.state,
        "subject": invitation.subject,
        "to": invitation.to,
        "_links": invitation_links(tx, application, invitation),
        "rel": rel,
    });
    if let Some(operation) = &invitation.operation {
        resource["operationId"] = operation.as_str().into();
    }
    if let Some(meeting) = &invitation.meeting {
        resource["onlineMeetingUri"] = meeting.as_str().into();
    }
    if invitation.invites == Invites::Meeting {
        resource["availableModalities"] = json!(["Messaging"]);
    }
    if !embedded.is_empty() {
        resource["_embedded"] = embedded.into();
    }
    resource
}

fn invitation_links(tx: &Tx<'_>, application: &str, invitation: &Invitation) -> Map<String, Value> {
    let id = &invitation.conversation;
    let this = hrefs::invitation(application, invitation.invites.rel(), &invitation.id);
    let conversation = hrefs::conversation(application, id);
    let is_open = invitation.state == "Connecting";
    let is_messaging = invitation.invites == Invites::Messaging;
    let mut links = Map::new();
    let mut add = |name: &str, value| links.insert(name.to_owned(), value);
    add("self", link(this.as_str()));
    add("to", link(hrefs::person(application, &invitation.to)));
    add("conversation", link(conversation.as_str()));
    if is_messaging {
        add("messaging", link(format!("{conversation}/messaging")));
    }
    if invitation.is_incoming {
        if is_open {
            add("accept", link(format!("{this}/accept")));
            add("decline", link(format!("{this}/decline")));
        }
        if let Some(toast) = &invitation.toast {
            add("message", link(data_uri::write(toast)));
        }
    } else {
        let from = hrefs::participant(application, id, &invitation.from);
        add("from", titled(from, &tx.name_of(&invitation.from)));
        if is_open && is_messaging {
            add(
                "cancel",
                link(format!("{conversation}/messaging/terminate")),
            );
        }
    }
    links
}

/// `message`.
pub(super) fn message(tx: &Tx<'_>, application: &str, id: &str, message: &Message) -> Value {
    let mut links = Map::new();
    let this = hrefs::message(application, id, message.number);
    links.insert("self".into(), link(this));
    links.insert("messaging".into(), link(hrefs::messaging(application, id)));
    if message.is_incoming {
        let sip = &message.sender;
        let from = hrefs::participant(application, id, sip);
        links.insert("participant".into(), titled(from, &tx.name_of(sip)));
        links.insert("contact".into(), link(hrefs::person(application, sip)));
        let rel = if message.body.is_html {
            "htmlMessage"
        } else {
            "plainMessage"
        };
        links.insert(rel.into(), link(data_uri::write(&message.body)));
    }
    if !message.failed.is_empty() {
        let participant = |sip: &String| link(hrefs::participant(application, id, sip));
        let failed: Vec<Value> = message.failed.iter().map(participant).collect();
        links.insert("failedDeliveryParticipant".into(), failed.into());
    }
    let direction = if message.is_incoming {
        "Incoming"
    } else {
        "Outgoing"
    };
    json!({
        "direction": direction,
        "timeStamp": format!("/Date({})/", message.at_ms),
        "_links": links,
        "rel": "message",
    })
}

/// `onlineMeeting` of a conversation.
pub(super) fn online_meeting(application: &str, view: &Conversation) -> Option<Value> {
    let uri = view.meeting.as_ref()?;
    let conversation = hrefs::conversation(application, &view.id);
    Some(json!({
        "onlineMeetingUri": uri,
        "onlineMeetingId": uri.rsplit(':').next().unwrap_or_default(),
        "subject": view.subject,
        "_links": {
            "self": {"href": format!("{conversation}/onlineMeeting")},
            "conversation": {"href": conversation},
        },
        "rel": "onlineMeeting",
    }))
}

/// `communication`; its first member has a GUID as its name.
pub(super) fn communication(application: &Application) -> Value {
    let this = hrefs::communication(&application.id);
    let meetings = format!("{this}/onlineMeetingInvitations");
    let mut links = json!({
        "self": {"href": this.as_str()},
        "conversations": {"href": format!("{this}/conversations?filter=active")},
        "joinOnlineMeeting": {"href": meetings.as_str()},
    });
    if !application.is_anonymous {
        links["startMessaging"] = link(format!("{this}/messagingInvitations"));
        links["startOnlineMeeting"] = link(format!("{meetings}?onlineMeetingUri=adhoc"));
    }
    json!({
        (application.guid.as_str()): "please pass this in a PUT request",
        "supportedModalities": application.modalities,
        "supportedMessageFormats": application.formats,
        "_links": links,
        "rel": "communication",
        "etag": application.etag.to_string(),
    })
}
