//! What is known of the conversations, and how events change it. No I/O.

use std::collections::HashMap;

use crate::{
    data_uri,
    events::Event,
    flight::{Flights, Verdict},
    incoming::{Happened, Sender},
    message::Format,
    reason::Reason,
    resource::Resource,
};

/// The path of an address: relative and absolute spellings of one resource are equal.
pub(crate) fn key(href: &str) -> &str {
    match href.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => href,
    }
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) conversations: HashMap<String, Conversation>,
    /// Operations that were posted, by the id that events echo.
    pub(crate) operations: HashMap<String, Operation>,
    pub(crate) flights: Flights,
}

/// One conversation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Conversation {
    /// The SIP address of the other side, in lower case; none in a meeting.
    pub(crate) peer: Option<String>,
    /// Whether it is, or becomes, a meeting.
    pub(crate) meeting: bool,
    pub(crate) state: String,
    pub(crate) href: String,
    /// What continues it after its end.
    pub(crate) thread: Option<String>,
    pub(crate) add_participant: Option<String>,
    pub(crate) messaging: Messaging,
    pub(crate) participants: HashMap<String, Sender>,
    /// Why messaging ended, as far as the server said.
    pub(crate) reason: Option<Reason>,
    /// How often its messaging was told to have changed.
    pub(crate) changes: u64,
}

/// The modality that carries messages. A missing link is a missing capability.
#[derive(Clone, Debug, Default)]
pub(crate) struct Messaging {
    pub(crate) href: Option<String>,
    pub(crate) state: String,
    pub(crate) formats: Vec<String>,
    pub(crate) send: Option<String>,
    pub(crate) stop: Option<String>,
    pub(crate) typing: Option<String>,
    pub(crate) add: Option<String>,
}

impl Conversation {
    /// Where to post messages, when the conversation is ready for them.
    pub(crate) fn ready(&self) -> Option<&str> {
        let send = self.messaging.send.as_deref();
        send.filter(|_| self.messaging.state == "Connected")
    }

    fn take_messaging(&mut self, messaging: &Resource) {
        let link = |rel| messaging.href(rel).map(str::to_owned);
        let own = &mut self.messaging;
        own.href = link("self").or(own.href.take());
        own.state = messaging.text("state").unwrap_or_default().to_owned();
        own.formats = messaging.texts("negotiatedMessageFormats");
        own.send = link("sendMessage");
        own.stop = link("stopMessaging");
        own.typing = link("setIsTyping");
        own.add = link("addMessaging");
    }

    fn take(&mut self, conversation: &Resource) {
        let link = |rel| conversation.href(rel).map(str::to_owned);
        if let Some(state) = conversation.text("state") {
            state.clone_into(&mut self.state);
        }
        self.meeting |= self.state.starts_with("Conferenc");
        self.add_participant = link("addParticipant");
        let thread = conversation.text("threadId").filter(|id| !id.is_empty());
        self.thread = thread.map(str::to_owned).or(self.thread.take());
        self.messaging.href = self.messaging.href.take().or_else(|| link("messaging"));
    }
}

/// An invitation or the like that this side began.
#[derive(Clone, Debug, Default)]
pub(crate) struct Operation {
    /// Whom it invites.
    pub(crate) peer: Option<String>,
    pub(crate) href: Option<String>,
    pub(crate) conversation: Option<String>,
    pub(crate) messaging: Option<String>,
    /// How it ended: the reason of a failure, as far as the server gave one.
    pub(crate) done: Option<Result<(), Option<Reason>>>,
    /// Whether somebody waits for the end.
    pub(crate) wanted: bool,
}

impl State {
    /// Where the conversation with a peer is ready for messages.
    pub(crate) fn open_with(&self, peer: &str) -> Option<String> {
        let is_it = |c: &Conversation| !c.meeting && c.peer.as_deref() == Some(peer);
        let mut open = self.conversations.iter();
        let (key, _) = open.find(|(_, c)| is_it(c) && c.ready().is_some())?;
        Some(key.clone())
    }

    /// Everything that does not outlive the application, or a long absence, is over.
    pub(crate) fn forget(&mut self, why: &'static str) {
        self.conversations.clear();
        self.flights.lose_all(why);
        for operation in self.operations.values_mut() {
            operation.done.get_or_insert(Err(None));
        }
        self.operations.retain(|_, operation| operation.wanted);
    }

    fn conversation(&mut self, href: &str) -> &mut Conversation {
        let conversation = self.conversations.entry(key(href).to_owned()).or_default();
        if conversation.href.is_empty() {
            href.clone_into(&mut conversation.href);
        }
        conversation
    }

