//! One of the requests of a batch.

use ms_messenger_core::{ChannelId, ConversationId, MessageId, SendRequest, TeamId};

use crate::write::NewChatMessage;

/// The most parts of one batch.
pub const MAX_BATCH_PARTS: usize = 20;

/// One of the requests of a batch: a message, or a read.
///
/// ```
/// use msgraph_chat::BatchPart;
///
/// let parts = [
///     BatchPart::to_chat("19:2da4c29f6d7041eca70b638b43d45437@thread.v2", "First"),
///     // The order is certain only where a part names the one before it.
///     BatchPart::to_chat("19:2da4c29f6d7041eca70b638b43d45437@thread.v2", "Second")
///         .with_dependency(0),
///     BatchPart::get("/me"),
/// ];
/// ```
#[derive(Clone, Debug)]
#[must_use = "a part does nothing until its batch is run"]
pub struct BatchPart {
    pub(super) kind: Kind,
    pub(super) dependencies: Vec<usize>,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Send(Box<SendRequest>),
    Channel {
        team: TeamId,
        channel: ChannelId,
        reply_to: Option<MessageId>,
        message: Box<NewChatMessage>,
    },
    Chat {
        chat: ConversationId,
        quoted: Option<Vec<MessageId>>,
        message: Box<NewChatMessage>,
    },
    Get(String),
}

impl BatchPart {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            dependencies: Vec::new(),
        }
    }

    /// Returns a send of the neutral model, to a channel or chat. When it is unknown whether it was
    /// sent, [`settle`](ms_messenger_core::Messenger::settle) finds out with the same request and the
    /// evidence of the error.
    pub fn send(request: SendRequest) -> Self {
        Self::new(Kind::Send(Box::new(request)))
    }

    /// Returns a message to a channel.
    pub fn to_channel(
        team: impl Into<TeamId>,
        channel: impl Into<ChannelId>,
        message: impl Into<NewChatMessage>,
    ) -> Self {
        Self::new(Kind::Channel {
            team: team.into(),
            channel: channel.into(),
            reply_to: None,
            message: Box::new(message.into()),
        })
    }

    /// Returns a reply to the message `to` of a channel.
    pub fn reply(
        team: impl Into<TeamId>,
        channel: impl Into<ChannelId>,
        to: impl Into<MessageId>,
        message: impl Into<NewChatMessage>,
    ) -> Self {
        Self::new(Kind::Channel {
            team: team.into(),
            channel: channel.into(),
            reply_to: Some(to.into()),
            message: Box::new(message.into()),
        })
    }

    /// Returns a message to a chat.
    pub fn to_chat(chat: impl Into<ConversationId>, message: impl Into<NewChatMessage>) -> Self {
        Self::new(Kind::Chat {
            chat: chat.into(),
            quoted: None,
            message: Box::new(message.into()),
        })
    }

    /// Returns a message to a chat that quotes one to ten others.
    pub fn quote(
        chat: impl Into<ConversationId>,
        messages: impl IntoIterator<Item = impl Into<MessageId>>,
        message: impl Into<NewChatMessage>,
    ) -> Self {
        Self::new(Kind::Chat {
            chat: chat.into(),
            quoted: Some(messages.into_iter().map(Into::into).collect()),
            message: Box::new(message.into()),
        })
    }

    /// Returns a read of any path below the base address, which starts with a slash, is encoded and
    /// may hold a query.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Kind::Get(path.into()))
    }

    /// Makes the part wait for the success of an earlier one, by its index. If that fails, this part
    /// is not executed.
    pub fn with_dependency(mut self, index: usize) -> Self {
        self.dependencies.push(index);
        self
    }
}
