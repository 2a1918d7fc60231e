//! The private key of an encryption certificate.

use std::{fmt, sync::Arc};

use aws_lc_rs::rsa::{OAEP_SHA1_MGF1SHA1, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use ms_messenger_core::{Error, Result};
use rustls_pki_types::{PrivatePkcs8KeyDer, pem::PemObject as _};
use secrecy::zeroize::Zeroizing;

/// The private key of a certificate with which a subscription has its notifications encrypted.
///
/// ```no_run
/// use ms_messenger_events::{GraphNotifications, graph::DecryptionKey};
///
/// let key = DecryptionKey::from_pem("cert-2026", &std::fs::read("key.pem")?)?;
/// let graph = GraphNotifications::builder()
///     .with_client_state("s3cret")
///     .with_decryption_key(key);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct DecryptionKey {
    certificate_id: String,
    thumbprint: Option<String>,
    key: Arc<OaepPrivateDecryptingKey>,
}

impl DecryptionKey {
    /// Reads the key of the certificate that the subscription calls `certificate_id` from DER in
    /// PKCS#8.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` if `der` is not such a key, or not one of RSA with 2048 to 8192 bits.
    pub fn from_pkcs8_der(certificate_id: impl Into<String>, der: &[u8]) -> Result<Self> {
        let rule = "must be an RSA key of 2048 to 8192 bits in PKCS#8";
        let invalid = || Error::invalid("decryption_key", rule);
        let key = PrivateDecryptingKey::from_pkcs8(der).map_err(|_| invalid())?;
        let key = OaepPrivateDecryptingKey::new(key).map_err(|_| invalid())?;
        Ok(Self {
            certificate_id: certificate_id.into(),
            thumbprint: None,
            key: Arc::new(key),
        })
    }

    /// Reads the key from PEM in PKCS#8, which begins with `-----BEGIN PRIVATE KEY-----`.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` if `pem` has no such key, as [`from_pkcs8_der`](Self::from_pkcs8_der).
    pub fn from_pem(certificate_id: impl Into<String>, pem: &[u8]) -> Result<Self> {
        let key = PrivatePkcs8KeyDer::from_pem_slice(pem);
        let key = key.map_err(|_| Error::invalid("decryption_key", "must be PEM in PKCS#8"))?;
        Self::from_pkcs8_der(certificate_id, key.secret_pkcs8_der())
    }

    /// Sets the SHA-1 thumbprint of the certificate in hexadecimal, which also finds the key.
    #[must_use]
    pub fn with_thumbprint(mut self, thumbprint: impl Into<String>) -> Self {
        self.thumbprint = Some(thumbprint.into());
        self
    }

    pub(super) fn is_for(&self, certificate_id: Option<&str>, thumbprint: Option<&str>) -> bool {
        let same = |own: &str, given: &str| own.eq_ignore_ascii_case(given);
        let own = self.thumbprint.as_deref();
        certificate_id == Some(&*self.certificate_id)
            || own.is_some_and(|own| thumbprint.is_some_and(|given| same(own, given)))
    }

    /// Decrypts a symmetric key by RSA-OAEP with SHA-1.
    pub(super) fn decrypt(&self, data_key: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
        let mut buffer = Zeroizing::new(vec![0; self.key.min_output_size()]);
        let decrypted = self
            .key
            .decrypt(&OAEP_SHA1_MGF1SHA1, data_key, &mut buffer, None);
        let key: &[u8] = decrypted.ok()?;
        Some(Zeroizing::new(key.try_into().ok()?))
    }
}

impl fmt::Debug for DecryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecryptionKey")
            .field("certificate_id", &self.certificate_id)
            .field("thumbprint", &self.thumbprint)
            .finish_non_exhaustive()
    }
}
