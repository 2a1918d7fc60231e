//! The types of the wire. Source: Azure Communication Services REST API, Chat, versions
//! 2024-03-15-preview and 2025-03-15.

pub(crate) mod attachment;
pub(crate) mod check;
pub(crate) mod identifier;
mod identifier_wire;
pub(crate) mod message;
pub(crate) mod message_type;
pub(crate) mod message_update;
mod metadata;
pub(crate) mod participant;
mod raw_id;
pub(crate) mod receipt;
pub(crate) mod retention;
pub(crate) mod send;
pub(crate) mod thread;
pub(crate) mod thread_update;
pub(crate) mod version;
