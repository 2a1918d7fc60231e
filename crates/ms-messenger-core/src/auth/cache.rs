//! Tokens kept until they are about to expire, fetched once for all who wait.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use super::{AccessToken, SingleFlight, TokenProvider, TokenRequest};
use crate::{
    Error, ErrorKind, Result,
    retry::{random_fraction, scaled},
};
use async_trait::async_trait;

/// Keeps the tokens of another provider: one per set of scopes.
///
/// * One fetch at a time per set of scopes; all others wait for it and share its token or its
///   failure.
/// * A token that no header can carry is an error and is not kept.
/// * A token is renewed early: five minutes before it expires (a setting), spread by up to
///   a tenth of that. While a renewal runs or after one failed, the old token serves as long
///   as it lives.
/// * When a renewal brings a token that is itself about to expire, the next one waits for half
///   of what is left, so that it cannot run in a loop.
/// * A refused token is fetched anew once; while others already did so, their token is used.
/// * A token without a known expiry is kept until it is refused.
/// * A request with a claims challenge fetches, once for all whose token was refused with the same
///   one.
pub struct CachedTokenProvider<P> {
    inner: P,
    early: Duration,
    slots: Mutex<HashMap<String, Arc<Slot>>>,
}

/// One set of scopes. The outer lock is held for a moment only, the inner for one fetch.
#[derive(Default)]
struct Slot {
    kept: Mutex<Option<Kept>>,
    fetching: SingleFlight,
}

#[derive(Clone)]
struct Kept {
    token: AccessToken,
    renew_at: Option<SystemTime>,
    /// The claims challenge that the token was fetched for.
    claims: Option<String>,
}

impl Kept {
    fn new(token: AccessToken, request: &TokenRequest<'_>, early: Duration) -> Self {
        let now = SystemTime::now();
        let renew_at = token.expires_at().map(|expires_at| {
            let left = expires_at.duration_since(now).unwrap_or_default();
            let early = early.saturating_add(scaled(early, random_fraction() / 10.0));
            now + left.checked_sub(early).unwrap_or(left / 2)
        });
        let claims = request.claims.map(str::to_owned);
        Self {
            token,
            renew_at,
            claims,
        }
    }

    /// Whether it was fetched for the same claims after the token of `request` was refused.
    fn answers(&self, request: &TokenRequest<'_>) -> bool {
        let is_newer = request.rejected.is_some_and(|old| *old != self.token);
        is_newer && self.claims.as_deref() == request.claims && self.is_alive(SystemTime::now())
    }

    fn is_alive(&self, now: SystemTime) -> bool {
        self.token.expires_at().is_none_or(|end| now < end)
    }

    fn is_fresh(&self, now: SystemTime) -> bool {
        self.renew_at.is_none_or(|renew_at| now < renew_at)
    }
}

impl Slot {
    fn kept(&self) -> Option<Kept> {
        self.kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn keep(&self, kept: Kept) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
    }
}

impl<P: TokenProvider> CachedTokenProvider<P> {
    /// Keeps the tokens of `inner`.
    pub fn new(inner: P) -> Self {
        Self {
            inner,
            early: Duration::from_secs(300),
            slots: Mutex::default(),
        }
    }

    /// Sets how long before its expiry a token is renewed. Default five minutes.
    #[must_use]
    pub fn with_early_renewal(mut self, early: Duration) -> Self {
        self.early = early;
        self
    }

    fn slot(&self, scopes: &[&str]) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        // Nearly every request has one scope or none: no key is made to look up its slot.
        if let ([] | [_], Some(slot)) = (scopes, slots.get(scopes.first().copied().unwrap_or(""))) {
            return Arc::clone(slot);
        }
        let mut sorted = scopes.to_vec();
        sorted.sort_unstable();
        Arc::clone(slots.entry(sorted.join(" ")).or_default())
    }

    async fn fetch(&self, slot: &Slot, request: &TokenRequest<'_>) -> Result<AccessToken> {
        let token = self.inner.token(request).await?;
        token.check()?;
        if request.rejected == Some(&token) {
            return Err(Error::new(
                ErrorKind::Unauthenticated,
                "the provider handed out a token that was refused",
            ));
        }
        let kept = Kept::new(token.clone(), request, self.early);
        if !kept.is_alive(SystemTime::now()) {
            return Err(expired());
        }
        slot.keep(kept);
        Ok(token)
    }

    /// A failed early renewal is forgiven while the old token lives: it serves on, and the next
    /// renewal waits for half of what is left.
    fn forgive(slot: &Slot, old: Kept, error: Error) -> Result<AccessToken> {
        let now = SystemTime::now();
        let Some(left) = old
            .token
            .expires_at()
            .and_then(|end| end.duration_since(now).ok())
        else {
            return Err(error);
        };
        slot.keep(Kept {
            renew_at: Some(now + left / 2),
            ..old.clone()
        });
        Ok(old.token)
    }
}

fn expired() -> Error {
    Error::new(
        ErrorKind::Unauthenticated,
        "the provider handed out a token that has expired",
    )
}

/// What the kept token is worth for one request.
enum Verdict {
    Use(AccessToken),
    Renew(Kept),
    Fetch,
}

fn judge(kept: Option<Kept>, request: &TokenRequest<'_>, now: SystemTime) -> Verdict {
    match kept {
        Some(kept) if request.rejected == Some(&kept.token) => Verdict::Fetch,
        Some(kept) if kept.is_fresh(now) && kept.is_alive(now) => Verdict::Use(kept.token),
        Some(kept) if kept.is_alive(now) => Verdict::Renew(kept),
        _ => Verdict::Fetch,
    }
}

#[async_trait]
impl<P: TokenProvider> TokenProvider for CachedTokenProvider<P> {
    async fn token(&self, request: &TokenRequest<'_>) -> Result<AccessToken> {
        let slot = self.slot(request.scopes);
        if request.claims.is_some() {
            let turn = slot.fetching.join(request).await?;
            return match slot.kept().filter(|kept| kept.answers(request)) {
                Some(kept) => Ok(kept.token),
                None => turn.end(self.fetch(&slot, request).await),
            };
        }
        let turn = match judge(slot.kept(), request, SystemTime::now()) {
            Verdict::Use(token) => return Ok(token),
            Verdict::Renew(kept) => match slot.fetching.try_join(request) {
                Some(turn) => turn,
                None => return Ok(kept.token),
            },
            Verdict::Fetch => slot.fetching.join(request).await?,
        };
        // Another call may have fetched while this one waited for its turn.
        match judge(slot.kept(), request, SystemTime::now()) {
            Verdict::Use(token) => Ok(token),
            Verdict::Fetch => turn.end(self.fetch(&slot, request).await),
            Verdict::Renew(old) => match turn.end(self.fetch(&slot, request).await) {
                Ok(token) => Ok(token),
                Err(error) => Self::forgive(&slot, old, error),
            },
        }
    }

    fn cached_token(&self, request: &TokenRequest<'_>) -> Result<Option<AccessToken>> {
        let now = SystemTime::now();
        if let Some(kept) = self.slot(request.scopes).kept().filter(|k| k.is_alive(now)) {
            return Ok(Some(kept.token));
        }
        let token = self.inner.cached_token(request)?;
        if let Some(token) = &token {
            token.check()?;
            if token.expires_at().is_some_and(|end| end <= now) {
                return Err(expired());
            }
        }
        Ok(token)
    }
}

impl<P: fmt::Debug> fmt::Debug for CachedTokenProvider<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedTokenProvider")
            .field("inner", &self.inner)
            .field("early", &self.early)
            .finish_non_exhaustive()
    }
}
