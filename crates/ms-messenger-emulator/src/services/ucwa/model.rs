//! What the store keeps: applications, their views of conversations, and the sessions that bind
//! the views of several users together.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Instant,
};

use crate::{services::ucwa::channel::Channel, wire::request::Request};

/// Oldest messages and invitations beyond this many are forgotten.
const MEMORY: usize = 1000;

/// A signed-in endpoint of a user.
#[derive(Debug)]
pub(super) struct Application {
    pub(super) id: String,
    pub(super) sip: String,
    pub(super) name: String,
    pub(super) is_anonymous: bool,
    /// User agent, endpoint, culture, type and instance: the same ones get the same application.
    pub(super) identity: [String; 5],
    /// Whether makeMeAvailable was called.
    pub(super) is_available: bool,
    pub(super) availability: &'static str,
    pub(super) last_activity: Instant,
    pub(super) modalities: Vec<String>,
    pub(super) formats: Vec<String>,
    /// Name of the property that a PUT of `communication` must carry.
    pub(super) guid: String,
    pub(super) etag: u64,
    pub(super) channel: Channel,
    pub(super) conversations: BTreeMap<String, Conversation>,
    pub(super) invitations: BTreeMap<String, Invitation>,
    /// Completed invitations, oldest first.
    pub(super) completed: VecDeque<String>,
}

impl Application {
    /// Notes a completed invitation, and forgets one that completed long ago.
    pub(super) fn retire(&mut self, invitation: &str) {
        self.completed.push_back(invitation.to_owned());
        if self.completed.len() > MEMORY
            && let Some(oldest) = self.completed.pop_front()
        {
            self.invitations.remove(&oldest);
        }
    }
}

/// Whether instant messages flow in a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Messaging {
    Connecting,
    Connected,
    Disconnected,
}

impl Messaging {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Connecting => "Connecting",
            Self::Connected => "Connected",
            Self::Disconnected => "Disconnected",
        }
    }
}

/// One application's view of a session.
#[derive(Debug)]
pub(super) struct Conversation {
    pub(super) id: String,
    pub(super) session: u64,
    /// ConversationState.
    pub(super) state: &'static str,
    pub(super) is_outgoing: bool,
    pub(super) subject: String,
    pub(super) importance: String,
    pub(super) thread: String,
    /// Address of the online meeting, once there is one.
    pub(super) meeting: Option<String>,
    pub(super) messaging: Messaging,
    pub(super) formats: Vec<String>,
    pub(super) has_send_link: bool,
    /// The others, and whether each takes part in messaging.
    pub(super) others: Vec<(String, bool)>,
    pub(super) messages: BTreeMap<u32, Message>,
    pub(super) next_message: u32,
    /// The pending invitation in this view.
    pub(super) invitation: Option<String>,
}

impl Conversation {
    /// Numbers a message and keeps it.
    pub(super) fn keep(&mut self, mut message: Message) -> u32 {
        let number = self.next_message;
        self.next_message += 1;
        message.number = number;
        self.messages.insert(number, message);
        if self.messages.len() > MEMORY {
            self.messages.pop_first();
        }
        number
    }
}

/// Text of a message with its format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Body {
    pub(super) is_html: bool,
    pub(super) text: String,
}

#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) number: u32,
    pub(super) is_incoming: bool,
    pub(super) body: Body,
    pub(super) sender: String,
    pub(super) at_ms: u64,
    pub(super) operation: Option<String>,
    /// Who did not get it.
    pub(super) failed: Vec<String>,
    /// MessageStatus: Pending, Succeeded or Failed.
    pub(super) status: &'static str,
}

/// What an invitation invites to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Invites {
    Messaging,
    Participant,
    Meeting,
}

impl Invites {
    pub(super) const fn rel(self) -> &'static str {
        match self {
            Self::Messaging => "messagingInvitation",
            Self::Participant => "participantInvitation",
            Self::Meeting => "onlineMeetingInvitation",
        }
    }
}

/// An invitation in one application.
#[derive(Clone, Debug)]
pub(super) struct Invitation {
    pub(super) id: String,
    pub(super) invites: Invites,
    pub(super) is_incoming: bool,
    /// InvitationState.
    pub(super) state: &'static str,
    pub(super) operation: Option<String>,
    pub(super) conversation: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) subject: String,
    pub(super) importance: String,
    pub(super) thread: String,
    pub(super) meeting: Option<String>,
    pub(super) toast: Option<Body>,
    pub(super) accepted_by: Option<String>,
}

/// What several users do together: the halves, bound.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) id: u64,
    pub(super) subject: String,
    pub(super) importance: String,
    pub(super) thread: String,
    /// Address of the online meeting; a session of two has none.
    pub(super) meeting: Option<String>,
    pub(super) legs: Vec<Leg>,
    pub(super) rings: Vec<Ring>,
    pub(super) first: Option<First>,
    pub(super) has_send_link: bool,
    pub(super) is_plain_only: bool,
    /// Who types, with the number of the last sign of it.
    pub(super) typing: BTreeMap<String, u64>,
}

/// A message that travels with the invitation and is stored once that is accepted.
#[derive(Debug)]
pub(super) struct First {
    pub(super) body: Body,
    pub(super) sender: String,
    pub(super) operation: Option<String>,
    /// The id that its sender knows it by.
    pub(super) message_id: String,
    /// The conversation of the sender's own view, or of the receiver's for a contact.
    pub(super) conversation: String,
    pub(super) ledger_operation: &'static str,
    pub(super) request: Request,
}

/// Where a member of a session sits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In an application, which has a view of the session.
    At {
        application: String,
        conversation: String,
    },
    /// No endpoint: a contact that reads everything at once and speaks by `inject`.
    Contact,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    Ringing,
    Joined,
}

/// A member of a session.
#[derive(Clone, Debug)]
pub(super) struct Leg {
    pub(super) sip: String,
    pub(super) place: Place,
    pub(super) presence: Presence,
    /// Whether messages go to it.
    pub(super) has_messaging: bool,
}

/// A pending invitation.
#[derive(Clone, Debug)]
pub(super) struct Ring {
    pub(super) id: u64,
    pub(super) callee: String,
    /// Application and invitation of the inviter; a contact has neither.
    pub(super) inviter: Option<(String, String)>,
    pub(super) invites: Invites,
}

/// How a contact without an application reacts to an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Behaviour {
    Accept,
    Decline,
    Busy,
    DoNotDisturb,
    Ignore,
    Unavailable,
    NotFound,
    NotAllowed,
}

impl Behaviour {
    /// The reactions that can be prepared, as `inject` names them.
    const PREPARED: [(&'static str, Self); 4] = [
        ("accept", Self::Accept),
        ("decline", Self::Decline),
        ("busy", Self::Busy),
        ("ignore", Self::Ignore),
    ];

    /// The reaction of that name.
    pub(super) fn of_word(word: &str) -> Option<Self> {
        let mut all = Self::PREPARED.into_iter();
        all.find(|(known, _)| *known == word).map(|(_, it)| it)
    }

    /// Its name; that of none for a reaction that cannot be prepared.
    pub(super) fn as_str(self) -> &'static str {
        let mut all = Self::PREPARED.into_iter();
        all.find(|(_, known)| *known == self)
            .map_or("", |(word, _)| word)
    }
}

/// A reason in an event: code, subcode.
pub(super) type Reason = (String, String);

/// A reason from its two words.
pub(super) fn reason(code: &str, subcode: &str) -> Reason {
    (code.to_owned(), subcode.to_owned())
}
