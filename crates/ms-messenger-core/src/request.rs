//! The request to send one message.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    deadline::{CancelHandle, Deadline},
    error::{ErrorKind, Result},
    idempotency::IdempotencyKey,
    ids::MessageId,
    journal::Journal,
    json::{self, JsonError},
    message::Message,
    target::Target,
    teams_link::{Addressee, TeamsLink},
};

/// The request to send one message to one target. `Debug` prints no content.
///
/// # JSON form
///
/// Stable; queues and batch files may hold it.
///
/// ```json
/// {"to": "conversation:19:abc@thread.v2", "message": {"body": {"text": "hello"}},
///  "idempotency": {"id": "5b1f0a5e-3f5b-4a43-a8d9-93a57a7fc0a5", "first_sent": "2026-04-01T12:34:56Z"},
///  "timeout_ms": 30000}
/// ```
///
/// `to` may also be a Teams link to a message: it gives the target and `reply_to`. A `reply_to` that
/// names another message is rejected.
///
/// ```
/// use ms_messenger_core::{Message, SendRequest, Target};
///
/// let request = SendRequest::new(Target::conversation("19:abc@thread.v2"), Message::text("hello"));
/// let read = SendRequest::from_json(&serde_json::to_string(&request)?)?;
/// assert_eq!(read, request);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SendRequest {
    /// The target.
    pub to: Target,
    /// The message.
    pub message: Message,
    /// The message to reply to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<MessageId>,
    /// The key under which the platform removes duplicates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotency: Option<IdempotencyKey>,
    /// How long the send may take, including retries and pauses. After that time the send ends with
    /// what is known: `NotSent` if nothing had left this machine, else `Unknown` with the evidence
    /// that settling needs. In whole milliseconds in JSON.
    #[serde(
        rename = "timeout_ms",
        serialize_with = "crate::millis::optional::serialize"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// Ends the send early in the same way. It has no JSON form.
    #[serde(skip)]
    pub cancel: Option<CancelHandle>,
    /// Takes note of each attempt before the message leaves. It has no JSON form.
    #[serde(skip)]
    pub journal: Option<Journal>,
}

/// The JSON form of a request as it is read.
#[derive(Deserialize)]
#[serde(rename = "SendRequest", deny_unknown_fields)]
struct Wire {
    to: Addressee,
    message: Message,
    #[serde(default)]
    reply_to: Option<MessageId>,
    #[serde(default)]
    idempotency: Option<IdempotencyKey>,
    #[serde(
        default,
        rename = "timeout_ms",
        deserialize_with = "crate::millis::optional::deserialize"
    )]
    timeout: Option<Duration>,
}

impl<'de> Deserialize<'de> for SendRequest {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let wire = Wire::deserialize(input)?;
        let of_link = wire.to.reply_to;
        if of_link.is_some() && wire.reply_to.is_some() && wire.reply_to != of_link {
            let error = JsonError {
                path: "reply_to".to_owned(),
                rule: "must be the message that the link in `to` replies to, or be left out"
                    .to_owned(),
                position: None,
            };
            return Err(error.into_serde());
        }
        Ok(Self {
            reply_to: wire.reply_to.or(of_link),
            idempotency: wire.idempotency,
            timeout: wire.timeout,
            ..Self::new(wire.to.target, wire.message)
        })
    }
}

impl SendRequest {
    /// Creates a request that sends `message` to `to`. A string is a message of plain text.
    pub fn new(to: impl Into<Target>, message: impl Into<Message>) -> Self {
        Self {
            to: to.into(),
            message: message.into(),
            reply_to: None,
            idempotency: None,
            timeout: None,
            cancel: None,
            journal: None,
        }
    }

    /// Creates a request that sends `message` to the target of `link`; a reply if that is a message.
    #[must_use]
    pub fn to_link(link: &TeamsLink, message: Message) -> Self {
        Self {
            reply_to: link.reply_to().cloned(),
            ..Self::new(link.target().clone(), message)
        }
    }

    /// Makes it a reply to `message`.
    #[must_use]
    pub fn with_reply_to(mut self, message: impl Into<MessageId>) -> Self {
        self.reply_to = Some(message.into());
        self
    }

    /// Sets the key by which the platform removes duplicates.
    #[must_use]
    pub fn with_idempotency(mut self, key: IdempotencyKey) -> Self {
        self.idempotency = Some(key);
        self
    }

    /// Ends the send after `timeout`, with what is known then. See [`timeout`](Self::timeout).
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Lets `cancel` end the send early, with what is known then.
    #[must_use]
    pub fn with_cancel(mut self, cancel: CancelHandle) -> Self {
        self.cancel = Some(cancel);
        self
    }

    /// Lets `journal` take note of each attempt before the message leaves.
    #[must_use]
    pub fn with_journal(mut self, journal: Journal) -> Self {
        self.journal = Some(journal);
        self
    }

    /// Returns the timeout and the cancel handle, counted from now: a
    /// [`Messenger`](crate::Messenger) calls it first in its `send`.
    #[must_use]
    pub fn deadline(&self) -> Deadline {
        Deadline::new(self.timeout, self.cancel.clone())
    }

    /// Reads the JSON form.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` with the path of the member that is unknown, missing or unusable, and what
    /// was expected there. It repeats no value of the text.
    pub fn from_json(text: &str) -> Result<Self> {
        json::from_str(text).map_err(|error| {
            let problem = error.into_problem("request");
            problem.into_error(ErrorKind::InvalidRequest)
        })
    }
}
