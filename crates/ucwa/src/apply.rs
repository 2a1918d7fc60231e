//! How the events of the server change the state.
//!
//! | Event | Change |
//! |---|---|
//! | `messagingInvitation` and the like, of an own operation | its address, conversation, progress and end |
//! | the same, incoming and `started` | the conversation; reported as an invitation |
//! | `conversation` | state and links; `deleted` ends it |
//! | `messaging` | formats and links; the reason of its end |
//! | `message` `completed`, outgoing | the verdict on a message |
//! | `message` `completed`, incoming | reported as a message |
//! | `participant` | the known participants; in `typingParticipants`, reported as typing |

use crate::{
    data_uri,
    events::{Ending, Event},
    history::{Said, SaidBy},
    message::Format,
    raw_event::{RawEvent, RawInvitation},
    resource::Resource,
    sender::Sender,
    state::{Done, State, key},
    verdict::{Arrival, Reach, Verdict},
    words::{CODE, line},
};

/// How many participants of one conversation are kept.
const MAX_PARTICIPANTS: usize = 2048;

impl State {
    /// Applies one event of the resource at `sender`. `resource` is what changed, when the
    /// event brought it or it could be fetched.
    pub(crate) fn apply(
        &mut self,
        sender: &str,
        event: &Event,
        resource: Option<&Resource>,
    ) -> Option<RawEvent> {
        match event.link.rel.as_str() {
            "messagingInvitation" | "onlineMeetingInvitation" | "participantInvitation" => {
                self.invitation(event, resource)
            }
            "conversation" if event.kind == "deleted" => self.ended(event),
            "conversation" => {
                let conversation = self.conversation(&event.link.href);
                conversation.take(resource?);
                None
            }
            "messaging" => {
                let conversation = self.conversation(sender);
                if event.reason.is_some() {
                    conversation.reason.clone_from(&event.reason);
                }
                conversation.take_messaging(resource?);
                None
            }
            "message" if event.kind == "completed" => self.message(sender, event, resource),
            "participant" => self.participant(sender, event, resource),
            _ => None,
        }
    }

    fn invitation(&mut self, event: &Event, resource: Option<&Resource>) -> Option<RawEvent> {
        let href = key(&event.link.href);
        let id = resource.and_then(|r| r.text("operationId"));
        let id = match id.filter(|id| self.operations.contains_key(*id)) {
            Some(id) => Some(id.to_owned()),
            None => self.operation_at(href),
        };
        match (id, resource) {
            (Some(id), _) => {
                self.own_invitation(&id, event, resource);
                None
            }
            (None, Some(invitation)) if invitation.text("direction") == Some("Incoming") => {
                self.foreign_invitation(event, invitation)
            }
            _ => None,
        }
    }

    fn operation_at(&self, href: &str) -> Option<String> {
        let mut operations = self.operations.iter();
        let (id, _) = operations.find(|(_, operation)| operation.href.as_deref() == Some(href))?;
        Some(id.clone())
    }

    fn own_invitation(&mut self, id: &str, event: &Event, resource: Option<&Resource>) {
        // If another endpoint accepted, a derived conversation continues it.
        let link = |rels: [&str; 2]| {
            let mut found = rels.iter().filter_map(|rel| resource?.address(rel));
            found.next()
        };
        let conversation = link(["derivedConversation", "conversation"]);
        let messaging = link(["derivedMessaging", "messaging"]);
        let Some(operation) = self.operations.get_mut(id) else {
            return;
        };
        operation
            .href
            .get_or_insert_with(|| key(&event.link.href).to_owned());
        if let Some(conversation) = &conversation {
            operation.conversation = Some(key(conversation).to_owned());
        }
        operation.messaging = messaging.or(operation.messaging.take());
        if event.kind == "completed" {
            let done = match event.ending() {
                Ending::Success => Done::Success,
                Ending::Failure => Done::Failure(event.reason.clone()),
                Ending::Unsaid => Done::Unsaid,
            };
            operation.done.get_or_insert(done);
        }
        let peer = operation.peer.clone();
        let verdict = operation.verdict(id);
        if operation.done.is_some() && operation.left_at.is_some() {
            self.operations.remove(id);
        }
        if let Some(verdict) = verdict {
            self.verdicts.complete("", "", Some(id), verdict);
        }
        if let (Some(conversation), Some(peer)) = (conversation, peer) {
            let conversation = self.conversation(&conversation);
            conversation.peer.get_or_insert(peer);
        }
    }

    fn foreign_invitation(&mut self, event: &Event, invitation: &Resource) -> Option<RawEvent> {
        let conversation = invitation.address("conversation")?;
        let from = invitation.embedded("from").map(Sender::read);
        let is_meeting = event.link.rel == "onlineMeetingInvitation";
        let known = self.conversation(&conversation);
        known.meeting |= is_meeting;
        if let (Some(from), false) = (&from, known.meeting) {
            known
                .peer
                .get_or_insert_with(|| from.uri.to_ascii_lowercase());
        }
        if event.kind != "started" {
            return None;
        }
        let accept = ["accept", "answer"];
        let link = |rel: &str| invitation.address(rel);
        Some(RawEvent::Invited(RawInvitation {
            conversation: key(&conversation).to_owned(),
            from: from.unwrap_or_default(),
            subject: invitation
                .short_text("subject")
                .filter(|s| !s.is_empty())
                .map(str::to_owned),
            toast: invitation
                .href("message")
                .and_then(data_uri::decode)
                .map(|data| data.text),
            accept: accept.iter().find_map(|rel| link(rel)),
            decline: link("decline"),
            is_meeting,
        }))
    }

