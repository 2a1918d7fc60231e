//! The backend under test, as its author describes it.

use std::fmt;

use async_trait::async_trait;
use ms_messenger_core::{SendRequest, SharedMessenger};

/// A messenger under test, together with the platform that it talks to.
///
/// The platform is a double that the author of the messenger controls: a mock server, an
/// emulator, a list in memory. It must not be a real tenant: the suite sends some fifty
/// messages and provokes failures.
#[async_trait]
pub trait Subject: Send + Sync {
    /// The messenger, the same one at every call.
    fn messenger(&self) -> SharedMessenger;

    /// A request that the platform accepts, made anew at every call: where it carries an
    /// idempotency key, the key is a new one each time.
    fn request(&self) -> SendRequest;

    /// How many messages really arrived so far, counted at the platform and not by what the
    /// messenger says. A message that was stored twice counts twice.
    async fn stored(&self) -> usize;

    /// Arranges that the next send meets `failure`, with every try that it makes; later sends
    /// work again. `false` when this platform cannot do that: the report then says that
    /// it was not checked.
    async fn fail_next(&self, failure: Failure) -> bool;

    /// Everything that must never be printed: keys, tokens, passwords.
    fn secrets(&self) -> Vec<String>;
}

/// How a send can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Failure {
    /// The platform cannot be reached: nothing is executed, nothing stored.
    Refused,
    /// The platform stores the message, but no response comes (the connection ends, or the time
    /// runs out).
    LostResponse,
    /// The platform stores the message and says so, but its response cannot be read.
    GarbledResponse,
    /// The platform says that the request is wrong (400); nothing is stored.
    Rejected,
    /// The platform asks to slow down (429); nothing is stored. A messenger may try again and
    /// succeed, if the double lets it.
    RateLimited,
}

impl Failure {
    /// Every failure that this version knows.
    pub const ALL: &'static [Self] = &[
        Self::Refused,
        Self::LostResponse,
        Self::GarbledResponse,
        Self::Rejected,
        Self::RateLimited,
    ];

    /// Whether the platform stores the message all the same.
    #[must_use]
    pub const fn is_stored(self) -> bool {
        matches!(self, Self::LostResponse | Self::GarbledResponse)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused => "refused connection",
            Self::LostResponse => "lost response",
            Self::GarbledResponse => "garbled response",
            Self::Rejected => "rejected request",
            Self::RateLimited => "rate limit",
        })
    }
}
