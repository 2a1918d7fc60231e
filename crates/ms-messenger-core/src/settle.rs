//! Turning "unknown" into a fact, where the platform can be asked.

use std::{fmt, sync::Arc, time::SystemTime};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{Delivery, Error, IdempotencyKey, Receipt, SendRequest};

/// What is known of a send of which it is unknown whether it went out. Keep it with the request
/// to settle the send later, in another process too: it has a JSON form.
///
/// ```
/// use ms_messenger_core::{Error, ErrorKind, InDoubt};
///
/// let error = Error::new(ErrorKind::Timeout, "no answer in time")
///     .with_began_at(std::time::SystemTime::now());
/// assert!(InDoubt::of(&error).is_some());
/// assert!(InDoubt::of(&Error::new(ErrorKind::Connect, "no connection")).is_none());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct InDoubt {
    /// When the first try began, by the clock of this machine.
    #[serde(with = "crate::timestamp")]
    pub began_at: SystemTime,
    /// The id that this side gave the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_request_id: Option<String>,
    /// The key by which the platform recognises a repetition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency: Option<IdempotencyKey>,
}

impl InDoubt {
    /// A send that began at `began_at`.
    #[must_use]
    pub fn new(began_at: SystemTime) -> Self {
        Self {
            began_at,
            client_request_id: None,
            idempotency: None,
        }
    }

    /// What an error says of its send. `None` unless the delivery is unknown and the error tells
    /// when the send began.
    #[must_use]
    pub fn of(error: &Error) -> Option<Self> {
        if error.delivery() != Delivery::Unknown {
            return None;
        }
        Some(Self {
            began_at: error.began_at()?,
            client_request_id: error.client_request_id().map(str::to_owned),
            idempotency: error.idempotency().copied(),
        })
    }
}

/// What came of a send in doubt.
#[derive(Debug)]
#[non_exhaustive]
pub enum Settled {
    /// The platform has the message.
    Found(Receipt),
    /// The platform does not have it: sending it again makes no second one.
    NotFound,
    /// It cannot be told, for this reason. The send stays in doubt.
    CannotTell(Error),
}

/// A messenger that can ask its platform whether a message is there.
///
/// What it can tell differs by platform; each says so in its documentation. It never causes a
/// second message. Object-safe, as [`Messenger`](crate::Messenger) is.
#[async_trait]
pub trait Settle: fmt::Debug + Send + Sync + 'static {
    /// Finds out what became of a send. `request` is the one that was sent.
    async fn settle(&self, request: &SendRequest, attempt: &InDoubt) -> Settled;
}

macro_rules! forward {
    ($($pointer:ty),+) => {$(
        #[deny(clippy::missing_trait_methods)]
        #[async_trait]
        impl<T: Settle + ?Sized> Settle for $pointer {
            async fn settle(&self, request: &SendRequest, attempt: &InDoubt) -> Settled {
                (**self).settle(request, attempt).await
            }
        }
    )+};
}

forward!(Arc<T>, Box<T>);
