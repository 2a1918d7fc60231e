//! A program with TLS connections of its own, which also sends with ms-messenger.

use ms_messenger::{Result, StaticToken, http::HttpOptions, msgraph_chat::GraphChatClient};
use rustls::{ClientConfig, RootCertStore};

/// The configuration of its own connections, made as the documentation of rustls shows it.
pub fn config() -> ClientConfig {
    ClientConfig::builder()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth()
}

/// A client of Teams over HTTPS, which trusts `authority` too.
pub fn teams(base: &str, token: &str, authority: &str) -> Result<GraphChatClient> {
    GraphChatClient::builder(StaticToken::new(token))
        .with_base_url(base)
        .with_http_options(HttpOptions::default().with_extra_roots(authority))
        .build()
}
