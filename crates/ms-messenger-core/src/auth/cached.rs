//! A cache where there is none.

use std::sync::Arc;

use super::{cache::CachedTokenProvider, provider::TokenProvider};

/// Returns `provider` in a [`CachedTokenProvider`], or as it is if it
/// [caches](TokenProvider::is_cached) already. Clients call it for every provider they are given.
///
/// ```
/// use ms_messenger_core::{CachedTokenProvider, StaticToken, TokenProvider, auth};
///
/// let once = auth::cached(StaticToken::new("t"));
/// assert!(once.is_cached());
/// let own = CachedTokenProvider::new(StaticToken::new("t"));
/// assert!(auth::cached(own).is_cached());
/// ```
pub fn cached(provider: impl TokenProvider) -> Arc<dyn TokenProvider> {
    if provider.is_cached() {
        Arc::new(provider)
    } else {
        Arc::new(CachedTokenProvider::new(provider))
    }
}
