//! The encryption of stored contents.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305,
    aead::{Aead as _, Payload},
};
use hmac::{Hmac, Mac as _};
use ms_messenger_core::{ExposeSecret as _, SecretString};
use secrecy::{SecretBox, zeroize::Zeroizing};
use sha2::Sha256;

use crate::{
    envelope::Hash,
    error::{OutboxError, OutboxErrorKind, Result},
    id::EnvelopeId,
};

const LENGTH: usize = 32;
const NONCE: usize = 24;
/// The beginning of each sealed content, with the version of its form.
const HEAD: &[u8] = b"ms-messenger outbox 1\n";

/// A key of 32 bytes. It is wiped when it is dropped, and never printed.
///
/// ```
/// use ms_messenger_outbox::ContentKey;
///
/// let key = ContentKey::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")?;
/// # Ok::<(), ms_messenger_outbox::OutboxError>(())
/// ```
#[derive(Debug)]
pub struct ContentKey(SecretBox<[u8; LENGTH]>);

impl ContentKey {
    /// Creates a key from random numbers of the operating system.
    ///
    /// # Errors
    ///
    /// `Store` when the operating system provides none.
    pub fn random() -> Result<Self> {
        let mut bytes = Zeroizing::new([0; LENGTH]);
        fill(bytes.as_mut())?;
        Ok(Self(SecretBox::new(Box::new(*bytes))))
    }

    /// Reads a key: 32 bytes in base64 (RFC 4648 section 4), e.g. what
    /// `head -c 32 /dev/urandom | base64` prints. White space around it is ignored.
    ///
    /// # Errors
    ///
    /// `Invalid` for any other text; the error does not repeat it.
    pub fn parse(text: &str) -> Result<Self> {
        let bytes = Zeroizing::new(STANDARD.decode(text.trim()).unwrap_or_default());
        let bytes = <&[u8; LENGTH]>::try_from(bytes.as_slice());
        let bytes = bytes.map_err(|_| {
            let rule = "the key of the outbox: must be 32 bytes in base64";
            OutboxError::new(OutboxErrorKind::Invalid, rule)
        })?;
        Ok(Self(SecretBox::new(Box::new(*bytes))))
    }

    /// Returns the key in base64, as [`Self::parse`] reads it. Never log it.
    #[must_use]
    pub fn to_base64(&self) -> SecretString {
        STANDARD.encode(self.0.expose_secret()).into()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.0.expose_secret().into())
    }
}

/// The keys of an outbox: contents are sealed with the newest, and opened with any.
///
/// The hashes by which the same message is recognised depend on the first key. Keep it the first when
/// newer keys are added; otherwise a message that is enqueued again counts as another one.
///
/// ```
/// use ms_messenger_outbox::{ContentKey, ContentKeys, MemoryStore, Outbox};
///
/// let keys = ContentKeys::new(ContentKey::random()?).with_newer(ContentKey::random()?);
/// let outbox = Outbox::new(MemoryStore::new()).with_keys(keys);
/// # Ok::<(), ms_messenger_outbox::OutboxError>(())
/// ```
pub struct ContentKeys {
    hashing: SecretBox<[u8; LENGTH]>,
    /// The newest last.
    keys: Vec<ContentKey>,
}

impl fmt::Debug for ContentKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContentKeys")
            .field("keys", &self.keys.len())
            .finish_non_exhaustive()
    }
}

impl ContentKeys {
    /// Creates the keys of an outbox with its first key.
    #[must_use]
    pub fn new(first: ContentKey) -> Self {
        let hashing = mac(first.0.expose_secret(), &[b"hash"]);
        Self {
            hashing: SecretBox::new(Box::new(hashing)),
            keys: vec![first],
        }
    }

    /// Adds a newer key, with which contents are sealed from now on.
    #[must_use]
    pub fn with_newer(mut self, key: ContentKey) -> Self {
        self.keys.push(key);
        self
    }

    /// The keyed form of a hash: it says nothing of a content that could be guessed.
    pub(crate) fn hash(&self, hash: Hash) -> Hash {
        Hash::from_array(mac(self.hashing.expose_secret(), &[hash.as_bytes()]))
    }

    /// Seals the content of the message `id`: head, nonce, then XChaCha20-Poly1305 with head and id
    /// as associated data.
    pub(crate) fn seal(&self, id: &EnvelopeId, content: &[u8]) -> Result<Vec<u8>> {
        let mut nonce = [0; NONCE];
        fill(&mut nonce)?;
        let aad = [HEAD, id.as_str().as_bytes()].concat();
        let payload = Payload {
            msg: content,
            aad: &aad,
        };
        let sealed = self.keys.last().and_then(|key| {
            let sealed = key.cipher().encrypt((&nonce).into(), payload);
            sealed.ok()
        });
        let sealed = sealed.ok_or_else(|| unsealed(id, "the content is too large to be sealed"))?;
        Ok([HEAD, &nonce, &sealed].concat())
    }

    /// Opens what [`seal`](Self::seal) sealed, with any of the keys.
    pub(crate) fn open(&self, id: &EnvelopeId, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let wrong = || {
            unsealed(
                id,
                "the stored content was sealed with another key, or damaged",
            )
        };
        let rest = sealed.strip_prefix(HEAD).ok_or_else(wrong)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE>().ok_or_else(wrong)?;
        let aad = [HEAD, id.as_str().as_bytes()].concat();
        let open = |key: &ContentKey| {
            let payload = Payload {
                msg: sealed,
                aad: &aad,
            };
            key.cipher().decrypt(nonce.into(), payload).ok()
        };
        let plain = self.keys.iter().rev().find_map(open);
        plain.map(Zeroizing::new).ok_or_else(wrong)
    }
}

/// Whether a stored content is sealed.
pub(crate) fn is_sealed(content: &[u8]) -> bool {
    content.starts_with(HEAD)
}

fn mac(key: &[u8; LENGTH], parts: &[&[u8]]) -> [u8; LENGTH] {
    // A key of any length is valid.
    let Ok(mut mac) = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key) else {
        return [0; LENGTH];
    };
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

fn fill(bytes: &mut [u8]) -> Result<()> {
    getrandom::fill(bytes).map_err(|_| {
        let text = "the operating system provides no random numbers";
        OutboxError::new(OutboxErrorKind::Store, text)
    })
}

fn unsealed(id: &EnvelopeId, why: &'static str) -> OutboxError {
    OutboxError::new(OutboxErrorKind::Sealed, why).with_id(id)
}
