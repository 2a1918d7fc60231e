//! What happens in threads, as events for subscribed receivers.

use serde_json::{Map, Value, json};

use crate::{
    services::acs::{
        chat::{
            identifier,
            thread::{Participant, Thread, View},
        },
        events::{event::NewEvent, hub::Hub},
    },
    wire::clock,
};

/// A thread in which something happens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene<'a> {
    pub(crate) hub: &'a Hub,
    /// Id of the thread.
    pub(crate) id: &'a str,
    pub(crate) thread: &'a Thread,
}

/// What happened to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MessageEvent {
    Received,
    Edited,
    Deleted,
}

/// An event in the two forms that it is published in: once for the thread, and once for each participant.
struct Twofold {
    thread_kind: &'static str,
    user_kind: &'static str,
    /// The end of the subject, and what it is for users where that differs.
    subject: String,
    user_subject: Option<String>,
    data: Value,
    /// What only the form for users has.
    user_data: Map<String, Value>,
    /// A participant that gets none: the sender of a message.
    without: Option<String>,
}

impl Scene<'_> {
    /// Publishes what happened to a message of a participant.
    pub(crate) fn message(&self, id: u64, what: MessageEvent) {
        let found = self.thread.message(View::ALL, &id.to_string());
        let Some((version, message)) = found.filter(|_| !self.hub.is_idle()) else {
            return;
        };
        let sender = message.sender.as_deref().unwrap_or_default().to_owned();
        let shown = message.to_json(version);
        let mut data = json!({
            "messageId": shown["id"],
            "type": capital(shown["type"].as_str().unwrap_or_default()),
            "version": version.to_string(),
            "senderDisplayName": shown["senderDisplayName"],
            "senderCommunicationIdentifier": identity(&sender),
            "composeTime": time(id),
        });
        if what == MessageEvent::Deleted {
            data["deleteTime"] = json!(time(message.deleted_on.unwrap_or(version)));
        } else {
            data["messageBody"] = shown["content"]["message"].clone();
            data["metadata"] = shown.get("metadata").cloned().unwrap_or_else(|| json!({}));
        }
        if what == MessageEvent::Edited {
            data["editTime"] = json!(time(version));
        }
        let (thread_kind, user_kind) = match what {
            MessageEvent::Received => ("ChatMessageReceivedInThread", "ChatMessageReceived"),
            MessageEvent::Edited => ("ChatMessageEditedInThread", "ChatMessageEdited"),
            MessageEvent::Deleted => ("ChatMessageDeletedInThread", "ChatMessageDeleted"),
        };
        self.publish(Twofold {
            thread_kind,
            user_kind,
            subject: format!("sender/{sender}"),
            user_subject: None,
            data,
            user_data: members(json!({"senderId": sender, "version": version})),
            without: Some(sender),
        });
    }

    /// Publishes that the thread was created.
    pub(crate) fn created(&self) {
        if self.hub.is_idle() {
            return;
        }
        let by = &self.thread.creator;
        let all = self.thread.participants.iter();
        let member =
            |one: &Participant| json!({"displayName": one.display_name, "memberId": &*one.raw_id});
        let mut data = self.thread_data();
        data["createdByCommunicationIdentifier"] = identity(by);
        data["properties"] = json!({"topic": self.thread.topic});
        data["participants"] = all.clone().map(participant).collect();
        data["metadata"] = json!(self.thread.metadata);
        let user_data = json!({"createdBy": by, "members": all.map(member).collect::<Value>()});
        self.publish(Twofold {
            thread_kind: "ChatThreadCreated",
            user_kind: "ChatThreadCreatedWithUser",
            subject: format!("createdBy/{by}"),
            user_subject: None,
            data,
            user_data: members(user_data),
            without: None,
        });
    }

    /// Publishes that properties of the thread were changed.
    pub(crate) fn updated(&self, by: &str) {
        if self.hub.is_idle() {
            return;
        }
        let mut data = self.thread_data();
        data["editedByCommunicationIdentifier"] = identity(by);
        data["editTime"] = json!(time(self.hub.now()));
        data["properties"] = json!({"topic": self.thread.topic});
        self.publish(Twofold {
            thread_kind: "ChatThreadPropertiesUpdated",
            user_kind: "ChatThreadPropertiesUpdatedPerUser",
            subject: format!("editedBy/{by}"),
            user_subject: None,
            data,
            user_data: members(json!({"editedBy": by})),
            without: None,
        });
    }

    /// Publishes that the thread was deleted.
    pub(crate) fn deleted(&self, by: &str) {
        if self.hub.is_idle() {
            return;
        }
        let mut data = self.thread_data();
        data["deletedByCommunicationIdentifier"] = identity(by);
        data["deleteTime"] = json!(time(self.hub.now()));
        data["reason"] = json!("deleteByThread");
        let user_data = json!({"deletedBy": by, "reason": null});
        self.publish(Twofold {
            thread_kind: "ChatThreadDeleted",
            user_kind: "ChatThreadWithUserDeleted",
            subject: format!("deletedBy/{by}"),
            user_subject: None,
            data,
            user_data: members(user_data),
            without: None,
        });
    }

    /// Publishes that a participant was added.
    pub(crate) fn added(&self, by: &str, newcomer: &Participant) {
        self.participant(
            by,
            newcomer,
            ["added", "Added"],
            "ChatParticipantAddedToThreadWithUser",
        );
    }

    /// Publishes that a participant was removed.
    pub(crate) fn removed(&self, by: &str, gone: &Participant) {
        let kind = "ChatParticipantRemovedFromThreadWithUser";
        self.participant(by, gone, ["removed", "Removed"], kind);
    }

    fn participant(&self, by: &str, one: &Participant, what: [&str; 2], user_kind: &'static str) {
        if self.hub.is_idle() {
            return;
        }
        let [lower, upper] = what;
        let mut data = self.thread_data();
        data["time"] = json!(time(self.hub.now()));
        data[format!("{lower}ByCommunicationIdentifier")] = identity(by);
        data[format!("participant{upper}")] = participant(one);
        let thread_kind = if lower == "added" {
            "ChatThreadParticipantAdded"
        } else {
            "ChatThreadParticipantRemoved"
        };
        self.publish(Twofold {
            thread_kind,
            user_kind,
            // Each form spells it in its own way.
            subject: format!("participant{lower}/{}", one.raw_id),
            user_subject: Some(format!("participant{upper}/{}", one.raw_id)),
            data,
            user_data: Map::new(),
            without: None,
        });
    }

    /// Publishes a sign of typing to each participant but the sender.
    pub(crate) fn typing(&self, sender: &str, name: &str) {
        if self.hub.is_idle() {
            return;
        }
        let transaction = self.hub.transaction();
        for other in self.others(Some(sender)) {
            self.hub.publish(NewEvent {
                kind: "ChatTypingIndicatorReceivedInThread",
                subject: format!("thread/{}/sender/{sender}/recipient/{other}", self.id),
                data: json!({
                    "senderCommunicationIdentifier": identity(sender),
                    "senderDisplayName": name,
                    "transactionId": transaction,
                    "threadId": self.id,
                }),
                at: self.hub.now(),
            });
        }
    }

    /// What every event about the thread itself has.
    fn thread_data(&self) -> Value {
        json!({
            "createTime": time(self.thread.created_on),
            "version": self.thread.newest(),
        })
    }

    fn others(&self, without: Option<&str>) -> impl Iterator<Item = &str> {
        let all = self.thread.participants.iter().map(|one| &*one.raw_id);
        all.filter(move |id| Some(*id) != without)
    }

    fn publish(&self, event: Twofold) {
        let (hub, at) = (self.hub, self.hub.now());
        let mut data = event.data;
        data["transactionId"] = json!(hub.transaction());
        data["threadId"] = json!(self.id);
        let user_subject = event.user_subject.as_ref().unwrap_or(&event.subject);
        for recipient in self.others(event.without.as_deref()) {
            let mut data = data.clone();
            for (name, value) in &event.user_data {
                data[name] = value.clone();
            }
            if let Some(members) = data.as_object_mut() {
                members.retain(|_, value| !value.is_null());
            }
            data["recipientId"] = json!(recipient);
            data["recipientCommunicationIdentifier"] = identity(recipient);
            hub.publish(NewEvent {
                kind: event.user_kind,
                subject: format!("thread/{}/{user_subject}/recipient/{recipient}", self.id),
                data,
                at,
            });
        }
        hub.publish(NewEvent {
            kind: event.thread_kind,
            subject: format!("thread/{}/{}", self.id, event.subject),
            data,
            at,
        });
    }
}

fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// An identifier in the form of events, without its kind.
fn identity(raw_id: &str) -> Value {
    let mut identity = identifier::write(raw_id);
    if let Some(members) = identity.as_object_mut() {
        members.remove("kind");
    }
    identity
}

fn participant(one: &Participant) -> Value {
    json!({
        "displayName": one.display_name,
        "participantCommunicationIdentifier": identity(&one.raw_id),
        "metadata": one.metadata,
    })
}

/// Times of events have an offset.
fn time(ms: u64) -> String {
    clock::rfc3339_millis(ms).replace('Z', "+00:00")
}

/// `Text`, as events write the type of a message.
fn capital(kind: &str) -> String {
    let (first, rest) = kind.split_at(kind.len().min(1));
    first.to_ascii_uppercase() + rest
}
