//! TLS, by whichever library the features name.
//!
//! rustls gets a configuration of our own: with the ring provider and the platform's verifier
//! it stands in milliseconds and installs nothing process-wide.

use ms_messenger_core::Result;

use crate::HttpOptions;

/// Whether any TLS is compiled in.
pub(crate) const AVAILABLE: bool = cfg!(any(
    feature = "rustls",
    feature = "rustls-aws-lc",
    feature = "native-tls"
));

#[cfg(any(feature = "rustls", feature = "rustls-aws-lc"))]
pub(crate) fn configure(
    builder: reqwest::ClientBuilder,
    options: &HttpOptions,
) -> Result<reqwest::ClientBuilder> {
    Ok(builder.tls_backend_preconfigured(rustls_config::build(options)?))
}

#[cfg(all(
    feature = "native-tls",
    not(any(feature = "rustls", feature = "rustls-aws-lc"))
))]
pub(crate) fn configure(
    builder: reqwest::ClientBuilder,
    options: &HttpOptions,
) -> Result<reqwest::ClientBuilder> {
    use ms_messenger_core::{Error, ErrorKind};

    let mut roots = Vec::new();
    for pem in &options.extra_roots {
        roots.extend(reqwest::Certificate::from_pem_bundle(pem).map_err(|error| {
            Error::new(ErrorKind::Config, "extra_roots: no PEM certificates").with_source(error)
        })?);
    }
    let builder = builder.tls_backend_native().tls_certs_merge(roots);
    Ok(match options.versions {
        crate::HttpVersions::Negotiate => builder,
        crate::HttpVersions::Http1 => builder.http1_only(),
    })
}

#[cfg(not(any(feature = "rustls", feature = "rustls-aws-lc", feature = "native-tls")))]
pub(crate) fn configure(
    builder: reqwest::ClientBuilder,
    _options: &HttpOptions,
) -> Result<reqwest::ClientBuilder> {
    Ok(builder)
}

#[cfg(any(feature = "rustls", feature = "rustls-aws-lc"))]
mod rustls_config {
    use std::sync::Arc;

    use ms_messenger_core::{Error, ErrorKind, Result};
    use rustls::{
        ClientConfig,
        crypto::CryptoProvider,
        pki_types::{CertificateDer, pem::PemObject as _},
    };
    use rustls_platform_verifier::Verifier;

    use crate::{HttpOptions, HttpVersions};

    fn provider() -> CryptoProvider {
        #[cfg(feature = "rustls-aws-lc")]
        return rustls::crypto::aws_lc_rs::default_provider();
        #[cfg(not(feature = "rustls-aws-lc"))]
        rustls::crypto::ring::default_provider()
    }

    pub(super) fn build(options: &HttpOptions) -> Result<ClientConfig> {
        let provider = Arc::new(provider());
        let mut roots = Vec::new();
        for pem in &options.extra_roots {
            for certificate in CertificateDer::pem_slice_iter(pem) {
                roots.push(certificate.map_err(|error| {
                    Error::new(ErrorKind::Config, "extra_roots: no PEM certificate")
                        .with_source(error)
                })?);
            }
        }
        let unusable = |error: rustls::Error| {
            Error::new(ErrorKind::Config, "TLS cannot be set up").with_source(error)
        };
        let verifier =
            Verifier::new_with_extra_roots(roots, Arc::clone(&provider)).map_err(unusable)?;
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(unusable)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        config.alpn_protocols = match options.versions {
            HttpVersions::Negotiate => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
            HttpVersions::Http1 => vec![b"http/1.1".to_vec()],
        };
        Ok(config)
    }
}
