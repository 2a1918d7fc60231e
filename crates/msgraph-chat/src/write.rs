//! Messages to be sent: built so that no marker is forgotten, or written by hand and checked.

mod annotation;
mod append;
mod check;
mod compose;
pub(crate) mod markup;
mod mention;
mod message;
mod text;

pub use compose::Compose;
pub use mention::Mention;
pub(crate) use message::read_message;
pub use message::{NewBody, NewChatMessage, Place};
