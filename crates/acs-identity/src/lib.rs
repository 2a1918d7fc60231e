#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod builder;
mod client;
mod credential;
mod env;
mod error;
mod expiry;
pub mod models;
mod provider;

pub use builder::AcsIdentityBuilder;
pub use client::AcsIdentityClient;
pub use credential::Credential;
pub use error::{CommunicationError, PLATFORM};
pub use models::{
    ApiVersion, CommunicationUserId, CreatedUser, TeamsUserToken, TokenOptions, TokenScope,
    UserToken,
};
pub use ms_messenger_http::{AccessKey, ConnectionString, HttpClient, HttpOptions};
pub use provider::{UserTokenProvider, UserTokenProviderBuilder};
