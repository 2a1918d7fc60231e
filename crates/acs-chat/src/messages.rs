//! The messages of a thread.

use ms_messenger_core::{Deadline, MessageId, Result};
use ms_messenger_http::Pages;

use crate::{
    ChatMessage, ChatThread, ListOptions, SendChatMessageRequest, SentChatMessage,
    UpdateChatMessageRequest,
    chat_thread::with_merge_patch,
    list_options::Start,
    models::check::Check,
    operations::{MESSAGE_DELETE, MESSAGE_GET, MESSAGE_LIST, MESSAGE_UPDATE},
};

impl ChatThread {
    /// Sends a message to the thread:
    /// `POST /chat/threads/{id}/messages`. Source: "Chat Thread - Send Chat Message".
    ///
    /// The service cannot remove duplicates, so a send is not retried when it is unknown whether
    /// it was executed.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` and `Unsupported` before any I/O (an empty id or content, a kind that
    /// only the service makes, attachments in a version without them, too many bytes);
    /// `Unauthenticated`, `PermissionDenied` (not a participant), `NotFound`, `RateLimited`
    /// from the service. [`Error::delivery`](ms_messenger_core::Error::delivery) reports whether
    /// the message was sent.
    pub async fn send(&self, request: &SendChatMessageRequest) -> Result<SentChatMessage> {
        let deadline = Deadline::default();
        let sent = self.client().post(self.id(), request, deadline, None);
        sent.await
    }

    /// Lists all messages, the one that changed last first:
    /// [`messages_with`](Self::messages_with) without options.
    pub fn messages(&self) -> Pages<ChatMessage> {
        self.messages_with(&ListOptions::default())
    }

    /// Lists messages, the one that changed last first:
    /// `GET /chat/threads/{id}/messages`. Source: "Chat Thread - List Chat Messages".
    ///
    /// Edited and deleted messages are at the place of their change, and messages of the service
    /// (participants, topic) are between the others. A message that changes while the list is read
    /// can occur twice, with another version.
    ///
    /// ```
    /// use acs_chat::{AcsChatClient, ListOptions, SendChatMessageRequest};
    /// use ms_messenger_core::StaticToken;
    /// use ms_messenger_emulator::Emulator;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let acs = &emulator.seed().acs;
    /// let token = StaticToken::new(acs.users[0].token.as_str());
    /// let thread = AcsChatClient::builder(&acs.endpoint, token).build()?.thread(acs.thread_id.as_str());
    /// thread.send(&SendChatMessageRequest::text("disk full")).await?;
    ///
    /// let mut pages = thread.messages_with(&ListOptions::default().with_page_size(10));
    /// let newest = pages.next_page().await?.unwrap_or_default();
    /// assert_eq!(newest[0].text(), Some("disk full"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn messages_with(&self, options: &ListOptions) -> Pages<ChatMessage> {
        self.list(&MESSAGE_LIST, "/messages", Start::Time, options)
    }

    /// Returns a message: `GET /chat/threads/{id}/messages/{message}`. Source: "Chat Thread - Get
    /// Chat Message".
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O for an id that no message has; `NotFound` and the other
    /// errors of the service.
    pub async fn message(&self, id: impl Into<MessageId>) -> Result<ChatMessage> {
        let check = Check::new(self.client().api_version());
        let call = self.message_call(&MESSAGE_GET, &id.into(), check)?;
        self.client().call(call, 200).await?.json()
    }

    /// Edits a message of the caller: `PATCH /chat/threads/{id}/messages/{message}`. Source: "Chat
    /// Thread - Update Chat Message". Only the sender can edit a message.
    ///
    /// The call is retried like a read: the second edit changes nothing but the version.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` and `Unsupported` before any I/O (a blank content, attachments in a version
    /// without them, too many bytes, nothing to change); `PermissionDenied` for a message of
    /// another sender; then as [`message`](Self::message).
    pub async fn update_message(
        &self,
        id: impl Into<MessageId>,
        change: &UpdateChatMessageRequest,
    ) -> Result<()> {
        let mut check = Check::new(self.client().api_version());
        change.find_problems(&mut check);
        let call = self.message_call(&MESSAGE_UPDATE, &id.into(), check)?;
        let call = with_merge_patch(call, change)?;
        self.client().check_size(&call)?;
        self.client().call(call, 204).await.map(drop)
    }

    /// Deletes a message of the caller: `DELETE /chat/threads/{id}/messages/{message}`. Source:
    /// "Chat Thread - Delete Chat Message". It stays in the list, without its content. Only the
    /// sender can delete a message.
    ///
    /// The call is retried like a read. `NotFound` after more than one attempt
    /// ([`Error::attempts`](ms_messenger_core::Error::attempts)) can mean that an earlier one
    /// deleted the message.
    ///
    /// ```
    /// use acs_chat::{AcsChatClient, SendChatMessageRequest, UpdateChatMessageRequest};
    /// use ms_messenger_core::StaticToken;
    /// use ms_messenger_emulator::Emulator;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let acs = &emulator.seed().acs;
    /// let token = StaticToken::new(acs.users[0].token.as_str());
    /// let thread = AcsChatClient::builder(&acs.endpoint, token).build()?.thread(acs.thread_id.as_str());
    ///
    /// let sent = thread.send(&SendChatMessageRequest::text("disk ful")).await?;
    /// thread.update_message(sent.id.clone(), &UpdateChatMessageRequest::content("disk full")).await?;
    /// assert_eq!(thread.message(sent.id.clone()).await?.text(), Some("disk full"));
    /// thread.delete_message(sent.id.clone()).await?;
    /// assert!(thread.message(sent.id).await?.is_deleted());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`update_message`](Self::update_message).
    pub async fn delete_message(&self, id: impl Into<MessageId>) -> Result<()> {
        let check = Check::new(self.client().api_version());
        let call = self.message_call(&MESSAGE_DELETE, &id.into(), check)?;
        self.client().call(call, 204).await.map(drop)
    }
}
