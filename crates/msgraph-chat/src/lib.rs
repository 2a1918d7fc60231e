#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod activity;
mod batch;
mod builder;
mod calls;
mod channel;
mod channels;
mod chat;
mod chats;
mod client;
mod cloud;
mod content;
mod delegated;
mod destination;
mod env;
mod env_token;
mod error;
mod files;
mod group;
mod journal;
mod members;
mod messages;
mod messenger;
mod migration;
pub mod models;
mod names;
mod native;
mod operations;
mod paths;
pub mod permissions;
mod pins;
mod posted;
mod send;
mod sends;
mod settle;
mod subscriptions;
mod teams;
mod times;
mod users;
mod watch;
mod write;

pub use activity::{ActivityNotification, ActivityRecipient, ActivityTopic};
pub use batch::{BatchOutput, BatchPart, MAX_BATCH_PARTS};
pub use builder::GraphChatBuilder;
pub use channel::Channel;
pub use channels::{ChannelUpdate, NewChannel};
pub use chat::Chat;
pub use chats::ChatQuery;
pub use client::GraphChatClient;
pub use cloud::Cloud;
pub use error::{GraphError, PLATFORM};
pub use files::{
    Drive, DriveItemHandle, FileMessage, FileOutcome, FilesOutcome, ReaderAccess, Remains,
    UploadOptions, UploadProgress,
};
pub use group::NewGroupChat;
pub use members::NewMember;
pub use messages::{Changes, DeltaToken, MessageHandle, MessageQuery};
pub use migration::ImportedMessage;
pub use ms_messenger_core::{FileSource, FileUpload, InlineImage};
pub use ms_messenger_http::{
    Download, HeaderName, HeaderValue, HttpClient, HttpOptions, Method, OpenRequest, Operation,
    Pages, Preview, Response, RetryClass,
};
pub use operations::OPERATIONS;
pub use posted::PostedMessage;
pub use subscriptions::{
    Kept, LifecycleEvent, LifecycleNotices, NewSubscription, SubscriptionKeeper,
};
pub use teams::Team;
pub use watch::Watch;
pub use write::{Compose, Mention, NewBody, NewChatMessage, Place};

/// Entry points of the fuzz targets; compiled for them only.
#[cfg(fuzzing)]
pub mod fuzzing {
    /// Reads the claims of a token.
    pub fn token(text: &str) {
        crate::delegated::look_into(text);
    }
}
