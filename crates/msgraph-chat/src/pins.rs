//! Pinned messages.

use ms_messenger_core::{MessageId, Result};
use serde_json::json;

use crate::{
    chat::Chat,
    models::PinnedMessage,
    operations::{PIN_ADD, PIN_REMOVE},
    paths::CheckedPath,
};

impl Chat {
    /// Pins a message: `POST /chats/{id}/pinnedMessages`. Source: "Pin a message in a chat".
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O for an id that is not usable; else the error of the service.
    /// When it is unknown whether the message was pinned, [`pins`](Self::pins) shows it.
    ///
    /// ```
    /// use ms_messenger_core::StaticToken;
    /// use ms_messenger_emulator::Emulator;
    /// use msgraph_chat::GraphChatClient;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let graph = &emulator.seed().graph;
    /// let token = StaticToken::new(graph.token.as_str());
    /// let client = GraphChatClient::builder(token).with_base_url(&graph.base).build()?;
    ///
    /// let chat = client.chat(graph.chat_id.as_str());
    /// let posted = chat.send("Lunch at noon").await?;
    /// let pin = chat.pin(posted.id).await?;
    /// chat.unpin(&pin.id).await?;
    /// assert_eq!(chat.pins().next_page().await?, Some(Vec::new()));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn pin(&self, message: impl Into<MessageId>) -> Result<PinnedMessage> {
        let message = message.into();
        // The body refers to the message by its address.
        let path = CheckedPath::chat(self.id()).then("/messages");
        let path = path.id("message", message.as_str()).checked()?;
        let endpoint = self.client.pipeline().endpoint();
        let body = json!({"message@odata.bind": format!("{endpoint}{path}")});
        let call = self.path().then("/pinnedMessages").call(&PIN_ADD);
        self.client.fetch_with(call, &body).await
    }

    /// Unpins a message by the [id of the pin](PinnedMessage::id):
    /// `DELETE /chats/{id}/pinnedMessages/{id}`. Source: "Unpin a message from a chat".
    ///
    /// # Errors
    ///
    /// As [`pin`](Self::pin). `NotFound` for one that was unpinned already, also by a first attempt of
    /// this call whose response was lost: `attempts` is more than 1 then.
    pub async fn unpin(&self, pin: &str) -> Result<()> {
        let path = self.path().then("/pinnedMessages").id("pin", pin);
        self.client.execute(path.call(&PIN_REMOVE)).await
    }
}
