#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod application;
pub mod authority;
mod claims;
mod client_credentials;
mod device_code;
mod exchange;
mod refresh_token;
mod token_error;

pub use application::Application;
pub use client_credentials::ClientCredentials;
pub use device_code::{DeviceCode, DevicePrompt};
pub use refresh_token::RefreshToken;
pub use token_error::{TokenError, TokenErrorCode};
