#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod application;
pub mod authority;
#[cfg(feature = "browser")]
mod authorization_code;
#[cfg(feature = "azure-identity")]
mod azure_identity;
mod claims;
mod client_credentials;
mod device_code;
mod env;
mod exchange;
mod issuer;
#[cfg(feature = "browser")]
mod loopback;
mod malformed;
mod on_behalf_of;
mod refresh_token;
mod sign_in;
mod store;
mod stored_sign_in;
mod token_error;
mod tokens;

pub use application::Application;
#[cfg(feature = "browser")]
pub use authorization_code::AuthorizationCode;
#[cfg(feature = "azure-identity")]
pub use azure_identity::{AzureCredential, AzureCredentialError};
pub use client_credentials::ClientCredentials;
pub use device_code::{DeviceCode, DevicePrompt};
pub use on_behalf_of::OnBehalfOf;
pub use refresh_token::RefreshToken;
pub use sign_in::SignIn;
#[cfg(feature = "keyring")]
pub use store::KeyringTokenStore;
#[cfg(feature = "token-store")]
pub use store::{FileTokenStore, StoreError, StoreFault, StoreKey};
pub use store::{StoreLock, TokenStore};
pub use stored_sign_in::StoredSignIn;
pub use token_error::{SignInPolicy, TokenError, TokenErrorCode};
