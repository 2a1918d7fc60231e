//! One conversation of a session.

use std::fmt;

use ms_messenger_core::{ConversationId, ErrorKind, Result, SipUri};
use serde_json::Value;

use crate::{
    error::{not_allowed, not_open},
    handle::SessionHandle,
    meeting,
    message::InstantMessage,
    operations::{CONVERSATION_LEAVE, MESSAGING_STOP, TYPING_SEND},
    outcome::UcwaOutcome,
    send, state,
    words::{WORDS, line},
};

/// A conversation that is open, or was. It keeps its session alive.
///
/// ```
/// use ms_messenger_core::SipUri;
/// use ms_messenger_emulator::Emulator;
/// use ucwa::{UcwaCredential, UcwaSession};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = Emulator::start().await?;
/// let user = &emulator.seed().ucwa.users[0];
/// let credential = UcwaCredential::password(&user.username, user.password.as_str());
/// let session = UcwaSession::builder(&user.sip, credential)
///     .with_discovery_url(&emulator.seed().ucwa.discover)
///     .sign_in()
///     .await?;
///
/// let lene: SipUri = "sip:lene@fabrikam.test".parse()?;
/// let first = session.send(lene, "Build 42 is running").await.into_result()?;
/// let conversation = session.conversation(first.conversation);
/// assert!(conversation.send("Build 42 is green").await.is_delivered());
/// conversation.leave().await?;
/// # session.sign_out().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct UcwaConversation {
    pub(crate) session: SessionHandle,
    key: String,
}

impl UcwaConversation {
    pub(crate) fn new(session: SessionHandle, key: String) -> Self {
        Self { session, key }
    }

    /// Returns its id: valid in this session, while it is open.
    pub fn id(&self) -> ConversationId {
        self.key.as_str().into()
    }

    /// Returns whether messages can be sent to it now.
    pub fn is_open(&self) -> bool {
        let conversations = &self.session.inner().conversations;
        let known = conversations.snapshot(&self.key);
        known.is_some_and(|conversation| conversation.ready().is_some())
    }

    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// Returns what the session knows of it.
    pub(crate) fn known(&self) -> Result<state::ConversationState> {
        let inner = self.session.inner();
        inner.lifecycle.check()?;
        inner.conversations.snapshot(&self.key).ok_or_else(not_open)
    }

    /// Sends a message to it. If it has ended, no new one is begun: the send fails with
    /// `NotFound`, and nothing is sent.
    ///
    /// # Cancel safety
    ///
    /// As [`UcwaSession::send`](crate::UcwaSession::send).
    pub async fn send(&self, message: impl Into<InstantMessage>) -> UcwaOutcome {
        let message = message.into();
        let inner = self.session.inner();
        send::to_conversation(inner, &self.key, &message, &inner.deadline(), None).await
    }

    /// Reports to the other participants that the user is typing. The server withdraws it after a
    /// while.
    ///
    /// # Errors
    ///
    /// `NotFound` if the conversation has ended; otherwise the error of the server.
    pub async fn set_typing(&self) -> Result<()> {
        let href = self.known()?.messaging.typing;
        let href = href.ok_or_else(|| not_allowed("typing notices, or no participant is there"))?;
        let application = self.session.inner().application.get();
        application.post(&TYPING_SEND, &href, Value::Null).await
    }

    /// Stops messaging; the conversation ends, unless it has other modalities. Stopping one that
    /// has ended succeeds.
    ///
    /// # Errors
    ///
    /// The error of the server.
    pub async fn stop(&self) -> Result<()> {
        let Some(href) = self.known().ok().and_then(|known| known.messaging.stop) else {
            return Ok(());
        };
        let application = self.session.inner().application.get();
        match application.post(&MESSAGING_STOP, &href, Value::Null).await {
            Err(error) if matches!(error.status(), Some(404 | 409)) => Ok(()),
            other => other,
        }
    }

    /// Leaves the conversation; in a meeting the others stay. Leaving one that has ended succeeds.
    ///
    /// # Errors
    ///
    /// The error of the server.
    pub async fn leave(&self) -> Result<()> {
        let Ok(known) = self.known() else {
            return Ok(());
        };
        let application = self.session.inner().application.get();
        match application.delete(&CONVERSATION_LEAVE, &known.href).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    /// Invites another participant and waits for the response. A conversation of two becomes a
    /// meeting.
    ///
    /// # Errors
    ///
    /// `Unsupported` if the policy of the user does not allow it; the refusal of the participant,
    /// with its [`Reason`](crate::Reason). The delivery of an error is that of the invitation: if it
    /// is `Unknown`, look for the participant with [`participants`](Self::participants).
    pub async fn add_participant(&self, sip: impl Into<SipUri>) -> Result<()> {
        let sip = sip.into();
        meeting::add_participant(self.session.inner(), &self.key, &sip).await
    }
}

impl fmt::Debug for UcwaConversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The key is a path of the server, or what the caller took for one.
        let path = self.key.split(['?', '#']).next().unwrap_or_default();
        write!(f, "Conversation({})", line(path, WORDS))
    }
}
