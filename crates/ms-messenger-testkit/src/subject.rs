//! The backend under test, as its author describes it.

use std::fmt;

use async_trait::async_trait;
use ms_messenger_core::{SendRequest, SharedMessenger};

/// A messenger under test, together with its platform. The example is in the documentation of the
/// crate.
///
/// The platform is a test double: a mock server, an emulator, a list in memory. It must not be a
/// real tenant: the suite sends about fifty messages and provokes failures.
#[async_trait]
pub trait Subject: Send + Sync {
    /// Returns the messenger, the same one at every call.
    fn messenger(&self) -> SharedMessenger;

    /// Returns a request that the platform accepts, a new one at every call: if it has an
    /// idempotency key, the key is a new one each time.
    fn request(&self) -> SendRequest;

    /// Returns how many messages the platform has stored so far, counted at the platform and not by
    /// what the messenger reports. A message that was stored twice counts twice.
    async fn stored(&self) -> usize;

    /// Lets the next send fail with `failure`, in every attempt that it makes; later sends work
    /// again. Returns `false` if the platform cannot do that: the report then lists it as not
    /// checked.
    async fn fail_next(&self, failure: Failure) -> bool;

    /// Returns everything that must never be printed: keys, tokens, passwords.
    fn secrets(&self) -> Vec<String>;
}

/// A failure of a send, arranged by [`Subject::fail_next`].
///
/// What a double does for each of them, here one whose messenger is a `MemoryMessenger`:
///
/// ```
/// use ms_messenger_core::{Delivery, Error, ErrorKind, MemoryMessenger};
/// use ms_messenger_testkit::Failure;
///
/// fn arrange(messenger: &MemoryMessenger, failure: Failure) -> bool {
///     let kind = match failure {
///         Failure::Refused => ErrorKind::Connect,
///         Failure::Rejected => ErrorKind::InvalidRequest,
///         Failure::RateLimited => ErrorKind::RateLimited,
///         Failure::LostResponse => {
///             messenger.lose_next_response();
///             return true;
///         }
///         Failure::GarbledResponse => {
///             let error = Error::new(ErrorKind::Protocol, "the response is not JSON");
///             messenger.fail_next(error.with_delivery(Delivery::Sent));
///             return true;
///         }
///         _ => return false, // a failure of a newer version
///     };
///     messenger.fail_next(Error::new(kind, "as the suite asked"));
///     true
/// }
///
/// let messenger = MemoryMessenger::new();
/// assert!(Failure::ALL.iter().all(|failure| arrange(&messenger, *failure)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Failure {
    /// The platform cannot be reached; nothing is stored.
    Refused,
    /// The platform stores the message, but does not respond: the connection is closed, or the
    /// attempt times out.
    LostResponse,
    /// The platform stores the message and responds with success, but the response cannot be read.
    GarbledResponse,
    /// The platform rejects the request as invalid (400); nothing is stored.
    Rejected,
    /// The platform asks to slow down (429); nothing is stored. A messenger may retry and succeed, if
    /// the double lets it.
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

    /// Returns whether the platform stores the message nevertheless.
    ///
    /// ```
    /// use ms_messenger_testkit::Failure;
    ///
    /// assert!(Failure::LostResponse.is_stored());
    /// assert!(!Failure::RateLimited.is_stored());
    /// ```
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
