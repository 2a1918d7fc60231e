//! The types of the wire. Sources: Azure Communication Services Messages REST API,
//! "Conversation Thread Operations - Send Message" (2025-04-01-preview) and "Notification
//! Messages - Send" (2024-08-30, 2025-01-15-preview).

pub(crate) mod common;
pub(crate) mod conversation;
pub(crate) mod conversation_item;
pub(crate) mod interactive;
pub(crate) mod media;
pub(crate) mod notification;
mod open;
pub(crate) mod participant;
pub(crate) mod receipt;
pub(crate) mod recipient;
pub(crate) mod strategy;
pub(crate) mod template;
mod template_fit;
pub(crate) mod template_item;
pub(crate) mod template_needs;
pub(crate) mod text;
