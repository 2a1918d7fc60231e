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

/// What the fuzz targets reach; compiled for them alone.
#[cfg(fuzzing)]
pub mod fuzzing {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

    use crate::expiry;

    /// Reads a time, a token, and the claims of a token.
    pub fn end(text: &str) {
        let _ = expiry::rfc3339(text);
        let _ = expiry::of_jwt(text);
        let _ = expiry::of_jwt(&format!("e30.{}.e30", URL_SAFE_NO_PAD.encode(text)));
    }
}
