//! What other participants did, as plain data: it holds no session, so that a queue of it keeps
//! none alive.

use std::{fmt, time::SystemTime};

use crate::{message::Format, reason::Reason, sender::Sender};

/// Something that another participant did.
#[derive(Clone)]
pub(crate) enum RawEvent {
    Received {
        conversation: String,
        message: String,
        participant: Option<String>,
        from: Option<Sender>,
        format: Format,
        text: String,
        at: Option<SystemTime>,
    },
    Invited(RawInvitation),
    Typing {
        conversation: String,
        from: Sender,
        is_typing: bool,
    },
    Ended {
        conversation: String,
        reason: Option<Reason>,
    },
    Missed(u64),
}

/// An invitation that waits for a response.
#[derive(Clone)]
pub(crate) struct RawInvitation {
    pub(crate) conversation: String,
    pub(crate) from: Sender,
    pub(crate) subject: Option<String>,
    pub(crate) toast: Option<String>,
    pub(crate) accept: Option<String>,
    pub(crate) decline: Option<String>,
    pub(crate) is_meeting: bool,
}

impl fmt::Debug for RawEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Received { .. } => "Received",
            Self::Invited(_) => "Invited",
            Self::Typing { .. } => "Typing",
            Self::Ended { .. } => "Ended",
            Self::Missed(_) => "Missed",
        })
    }
}

impl RawEvent {
    /// The conversation in which it happened.
    pub(crate) fn conversation(&self) -> Option<&str> {
        match self {
            Self::Received { conversation, .. }
            | Self::Invited(RawInvitation { conversation, .. })
            | Self::Typing { conversation, .. }
            | Self::Ended { conversation, .. } => Some(conversation),
            Self::Missed(_) => None,
        }
    }

    /// About how much memory it holds.
    pub(crate) fn bytes(&self) -> usize {
        let texts = match self {
            Self::Received { text, message, .. } => text.len() + message.len(),
            Self::Invited(invitation) => invitation.toast.as_ref().map_or(0, String::len),
            Self::Typing { .. } | Self::Ended { .. } | Self::Missed(_) => 0,
        };
        texts + self.conversation().map_or(0, str::len) + 256
    }
}
