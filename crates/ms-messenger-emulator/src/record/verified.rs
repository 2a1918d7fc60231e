//! TLS to the service, its certificate verified.

use std::{io, sync::Arc};

use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig,
        pki_types::{CertificateDer, ServerName, pem::PemObject as _},
    },
};

use rustls_platform_verifier::Verifier;

use crate::wire::tls::provider;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Connects to services whose certificates the operating system trusts, or one of its own authorities.
#[derive(Clone)]
pub(crate) struct Verified(Arc<ClientConfig>);

impl std::fmt::Debug for Verified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Verified")
    }
}

impl Verified {
    /// `authorities` are trusted too, in PEM.
    pub(crate) fn new(authorities: Option<&str>) -> Result<Self, Failure> {
        let provider = Arc::new(provider());
        let mut roots = Vec::new();
        for certificate in
            CertificateDer::pem_slice_iter(authorities.unwrap_or_default().as_bytes())
        {
            roots.push(certificate?);
        }
        let verifier = Verifier::new_with_extra_roots(roots, Arc::clone(&provider))?;
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(Arc::new(config)))
    }

    /// Performs the handshake with `host`, a name or an IP address without brackets.
    pub(crate) async fn connect(
        &self,
        stream: TcpStream,
        host: &str,
    ) -> io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        TlsConnector::from(Arc::clone(&self.0))
            .connect(name, stream)
            .await
    }
}
