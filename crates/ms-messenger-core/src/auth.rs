//! Access tokens and their providers.

mod cache;
mod cache_builder;
mod cached;
mod claims;
mod flight;
mod provider;
mod request;
mod slot;
mod static_token;
mod token;
mod token_fn;

pub use cache::CachedTokenProvider;
pub use cache_builder::CachedTokenProviderBuilder;
pub use cached::cached;
pub use claims::unverified_claims;
pub use flight::{SingleFlight, Turn};
pub use provider::TokenProvider;
pub use request::{OwnedTokenRequest, TokenRequest};
pub use static_token::StaticToken;
pub use token::AccessToken;
pub use token_fn::TokenFn;
