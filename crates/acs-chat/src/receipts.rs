//! Read receipts and typing.

use ms_messenger_core::{MessageId, Result};
use ms_messenger_http::{Pages, check_id};

use crate::{
    ChatReadReceipt, ChatThread, ListOptions,
    list_options::Start,
    models::{
        check::Check,
        receipt::{SendReadReceipt, SendTyping},
    },
    operations::{RECEIPT_LIST, RECEIPT_SEND, TYPING_SEND},
};

impl ChatThread {
    /// Lists all read receipts: [`read_receipts_with`](Self::read_receipts_with) without options.
    pub fn read_receipts(&self) -> Pages<ChatReadReceipt> {
        self.read_receipts_with(&ListOptions::default())
    }

    /// Lists read receipts: `GET /chat/threads/{id}/readReceipts`. Source: "Chat Thread - List
    /// Chat Read Receipts". A thread with more than 20 participants has none.
    pub fn read_receipts_with(&self, options: &ListOptions) -> Pages<ChatReadReceipt> {
        self.list(&RECEIPT_LIST, "/readReceipts", Start::Skip, options)
    }

    /// Reports that the caller has read the thread up to a message:
    /// `POST /chat/threads/{id}/readReceipts`. Source: "Chat Thread - Send Chat Read Receipt".
    ///
    /// The second receipt of a message changes nothing, so the call is retried like a read. In a
    /// thread with more than 20 participants, the service accepts receipts and drops them.
    ///
    /// ```
    /// use acs_chat::{AcsChatClient, SendChatMessageRequest};
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
    /// thread.send_typing().await?;
    /// let sent = thread.send(&SendChatMessageRequest::text("disk full")).await?;
    /// thread.send_read_receipt(sent.id.clone()).await?;
    /// let receipts = thread.read_receipts().next_page().await?.unwrap_or_default();
    /// assert_eq!(receipts[0].message_id, sent.id);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O for an id that no message has; `NotFound`,
    /// `PermissionDenied` and the other errors of the service.
    pub async fn send_read_receipt(&self, message: impl Into<MessageId>) -> Result<()> {
        let message = message.into();
        let mut check = Check::new(self.client().api_version());
        check_id(message.as_str(), "message", &mut check.broken);
        let call = self.call(&RECEIPT_SEND, "/readReceipts", check)?;
        let body = SendReadReceipt {
            chat_message_id: &message,
        };
        self.client()
            .call(call.with_json(&body)?, 200)
            .await
            .map(drop)
    }

    /// Shows the other participants that the caller is writing: `POST /chat/threads/{id}/typing`.
    /// Source: "Chat Thread - Send Typing Notification".
    ///
    /// The notification has the [name](crate::AcsChatBuilder::with_sender_display_name) that the
    /// client is set up with. It ends automatically after some seconds, so the call is not retried when
    /// it is unknown whether it was executed, and one every eight seconds is enough.
    ///
    /// # Errors
    ///
    /// As [`send_read_receipt`](Self::send_read_receipt).
    pub async fn send_typing(&self) -> Result<()> {
        let check = Check::new(self.client().api_version());
        let call = self.call(&TYPING_SEND, "/typing", check)?;
        let body = SendTyping {
            sender_display_name: self.client().sender_display_name(),
        };
        self.client()
            .call(call.with_json(&body)?, 200)
            .await
            .map(drop)
    }
}
