//! What comes from others.

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

/// What comes from others.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Incoming {
    /// A message.
    Message(IncomingMessage),
    /// An invitation that waits for a response: see [`AcceptPolicy::Ask`].
    Invitation(Invitation),
    /// Somebody began or stopped typing.
    Typing {
        /// Where.
        conversation: UcwaConversation,
        /// Who.
        from: Sender,
        /// Whether they began.
        is_typing: bool,
    },
    /// A conversation is over.
    Ended {
        /// Which one.
        conversation: ConversationId,
        /// Why, as far as the server said. `Ended` and `Removed` are the ordinary end.
        reason: Option<Reason>,
    },
    /// So many things came that were not taken in time and are lost: the queue of a stream is
    /// bounded.
    Missed(u64),
}

/// A message from somebody else. `Debug` does not show its text.
#[derive(Clone)]
#[non_exhaustive]
pub struct IncomingMessage {
    /// Its id: valid in this session only.
    pub id: MessageId,
    /// Where it was said. Answer with [`UcwaConversation::send`].
    pub conversation: UcwaConversation,
    /// Who said it.
    pub from: Sender,
    /// How it is written.
    pub format: Format,
    /// What was said, decoded; HTML as it came, not to be trusted.
    pub text: String,
    /// When the server got it.
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
#[derive(Clone)]
#[non_exhaustive]
pub struct Invitation {
    /// The conversation that it is for.
    pub conversation: UcwaConversation,
    /// Who invites.
    pub from: Sender,
    /// What the conversation is about.
    pub subject: Option<String>,
    /// The first message. It comes again as a message once the invitation is accepted.
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
    /// Accepts it. One that was accepted already, or that the server accepts by itself, is
    /// accepted.
    ///
    /// # Errors
    ///
    /// As the server says; `NotFound` when it ended meanwhile.
    pub async fn accept(&self) -> Result<()> {
        respond::accept(self.conversation.session.inner(), &self.raw).await
    }

    /// Declines it, for this endpoint alone. One that ended meanwhile is declined.
    ///
    /// # Errors
    ///
    /// As the server says.
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

/// What comes from others, in order, from the moment it was asked for. It ends with the session
/// and keeps it alive until then. What is not taken is kept in memory, up to 10,000 things or
/// 64 MiB; what comes then is lost, and told as [`Incoming::Missed`].
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

    /// The next thing, or `None` when the session has ended.
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
