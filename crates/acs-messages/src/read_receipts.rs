//! Sends read receipts.

use ms_messenger_core::{Deadline, ErrorKind, Problems, Result};
use ms_messenger_http::{Call, check_id};

use crate::{
    Notifications, ReadReceipt, client::Ready, error::PLATFORM, key::Key, operations::RECEIPT_SEND,
};

impl Notifications {
    /// Reports that a message of a WhatsApp user was read: `POST /messages/readreceipts:send`.
    /// Source: "Read Receipts Operations - Send", 2025-09-01-preview.
    ///
    /// The call has a key, so it is retried after a lost response and still executed once.
    ///
    /// ```
    /// use acs_messages::{AcsMessagesBuilder, ReadReceipt};
    /// use ms_messenger_emulator::Emulator;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let acs = &emulator.seed().acs;
    /// let client = AcsMessagesBuilder::from_connection_string(&acs.connection_string)?.build()?;
    /// let channel = acs.channel_registration_id.parse()?;
    ///
    /// let receipt = ReadReceipt::new(channel, "e6265c04-c570-43fd-8be1-74aed7750455");
    /// client.notifications().send_read_receipt(&receipt).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O for an empty id; the errors of the service.
    pub async fn send_read_receipt(&self, receipt: &ReadReceipt) -> Result<()> {
        let mut problems = Problems::for_platform(PLATFORM);
        check_id(receipt.message_id.as_str(), "messageId", &mut problems);
        problems.into_result(ErrorKind::InvalidRequest)?;
        let version = self.client().inner().notification_version.as_deref();
        let version = version.unwrap_or("2025-09-01-preview");
        let path = format!("/messages/readreceipts:send?api-version={version}");
        let call = Call::of(&RECEIPT_SEND, path).with_json(receipt)?;
        let ready = Ready::new(Key::random(), call)?;
        let client = self.client();
        client
            .call_once(ready, Deadline::default(), 202)
            .await
            .map(drop)
    }
}
