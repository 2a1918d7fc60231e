//! The keys that sign tokens.

use std::fmt;

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ms_messenger_core::{Error, Result};
use serde::Deserialize;

/// The public keys with which an issuer signs its tokens, read from a JSON Web Key Set.
///
/// Fetch the set from the `jwks_uri` of the issuer's discovery document, e.g.
/// `https://login.microsoftonline.com/common/discovery/v2.0/keys`, keep it for a day, and fetch it
/// again when a token is rejected as [`UnknownKey`](crate::TokenError::UnknownKey), but not more
/// often than every few minutes.
///
/// ```
/// use ms_messenger_events::SigningKeys;
///
/// let keys = SigningKeys::from_jwks(br#"{"keys":[
///     {"kty":"RSA","use":"sig","kid":"k1","n":"sXchDaQebHnPiGvyDOAT4saGEUetSyo9","e":"AQAB"},
///     {"kty":"EC","kid":"not used for tokens of Entra ID"}
/// ]}"#)?;
/// assert_eq!(keys.len(), 1);
/// assert!(SigningKeys::from_jwks(b"<html>").is_err());
/// # Ok::<(), ms_messenger_core::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct SigningKeys(Vec<SigningKey>);

#[derive(Clone)]
pub(crate) struct SigningKey {
    id: String,
    modulus: Vec<u8>,
    exponent: Vec<u8>,
    /// The tenant to which the key is restricted is a part of it.
    issuer: Option<String>,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Key>,
}

#[derive(Deserialize)]
struct Key {
    #[serde(default)]
    kty: String,
    kid: Option<String>,
    n: Option<String>,
    e: Option<String>,
    issuer: Option<String>,
}

impl SigningKeys {
    /// Reads a JSON Web Key Set. Keys of other kinds than RSA are left out.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` if `json` is no key set, or has no RSA key with an id.
    pub fn from_jwks(json: &[u8]) -> Result<Self> {
        let set: KeySet = serde_json::from_slice(json)
            .map_err(|_| Error::invalid("jwks", "must be a JSON Web Key Set"))?;
        let keys: Vec<SigningKey> = set.keys.into_iter().filter_map(SigningKey::read).collect();
        if keys.is_empty() {
            return Err(Error::invalid("jwks", "must have an RSA key with an id"));
        }
        Ok(Self(keys))
    }

    /// Adds the keys of another set.
    #[must_use]
    pub fn with_keys(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Returns how many keys there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether there is no key, by which no token is valid.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Iterates over the keys with this id: two sets may have the same key, or different ones.
    pub(crate) fn find<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a SigningKey> {
        self.0.iter().filter(move |key| key.id == id)
    }
}

impl SigningKey {
    fn read(key: Key) -> Option<Self> {
        let number = |text: Option<String>| URL_SAFE_NO_PAD.decode(text?).ok();
        let key = Self {
            id: key.kid.filter(|_| key.kty == "RSA")?,
            modulus: number(key.n)?,
            exponent: number(key.e)?,
            issuer: key.issuer,
        };
        Some(key)
    }

    pub(crate) fn verifies(&self, signed: &[u8], signature: &[u8]) -> bool {
        let key = RsaPublicKeyComponents {
            n: &self.modulus,
            e: &self.exponent,
        };
        let checked = key.verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature);
        checked.is_ok()
    }

    /// Returns whether the key may sign for `tenant`: some keys name one tenant as their issuer.
    pub(crate) fn is_for(&self, tenant: &str) -> bool {
        let is_for = |issuer: &String| {
            let issuer = issuer.to_ascii_lowercase();
            issuer.contains("{tenantid}") || issuer.contains(&tenant.to_ascii_lowercase())
        };
        self.issuer.as_ref().is_none_or(is_for)
    }
}

impl fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|key| &key.id))
            .finish()
    }
}
