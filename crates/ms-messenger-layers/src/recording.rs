//! Recordings of sends, as JSON Lines.

mod entry;
mod outcome;
mod record;
mod replay;
mod request;

pub use record::Record;
pub use replay::Replay;
