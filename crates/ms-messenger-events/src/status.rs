//! What became of the messages that were sent.

mod book;
mod delivery_status;
mod early;
mod entry;
mod message_status;
mod report;
mod seen;

pub use book::{Applied, StatusBook, StatusChange};
pub use delivery_status::DeliveryStatus;
pub use message_status::{DeliveryFailure, MessageStatus};
pub use report::StatusReport;
pub use seen::SeenEvents;
