//! The certificate authority of one start, and the server certificate it signed.

#[cfg(any(feature = "rustls", feature = "rustls-ring"))]
use std::sync::Arc;
use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
};

#[cfg(any(feature = "rustls", feature = "rustls-ring"))]
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use tokio_rustls::TlsAcceptor;
#[cfg(any(feature = "rustls", feature = "rustls-ring"))]
use tokio_rustls::rustls::{
    ServerConfig,
    crypto::{self, CryptoProvider},
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};

use crate::wire::plain::uncreated;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The server's side of TLS, and the authority that clients must trust. The authority's key is
/// dropped as soon as the server certificate is signed, and is never written.
pub(crate) struct Tls {
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) ca_pem: String,
}

#[cfg(not(any(feature = "rustls", feature = "rustls-ring")))]
impl Tls {
    /// Fails: this build has no TLS.
    pub(crate) fn new(_hosts: &[String]) -> Result<Self, Failure> {
        Err("HTTPS needs one of the features rustls, rustls-ring".into())
    }
}

#[cfg(any(feature = "rustls", feature = "rustls-ring"))]
impl Tls {
    /// A new authority, and a certificate for the loopback names and `hosts`.
    pub(crate) fn new(hosts: &[String]) -> Result<Self, Failure> {
        let ca_key = KeyPair::generate()?;
        let mut ca = CertificateParams::new(Vec::new())?;
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let name = "ms-messenger-emulator test authority";
        ca.distinguished_name.push(DnType::CommonName, name);
        let ca_pem = ca.self_signed(&ca_key)?.pem();
        let issuer = Issuer::new(ca, ca_key);

        let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(String::from).into();
        names.extend_from_slice(hosts);
        let mut leaf = CertificateParams::new(names)?;
        leaf.distinguished_name
            .push(DnType::CommonName, "localhost");
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        // Strict verifiers, such as Python's, refuse certificates without it.
        leaf.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let certificate = leaf.signed_by(&key, &issuer)?;

        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut config = ServerConfig::builder_with_provider(Arc::new(provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            ca_pem,
        })
    }
}

/// ring where both features are on: it is asked for by name, and starts faster.
#[cfg(any(feature = "rustls", feature = "rustls-ring"))]
pub(crate) fn provider() -> CryptoProvider {
    #[cfg(feature = "rustls-ring")]
    return crypto::ring::default_provider();
    #[cfg(not(feature = "rustls-ring"))]
    crypto::aws_lc_rs::default_provider()
}

/// Replaces the file at `path` in one step: readers see the old content or all of the new. A link goes
/// on to lead where it leads.
///
/// # Errors
///
/// Those of the system; `InvalidInput` for a device or a pipe, in whose place there would be a file.
pub(crate) fn write_atomically(path: &Path, content: &str) -> io::Result<()> {
    if path
        .metadata()
        .is_ok_and(|it| !it.is_file() && !it.is_dir())
    {
        let text = "it is no regular file";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    let target = path.canonicalize();
    let path = target.as_deref().unwrap_or(path);
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.new", uuid::Uuid::new_v4()));
    let beside = PathBuf::from(beside);
    let written = std::fs::File::create_new(&beside)
        .and_then(|mut file| file.write_all(content.as_bytes()))
        .and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written.map_err(|error| uncreated(path, error))
}
