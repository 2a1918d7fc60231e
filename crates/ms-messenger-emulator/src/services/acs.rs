//! Azure Communication Services: Advanced Messaging, Chat and Identity, which share their credentials.

pub(crate) mod access_key;
pub(crate) mod auth;
pub(crate) mod chat;
pub(crate) mod error;
pub(crate) mod identity;
pub(crate) mod messages;