    fn ended(&mut self, event: &Event) -> Option<RawEvent> {
        let key = key(&event.link.href);
        let conversation = self.conversations.get(key).cloned();
        self.close(key);
        let conversation = conversation?;
        Some(RawEvent::Ended {
            conversation: key.to_owned(),
            reason: event.reason.clone().or(conversation.reason),
        })
    }

    fn message(
        &mut self,
        sender: &str,
        event: &Event,
        resource: Option<&Resource>,
    ) -> Option<RawEvent> {
        let (conversation, href) = (key(sender).to_owned(), key(&event.link.href));
        if resource.and_then(|r| r.text("direction")) == Some("Incoming") {
            return self.received(conversation, href, resource?);
        }
        let verdict = match event.ending() {
            Ending::Success => Verdict::Delivered(self.arrival(&conversation, href, resource)),
            Ending::Failure => Verdict::Failed(event.reason.clone()),
            Ending::Unsaid => Verdict::Unsaid,
        };
        let operation = resource.and_then(|r| r.text("operationId"));
        self.verdicts
            .complete(&conversation, href, operation, verdict);
        None
    }

    /// The delivery that an event of success reports: in a meeting, some participants may not have
    /// received the message.
    fn arrival(&self, conversation: &str, href: &str, resource: Option<&Resource>) -> Arrival {
        const FAILED: &str = "failedDeliveryParticipant";
        let linked = resource.into_iter().flat_map(|r| r.links(FAILED));
        let linked = linked.map(|link| (key(&link.href).to_owned(), link.title.clone()));
        let embedded = resource.into_iter().flat_map(|r| r.all_embedded(FAILED));
        let embedded = embedded.filter_map(|participant| {
            let href = participant.address("self")?;
            let name = participant.short_text("name").map(str::to_owned);
            Some((key(&href).to_owned(), name))
        });
        let mut failed: Vec<(String, Option<String>)> = linked.chain(embedded).collect();
        failed.truncate(MAX_PARTICIPANTS);
        let any = resource.map_or(0, |r| r.count(FAILED)) > 0;
        let known = self.conversations.get(conversation);
        let in_meeting = known.is_none_or(|known| known.meeting);
        // In a meeting each known participant counts, except the user.
        let is_left = |(href, participant): (&String, &Sender)| {
            !participant.uri.eq_ignore_ascii_case(&self.own)
                && !failed.iter().any(|(failed, _)| failed == href)
        };
        let any_left = known.is_some_and(|known| known.participants.iter().any(is_left));
        let reach = match (any, resource, in_meeting) {
            (true, _, true) if any_left => Reach::NotProven,
            (true, ..) => Reach::Nobody,
            (false, None, true) => Reach::NotProven,
            (false, ..) => Reach::Everyone,
        };
        let shown = |(href, title): (String, Option<String>)| {
            let title = title.filter(|title| !title.is_empty());
            line(&title.unwrap_or(href), CODE)
        };
        Arrival {
            href: href.to_owned(),
            at: resource.and_then(|r| r.time("timeStamp")),
            failed: failed.into_iter().map(shown).collect(),
            reach,
        }
    }

    fn received(
        &mut self,
        conversation: String,
        href: &str,
        message: &Resource,
    ) -> Option<RawEvent> {
        let uri = ["htmlMessage", "plainMessage"]
            .iter()
            .find_map(|rel| message.href(rel))?;
        let data = data_uri::decode(uri)?;
        let known = self.conversation(&conversation);
        let participant = message.href("participant").map(key);
        let from = participant
            .and_then(|href| known.participants.get(href).cloned())
            .filter(|known| !known.uri.is_empty())
            .or_else(|| {
                let peer = known.peer.clone()?;
                let title = message
                    .link("participant")
                    .and_then(|link| link.title.clone());
                Some(Sender::new(peer, title.filter(|t| !t.is_empty())))
            });
        let (participant, at) = (participant.map(str::to_owned), message.time("timeStamp"));
        let format = Format::of(&data);
        let by = SaidBy::Other {
            from: from.clone(),
            participant: participant.clone(),
        };
        let said = Said::new(by, format.clone(), data.text.clone());
        self.history.add(&conversation, said.located(href, at));
        Some(RawEvent::Received {
            message: href.to_owned(),
            participant,
            from,
            format,
            text: data.text,
            at,
            conversation,
        })
    }

    fn participant(
        &mut self,
        sender: &str,
        event: &Event,
        resource: Option<&Resource>,
    ) -> Option<RawEvent> {
        let href = key(&event.link.href).to_owned();
        let container = event.container.as_ref().map(|link| link.rel.as_str());
        let conversation = self.conversation(sender);
        if container == Some("typingParticipants") {
            let from = conversation.participants.get(&href).cloned();
            let from = from.filter(|known| !known.uri.is_empty());
            let peer = || {
                conversation
                    .peer
                    .clone()
                    .map(|peer| Sender::new(peer, None))
            };
            return Some(RawEvent::Typing {
                conversation: key(sender).to_owned(),
                from: from.or_else(peer).unwrap_or_default(),
                is_typing: event.kind != "deleted",
            });
        }
        let participants = &mut conversation.participants;
        if event.kind == "deleted" {
            participants.remove(&href);
        } else if participants.len() < MAX_PARTICIPANTS || participants.contains_key(&href) {
            match resource {
                Some(participant) => drop(participants.insert(href, Sender::read(participant))),
                // The participant counts, although the server does not name it.
                None => drop(participants.entry(href).or_default()),
            }
        }
        None
    }
}
