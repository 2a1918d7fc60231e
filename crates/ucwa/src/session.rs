//! The session: one signed-in user, kept alive in the background.

use std::{fmt, sync::Arc};

use ms_messenger_core::{ConversationId, Error, Result, SipUri};

use crate::{
    accept_policy::AcceptPolicy, channel::supervise, config::Config,
    conversation::UcwaConversation, error::not_open, handle::SessionHandle, hosts::Hosts,
    incoming::IncomingStream, inner::Inner, meeting, message::InstantMessage, outcome::UcwaOutcome,
    send,
};

/// A signed-in user of Skype for Business. A clone is cheap and shares the session.
///
/// In the background it holds the one pending GET of the event channel, reports activity once
/// the user was made available, and creates a new application when the server has lost the old
/// one. [`sign_out`](Self::sign_out) ends it for certain; when the last clone, conversation and
/// stream are dropped, it signs out in the background, if the runtime still runs.
#[derive(Clone)]
pub struct UcwaSession(SessionHandle);

impl UcwaSession {
    /// Discovers the server, signs in and starts the background tasks.
    pub(crate) async fn start(config: Config, hosts: Hosts) -> Result<Self> {
        let inner = Arc::new(Inner::sign_in(config, hosts).await?);
        let application = inner.application.get();
        tokio::spawn(supervise(Arc::clone(&inner), application));
        Ok(Self(SessionHandle::new(inner)))
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        self.0.inner()
    }

    /// Returns the id of this installation, as it was given or generated. Keep it: a new one at
    /// every start leaves applications behind until the server refuses more.
    pub fn endpoint_id(&self) -> &str {
        &self.inner().config.identity.endpoint_id
    }

    /// Sends a message to a person: in the conversation that is open with that person, otherwise
    /// in a new one, after the recipient has accepted it. The message is posted once, and the
    /// verdict is the server's event, not its response.
    ///
    /// Several sends to one person share one conversation.
    ///
    /// # Cancel safety
    ///
    /// Not cancel-safe: a message that was posted when the future is dropped is delivered, and
    /// nothing reports it. The session stays usable.
    pub async fn send(
        &self,
        to: impl Into<SipUri>,
        message: impl Into<InstantMessage>,
    ) -> UcwaOutcome {
        let (to, message, inner) = (to.into(), message.into(), self.inner());
        send::to_person(inner, &to, &message, &inner.deadline()).await
    }

    /// Returns a conversation that is open in this session, by its id.
    pub fn conversation(&self, id: impl Into<ConversationId>) -> UcwaConversation {
        UcwaConversation::new(self.0.clone(), id.into().into_string())
    }

    /// Makes the user reachable, accepts invitations by `policy`, and returns a stream of what
    /// other participants do from now on. Several streams get the same; the last policy counts.
    ///
    /// # Errors
    ///
    /// The error of the server, or the end of the session.
    pub async fn receive(&self, policy: AcceptPolicy) -> Result<IncomingStream> {
        let inner = self.inner();
        inner.lifecycle.check()?;
        let opening = inner.receivers.open(policy);
        let application = inner.application.get();
        application.make_available(&inner.config.formats).await?;
        let queue = opening.done().ok_or_else(not_open)?;
        Ok(IncomingStream::new(self.0.clone(), queue))
    }

    /// Begins a meeting: a conversation of several participants, to which
    /// [`add_participant`](UcwaConversation::add_participant) invites.
    ///
    /// # Errors
    ///
    /// `Unsupported` if the policy of the user does not allow meetings; otherwise the error of
    /// the server.
    pub async fn start_meeting(&self, subject: Option<&str>) -> Result<UcwaConversation> {
        let key = meeting::start(self.inner(), subject).await?;
        Ok(UcwaConversation::new(self.0.clone(), key))
    }

    /// Returns whether the session is still alive.
    pub fn is_alive(&self) -> bool {
        self.inner().lifecycle.check().is_ok()
    }

    /// Waits until the session has ended, and returns why: an error whose kind says whether
    /// signing in again can help.
    pub async fn ended(&self) -> Error {
        self.inner().lifecycle.ended().await
    }

    /// Signs out. When this returns, the application is deleted at the server and the background
    /// tasks have ended. Messages that still wait for their verdict are `Unknown`.
    pub async fn sign_out(&self) {
        self.inner().lifecycle.stop();
        let _ = self.ended().await;
    }
}

impl fmt::Debug for UcwaSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
