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
use serde_json::{Value, json};

use crate::{
    conversation::Conversation, message::Format, queue::Outlet, reason::Reason, resource::Resource,
    session::UcwaSession, words,
};

/// Which invitations are accepted without asking.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AcceptPolicy {
    /// Every one.
    #[default]
    Everyone,
    /// Those of these SIP addresses; others are declined.
    Only(Vec<String>),
    /// None: each comes as [`Incoming::Invitation`], to be accepted or declined within the 30
    /// seconds that the server waits.
    Ask,
}

/// Who sent something.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sender {
    /// The SIP address, with its scheme; empty when the server does not tell.
    pub uri: String,
    /// The name, when the server tells it.
    pub name: Option<String>,
}

impl Sender {
    pub(crate) fn new(uri: String, name: Option<String>) -> Self {
        Self { uri, name }
    }

    pub(crate) fn read(participant: &Resource) -> Self {
        let text = |name| {
            participant
                .short_text(name)
                .filter(|t| !t.is_empty())
                .map(str::to_owned)
        };
        Self::new(text("uri").unwrap_or_default(), text("name"))
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("uri", &words::sip(&self.uri))
            .field(
                "name",
                &self
                    .name
                    .as_deref()
                    .map(|name| words::line(name, words::CODE)),
            )
            .finish()
    }
}

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
        conversation: Conversation,
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
    /// Where it was said. Answer with [`Conversation::send`].
    pub conversation: Conversation,
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
    pub conversation: Conversation,
    /// Who invites.
    pub from: Sender,
    /// What the conversation is about.
    pub subject: Option<String>,
    /// The first message. It comes again as a message once the invitation is accepted.
    pub toast: Option<String>,
    accept: Option<String>,
    decline: Option<String>,
    meeting: bool,
}

impl fmt::Debug for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invitation")
            .field("conversation", &self.conversation)
            .field("from", &self.from)
            .field("is_meeting", &self.meeting)
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
        let session = &self.conversation.session;
        session
            .inner()
            .accept(
                self.conversation.key(),
                self.accept.as_deref(),
                self.meeting,
            )
            .await
    }

    /// Declines it, for this endpoint alone. One that ended meanwhile is declined.
    ///
    /// # Errors
    ///
    /// As the server says.
    pub async fn decline(&self) -> Result<()> {
        match &self.decline {
            Some(href) => self.conversation.session.inner().decline(href).await,
            None => Ok(()),
        }
    }
}

pub(crate) fn decline_body() -> Value {
    json!({"reason": "Local"})
}

/// What happened, as plain data: it holds no session, so that a queue of it keeps none alive.
#[derive(Clone)]
pub(crate) enum Happened {
    Received {
        conversation: String,
        message: String,
        participant: Option<String>,
        from: Option<Sender>,
        format: Format,
        text: String,
        at: Option<SystemTime>,
    },
    Invited {
        conversation: String,
        from: Sender,
        subject: Option<String>,
        toast: Option<String>,
        accept: Option<String>,
        decline: Option<String>,
        meeting: bool,
    },
    Typing {
        conversation: String,
        from: Sender,
        is_typing: bool,
    },
    Ended {
        conversation: String,
        reason: Option<Reason>,
    },
    Missed(u64),
}

impl fmt::Debug for Happened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Received { .. } => "Received",
            Self::Invited { .. } => "Invited",
            Self::Typing { .. } => "Typing",
            Self::Ended { .. } => "Ended",
            Self::Missed(_) => "Missed",
        })
    }
}

impl Happened {
    /// Where it happened.
    pub(crate) fn conversation(&self) -> Option<&str> {
        match self {
            Self::Received { conversation, .. }
            | Self::Invited { conversation, .. }
            | Self::Typing { conversation, .. }
            | Self::Ended { conversation, .. } => Some(conversation),
            Self::Missed(_) => None,
        }
    }

    /// How much memory it holds, about.
    pub(crate) fn bytes(&self) -> usize {
        let texts = match self {
            Self::Received { text, message, .. } => text.len() + message.len(),
            Self::Invited { toast, .. } => toast.as_ref().map_or(0, String::len),
            Self::Typing { .. } | Self::Ended { .. } | Self::Missed(_) => 0,
        };
        texts + self.conversation().map_or(0, str::len) + 256
    }

    fn told_by(self, session: &UcwaSession) -> Incoming {
        let at = |key: String| Conversation::new(session.clone(), key);
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
            Self::Invited {
                conversation,
                from,
                subject,
                toast,
                accept,
                decline,
                meeting,
            } => Incoming::Invitation(Invitation {
                conversation: at(conversation),
                from,
                subject,
                toast,
                accept,
                decline,
                meeting,
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
    pub(crate) session: UcwaSession,
    pub(crate) queue: Outlet,
}

impl IncomingStream {
    /// The next thing, or `None` when the session has ended.
    pub async fn next(&mut self) -> Option<Incoming> {
        let happened = poll_fn(|context| self.queue.poll(context)).await?;
        Some(happened.told_by(&self.session))
    }
}

impl Stream for IncomingStream {
    type Item = Incoming;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Incoming>> {
        let happened = self.queue.poll(context);
        happened.map(|happened| Some(happened?.told_by(&self.session)))
    }
}
