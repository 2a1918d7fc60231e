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
/// The beginning of each sealed content, with the version of its form. The id of the key and the nonce
/// follow.
const HEAD: &[u8] = b"ms-messenger outbox 2\n";
/// That of the first form, which has no id of a key.
const FIRST_HEAD: &[u8] = b"ms-messenger outbox 1\n";
const ID: usize = 8;

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

    /// Returns the id of the key: 16 hexadecimal digits, by which errors name it. It says nothing of the
    /// key itself.
    ///
    /// ```
    /// use ms_messenger_outbox::ContentKey;
    ///
    /// let key = ContentKey::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")?;
    /// assert_eq!(key.id(), "8adc89f941958303");
    /// # Ok::<(), ms_messenger_outbox::OutboxError>(())
    /// ```
    #[must_use]
    pub fn id(&self) -> String {
        hex(&self.short_id())
    }

    fn short_id(&self) -> [u8; ID] {
        let mut id = [0; ID];
        id.copy_from_slice(&mac(self.0.expose_secret(), &[b"id"])[..ID]);
        id
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

    /// Seals the content of the message `id`: head, id of the key, nonce, then XChaCha20-Poly1305 with
    /// head, id of the key and id of the message as associated data.
    pub(crate) fn seal(&self, id: &EnvelopeId, content: &[u8]) -> Result<Vec<u8>> {
        let mut nonce = [0; NONCE];
        fill(&mut nonce)?;
        let sealed = self.keys.last().and_then(|key| {
            let key_id = key.short_id();
            let aad = [HEAD, &key_id, id.as_str().as_bytes()].concat();
            let payload = Payload {
                msg: content,
                aad: &aad,
            };
            let sealed = key.cipher().encrypt((&nonce).into(), payload).ok()?;
            Some([HEAD, &key_id, &nonce, &sealed].concat())
        });
        sealed.ok_or_else(|| unsealed(id, "the content is too large to be sealed"))
    }

    /// Opens what [`seal`](Self::seal) sealed, with the key that it names.
    ///
    /// # Errors
    ///
    /// `Sealed` if none of the keys is that one, `Damaged` if it is, and does not open it.
    pub(crate) fn open(&self, id: &EnvelopeId, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let Some(key_id) = key_id(sealed) else {
            return self.open_first_form(id, sealed);
        };
        let (head, rest) = sealed.split_at(HEAD.len() + ID);
        let key = self.keys.iter().find(|it| it.short_id() == key_id);
        let key = key.ok_or_else(|| {
            let own: Vec<String> = self.keys.iter().map(ContentKey::id).collect();
            let (missing, own) = (hex(&key_id), own.join(", "));
            let text = format!(
                "the stored content is sealed with the key {missing}, and the outbox has only {own}"
            );
            OutboxError::new(OutboxErrorKind::Sealed, text).with_id(id)
        })?;
        let plain = rest
            .split_first_chunk::<NONCE>()
            .and_then(|(nonce, sealed)| {
                let aad = [head, id.as_str().as_bytes()].concat();
                decrypt(key, *nonce, &aad, sealed)
            });
        plain.ok_or_else(|| {
            let text = "the stored content is damaged, or that of another message";
            OutboxError::new(OutboxErrorKind::Damaged, text).with_id(id)
        })
    }

    /// Opens a content of the first form, with any of the keys.
    fn open_first_form(&self, id: &EnvelopeId, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let plain = sealed
            .strip_prefix(FIRST_HEAD)
            .and_then(|rest| rest.split_first_chunk::<NONCE>())
            .and_then(|(nonce, sealed)| {
                let aad = [FIRST_HEAD, id.as_str().as_bytes()].concat();
                let mut keys = self.keys.iter().rev();
                keys.find_map(|key| decrypt(key, *nonce, &aad, sealed))
            });
        let text = "the stored content was sealed with another key, or damaged";
        plain.ok_or_else(|| unsealed(id, text))
    }
}

fn decrypt(
    key: &ContentKey,
    nonce: [u8; NONCE],
    aad: &[u8],
    sealed: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let payload = Payload { msg: sealed, aad };
    let plain = key.cipher().decrypt((&nonce).into(), payload);
    plain.ok().map(Zeroizing::new)
}

/// The id of the key with which a content is sealed; `None` in the first form.
fn key_id(sealed: &[u8]) -> Option<[u8; ID]> {
    sealed.strip_prefix(HEAD)?.first_chunk::<ID>().copied()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|it| format!("{it:02x}")).collect()
}

/// Whether a stored content is sealed.
pub(crate) fn is_sealed(content: &[u8]) -> bool {
    content.starts_with(HEAD) || content.starts_with(FIRST_HEAD)
}

/// The error of a content that is sealed, for an outbox without keys.
pub(crate) fn without_keys(id: &EnvelopeId, content: &[u8]) -> OutboxError {
    let text = match key_id(content) {
        Some(key_id) => format!(
            "the stored content is sealed with the key {}, and the outbox has no key",
            hex(&key_id)
        ),
        None => "the stored content is sealed, and the outbox has no key".to_owned(),
    };
    OutboxError::new(OutboxErrorKind::Sealed, text).with_id(id)
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
