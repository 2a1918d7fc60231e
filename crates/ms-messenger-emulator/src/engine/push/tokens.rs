//! The tokens that the emulator's own requests bring, signed by RS256.

use std::{collections::VecDeque, fmt, sync::Mutex};

use serde_json::{Value, json};

use crate::wire::{lock::lock, rsa};

/// So many tokens are remembered at most.
const KEPT: usize = 64;
/// So long a token is used again, in seconds.
const FRESH_S: u64 = 300;

/// Tokens that were issued, which take long to sign.
#[derive(Default)]
pub(crate) struct PushTokens(Mutex<VecDeque<Issued>>);

struct Issued {
    claims: Value,
    /// Unix seconds.
    at: u64,
    token: String,
}

impl PushTokens {
    /// A token with these claims and those of its life, issued at about `now` (Unix seconds) for `life` seconds.
    pub(crate) fn token(&self, claims: Value, now: u64, life: u64) -> String {
        let mut issued = lock(&self.0);
        let is_fresh = |one: &Issued| one.at <= now && now - one.at < FRESH_S.min(life / 2);
        let found = issued
            .iter()
            .find(|one| one.claims == claims && is_fresh(one));
        if let Some(one) = found {
            return one.token.clone();
        }
        let mut complete = claims.clone();
        complete["iat"] = json!(now);
        complete["nbf"] = json!(now);
        complete["exp"] = json!(now + life);
        let token = rsa::sign(&complete);
        issued.retain(|one| one.claims != claims);
        if issued.len() == KEPT {
            issued.pop_front();
        }
        issued.push_back(Issued {
            claims,
            at: now,
            token: token.clone(),
        });
        token
    }
}

impl fmt::Debug for PushTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PushTokens(..)")
    }
}
