//! The encrypted form of a sign-in, bound to its name.

use std::time::{Duration, SystemTime};

use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305,
    aead::{Aead as _, Payload},
};
use ms_messenger_core::{AccessToken, Result};
use secrecy::{ExposeSecret, zeroize::Zeroizing};
use serde::{Deserialize, Serialize};

use super::key::{self, StoreKey};
use crate::SignIn;

/// The beginning of each file, with the version of the form.
const HEAD: &[u8] = b"ms-messenger sign-in 1\n";
/// The bytes of a nonce: random ones do not repeat.
const NONCE: usize = 24;

/// Why bytes cannot be read as a sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// Written by another program.
    Foreign,
    /// Damaged, or encrypted under another key or name.
    Unopened,
}

/// Encrypts `sign_in` under `key` for `name`: head, nonce, then the JSON form under
/// XChaCha20-Poly1305 with head and name as associated data.
pub(super) fn seal(sign_in: &SignIn, name: &str, key: &StoreKey) -> Result<Vec<u8>> {
    let plain = Zeroizing::new(write(sign_in));
    let mut nonce = [0; NONCE];
    key::fill(&mut nonce)?;
    let aad = associated(name);
    let payload = Payload {
        msg: &plain,
        aad: &aad,
    };
    let cipher = XChaCha20Poly1305::new(key.bytes().into());
    let sealed = cipher.encrypt((&nonce).into(), payload);
    // Fails only for more than 2^38 bytes.
    let sealed = sealed.map_err(|_| crate::malformed::malformed())?;
    Ok([HEAD, &nonce, &sealed].concat())
}

/// Decrypts what [`seal`] encrypted.
pub(super) fn open(bytes: &[u8], name: &str, key: &StoreKey) -> Result<SignIn, Broken> {
    let rest = bytes.strip_prefix(HEAD).ok_or(Broken::Foreign)?;
    let (nonce, sealed) = rest.split_first_chunk::<NONCE>().ok_or(Broken::Unopened)?;
    let aad = associated(name);
    let payload = Payload {
        msg: sealed,
        aad: &aad,
    };
    let cipher = XChaCha20Poly1305::new(key.bytes().into());
    let plain = cipher.decrypt(nonce.into(), payload);
    let plain = Zeroizing::new(plain.map_err(|_| Broken::Unopened)?);
    read(&plain).ok_or(Broken::Unopened)
}

fn associated(name: &str) -> Vec<u8> {
    [HEAD, name.as_bytes()].concat()
}

/// The JSON form inside a file. It borrows tokens, so that no copy is left behind.
#[derive(Deserialize, Serialize)]
struct Wire<'a> {
    authority: String,
    tenant: String,
    client_id: String,
    user: Option<String>,
    user_id: Option<String>,
    scopes: Vec<String>,
    access_token: std::borrow::Cow<'a, str>,
    expires_at: Option<u64>,
    refresh_token: Option<std::borrow::Cow<'a, str>>,
    renewed_at: u64,
}

fn write(sign_in: &SignIn) -> Vec<u8> {
    let refresh = sign_in.refresh_token.as_ref();
    let wire = Wire {
        authority: sign_in.authority.clone(),
        tenant: sign_in.tenant.clone(),
        client_id: sign_in.client_id.clone(),
        user: sign_in.user.clone(),
        user_id: sign_in.user_id.clone(),
        scopes: sign_in.scopes.clone(),
        access_token: sign_in.access_token.secret().into(),
        expires_at: sign_in.access_token.expires_at().map(milliseconds),
        refresh_token: refresh.map(|token| token.expose_secret().into()),
        renewed_at: milliseconds(sign_in.renewed_at),
    };
    let secrets = refresh.map_or(0, |token| token.expose_secret().len());
    // Tokens are base64: with this capacity it never grows.
    let mut plain = Vec::with_capacity(2 * (secrets + wire.access_token.len()) + 16 * 1024);
    // Writing strings and numbers to memory cannot fail.
    let _ = serde_json::to_writer(&mut plain, &wire);
    plain
}

fn read(plain: &[u8]) -> Option<SignIn> {
    let wire: Wire<'_> = serde_json::from_slice(plain).ok()?;
    let mut access_token = AccessToken::new(wire.access_token.into_owned());
    if let Some(end) = wire.expires_at {
        access_token = access_token.with_expires_at(moment(end)?);
    }
    Some(SignIn {
        authority: wire.authority,
        tenant: wire.tenant,
        client_id: wire.client_id,
        user: wire.user,
        user_id: wire.user_id,
        scopes: wire.scopes,
        access_token,
        refresh_token: wire.refresh_token.map(|it| it.into_owned().into()),
        renewed_at: moment(wire.renewed_at)?,
    })
}

fn milliseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |it| u64::try_from(it.as_millis()).unwrap_or(u64::MAX))
}

fn moment(milliseconds: u64) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(milliseconds))
}
