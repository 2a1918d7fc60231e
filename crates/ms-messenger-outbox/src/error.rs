//! The error of every operation of the outbox.

use std::{borrow::Cow, error::Error as StdError, fmt};

use ms_messenger_core::Problem;

use crate::{id::EnvelopeId, state::State};

/// The result of an operation of the outbox.
pub type Result<T, E = OutboxError> = std::result::Result<T, E>;

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OutboxErrorKind {
    /// An argument breaks a rule; [`OutboxError::problems`] names it. Nothing was stored.
    Invalid,
    /// The id belongs to another message already. That message is unchanged.
    Conflict,
    /// There is no such message.
    NotFound,
    /// The message is in a state that does not allow this; [`OutboxError::state`] says which.
    NotAllowed,
    /// The lease of the worker has ended: another worker may have the message.
    LeaseLost,
    /// The store cannot be reached, or is busy, at the moment.
    Unavailable,
    /// The server of the store refuses the credentials, or its connection cannot be secured.
    Denied,
    /// The disk, or the quota of the store, is full.
    Full,
    /// The store cannot be written to.
    ReadOnly,
    /// The store was made by a newer version of this crate.
    NewerSchema,
    /// A stored message cannot be read.
    Damaged,
    /// The content of a stored message cannot be decrypted with the keys at hand.
    Sealed,
    /// The message waits behind one of which it is unknown whether it was sent.
    HeldBack,
    /// There is no outbox at this place, or what is there belongs to another program.
    NoOutbox,
    /// Anything else that the store reports.
    Store,
}

/// An error of the outbox. It holds no content of a message and no secret.
///
/// ```
/// use ms_messenger_outbox::{OutboxError, OutboxErrorKind};
///
/// let error = OutboxError::new(OutboxErrorKind::Full, "the disk is full");
/// assert!(error.is_transient());
/// assert_eq!(error.to_string(), "the disk is full");
/// ```
pub struct OutboxError(Box<Repr>);

struct Repr {
    kind: OutboxErrorKind,
    message: Cow<'static, str>,
    problems: Vec<Problem>,
    id: Option<EnvelopeId>,
    state: Option<State>,
    more: u64,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl OutboxError {
    /// Creates an error.
    pub fn new(kind: OutboxErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Repr {
            kind,
            message: message.into(),
            problems: Vec::new(),
            id: None,
            state: None,
            more: 0,
            source: None,
        }))
    }

    /// Creates the error of an invalid argument.
    pub(crate) fn invalid(error: &ms_messenger_core::Error) -> Self {
        let mut invalid = Self::new(OutboxErrorKind::Invalid, error.message().to_owned());
        invalid.0.problems = error.problems().to_vec();
        invalid
    }

    /// Returns the same error once more, e.g. for each caller whose operation was in one transaction.
    pub(crate) fn again(&self) -> Self {
        let mut copy = Self::new(self.kind(), self.0.message.clone());
        copy.0.problems.clone_from(&self.0.problems);
        copy.0.id.clone_from(&self.0.id);
        copy.0.state = self.0.state;
        copy.0.more = self.0.more;
        match self.source() {
            Some(source) => copy.with_source(source.to_string()),
            None => copy,
        }
    }

    /// Sets the message that it is about.
    #[must_use]
    pub fn with_id(mut self, id: &EnvelopeId) -> Self {
        self.0.id = Some(id.clone());
        self
    }

    /// Adds that so many more messages are concerned.
    pub(crate) fn with_more(mut self, more: u64) -> Self {
        self.0.more = more;
        self
    }

    /// Sets the state that the message is in.
    #[must_use]
    pub fn with_state(mut self, state: State) -> Self {
        self.0.state = Some(state);
        self
    }

    /// Sets the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Returns what went wrong.
    pub fn kind(&self) -> OutboxErrorKind {
        self.0.kind
    }

    /// Returns the rules that an invalid argument breaks.
    pub fn problems(&self) -> &[Problem] {
        &self.0.problems
    }

    /// Returns the message that it is about.
    pub fn id(&self) -> Option<&EnvelopeId> {
        self.0.id.as_ref()
    }

    /// Returns the state that the message is in.
    pub fn state(&self) -> Option<State> {
        self.0.state
    }

    /// Returns whether the same call may succeed later. Workers wait and go on after such an error.
    pub fn is_transient(&self) -> bool {
        matches!(
            self.kind(),
            OutboxErrorKind::Unavailable
                | OutboxErrorKind::Denied
                | OutboxErrorKind::Full
                | OutboxErrorKind::ReadOnly
                | OutboxErrorKind::Store
        )
    }
}

impl fmt::Display for OutboxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        if let Some(id) = &self.0.id {
            match self.0.more {
                0 => write!(f, " (message {id})")?,
                more => write!(f, " (message {id}, and {more} more)")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for OutboxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboxError")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("problems", &self.0.problems)
            .field("id", &self.0.id)
            .field("state", &self.0.state)
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for OutboxError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
