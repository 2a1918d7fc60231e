#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod builder;
mod client;
mod cloud;
mod delegated;
mod env;
mod error;
mod messenger;
pub mod models;
pub mod permissions;
mod ready;
mod sends;
mod settle;
mod write;

pub use builder::GraphChatBuilder;
pub use client::{Channel, Chat, GraphChatClient};
pub use cloud::Cloud;
pub use error::{GraphError, PLATFORM};
pub use models::ChatMessage;
pub use ms_messenger_core::InlineImage;
pub use ms_messenger_http::{HttpClient, HttpOptions};
pub use write::{Attachment, Compose, Mention, NewChatMessage, Place};

/// What the fuzz targets reach; compiled for them alone.
#[cfg(fuzzing)]
pub mod fuzzing {
    /// Looks into a token.
    pub fn token(text: &str) {
        crate::delegated::look_into(text);
    }
}
