//! Bearer tokens that a fault has ended before their time.

use std::sync::{Mutex, MutexGuard};

use serde_json::{Value, json};

use crate::wire::{jwt::Claims, lock::lock};

/// The claim that says when a token was issued more finely than the seconds of `iat`; the emulator's
/// own.
const GENERATION: &str = "era";

/// A group of callers whose bearer tokens a fault expires together.
///
/// Most services have one; a service has two if the tokens of administrators stay valid while those
/// of users expire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Audience(&'static str);

impl Audience {
    /// Names an audience; the name must be unique among all services.
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }
}

/// When each service's tokens were ended.
#[derive(Debug, Default)]
pub(crate) struct TokenLife(Mutex<Ends>);

#[derive(Debug, Default)]
struct Ends {
    /// Raised at every end, and never reset: a token of before a reset must not outlive a later end.
    generation: u64,
    ends: Vec<(Audience, End)>,
}

#[derive(Clone, Copy, Debug)]
struct End {
    generation: u64,
    /// Unix seconds.
    at: u64,
    /// Whether the tokens that ended are refused as forbidden, not as expired.
    is_forbidden: bool,
}

impl TokenLife {
    fn lock(&self) -> MutexGuard<'_, Ends> {
        lock(&self.0)
    }

    fn end_of(&self, audience: Audience) -> Option<End> {
        let ends = self.lock();
        let found = ends.ends.iter().find(|(ended, _)| *ended == audience);
        found.map(|(_, end)| *end)
    }

    /// Ends every token of that service that was issued before `now` (epoch milliseconds).
    pub(crate) fn end_all(&self, audience: Audience, now: u64, is_forbidden: bool) {
        let mut ends = self.lock();
        ends.generation += 1;
        let end = End {
            generation: ends.generation,
            at: now / 1000,
            is_forbidden,
        };
        ends.ends.retain(|(ended, _)| *ended != audience);
        ends.ends.push((audience, end));
    }

    /// Whether tokens that ended are refused as forbidden.
    pub(crate) fn is_forbidden(&self, audience: Audience) -> bool {
        self.end_of(audience).is_some_and(|end| end.is_forbidden)
    }

    /// Forgets all ends.
    pub(crate) fn reset(&self) {
        self.lock().ends.clear();
    }

    /// Marks the claims of a token that is issued now.
    pub(crate) fn stamp(&self, claims: &mut Value) {
        claims[GENERATION] = json!(self.lock().generation);
    }

    /// Whether the token was issued before the end. One without the emulator's own claim is judged
    /// by `iat`; in the second of the end it counts as newer, so that a client that renews at once
    /// is not refused again.
    pub(crate) fn has_ended(&self, audience: Audience, claims: &Claims) -> bool {
        self.end_of(audience)
            .is_some_and(|end| match claims.whole(GENERATION) {
                Some(generation) => generation < end.generation,
                None => claims.number("iat") < end.at,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{clock, jwt::TokenKey};

    const GRAPH: Audience = Audience::new("graph");
    const CHAT: Audience = Audience::new("chat");

    fn claims(mut claims: Value) -> Claims {
        claims["exp"] = json!(u64::MAX);
        let key = TokenKey::new([7; 32]);
        key.verify(&key.sign(&claims), 0).unwrap()
    }

    #[test]
    fn an_expiry_applies_to_its_service_and_to_earlier_tokens() {
        let life = TokenLife::default();
        let stamped = || {
            let mut token = json!({"iat": clock::system_ms() / 1000});
            life.stamp(&mut token);
            claims(token)
        };
        let before = stamped();
        life.end_all(GRAPH, clock::system_ms(), false);
        let after = stamped();
        let has_ended = |token: &Claims| life.has_ended(GRAPH, token);
        assert!(has_ended(&before) && !has_ended(&after));
        assert!(!life.has_ended(CHAT, &before));
        life.reset();
        assert!(!has_ended(&before));
        life.end_all(GRAPH, clock::system_ms(), false);
        assert!(has_ended(&before) && has_ended(&after));
    }

    #[test]
    fn a_token_of_another_issuer_is_judged_by_its_second() {
        let life = TokenLife::default();
        life.end_all(CHAT, clock::system_ms(), false);
        let now = clock::system_ms() / 1000;
        let has_ended = |iat: u64| life.has_ended(CHAT, &claims(json!({ "iat": iat })));
        assert!(has_ended(now - 100) && !has_ended(now + 1));
        assert!(life.has_ended(CHAT, &claims(json!({}))));
    }
}
