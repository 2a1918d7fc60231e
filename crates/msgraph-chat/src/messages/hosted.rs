//! The pictures within messages.

use ms_messenger_core::{Error, Result};
use ms_messenger_http::{Call, Download, Pages};

use super::handle::MessageHandle;
use crate::{
    client::GraphChatClient,
    error::PLATFORM,
    models::HostedContent,
    operations::{
        CHANNEL_MESSAGE_HOSTED_GET, CHANNEL_MESSAGE_HOSTED_LIST, CHANNEL_MESSAGE_HOSTED_VALUE,
        CHAT_MESSAGE_HOSTED_GET, CHAT_MESSAGE_HOSTED_LIST, CHAT_MESSAGE_HOSTED_VALUE,
        REPLY_HOSTED_GET, REPLY_HOSTED_LIST, REPLY_HOSTED_VALUE,
    },
};

impl MessageHandle {
    /// Returns the ids of the pictures of the message: `GET …/hostedContents`. The service leaves
    /// out their bytes and types. Source: "List hostedContents".
    pub fn hosted_contents(&self) -> Pages<HostedContent> {
        let of = self.of([
            &CHANNEL_MESSAGE_HOSTED_LIST,
            &REPLY_HOSTED_LIST,
            &CHAT_MESSAGE_HOSTED_LIST,
        ]);
        let path = self.path().then("/hostedContents");
        self.client.paged(path.call(of))
    }

    /// Reads the entry of one picture, without bytes and type: `GET …/hostedContents/{id}`. Source:
    /// "Get chatMessageHostedContent".
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn hosted_content(&self, id: &str) -> Result<HostedContent> {
        let of = self.of([
            &CHANNEL_MESSAGE_HOSTED_GET,
            &REPLY_HOSTED_GET,
            &CHAT_MESSAGE_HOSTED_GET,
        ]);
        let path = self.path().then("/hostedContents").id("hosted_content", id);
        self.client.fetch(path.call(of)).await
    }

    /// Downloads a picture by its id: `GET …/hostedContents/{id}/$value`. Source: "Get
    /// chatMessageHostedContent".
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    ///
    /// ```
    /// use ms_messenger_core::{InlineImage, StaticToken};
    /// use ms_messenger_emulator::Emulator;
    /// use msgraph_chat::{GraphChatClient, NewChatMessage};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let graph = &emulator.seed().graph;
    /// let token = StaticToken::new(graph.token.as_str());
    /// let client = GraphChatClient::builder(token).with_base_url(&graph.base).build()?;
    ///
    /// let chat = client.chat(graph.chat_id.as_str());
    /// let picture = InlineImage::new("image/png", *b"\x89PNG\r\n\x1a\n");
    /// let posted = chat.send(NewChatMessage::compose().inline_image(&picture)).await?;
    ///
    /// let message = chat.message(posted.id);
    /// let pictures = message.hosted_contents().next_page().await?.unwrap_or_default();
    /// let id = pictures[0].id.as_deref().ok_or("no id")?;
    /// let download = message.download(id).await?;
    /// assert_eq!(download.content_type(), Some("image/png"));
    /// assert_eq!(download.bytes(1024).await?, &b"\x89PNG\r\n\x1a\n"[..]);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn download(&self, id: &str) -> Result<Download> {
        let of = self.of([
            &CHANNEL_MESSAGE_HOSTED_VALUE,
            &REPLY_HOSTED_VALUE,
            &CHAT_MESSAGE_HOSTED_VALUE,
        ]);
        let path = self.path().then("/hostedContents").id("hosted_content", id);
        let call = path.then("/$value").call(of)?;
        self.client.pipeline().download(call).await
    }
}

impl GraphChatClient {
    /// Downloads a picture by its address in the body of a message. The token is sent only to the
    /// origin of this client, and only to the path of a picture: the body is written by others.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O for every other address; else the error of the service.
    pub async fn download_hosted(&self, address: &str) -> Result<Download> {
        let refused = |rule: &'static str| Error::invalid("address", rule).with_platform(PLATFORM);
        let path = self.pipeline().endpoint().follow_path(address);
        let path = path.map_err(|_| refused("is not below the endpoint of this client"))?;
        let (start, end) = path
            .split_once("/messages/")
            .and_then(|(start, rest)| Some((start, rest.split_once("/hostedContents/")?.1)))
            .unwrap_or_default();
        let is_picture = (start.starts_with("/chats/")
            || start.starts_with("/teams/")
            || start.starts_with("/users/"))
            && (end.ends_with("/$value") || end.ends_with("/%24value"));
        if !is_picture {
            return Err(refused("is not that of a picture within a message"));
        }
        let of = if start.starts_with("/teams/") {
            &CHANNEL_MESSAGE_HOSTED_VALUE
        } else {
            &CHAT_MESSAGE_HOSTED_VALUE
        };
        self.pipeline().download(Call::of(of, path)).await
    }
}