    /// Applies one event of the resource at `sender`. `resource` is what changed, when the
    /// event brought it or it could be fetched.
    pub(crate) fn apply(
        &mut self,
        sender: &str,
        event: &Event,
        resource: Option<&Resource>,
    ) -> Option<Happened> {
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
                conversation.changes += 1;
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

    fn invitation(&mut self, event: &Event, resource: Option<&Resource>) -> Option<Happened> {
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
        // Where somebody else accepted, the talk goes on in a derived conversation.
        let link = |rels: [&str; 2]| {
            let mut found = rels.iter().filter_map(|rel| resource?.href(rel));
            found.next().map(str::to_owned)
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
            let reason = event.reason.clone();
            operation.done = Some(if event.is_success() {
                Ok(())
            } else {
                Err(reason)
            });
        }
        let (peer, over) = (
            operation.peer.clone(),
            operation.done.is_some() && !operation.wanted,
        );
        if over {
            self.operations.remove(id);
        }
        if let (Some(conversation), Some(peer)) = (conversation, peer) {
            let conversation = self.conversation(&conversation);
            conversation.peer.get_or_insert(peer);
        }
    }

    fn foreign_invitation(&mut self, event: &Event, invitation: &Resource) -> Option<Happened> {
        let conversation = invitation.href("conversation")?.to_owned();
        let from = invitation.embedded("from").map(Sender::read);
        let meeting = event.link.rel == "onlineMeetingInvitation";
        let known = self.conversation(&conversation);
        known.meeting |= meeting;
        if let (Some(from), false) = (&from, known.meeting) {
            known
                .peer
                .get_or_insert_with(|| from.uri.to_ascii_lowercase());
        }
        if event.kind != "started" {
            return None;
        }
        let accept = ["accept", "answer"];
        let link = |rel: &str| invitation.href(rel).map(str::to_owned);
        Some(Happened::Invited {
            conversation: key(&conversation).to_owned(),
            from: from.unwrap_or_default(),
            subject: invitation
                .text("subject")
                .filter(|s| !s.is_empty())
                .map(str::to_owned),
            toast: link("message")
                .and_then(|uri| data_uri::decode(&uri))
                .map(|data| data.text),
            accept: accept.iter().find_map(|rel| link(rel)),
            decline: link("decline"),
            meeting,
        })
    }

    fn ended(&mut self, event: &Event) -> Option<Happened> {
        let key = key(&event.link.href);
        self.flights
            .lose(key, "the conversation ended before the verdict came");
        let conversation = self.conversations.remove(key)?;
        Some(Happened::Ended {
            conversation: key.to_owned(),
            reason: event.reason.clone().or(conversation.reason),
        })
    }

    fn message(
        &mut self,
        sender: &str,
        event: &Event,
        resource: Option<&Resource>,
    ) -> Option<Happened> {
        let (conversation, href) = (key(sender).to_owned(), key(&event.link.href));
        if resource.and_then(|r| r.text("direction")) == Some("Incoming") {
            return self.received(conversation, href, resource?);
        }
        let verdict = if event.is_success() {
            let failed = resource
                .into_iter()
                .flat_map(|r| r.links("failedDeliveryParticipant"));
            Verdict::Delivered {
                href: href.to_owned(),
                at: resource.and_then(|r| r.time("timeStamp")),
                failed: failed
                    .map(|link| {
                        link.title
                            .clone()
                            .filter(|t| !t.is_empty())
                            .unwrap_or_else(|| link.href.clone())
                    })
                    .collect(),
            }
        } else {
            Verdict::Failed(event.reason.clone())
        };
        let operation = resource.and_then(|r| r.text("operationId"));
        self.flights
            .complete(&conversation, href, operation, verdict);
        None
    }

    fn received(
        &mut self,
        conversation: String,
        href: &str,
        message: &Resource,
    ) -> Option<Happened> {
        let uri = ["htmlMessage", "plainMessage"]
            .iter()
            .find_map(|rel| message.href(rel))?;
        let data = data_uri::decode(uri)?;
        let known = self.conversation(&conversation);
        let participant = message.href("participant").map(key);
        let from = participant
            .and_then(|href| known.participants.get(href).cloned())
            .or_else(|| {
                let peer = known.peer.clone()?;
                let title = message
                    .link("participant")
                    .and_then(|link| link.title.clone());
                Some(Sender::new(peer, title.filter(|t| !t.is_empty())))
            });
        Some(Happened::Received {
            message: href.to_owned(),
            participant: participant.map(str::to_owned),
            from,
            format: match data.media_type.as_str() {
                "text/html" => Format::Html,
                _ => Format::Plain,
            },
            text: data.text,
            at: message.time("timeStamp"),
            conversation,
        })
    }

    fn participant(
        &mut self,
        sender: &str,
        event: &Event,
        resource: Option<&Resource>,
    ) -> Option<Happened> {
        let href = key(&event.link.href).to_owned();
        let container = event.container.as_ref().map(|link| link.rel.as_str());
        let conversation = self.conversation(sender);
        if container == Some("typingParticipants") {
            let from = conversation.participants.get(&href).cloned();
            let peer = || {
                conversation
                    .peer
                    .clone()
                    .map(|peer| Sender::new(peer, None))
            };
            return Some(Happened::Typing {
                conversation: key(sender).to_owned(),
                from: from.or_else(peer).unwrap_or_default(),
                is_typing: event.kind != "deleted",
            });
        }
        if event.kind == "deleted" {
            conversation.participants.remove(&href);
        } else if let Some(participant) = resource {
            conversation
                .participants
                .insert(href, Sender::read(participant));
        }
        None
    }

    /// Takes over a `messaging` resource that was read on purpose.
    pub(crate) fn take_messaging(&mut self, conversation: &str, messaging: &Resource) {
        self.conversation(conversation).take_messaging(messaging);
    }
}
