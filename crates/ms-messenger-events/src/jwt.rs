//! Tokens of Entra ID that a sender presents.

mod claims;
mod entra;
mod keys;

pub use entra::EntraTokens;
pub use keys::SigningKeys;
