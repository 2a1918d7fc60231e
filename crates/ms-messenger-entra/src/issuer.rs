//! A checked application: the endpoints, and the client that reaches them.

use std::{fmt, sync::Arc};

use ms_messenger_core::RetryPolicy;
use ms_messenger_http::HttpClient;
use url::Url;

/// The endpoints of an authority for one application.
#[derive(Clone)]
pub(crate) struct Issuer(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) authority: String,
    pub(crate) tenant: String,
    pub(crate) authorize_url: Url,
    pub(crate) token_url: Url,
    pub(crate) device_url: Url,
    pub(crate) client_id: String,
    pub(crate) claims_challenges: bool,
    pub(crate) http: HttpClient,
    pub(crate) retry: RetryPolicy,
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer")
            .field("token_url", &self.0.token_url.as_str())
            .field("client_id", &self.0.client_id)
            .finish_non_exhaustive()
    }
}
