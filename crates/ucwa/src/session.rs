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
/// one. [`sign_out`](Self::sign_out) ends it and says whether the server knows; when the last clone, conversation and
/// stream are dropped, it signs out in the background, if the runtime still runs.
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
/// let delivered = session.send(lene, "Build 42 is green").await.into_result()?;
/// assert!(delivered.to_everyone);
/// assert_eq!(emulator.messages()[0].text, "Build 42 is green");
/// # session.sign_out().await?;
/// # Ok(())
/// # }
/// ```
/// # Settling
///
/// As a [`Messenger`](ms_messenger_core::Messenger) the session also settles a send whose outcome
/// is unknown, as long as it is the session that sent:
///
/// ```no_run
/// use ms_messenger_core::{Evidence, Messenger, SendRequest, Settled};
///
/// # async fn run(session: ucwa::UcwaSession, request: SendRequest) {
/// if let Err(error) = Messenger::send(&session, &request).await
///     && let Some(evidence) = Evidence::of(&error)
/// {
///     match session.settle(&request, &evidence).await {
///         Settled::Found(receipt) => println!("delivered: {:?}", receipt.message_id),
///         Settled::NotFound => println!("not delivered: it is safe to send again"),
///         Settled::NotYet(until) => println!("the verdict may come until {until:?}"),
///         other => println!("still unknown: {other:?}"),
///     }
/// }
/// # }
/// ```
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

    pub(crate) fn handle(&self) -> &SessionHandle {
        &self.0
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
        send::to_person(inner, &to, &message, &inner.deadline(), None).await
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
    /// ```no_run
    /// # async fn run(session: ucwa::UcwaSession) -> Result<(), ms_messenger_core::Error> {
    /// use ucwa::{AcceptPolicy, Incoming};
    ///
    /// let policy = AcceptPolicy::Only(vec!["sip:lene@contoso.com".parse()?]);
    /// let mut incoming = session.receive(policy).await?;
    /// while let Some(event) = incoming.next().await {
    ///     if let Incoming::Message(message) = event {
    ///         println!("{} bytes from {}", message.text.len(), message.from.uri);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
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
    /// ```no_run
    /// # async fn run(session: ucwa::UcwaSession) -> Result<(), ms_messenger_core::Error> {
    /// use ms_messenger_core::SipUri;
    ///
    /// let meeting = session.start_meeting(Some("Build 42")).await?;
    /// meeting.add_participant(SipUri::parse("sip:lene@contoso.com")?).await?;
    /// let message = meeting.send("Build 42 is green").await.into_result()?;
    /// println!("not delivered to {:?}", message.failed_participants);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `Unsupported` if the policy of the user does not allow meetings; otherwise the error of
    /// the server. Its delivery is that of the meeting: `Unknown` if it may have begun, `Sent` if
    /// it has begun and takes no messages. [`conversations`](Self::conversations) lists it then.
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
    ///
    /// ```no_run
    /// # async fn run(session: ucwa::UcwaSession) {
    /// use ms_messenger_core::ErrorKind;
    ///
    /// let why = session.ended().await;
    /// let another_process = why.kind() == ErrorKind::Conflict;
    /// println!("the session ended: {why}; same endpoint id in use: {another_process}");
    /// # }
    /// ```
    pub async fn ended(&self) -> Error {
        self.inner().lifecycle.ended().await
    }

    /// Signs out: deletes the application at the server. When this returns, the session and its
    /// background tasks have ended, also if it fails. Messages that still wait for their verdict are
    /// `Unknown`.
    ///
    /// # Errors
    ///
    /// Why the application may still be at the server, which ends it after 15 minutes without
    /// requests; until then the user can seem reachable. Its delivery is `Unknown`.
    pub async fn sign_out(&self) -> Result<()> {
        let lifecycle = &self.inner().lifecycle;
        lifecycle.stop();
        lifecycle.left().await
    }
}

impl fmt::Debug for UcwaSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
