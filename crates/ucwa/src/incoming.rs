//! What other participants do.

use std::{
    fmt,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
    time::SystemTime,
};

use futures_core::Stream;
use ms_messenger_core::{ConversationId, MessageId, Result};

use crate::{
    conversation::UcwaConversation,
    handle::SessionHandle,
    message::Format,
    raw_event::{RawEvent, RawInvitation},
    reason::Reason,
    respond,
    sender::Sender,
    stream_queue::Outlet,
};

/// What another participant did.
/// ```
/// use ucwa::Incoming;
///
/// async fn react(event: Incoming) {
///     match event {
///         Incoming::Message(message) => println!("{:?}: {} bytes", message.from, message.text.len()),
///         Incoming::Invitation(invitation) => println!("invited by {:?}", invitation.from),
///         Incoming::Typing { from, is_typing, .. } => println!("{from:?} is typing: {is_typing}"),
///         Incoming::Ended { conversation, .. } => println!("{conversation} has ended"),
///         Incoming::Missed(count) => eprintln!("{count} events were lost"),
///         _ => {}
///     }
/// }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Incoming {
    /// A message.
    Message(IncomingMessage),
    /// An invitation that waits for a response: see [`AcceptPolicy::Ask`](crate::AcceptPolicy::Ask).
    Invitation(Invitation),
    /// A participant began or stopped typing.
    Typing {
        /// The conversation.
        conversation: UcwaConversation,
        /// The participant.
        from: Sender,
        /// Whether the participant began.
        is_typing: bool,
    },
    /// A conversation ended.
    Ended {
        /// The conversation.
        conversation: ConversationId,
        /// The reason, if the server reported one. `Ended` and `Removed` are the ordinary end.
        reason: Option<Reason>,
    },
    /// The number of events that were lost because the stream did not take them in time: its queue
    /// is bounded.
    Missed(u64),
}

/// A message from another participant. `Debug` does not show its text.
#[derive(Clone)]
#[non_exhaustive]
pub struct IncomingMessage {
    /// Its id: valid in this session only.
    pub id: MessageId,
    /// The conversation. Reply with [`UcwaConversation::send`].
    pub conversation: UcwaConversation,
    /// The sender.
    pub from: Sender,
    /// The format of the text.
    pub format: Format,
    /// The decoded text; HTML as it was received, not to be trusted.
    pub text: String,
    /// When the server received it.
    pub sent_at: Option<SystemTime>,
}

impl fmt::Debug for IncomingMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IncomingMessage")
            .field("id", &self.id)
            .field("conversation", &self.conversation)
            .field("from", &self.from)
            .field("format", &self.format)
            .field("text_bytes", &self.text.len())
            .field("sent_at", &self.sent_at)
            .finish()
    }
}

/// An invitation that waits for a response. `Debug` does not show its texts.
/// ```
/// use ms_messenger_core::Result;
/// use ucwa::{AcceptPolicy, Incoming, UcwaSession};
///
/// async fn ask(session: &UcwaSession) -> Result<()> {
///     let mut incoming = session.receive(AcceptPolicy::Ask).await?;
///     while let Some(event) = incoming.next().await {
///         if let Incoming::Invitation(invitation) = event {
///             if invitation.from.uri == "sip:lene@contoso.com" {
///                 invitation.accept().await?;
///             } else {
///                 invitation.decline().await?;
///             }
///         }
///     }
///     Ok(())
/// }
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Invitation {
    /// The conversation.
    pub conversation: UcwaConversation,
    /// The sender of the invitation.
    pub from: Sender,
    /// The subject of the conversation.
    pub subject: Option<String>,
    /// The first message. It is received again as a message once the invitation is accepted.
    pub toast: Option<String>,
    raw: RawInvitation,
}

impl fmt::Debug for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invitation")
            .field("conversation", &self.conversation)
            .field("from", &self.from)
            .field("is_meeting", &self.raw.is_meeting)
            .finish_non_exhaustive()
    }
}

impl Invitation {
    /// Accepts it. One that was accepted already, also automatically by the server, counts as
    /// accepted.
    ///
    /// # Errors
    ///
    /// The error of the server; `NotFound` if the invitation has ended.
    pub async fn accept(&self) -> Result<()> {
        respond::accept(self.conversation.session.inner(), &self.raw).await
    }

    /// Declines it for this endpoint. One that has ended counts as declined.
    ///
    /// # Errors
    ///
    /// The error of the server.
    pub async fn decline(&self) -> Result<()> {
        match &self.raw.decline {
            Some(href) => respond::decline(self.conversation.session.inner(), href).await,
            None => Ok(()),
        }
    }
}

impl RawEvent {
    pub(crate) fn into_incoming(self, session: &SessionHandle) -> Incoming {
        let at = |key: String| UcwaConversation::new(session.clone(), key);
        match self {
            Self::Received {
                conversation,
                message,
                from,
                format,
                text,
                at: sent_at,
                ..
            } => Incoming::Message(IncomingMessage {
                id: message.into(),
                conversation: at(conversation),
                from: from.unwrap_or_default(),
                format,
                text,
                sent_at,
            }),
            Self::Invited(mut raw) => Incoming::Invitation(Invitation {
                conversation: at(raw.conversation.clone()),
                from: raw.from.clone(),
                subject: raw.subject.take(),
                toast: raw.toast.take(),
                raw,
            }),
            Self::Typing {
                conversation,
                from,
                is_typing,
            } => Incoming::Typing {
                conversation: at(conversation),
                from,
                is_typing,
            },
            Self::Ended {
                conversation,
                reason,
            } => Incoming::Ended {
                conversation: conversation.into(),
                reason,
            },
            Self::Missed(count) => Incoming::Missed(count),
        }
    }
}

/// A stream of what other participants do, in order, from the moment it was opened. It ends with
/// the session and keeps it alive until then. Events that are not taken are kept in memory, up to
/// 10,000 events or 64 MiB; further ones are lost, which [`Incoming::Missed`] reports.
///
/// ```
/// use ms_messenger_emulator::Emulator;
/// use serde_json::json;
/// use ucwa::{AcceptPolicy, Incoming, UcwaCredential, UcwaSession};
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
/// let mut incoming = session.receive(AcceptPolicy::Everyone).await?;
/// emulator.inject(&json!({"platform": "ucwa", "from": "sip:lene@fabrikam.test", "to": user.sip,
///                         "action": "message", "text": "Is the build green?"}))?;
/// while let Some(event) = incoming.next().await {
///     if let Incoming::Message(message) = event {
///         assert_eq!(message.text, "Is the build green?");
///         assert!(message.conversation.send("Yes").await.is_delivered());
///         break;
///     }
/// }
/// # session.sign_out().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a stream does nothing until it is polled"]
pub struct IncomingStream {
    session: SessionHandle,
    queue: Outlet,
}

impl IncomingStream {
    pub(crate) fn new(session: SessionHandle, queue: Outlet) -> Self {
        Self { session, queue }
    }

    /// Returns the next event, or `None` when the session has ended.
    pub async fn next(&mut self) -> Option<Incoming> {
        let event = poll_fn(|context| self.queue.poll(context)).await?;
        Some(event.into_incoming(&self.session))
    }
}

impl Stream for IncomingStream {
    type Item = Incoming;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Incoming>> {
        let event = self.queue.poll(context);
        event.map(|event| Some(event?.into_incoming(&self.session)))
    }
}
