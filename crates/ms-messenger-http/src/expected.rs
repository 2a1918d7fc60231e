//! Checks of a success against what the service documents.

use ms_messenger_core::{MessageId, Result};

use crate::Response;

impl Response {
    /// Checks that a success has the status `expected`, the one that the service documents.
    ///
    /// # Errors
    ///
    /// `Protocol`, with delivery `Sent` when the call carried a message.
    pub fn expect_status(&self, expected: u16) -> Result<()> {
        let status = self.status();
        if status == expected {
            return Ok(());
        }
        let rule = format!("the service responded with status {status} instead of {expected}");
        Err(self.unusable(rule))
    }

    /// Returns the id that the body of a success gives to the message of the call.
    ///
    /// # Errors
    ///
    /// `Protocol` with delivery `Sent` when it is empty.
    pub fn expect_message_id(&self, id: String) -> Result<MessageId> {
        if id.is_empty() {
            return Err(self.unusable("the response names no message"));
        }
        Ok(MessageId::from(id))
    }
}
