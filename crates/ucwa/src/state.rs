//! What a session knows of its conversations, operations and messages. No I/O.
//!
//! Every map is bounded: 4096 conversations, 2048 participants each, 256 unclaimed verdicts, 1024
//! past messages, 4 MiB of what was said, and operations until three minutes after their caller has stopped waiting.

use std::{collections::HashMap, time::Instant};

use crate::{
    history::History,
    pending::Verdicts,
    reason::Reason,
    resource::Resource,
    sender::Sender,
    verdict::{Arrival, Reach, Verdict},
};

/// Returns the path of an address, by which all spellings of it are equal: relative or absolute,
/// with or without a query.
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

/// How many conversations are kept.
const MAX_CONVERSATIONS: usize = 4096;

/// The state of one session.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// The application that all this belongs to; events of another one do not count.
    pub(crate) application: u64,
    /// The SIP address of the user.
    pub(crate) own: String,
    pub(crate) conversations: HashMap<String, ConversationState>,
    /// Operations that were posted, by the id that events return.
    pub(crate) operations: HashMap<String, Operation>,
    pub(crate) verdicts: Verdicts,
    pub(crate) history: History,
}

/// One conversation.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConversationState {
    /// The SIP address of the peer, in lower case; `None` in a meeting.
    pub(crate) peer: Option<String>,
    /// Whether it is, or becomes, a meeting.
    pub(crate) meeting: bool,
    pub(crate) state: String,
    pub(crate) href: String,
    /// The thread by which a new conversation continues it after its end.
    pub(crate) thread: Option<String>,
    pub(crate) add_participant: Option<String>,
    pub(crate) messaging: Messaging,
    pub(crate) participants: HashMap<String, Sender>,
    /// Why messaging ended, if the server reported it.
    pub(crate) reason: Option<Reason>,
}

/// The messaging modality. A missing link is a missing capability.
#[derive(Clone, Debug, Default)]
pub(crate) struct Messaging {
    pub(crate) href: Option<String>,
    pub(crate) state: String,
    pub(crate) formats: Vec<String>,
    pub(crate) send: Option<String>,
    pub(crate) stop: Option<String>,
    pub(crate) typing: Option<String>,
    pub(crate) add: Option<String>,
    pub(crate) typists: Option<String>,
}

impl ConversationState {
    /// Returns the address to post messages to, if the conversation is ready for them.
    pub(crate) fn ready(&self) -> Option<&str> {
        let send = self.messaging.send.as_deref();
        send.filter(|_| self.messaging.state == "Connected")
    }

    pub(crate) fn take_messaging(&mut self, messaging: &Resource) {
        let link = |rel| messaging.address(rel);
        let own = &mut self.messaging;
        own.href = link("self").or(own.href.take());
        own.state = messaging.short_text("state").unwrap_or_default().to_owned();
        own.formats = messaging.texts("negotiatedMessageFormats");
        own.send = link("sendMessage");
        own.stop = link("stopMessaging");
        own.typing = link("setIsTyping");
        own.add = link("addMessaging");
        own.typists = link("typingParticipants");
    }

    pub(crate) fn take(&mut self, conversation: &Resource) {
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

/// An invitation or another operation of this session.
#[derive(Clone, Debug, Default)]
pub(crate) struct Operation {
    /// The peer that it invites.
    pub(crate) peer: Option<String>,
    pub(crate) href: Option<String>,
    pub(crate) conversation: Option<String>,
    pub(crate) messaging: Option<String>,
    pub(crate) done: Option<Done>,
    /// Whether it contains a message, which then shares its id.
    pub(crate) carries: bool,
    /// When the caller stopped waiting for its end.
    pub(crate) left_at: Option<Instant>,
}

/// How an operation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    Success,
    /// With the reason, if the server gave one.
    Failure(Option<Reason>),
    /// The server did not say how.
    Unsaid,
    /// The server will report nothing more.
    Lost(&'static str),
}

impl Operation {
    /// What its end proves about the message in it.
    pub(crate) fn verdict(&self, id: &str) -> Option<Verdict> {
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
    /// Returns the conversation with a peer that is ready for messages.
    pub(crate) fn open_with(&self, peer: &str) -> Option<String> {
        let is_it = |c: &ConversationState| !c.meeting && c.peer.as_deref() == Some(peer);
        let mut open = self.conversations.iter();
        let (key, _) = open.find(|(_, c)| is_it(c) && c.ready().is_some())?;
        Some(key.clone())
    }

    /// Ends everything that does not outlive the application, or a long absence.
    pub(crate) fn forget(&mut self, why: &'static str) {
        self.conversations.clear();
        self.history.forget_all();
        self.verdicts.lose_all(why);
        for operation in self.operations.values_mut() {
            operation.done.get_or_insert(Done::Lost(why));
        }
        self.operations
            .retain(|_, operation| operation.left_at.is_none());
    }

    /// Ends a conversation.
    pub(crate) fn close(&mut self, conversation: &str) {
        self.conversations.remove(conversation);
        self.history.forget(conversation);
        let why = "the conversation ended before the verdict came";
        self.verdicts.lose(conversation, why);
    }

    /// Whether a caller waits for an event of the server.
    pub(crate) fn is_awaited(&self) -> bool {
        let mut operations = self.operations.values();
        self.verdicts.any_awaited() || operations.any(|operation| operation.left_at.is_none())
    }

    /// Returns the conversation at an address, which is added if it is new.
    pub(crate) fn conversation(&mut self, href: &str) -> &mut ConversationState {
        self.make_room(key(href));
        let conversation = self.conversations.entry(key(href).to_owned()).or_default();
        if conversation.href.is_empty() {
            href.clone_into(&mut conversation.href);
        }
        conversation
    }

    /// A server that names ever new conversations displaces old ones, those that have ended first.
    fn make_room(&mut self, key: &str) {
        if self.conversations.len() < MAX_CONVERSATIONS || self.conversations.contains_key(key) {
            return;
        }
        let mut all = self.conversations.iter();
        let ended = all.find(|(_, conversation)| conversation.ready().is_none());
        let victim = ended.or_else(|| self.conversations.iter().next());
        if let Some(victim) = victim.map(|(key, _)| key.clone()) {
            self.conversations.remove(&victim);
            self.history.forget(&victim);
            self.verdicts
                .lose(&victim, "too many conversations are open");
        }
    }

    /// Adds a conversation that the server listed, if there is room.
    pub(crate) fn adopt(&mut self, application: u64, href: &str) {
        if self.application == application && self.conversations.len() < MAX_CONVERSATIONS {
            self.conversation(href);
        }
    }

    /// Takes a `messaging` resource that was read.
    pub(crate) fn take_messaging(&mut self, conversation: &str, messaging: &Resource) {
        self.conversation(conversation).take_messaging(messaging);
    }
}
