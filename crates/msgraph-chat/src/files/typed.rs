//! Messages with files by the typed handles.

use ms_messenger_core::{ChannelId, ConversationId, MessageId, TeamId};

use super::{
    folder::FilePlace, message::FileMessage, outcome::FilesOutcome, pending::Pending,
    steps::WithFiles,
};
use crate::{
    channel::Channel,
    chat::Chat,
    client::GraphChatClient,
    destination::{Destination, PostPath},
    send::{Extras, Stored},
};

impl Channel {
    /// Uploads files into the folder of the channel and sends a message that refers to them. Members
    /// of the channel have access to them.
    ///
    /// Files are stored under names of their own, so that none replaces another: `visits (3f…).pdf`.
    /// An upload without a response is looked up and not repeated where the file is there. If the
    /// message was not sent, the files are deleted, unless
    /// [`keep_unsent`](crate::UploadOptions::keep_unsent) is set; if that is unknown, they stay, and
    /// settling finds the message by them. A future that is dropped may leave a file behind.
    ///
    /// It needs the permission Files.ReadWrite.All in addition to ChannelMessage.Send.
    ///
    /// ```
    /// use ms_messenger_core::{FileUpload, StaticToken};
    /// use ms_messenger_emulator::Emulator;
    /// use msgraph_chat::{FileMessage, GraphChatClient};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let graph = &emulator.seed().graph;
    /// let token = StaticToken::new(graph.token.as_str());
    /// let client = GraphChatClient::builder(token).with_base_url(&graph.base).build()?;
    ///
    /// let channel = client.channel(graph.team_id.as_str(), graph.channel_id.as_str());
    /// let message = FileMessage::new("The visits of March")
    ///     .with_file(FileUpload::bytes("visits.csv", *b"1;817\n"));
    /// let outcome = channel.send_files(message).await;
    /// for file in outcome.remaining() {
    ///     println!("{} is in the drive", file.name);
    /// }
    /// let posted = outcome.into_result()?;
    /// assert_eq!(emulator.files()[0].messages[0].message_id, posted.id.as_str());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send_files(&self, message: FileMessage) -> FilesOutcome {
        let (team, channel) = (self.team(), self.id());
        send_to_channel(&self.client, team, channel, None, message).await
    }

    /// Replies to the message `to` with files, as [`send_files`](Self::send_files).
    pub async fn reply_files(
        &self,
        to: impl Into<MessageId>,
        message: FileMessage,
    ) -> FilesOutcome {
        let (team, channel) = (self.team(), self.id());
        send_to_channel(&self.client, team, channel, Some(to.into()), message).await
    }
}

async fn send_to_channel(
    client: &GraphChatClient,
    team: &TeamId,
    channel: &ChannelId,
    reply_to: Option<MessageId>,
    message: FileMessage,
) -> FilesOutcome {
    let reply_to = reply_to.as_ref();
    let destination = Destination::Channel {
        team,
        channel,
        reply_to,
    };
    let path = PostPath::of_channel(team, channel, reply_to);
    let place = FilePlace::Channel(team, channel);
    client
        .send_typed_files(destination, path, place, message)
        .await
}

impl Chat {
    /// Uploads files into the sender's OneDrive, lets the members of the chat read them, and sends a
    /// message that refers to them. What is said of
    /// [`Channel::send_files`] applies here too. Members who join later get no access.
    ///
    /// It needs the permissions Files.ReadWrite and Chat.ReadBasic in addition to ChatMessage.Send.
    ///
    /// ```
    /// use ms_messenger_core::{FileUpload, StaticToken};
    /// use ms_messenger_emulator::Emulator;
    /// use msgraph_chat::{FileMessage, GraphChatClient, UploadOptions};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let graph = &emulator.seed().graph;
    /// let token = StaticToken::new(graph.token.as_str());
    /// let client = GraphChatClient::builder(token).with_base_url(&graph.base).build()?;
    ///
    /// let options = UploadOptions::default()
    ///     .with_progress(|progress| println!("{} of {} bytes", progress.sent, progress.total));
    /// let message = FileMessage::new("The recording")
    ///     .with_file(FileUpload::bytes("standup.mp4", *b"not really a film"))
    ///     .with_options(options);
    /// let outcome = client.chat(graph.chat_id.as_str()).send_files(message).await;
    /// assert!(outcome.is_sent());
    /// // Every member of the chat can open it.
    /// assert!(emulator.files()[0].messages[0].denied.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send_files(&self, message: FileMessage) -> FilesOutcome {
        send_to_chat(&self.client, self.id(), message).await
    }
}

async fn send_to_chat(
    client: &GraphChatClient,
    chat: &ConversationId,
    message: FileMessage,
) -> FilesOutcome {
    let destination = Destination::Chat { chat, quoted: None };
    let (path, place) = (PostPath::of_chat(chat, false), FilePlace::Chat(chat));
    client
        .send_typed_files(destination, path, place, message)
        .await
}

impl GraphChatClient {
    async fn send_typed_files(
        &self,
        destination: Destination<'_>,
        path: PostPath,
        place: FilePlace<'_>,
        message: FileMessage,
    ) -> FilesOutcome {
        let FileMessage {
            message,
            files,
            options,
        } = message;
        let first = message.attachments.len().saturating_sub(files.len());
        let pending = files.iter().enumerate().map(|(i, upload)| Pending {
            upload,
            field: format!("files[{i}]"),
            attachment: first + i,
        });
        let with = WithFiles {
            destination,
            path,
            place,
            message,
            files: pending.collect(),
            options: options.as_ref().unwrap_or(self.upload_options()),
            extras: Extras::default(),
        };
        let (files, result) = Box::pin(self.send_with_files(with)).await;
        let result = result.and_then(Stored::posted);
        FilesOutcome { files, result }
    }
}
