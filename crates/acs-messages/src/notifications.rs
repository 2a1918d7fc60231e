//! Messages without a conversation.

use ms_messenger_core::{Deadline, Journal, MessageId, Problems, Result};
use ms_messenger_http::Call;

use crate::{
    AcsMessagesClient, NotificationContent, NotificationReceipt, Repeatability, SendOptions,
    client::{Ready, repeatability},
    key::Key,
    models::{notification::SendMessageResult, recipient::find_recipient_problems},
    operations::NOTIFICATION_SEND,
};

/// A handle to notifications: messages to telephone numbers and WhatsApp users, without a
/// conversation.
///
/// ```
/// use acs_messages::{AcsMessagesBuilder, NotificationContent, NotificationKind};
/// use ms_messenger_emulator::Emulator;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = Emulator::start().await?;
/// let acs = &emulator.seed().acs;
/// let client = AcsMessagesBuilder::from_connection_string(&acs.connection_string)?.build()?;
///
/// let channel = acs.channel_registration_id.parse()?;
/// let content = NotificationContent::new(channel, "+14255550123", NotificationKind::text("hello"));
/// let sent = client.notifications().send(&content).await?;
/// assert_eq!(sent.receipts[0].to, "+14255550123");
/// assert_eq!(sent.id, sent.receipts[0].message_id);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Notifications {
    client: AcsMessagesClient,
}

impl Notifications {
    pub(crate) fn new(client: AcsMessagesClient) -> Self {
        Self { client }
    }

    pub(crate) fn client(&self) -> &AcsMessagesClient {
        &self.client
    }

    /// Sends a notification under a new key: [`send_with`](Self::send_with) without options.
    ///
    /// # Errors
    ///
    /// As [`send_with`](Self::send_with).
    pub async fn send(&self, content: &NotificationContent) -> Result<SentNotification> {
        self.send_with(content, &SendOptions::default()).await
    }

    /// Sends a notification: `POST /messages/notifications:send`. Source: "Notification
    /// Messages - Send", 2024-08-30, and 2025-01-15-preview for the kinds that need it.
    ///
    /// A success means that the service accepted the message (202), not that it arrived. The
    /// strategy of `options` does not apply and must be absent.
    ///
    /// # Errors
    ///
    /// As [`ConversationThread::send_with`](crate::ConversationThread::send_with).
    pub async fn send_with(
        &self,
        content: &NotificationContent,
        options: &SendOptions,
    ) -> Result<SentNotification> {
        self.post(content, options, Deadline::default(), None).await
    }

    pub(crate) async fn post(
        &self,
        content: &NotificationContent,
        options: &SendOptions,
        deadline: Deadline,
        journal: Option<Journal>,
    ) -> Result<SentNotification> {
        let ready = self.ready(content, options)?.with_journal(journal);
        let response = self.client.call_once(ready, deadline, 202).await?;
        let SendMessageResult { receipts } = response.json()?;
        let first = receipts.first().map(|receipt| receipt.message_id.clone());
        let is_unnamed = |receipt: &NotificationReceipt| receipt.message_id.as_str().is_empty();
        let first = first.filter(|_| !receipts.iter().any(is_unnamed));
        Ok(SentNotification {
            id: response.expect_message_id(first.map_or_else(String::new, String::from))?,
            receipts,
            repeatability: repeatability(&response),
            request_id: response.request_id().map(str::to_owned),
        })
    }

    /// Runs every check of a notification.
    pub(crate) fn ready(
        &self,
        content: &NotificationContent,
        options: &SendOptions,
    ) -> Result<Ready> {
        let key = Key::of(options);
        let inner = self.client.inner();
        let mut problems = Problems::new();
        if !inner.any_recipient {
            find_recipient_problems(&content.to, &mut problems);
        }
        content.content.find_problems(&mut problems);
        problems.add_if(
            options.outbound_delivery_strategy.is_some(),
            "outboundDeliveryStrategy",
            "is for conversations only",
        );
        key.check(problems)?;

        let is_preview = inner.notification_version.is_none() && content.content.needs_preview();
        let version = if is_preview {
            "2025-01-15-preview"
        } else {
            inner.version_of_notifications()
        };
        let path = format!("/messages/notifications:send?api-version={version}");
        let call = Call::of(&NOTIFICATION_SEND, path).with_json(content)?;
        Ready::new(key, call)
    }
}

/// A notification that the service accepted (202).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SentNotification {
    /// The id of the message to the first recipient.
    pub id: MessageId,
    /// One receipt per recipient; at least one.
    pub receipts: Vec<NotificationReceipt>,
    /// The response of the service to the key.
    pub repeatability: Option<Repeatability>,
    /// The id that the service gave the request (`MS-CV`).
    pub request_id: Option<String>,
}
