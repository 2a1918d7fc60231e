//! The parts of a token.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};

use crate::token_error::TokenError;

const LONGEST: usize = 16 * 1024;

/// A token in its three parts; nothing in it is verified.
pub(crate) struct Parts<'a> {
    pub(crate) key_id: String,
    pub(crate) claims: Claims,
    pub(crate) signed: &'a [u8],
    pub(crate) signature: Vec<u8>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
    /// Extensions that must be understood; none is.
    crit: Option<IgnoredAny>,
}

#[derive(Deserialize)]
pub(crate) struct Claims {
    pub(crate) aud: String,
    pub(crate) iss: String,
    pub(crate) tid: String,
    exp: f64,
    nbf: Option<f64>,
    appid: Option<String>,
    azp: Option<String>,
}

impl<'a> Parts<'a> {
    pub(crate) fn read(token: &'a str) -> Result<Self, TokenError> {
        if token.len() > LONGEST {
            return Err(TokenError::TooLong);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(TokenError::Malformed)?;
        let header: Header = json(header)?;
        if header.alg != "RS256" {
            return Err(TokenError::Algorithm);
        }
        if header.crit.is_some() {
            return Err(TokenError::Malformed);
        }
        Ok(Self {
            key_id: header.kid,
            claims: json(claims)?,
            signed: signed.as_bytes(),
            signature: decode(signature)?,
        })
    }
}

impl Claims {
    /// The application to which the token was issued: `azp` in tokens of version 2, else `appid`.
    pub(crate) fn application(&self) -> Option<&str> {
        self.azp.as_deref().or(self.appid.as_deref())
    }

    pub(crate) fn check_times(&self, now: SystemTime, leeway: Duration) -> Result<(), TokenError> {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let (now, leeway) = (now.as_secs_f64(), leeway.as_secs_f64());
        if self.nbf.is_some_and(|it| it > now + leeway) {
            return Err(TokenError::NotYetValid);
        }
        if self.exp <= now - leeway {
            return Err(TokenError::Expired);
        }
        Ok(())
    }
}

fn decode(text: &str) -> Result<Vec<u8>, TokenError> {
    let decoded = URL_SAFE_NO_PAD.decode(text);
    decoded.map_err(|_| TokenError::Malformed)
}

fn json<T: DeserializeOwned>(part: &str) -> Result<T, TokenError> {
    serde_json::from_slice(&decode(part)?).map_err(|_| TokenError::Malformed)
}
