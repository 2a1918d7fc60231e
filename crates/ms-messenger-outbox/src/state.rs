//! The states of a message, and the table of transitions.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The state of a message. In JSON the name in lower case.
///
/// A message that was queued again while it was unconfirmed may have been sent before that, whatever its
/// state: [`Head::was_resent`](crate::Head::was_resent).
///
/// ```
/// use ms_messenger_outbox::State;
///
/// assert!(State::Queued.may_become(State::Sending));
/// assert!(!State::Sent.may_become(State::Queued));
/// assert_eq!(State::Unconfirmed.to_string(), "unconfirmed");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum State {
    /// It waits for its time, its turn, or a worker. It was not sent: no attempt has begun, or it is
    /// proven that none has sent it.
    Queued,
    /// An attempt has begun, and its outcome is not known yet.
    Sending,
    /// The platform has it.
    Sent,
    /// The platform, or a check before it, refused it: it was not sent.
    Refused,
    /// It is unknown whether it was sent, and the platform cannot tell.
    Unconfirmed,
    /// Its time passed before it was sent: it was not sent.
    Expired,
    /// It was cancelled while it was queued: it was not sent.
    Cancelled,
}

/// The allowed transitions, as pairs of a state and the next one.
///
/// `Sending` becomes `Queued` only if it is proven that the message was not sent. `Unconfirmed` is
/// left by a later settling or by a decision of the caller; `Refused` and `Expired` become `Queued`
/// only by [`Outbox::retry`](crate::Outbox::retry).
pub const TRANSITIONS: &[(State, State)] = &[
    (State::Queued, State::Sending),
    (State::Queued, State::Refused),
    (State::Queued, State::Expired),
    (State::Queued, State::Cancelled),
    (State::Sending, State::Sent),
    (State::Sending, State::Queued),
    (State::Sending, State::Refused),
    (State::Sending, State::Unconfirmed),
    (State::Unconfirmed, State::Sent),
    (State::Unconfirmed, State::Queued),
    (State::Unconfirmed, State::Refused),
    (State::Refused, State::Queued),
    (State::Expired, State::Queued),
];

impl State {
    /// Every state.
    pub const ALL: &'static [Self] = &[
        Self::Queued,
        Self::Sending,
        Self::Sent,
        Self::Refused,
        Self::Unconfirmed,
        Self::Expired,
        Self::Cancelled,
    ];

    /// Returns whether `next` may follow this state, by [`TRANSITIONS`].
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        TRANSITIONS.contains(&(self, next))
    }

    /// Returns whether no worker has anything left to do: sent, refused, expired or cancelled.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(
            self,
            Self::Sent | Self::Refused | Self::Expired | Self::Cancelled
        )
    }

    /// Returns whether a worker has something left to do: queued or being sent.
    #[must_use]
    pub fn is_pending(self) -> bool {
        matches!(self, Self::Queued | Self::Sending)
    }

    /// Returns the name in lower case, as in the JSON form.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Refused => "refused",
            Self::Unconfirmed => "unconfirmed",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }

    /// Returns the state of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.as_str() == name)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
