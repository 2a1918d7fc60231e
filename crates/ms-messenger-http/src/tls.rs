//! TLS, by the library that the features name.
//!
//! rustls gets a complete configuration: its provider of cryptography is given explicitly, so
//! that none is installed process-wide and none needs to be.

#[cfg(any(feature = "rustls", feature = "rustls-ring"))]
pub(crate) use with_rustls::Tls;
#[cfg(not(any(feature = "rustls", feature = "rustls-ring")))]
pub(crate) use without_rustls::Tls;

/// Whether any TLS is compiled in.
pub(crate) const AVAILABLE: bool = cfg!(any(
    feature = "rustls",
    feature = "rustls-ring",
    feature = "native-tls"
));

#[cfg(any(feature = "rustls", feature = "rustls-ring"))]
mod with_rustls {
    use std::sync::{Arc, OnceLock};

    use ms_messenger_core::{Error, ErrorKind, Result};
    use rustls::{
        ClientConfig, DigitallySignedStruct, SignatureScheme,
        client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        crypto::CryptoProvider,
        pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
    };
    use rustls_platform_verifier::Verifier;

    use crate::HttpOptions;

    /// A configuration that several clients share, including the loaded certificates.
    pub(crate) struct Tls(ClientConfig);

    impl Tls {
        pub(crate) fn new(options: &HttpOptions) -> Result<Self> {
            let provider = provider();
            let unusable = |error: rustls::Error| {
                Error::new(ErrorKind::Config, "TLS cannot be set up").with_source(error)
            };
            let roots = extra_roots(options)?;
            let verifier: Arc<dyn ServerCertVerifier> = if roots.is_empty() {
                Arc::new(SystemRoots::new(Arc::clone(&provider)))
            } else {
                let verifier = Verifier::new_with_extra_roots(roots, Arc::clone(&provider));
                Arc::new(verifier.map_err(unusable)?)
            };
            let config = ClientConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .map_err(unusable)?
                .dangerous()
                .with_custom_certificate_verifier(verifier)
                .with_no_client_auth();
            Ok(Self(config))
        }

        pub(crate) fn configure(
            &self,
            builder: reqwest::ClientBuilder,
            negotiating: bool,
        ) -> reqwest::ClientBuilder {
            let mut config = self.0.clone();
            config.alpn_protocols = vec![b"http/1.1".to_vec()];
            if negotiating {
                config.alpn_protocols.insert(0, b"h2".to_vec());
            }
            builder.tls_backend_preconfigured(config)
        }
    }

    /// The verifier of the platform. It reads the system's certificates when it verifies the first
    /// server: they cost more than all the rest of a client, and a client of plain HTTP needs none.
    #[derive(Debug)]
    struct SystemRoots {
        provider: Arc<CryptoProvider>,
        verifier: OnceLock<Result<Verifier, rustls::Error>>,
    }

    impl SystemRoots {
        fn new(provider: Arc<CryptoProvider>) -> Self {
            let verifier = OnceLock::new();
            Self { provider, verifier }
        }

        fn verifier(&self) -> Result<&Verifier, rustls::Error> {
            let read = || Verifier::new(Arc::clone(&self.provider));
            self.verifier
                .get_or_init(read)
                .as_ref()
                .map_err(Clone::clone)
        }
    }

    impl ServerCertVerifier for SystemRoots {
        fn verify_server_cert(
            &self,
            certificate: &CertificateDer<'_>,
            intermediates: &[CertificateDer<'_>],
            name: &ServerName<'_>,
            ocsp_response: &[u8],
            now: UnixTime,
        ) -> Result<ServerCertVerified, rustls::Error> {
            let verifier = self.verifier()?;
            verifier.verify_server_cert(certificate, intermediates, name, ocsp_response, now)
        }

        fn verify_tls12_signature(
            &self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signature: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            let verifier = self.verifier()?;
            verifier.verify_tls12_signature(message, certificate, signature)
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signature: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            let verifier = self.verifier()?;
            verifier.verify_tls13_signature(message, certificate, signature)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            let algorithms = self.provider.signature_verification_algorithms;
            algorithms.supported_schemes()
        }
    }

    /// The provider that the process has installed, else that of our feature.
    fn provider() -> Arc<CryptoProvider> {
        CryptoProvider::get_default()
            .cloned()
            .unwrap_or_else(|| Arc::new(provider_of_feature()))
    }

    /// ring where both features are on: it is asked for by name, and starts faster.
    fn provider_of_feature() -> CryptoProvider {
        #[cfg(feature = "rustls-ring")]
        return rustls::crypto::ring::default_provider();
        #[cfg(not(feature = "rustls-ring"))]
        rustls::crypto::aws_lc_rs::default_provider()
    }

    fn extra_roots(options: &HttpOptions) -> Result<Vec<CertificateDer<'static>>> {
        let mut roots = Vec::new();
        for pem in &options.extra_roots {
            let before = roots.len();
            for certificate in CertificateDer::pem_slice_iter(pem) {
                roots.push(certificate.map_err(|error| unreadable().with_source(error))?);
            }
            if roots.len() == before {
                return Err(unreadable());
            }
        }
        Ok(roots)
    }

    fn unreadable() -> Error {
        Error::new(
            ErrorKind::Config,
            "extra_roots: must be certificates in PEM form",
        )
    }
}

#[cfg(not(any(feature = "rustls", feature = "rustls-ring")))]
mod without_rustls {
    use ms_messenger_core::Result;

    use crate::HttpOptions;

    /// The certificates for the platform's own library, if that is compiled in.
    pub(crate) struct Tls {
        #[cfg(feature = "native-tls")]
        roots: Vec<reqwest::Certificate>,
    }

    #[cfg(feature = "native-tls")]
    impl Tls {
        pub(crate) fn new(options: &HttpOptions) -> Result<Self> {
            use ms_messenger_core::{Error, ErrorKind};

            let unreadable = "extra_roots: must be certificates in PEM form";
            let mut roots = Vec::new();
            for pem in &options.extra_roots {
                let bundle = reqwest::Certificate::from_pem_bundle(pem)
                    .map_err(|e| Error::new(ErrorKind::Config, unreadable).with_source(e))?;
                if bundle.is_empty() {
                    return Err(Error::new(ErrorKind::Config, unreadable));
                }
                roots.extend(bundle);
            }
            Ok(Self { roots })
        }

        pub(crate) fn configure(
            &self,
            builder: reqwest::ClientBuilder,
            negotiating: bool,
        ) -> reqwest::ClientBuilder {
            let builder = builder
                .tls_backend_native()
                .tls_certs_merge(self.roots.iter().cloned());
            if negotiating {
                builder
            } else {
                builder.http1_only()
            }
        }
    }

    #[cfg(not(feature = "native-tls"))]
    impl Tls {
        pub(crate) fn new(_options: &HttpOptions) -> Result<Self> {
            Ok(Self {})
        }

        pub(crate) fn configure(
            &self,
            builder: reqwest::ClientBuilder,
            _negotiating: bool,
        ) -> reqwest::ClientBuilder {
            builder
        }
    }
}
