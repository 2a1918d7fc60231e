//! A program with TLS connections of its own, which also sends with ms-messenger.

use ms_messenger::{Result, StaticToken, msgraph_chat::GraphChatClient};
use rustls::{ClientConfig, RootCertStore};

/// The configuration of its own connections, made as the documentation of rustls shows it.
pub fn config() -> ClientConfig {
    ClientConfig::builder()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth()
}

/// A client of Teams over HTTPS.
pub fn teams() -> Result<GraphChatClient> {
    GraphChatClient::builder(StaticToken::new("token")).build()
}
