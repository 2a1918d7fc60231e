//! Teams, channels, chats and users by their names.

mod cache;
mod channels;
mod chats;
mod pick;
mod users;

pub(crate) use cache::NameCache;
