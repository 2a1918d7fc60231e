#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod builder;
mod client;
mod error;
mod expiry;
mod models;
mod provider;

pub use builder::AcsIdentityBuilder;
pub use client::AcsIdentityClient;
pub use error::PLATFORM;
pub use models::{
    CommunicationUserId, CreatedUser, IdentityApiVersion, MAX_EXPIRES_IN_MINUTES,
    MIN_EXPIRES_IN_MINUTES, TeamsUserToken, TokenOptions, TokenScope, UserToken,
};
pub use ms_messenger_http::{
    HttpClient, HttpOptions,
    acs::{AccessKey, ConnectionString, Credential},
};
pub use provider::{UserTokenProvider, UserTokenProviderBuilder};

/// What the fuzz targets reach; compiled for them alone.
#[cfg(fuzzing)]
pub mod fuzzing {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

    use crate::expiry;

    /// Reads a time, a token, and the claims of a token.
    pub fn end(text: &str) {
        let _ = ms_messenger_http::acs::read_time(text);
        let _ = expiry::of_jwt(text);
        let _ = expiry::of_jwt(&format!("e30.{}.e30", URL_SAFE_NO_PAD.encode(text)));
    }
}
