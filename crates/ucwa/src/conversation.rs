//! One conversation of a session.

use std::fmt;

use ms_messenger_core::{ConversationId, ErrorKind, Result, SipUri};
use serde_json::Value;

use crate::{
    error::config,
    message::InstantMessage,
    operation::{gone, not_allowed},
    outcome::Outcome,
    session::UcwaSession,
    state,
    words::{WORDS, line},
};

/// A conversation that is open, or was. It keeps its session alive.
#[derive(Clone)]
pub struct Conversation {
    pub(crate) session: UcwaSession,
    key: String,
}

impl Conversation {
    pub(crate) fn new(session: UcwaSession, key: String) -> Self {
        Self { session, key }
    }

    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// Its id: valid in this session, while it is open.
    pub fn id(&self) -> ConversationId {
        self.key.as_str().into()
    }

    /// Whether messages can be sent to it now.
    #[must_use]
    pub fn is_open(&self) -> bool {
        let inner = self.session.inner();
        let state = inner.state();
        let known = state.conversations.get(&self.key);
        known.is_some_and(|conversation| conversation.ready().is_some())
    }

    fn known(&self) -> Result<state::Conversation> {
        let inner = self.session.inner();
        inner.alive()?;
        inner
            .state()
            .conversations
            .get(&self.key)
            .cloned()
            .ok_or_else(gone)
    }

    /// Sends a message to it. One that is over is not begun anew: its message is refused with
    /// `NotFound`, and nothing is sent.
    ///
    /// # Cancel safety
    ///
    /// As [`UcwaSession::send`].
    pub async fn send(&self, message: impl Into<InstantMessage>) -> Outcome {
        let message = message.into();
        let inner = self.session.inner();
        let deadline = inner.deadline();
        inner
            .send_to_conversation(&self.key, &message, &deadline)
            .await
    }

    /// Tells the others that the user is typing. The server takes it back after a while.
    ///
    /// # Errors
    ///
    /// `NotFound` when the conversation is over; as the server says.
    pub async fn set_typing(&self) -> Result<()> {
        let href = self.known()?.messaging.typing;
        let href = href.ok_or_else(|| not_allowed("typing to be told, or nobody is there"))?;
        let application = self.session.inner().application();
        application.post("typing", &href, Value::Null).await
    }

    /// Stops messaging; the conversation ends, unless it has more than messages. One that is
    /// over already is stopped.
    ///
    /// # Errors
    ///
    /// As the server says.
    pub async fn stop(&self) -> Result<()> {
        let Some(href) = self.known().ok().and_then(|known| known.messaging.stop) else {
            return Ok(());
        };
        let application = self.session.inner().application();
        match application.post("terminate", &href, Value::Null).await {
            Err(error) if matches!(error.status(), Some(404 | 409)) => Ok(()),
            other => other,
        }
    }

    /// Leaves the conversation; in a meeting the others stay. One that is over is left.
    ///
    /// # Errors
    ///
    /// As the server says.
    pub async fn leave(&self) -> Result<()> {
        let Ok(known) = self.known() else {
            return Ok(());
        };
        let application = self.session.inner().application();
        match application.delete("leave", &known.href).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    /// Invites another person; a conversation of two becomes a meeting. Waits for the response.
    ///
    /// # Errors
    ///
    /// `Unsupported` when the policy of the user does not allow it; the refusal of the person,
    /// with its [`Reason`](crate::Reason).
    pub async fn add_participant(&self, sip: &str) -> Result<()> {
        let sip = SipUri::parse(sip).map_err(|error| config(format!("participant: {error}")))?;
        let inner = self.session.inner();
        inner.add_participant(&self.key, sip.as_str()).await
    }
}

impl fmt::Debug for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The key is a path of the server, or what the caller took for one.
        let path = self.key.split(['?', '#']).next().unwrap_or_default();
        write!(f, "Conversation({})", line(path, WORDS))
    }
}
