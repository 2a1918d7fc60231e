//! What became of the messages that were sent.

mod book;
mod early;
mod entry;
mod message_status;
mod report;
mod seen;

pub use book::{Applied, StatusBook, StatusChange};
pub use message_status::{DeliveryFailure, MessageStatus};
pub use ms_messenger_core::DeliveryStatus;
pub use report::StatusReport;
pub use seen::SeenEvents;
