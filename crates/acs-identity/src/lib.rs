#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod assignments;
mod builder;
mod client;
mod entra_user;
mod error;
mod expiry;
mod models;
mod operations;
mod provider;

pub use assignments::{PrincipalType, TeamsPhoneAssignment};
pub use builder::AcsIdentityBuilder;
pub use client::AcsIdentityClient;
pub use entra_user::{EntraUser, ExchangedToken};
pub use error::PLATFORM;
pub use models::{
    CommunicationUserId, CreatedUser, IdentityApiVersion, MAX_EXPIRES_IN_MINUTES,
    MIN_EXPIRES_IN_MINUTES, TeamsUserToken, TokenOptions, TokenScope, UserToken,
};
pub use ms_messenger_http::{
    HeaderName, HeaderValue, HttpClient, HttpOptions, Method, OpenRequest, Operation, RetryClass,
    acs::{AccessKey, ConnectionString, Credential},
};
pub use operations::OPERATIONS;
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
