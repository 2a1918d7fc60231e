//! What a part of a batch returns.

use ms_messenger_core::Result;
use ms_messenger_http::Response;
use serde::de::DeserializeOwned;

use crate::posted::PostedMessage;

/// What a part of a batch returns when it succeeds.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum BatchOutput {
    /// The message that a part posted.
    Posted(Box<PostedMessage>),
    /// The response to a read.
    Read(Box<Response>),
}

impl BatchOutput {
    /// Returns the message that the part posted.
    #[must_use]
    pub fn posted(&self) -> Option<&PostedMessage> {
        match self {
            Self::Posted(message) => Some(message),
            Self::Read(_) => None,
        }
    }

    /// Returns the response to the read.
    #[must_use]
    pub fn response(&self) -> Option<&Response> {
        match self {
            Self::Posted(_) => None,
            Self::Read(response) => Some(response),
        }
    }

    /// Reads the response to a read as JSON; `None` for a message.
    ///
    /// # Errors
    ///
    /// As [`Response::json`].
    pub fn json<T: DeserializeOwned>(&self) -> Result<Option<T>> {
        self.response().map(Response::json).transpose()
    }
}
