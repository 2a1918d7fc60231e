//! The resources that a GET under an application returns.

use http::{StatusCode, header::IF_NONE_MATCH};
use serde_json::{Value, json};

use crate::{
    services::ucwa::{
        faults::UcwaFault,
        hrefs,
        input::Input,
        model::Application,
        people,
        presence::part_of_me,
        render::{self, link},
        responses::{Reply, no_application, not_found, resource},
        routes::{Part, What},
        transaction::Tx,
    },
    wire::{request::Request, response::Response},
};

/// Reads what is not part of a conversation.
pub(super) fn read(tx: &Tx<'_>, application: &str, what: &What, request: &Request) -> Reply {
    let owner = tx
        .store
        .applications
        .get(application)
        .ok_or_else(no_application)?;
    let this = hrefs::base(application);
    let found = match what {
        What::Policies => json!({
            "_links": {"self": {"href": format!("{this}/policies")}},
            "messaging": "Enabled",
            "htmlMessaging": "Enabled",
            "rel": "policies",
        }),
        What::Me => me(owner),
        What::MePart(part) => part_of_me(tx, owner, part),
        What::Communication => return Ok(communication(owner, request)),
        What::Invitation(id) => {
            let invitation = owner.invitations.get(id).ok_or_else(not_found)?;
            render::invitation(tx, application, invitation)
        }
        What::Conversations => conversations(owner),
        What::People => people::people(&this),
        What::Search => {
            let input = Input::read(request)?;
            people::search(tx, application, &input, &request.target)?
        }
        What::Contact(sip) => people::contact(tx, application, sip)?,
        What::ContactPresence(sip) => people::presence(tx, application, sip)?,
        What::ContactNote(sip) => people::note(tx, application, sip)?,
        _ => return Err(not_found()),
    };
    Ok(resource(&found))
}

/// Reads a part of a conversation.
pub(super) fn part(tx: &Tx<'_>, application: &str, id: &str, part: &Part) -> Reply {
    let view = tx.store.view(application, id).ok_or_else(not_found)?;
    let own = tx.sip_of(application);
    let known = |sip: &String| {
        let sip = hrefs::normal_sip(sip).ok_or_else(not_found)?;
        let is_known = sip == own || view.others.iter().any(|(other, _)| *other == sip);
        if is_known { Ok(sip) } else { Err(not_found()) }
    };
    let this = hrefs::conversation(application, id);
    let list = |sips: Vec<String>, path: &str, rel: &str| {
        let link = |sip: &String| {
            let href = hrefs::participant(application, id, sip);
            json!({"href": href, "title": tx.name_of(sip)})
        };
        let links: Vec<Value> = sips.iter().map(link).collect();
        json!({
            "_links": {"self": {"href": format!("{this}/{path}")}, "participant": links},
            "rel": rel,
        })
    };
    let others = || view.others.iter().map(|(sip, _)| sip.clone());
    let found = match part {
        Part::Itself => render::conversation(tx, application, id),
        Part::Messaging => render::messaging(tx, application, id),
        Part::Message(number) => view.messages.get(number).map(|message| {
            let mut found = render::message(tx, application, id, message);
            found["status"] = message.status.into();
            if let Some(operation) = &message.operation {
                found["operationId"] = operation.as_str().into();
            }
            found
        }),
        Part::Participants => Some(list(others().collect(), "participants", "participants")),
        Part::TypingParticipants => {
            let session = tx.store.sessions.get(&view.session);
            let typing = session
                .into_iter()
                .flat_map(|session| session.typing.keys());
            let typing = typing.filter(|sip| **sip != own).cloned().collect();
            Some(list(
                typing,
                "messaging/typingParticipants",
                "typingParticipants",
            ))
        }
        Part::Participant(sip) => Some(render::participant(tx, application, id, &known(sip)?)),
        Part::ParticipantMessaging(sip) => {
            let sip = known(sip)?;
            Some(render::participant_messaging(tx, application, id, &sip))
        }
        Part::LocalParticipant => Some(render::participant(tx, application, id, &own)),
        Part::OnlineMeeting => render::online_meeting(application, view),
        _ => None,
    };
    found.map(|found| resource(&found)).ok_or_else(not_found)
}

fn communication(owner: &Application, request: &Request) -> Response {
    let tag = format!("\"{}\"", owner.etag);
    let known = request.header(IF_NONE_MATCH.as_str());
    let response = if known == Some(tag.as_str()) {
        Response::empty(StatusCode::NOT_MODIFIED)
    } else {
        resource(&render::communication(owner))
    };
    response.with_header("etag", &tag)
}

fn conversations(owner: &Application) -> Value {
    let href = |id: &String| link(hrefs::conversation(&owner.id, id));
    let all: Vec<Value> = owner.conversations.keys().map(href).collect();
    let this = format!("{}/conversations", hrefs::communication(&owner.id));
    json!({"_links": {"self": {"href": this}, "conversation": all}, "rel": "conversations"})
}

/// `me`: its links say whether makeMeAvailable is still to be called.
fn me(owner: &Application) -> Value {
    let this = format!("{}/me", hrefs::base(&owner.id));
    let mut links = json!({"self": {"href": this}});
    let names: &[&str] = match (owner.is_available, owner.is_anonymous) {
        (_, true) => &[],
        (false, _) => &["makeMeAvailable", "callForwardingSettings", "phones"],
        (true, _) => &[
            "note",
            "presence",
            "location",
            "reportMyActivity",
            "callForwardingSettings",
            "phones",
        ],
    };
    for name in names {
        links[*name] = link(format!("{this}/{name}"));
    }
    let photo = hrefs::segment(&owner.sip);
    links["photo"] = link(format!("{}/photos/{photo}", hrefs::base(&owner.id)));
    json!({
        "name": owner.name,
        "uri": owner.sip,
        "emailAddresses": [hrefs::segment(&owner.sip)],
        "_links": links,
        "rel": "me",
    })
}

fn online_meetings(base: &str) -> Value {
    let this = format!("{base}/onlineMeetings");
    json!({
        "_links": {
            "self": {"href": this},
            "myOnlineMeetings": {"href": format!("{this}/myOnlineMeetings")},
        },
        "rel": "onlineMeetings",
    })
}

/// `application` with all that it embeds, unless the fault leaves it to a link.
pub(super) fn application(owner: &Application, fault: Option<&UcwaFault>) -> Value {
    let this = hrefs::base(&owner.id);
    let [user_agent, endpoint, culture, kind, instance] = &owner.identity;
    let mut found = json!({
        "culture": culture,
        "userAgent": user_agent,
        "endpointId": endpoint,
        "id": owner.id,
        "_links": {
            "self": {"href": this},
            "policies": {"href": format!("{this}/policies")},
            "batch": {"href": format!("{this}/batch")},
            "events": {"href": format!("{this}/events?ack={}", owner.channel.current())},
        },
        "_embedded": {
            "me": me(owner),
            "people": people::people(&this),
            "onlineMeetings": online_meetings(&this),
            "communication": render::communication(owner),
        },
        "rel": "application",
    });
    if fault == Some(&UcwaFault::PeopleByLink)
        && let Some(embedded) = found["_embedded"].as_object_mut()
    {
        embedded.remove("people");
        found["_links"]["people"] = link(format!("{this}/people"));
    }
    for (name, value) in [("type", kind), ("instanceId", instance)] {
        if !value.is_empty() {
            found[name] = value.as_str().into();
        }
    }
    found
}
