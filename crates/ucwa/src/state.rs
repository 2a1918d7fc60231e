//! What is known of the conversations, and how events change it. No I/O.

use std::{collections::HashMap, time::Instant};

use crate::{
    data_uri,
    events::{Ending, Event},
    flight::{Arrival, Flights, Reach, Verdict},
    incoming::{Happened, Sender},
    message::Format,
    reason::Reason,
    resource::Resource,
    words::{CODE, line},
};

/// The path of an address: all spellings of one resource's address are equal, relative or
/// absolute, with or without a query.
pub(crate) fn key(href: &str) -> &str {
    let path = match href.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => href,
    };
    let path = path.split(['?', '#']).next().unwrap_or_default();
    path.strip_suffix('/')
        .filter(|path| !path.is_empty())
        .unwrap_or(path)
}

/// How many conversations, and participants of one, are kept.
const MAX_CONVERSATIONS: usize = 4096;
const MAX_PARTICIPANTS: usize = 2048;

#[derive(Debug, Default)]
pub(crate) struct State {
    /// The application that all this is of; what another one says does not count.
    pub(crate) application: u64,
    /// The own SIP address.
    pub(crate) own: String,
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
        let link = |rel| messaging.address(rel);
        let own = &mut self.messaging;
        own.href = link("self").or(own.href.take());
        own.state = messaging.short_text("state").unwrap_or_default().to_owned();
        own.formats = messaging.texts("negotiatedMessageFormats");
        own.send = link("sendMessage");
        own.stop = link("stopMessaging");
        own.typing = link("setIsTyping");
        own.add = link("addMessaging");
    }

    fn take(&mut self, conversation: &Resource) {
        let link = |rel| conversation.address(rel);
        if let Some(state) = conversation.short_text("state") {
            state.clone_into(&mut self.state);
        }
        self.meeting |= self.state.starts_with("Conferenc");
        self.add_participant = link("addParticipant");
        let thread = conversation
            .short_text("threadId")
            .filter(|id| !id.is_empty());
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
    pub(crate) done: Option<Done>,
    /// Whether it carries a message, which then shares its id.
    pub(crate) carries: bool,
    /// Since when nobody waits for the end.
    pub(crate) left_at: Option<Instant>,
}

/// How an operation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    Success,
    /// With the reason, as far as the server gave one.
    Failure(Option<Reason>),
    /// The server did not say how.
    Unsaid,
    /// The server will not say any more.
    Lost(&'static str),
}

impl Operation {
    /// What its end says of the message that it carries.
    fn verdict(&self, id: &str) -> Option<Verdict> {
        if !self.carries {
            return None;
        }
        Some(match self.done.as_ref()? {
            Done::Success => Verdict::Delivered(Arrival {
                href: self.conversation.clone().unwrap_or_else(|| id.to_owned()),
                at: None,
                failed: Vec::new(),
                reach: Reach::Everyone,
            }),
            Done::Failure(reason) => Verdict::Failed(reason.clone()),
            Done::Unsaid => Verdict::Unsaid,
            Done::Lost(why) => Verdict::Lost(why),
        })
    }
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
            operation.done.get_or_insert(Done::Lost(why));
        }
        self.operations
            .retain(|_, operation| operation.left_at.is_none());
    }

    /// A conversation is found to be over.
    pub(crate) fn close(&mut self, conversation: &str) {
        self.conversations.remove(conversation);
        let why = "the conversation ended before the verdict came";
        self.flights.lose(conversation, why);
    }

    /// Whether somebody waits for what the server will say.
    pub(crate) fn is_waited_for(&self) -> bool {
        let mut operations = self.operations.values();
        self.flights.is_waited_for() || operations.any(|operation| operation.left_at.is_none())
    }

    fn conversation(&mut self, href: &str) -> &mut Conversation {
        self.make_room(key(href));
        let conversation = self.conversations.entry(key(href).to_owned()).or_default();
        if conversation.href.is_empty() {
            href.clone_into(&mut conversation.href);
        }
        conversation
    }

    /// A server that names ever new conversations displaces old ones, those that are over first.
    fn make_room(&mut self, key: &str) {
        if self.conversations.len() < MAX_CONVERSATIONS || self.conversations.contains_key(key) {
            return;
        }
        let mut all = self.conversations.iter();
        let over = all.find(|(_, conversation)| conversation.ready().is_none());
        let victim = over.or_else(|| self.conversations.iter().next());
        if let Some(victim) = victim.map(|(key, _)| key.clone()) {
            self.conversations.remove(&victim);
            self.flights
                .lose(&victim, "too many conversations are open");
        }
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
            self.flights.complete("", "", Some(id), verdict);
        }
        if let (Some(conversation), Some(peer)) = (conversation, peer) {
            let conversation = self.conversation(&conversation);
            conversation.peer.get_or_insert(peer);
        }
    }

    fn foreign_invitation(&mut self, event: &Event, invitation: &Resource) -> Option<Happened> {
        let conversation = invitation.address("conversation")?;
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
        let link = |rel: &str| invitation.address(rel);
        Some(Happened::Invited {
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
            meeting,
        })
    }

    fn ended(&mut self, event: &Event) -> Option<Happened> {
        let key = key(&event.link.href);
        let conversation = self.conversations.get(key).cloned();
        self.close(key);
        let conversation = conversation?;
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
        let verdict = match event.ending() {
            Ending::Success => Verdict::Delivered(self.arrival(&conversation, href, resource)),
            Ending::Failure => Verdict::Failed(event.reason.clone()),
            Ending::Unsaid => Verdict::Unsaid,
        };
        let operation = resource.and_then(|r| r.text("operationId"));
        self.flights
            .complete(&conversation, href, operation, verdict);
        None
    }

    /// What an event of success says: in a meeting some may not have got it all the same.
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
        // Of a meeting each participant counts who is known, the own one excepted.
        let is_left = |(href, participant): (&String, &Sender)| {
            !participant.uri.eq_ignore_ascii_case(&self.own)
                && !failed.iter().any(|(gone, _)| gone == href)
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
    ) -> Option<Happened> {
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
            let from = from.filter(|known| !known.uri.is_empty());
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
        let participants = &mut conversation.participants;
        if event.kind == "deleted" {
            participants.remove(&href);
        } else if participants.len() < MAX_PARTICIPANTS || participants.contains_key(&href) {
            match resource {
                Some(participant) => drop(participants.insert(href, Sender::read(participant))),
                // Who it is, is not told: that somebody is there counts.
                None => drop(participants.entry(href).or_default()),
            }
        }
        None
    }

    /// Takes over a `messaging` resource that was read on purpose.
    pub(crate) fn take_messaging(&mut self, conversation: &str, messaging: &Resource) {
        self.conversation(conversation).take_messaging(messaging);
    }
}
