//! Which bearer tokens a fault has ended before their time.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use crate::engine::registry::{Call, Route};
use crate::engine::resources::Shared;
use crate::wire::jwt::{Claims, TokenProblem};

/// The claim that tells when a token was issued more finely than the seconds of `iat`; the
/// emulator's own.
const ERA: &str = "era";

/// So many tokens are remembered at most.
const KNOWN_TOKENS: usize = 1000;

/// A service that takes bearer tokens; a fault ends the tokens of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// ACS Messages.
    Messages,
    /// ACS Chat.
    Chat,
    /// ACS Identity: its callers' Entra tokens, which may stay good while users' tokens end.
    Identity,
    /// Graph.
    Graph,
}

impl Audience {
    /// Who checks the token of a request; `None` for UCWA, which has tickets.
    pub(crate) const fn of(route: &Route) -> Option<Self> {
        match route.call {
            Call::AcsMessages(_) => Some(Self::Messages),
            Call::AcsChat(_) => Some(Self::Chat),
            Call::AcsIdentity(_) => Some(Self::Identity),
            Call::Entra(_) | Call::Ucwa(_) => None,
            _ => Some(Self::Graph),
        }
    }
}

/// When each service's tokens were ended.
#[derive(Debug, Default)]
pub(crate) struct TokenLife(Mutex<Ends>);

#[derive(Debug, Default)]
struct Ends {
    /// Raised at every end, and never reset: a token of before a reset must not outlive a later end.
    era: u64,
    ends: [Option<End>; 4],
}

#[derive(Clone, Copy, Debug)]
struct End {
    era: u64,
    /// Unix seconds.
    at: u64,
    /// Whether the tokens that ended are refused as forbidden, not as expired.
    is_forbidden: bool,
}

impl TokenLife {
    fn lock(&self) -> MutexGuard<'_, Ends> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends every token of that service that was issued before `now` (epoch milliseconds).
    pub(crate) fn end_all(&self, audience: Audience, now: u64, is_forbidden: bool) {
        let mut ends = self.lock();
        ends.era += 1;
        let end = End {
            era: ends.era,
            at: now / 1000,
            is_forbidden,
        };
        ends.ends[audience as usize] = Some(end);
    }

    /// Whether tokens that ended are refused as forbidden.
    pub(crate) fn is_forbidden(&self, audience: Audience) -> bool {
        self.lock().ends[audience as usize].is_some_and(|end| end.is_forbidden)
    }

    /// Forgets all ends.
    pub(crate) fn reset(&self) {
        self.lock().ends = [None; 4];
    }

    /// Marks the claims of a token that is issued now.
    pub(crate) fn stamp(&self, claims: &mut Value) {
        claims[ERA] = json!(self.lock().era);
    }

    /// Whether the token was issued before the end. One without the emulator's own claim is judged
    /// by `iat`; in the second of the end it counts as newer, so that a client that renews at once
    /// is not refused again.
    fn has_ended(&self, audience: Audience, claims: &Claims) -> bool {
        self.lock().ends[audience as usize].is_some_and(|end| match claims.whole(ERA) {
            Some(era) => era < end.era,
            None => claims.number("iat") < end.at,
        })
    }
}

impl Shared {
    /// The claims of a bearer token that `audience` takes at `now` (Unix seconds).
    pub(crate) fn verify(
        &self,
        audience: Audience,
        token: &str,
        now: u64,
    ) -> Result<Claims, TokenProblem> {
        let claims = self.claims(token)?;
        if claims.is_over(now) || self.token_life.has_ended(audience, &claims) {
            return Err(TokenProblem::Expired);
        }
        Ok(claims)
    }

    /// The claims of a token that was signed here. Most requests bring one of a few tokens, which
    /// need not be decoded every time.
    fn claims(&self, token: &str) -> Result<Claims, TokenProblem> {
        let known = self.known_tokens.lock();
        let mut known = known.unwrap_or_else(PoisonError::into_inner);
        if let Some(claims) = known.get(token) {
            return Ok(claims.clone());
        }
        let claims = self.seed.tokens().read(token)?;
        if known.len() >= KNOWN_TOKENS {
            known.clear();
        }
        known.insert(token.into(), claims.clone());
        Ok(claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::clock;
    use crate::wire::jwt::TokenKey;

    fn claims(mut claims: Value) -> Claims {
        claims["exp"] = json!(u64::MAX);
        let key = TokenKey::new([7; 32]);
        key.verify(&key.sign(&claims), 0).unwrap()
    }

    #[test]
    fn an_end_counts_for_its_service_and_the_tokens_before_it() {
        let life = TokenLife::default();
        let stamped = || {
            let mut token = json!({"iat": clock::system_ms() / 1000});
            life.stamp(&mut token);
            claims(token)
        };
        let before = stamped();
        life.end_all(Audience::Graph, clock::system_ms(), false);
        let after = stamped();
        let has_ended = |token: &Claims| life.has_ended(Audience::Graph, token);
        assert!(has_ended(&before) && !has_ended(&after));
        assert!(!life.has_ended(Audience::Chat, &before));
        life.reset();
        assert!(!has_ended(&before));
        life.end_all(Audience::Graph, clock::system_ms(), false);
        assert!(has_ended(&before) && has_ended(&after));
    }

    #[test]
    fn a_token_of_another_issuer_is_judged_by_its_second() {
        let life = TokenLife::default();
        life.end_all(Audience::Chat, clock::system_ms(), false);
        let now = clock::system_ms() / 1000;
        let has_ended = |iat: u64| life.has_ended(Audience::Chat, &claims(json!({ "iat": iat })));
        assert!(has_ended(now - 100) && !has_ended(now + 1));
        assert!(life.has_ended(Audience::Chat, &claims(json!({}))));
    }
}
