//! Stores of sign-ins, which outlive the process.

#[cfg(feature = "token-store")]
mod disk;
#[cfg(feature = "token-store")]
mod file;
#[cfg(feature = "token-store")]
mod key;
#[cfg(feature = "keyring")]
mod keyring;
#[cfg(feature = "token-store")]
mod sealed;
mod token_store;
#[cfg(feature = "token-store")]
mod unreadable;
#[cfg(feature = "token-store")]
mod variables;

#[cfg(feature = "keyring")]
pub use self::keyring::KeyringTokenStore;
pub use self::token_store::{StoreLock, TokenStore};
#[cfg(feature = "token-store")]
pub use self::{
    file::FileTokenStore,
    key::StoreKey,
    unreadable::{StoreError, StoreFault},
};
