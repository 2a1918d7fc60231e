//! The cached token of one set of scopes.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use tokio::task::AbortHandle;

use super::{flight::SingleFlight, request::TokenRequest, token::AccessToken};

/// One set of scopes. The locks are held for a moment only, the turn for one fetch.
#[derive(Default)]
pub(super) struct Slot {
    kept: Mutex<Option<Kept>>,
    pub(super) fetching: SingleFlight,
    timer: Mutex<Option<AbortHandle>>,
}

#[derive(Clone)]
pub(super) struct Kept {
    pub(super) token: AccessToken,
    pub(super) renew_at: Option<SystemTime>,
    /// The claims challenge that the token was fetched for.
    claims: Option<String>,
}

impl Kept {
    pub(super) fn new(
        token: AccessToken,
        claims: Option<&str>,
        early: Duration,
        now: SystemTime,
    ) -> Self {
        let renew_at = token.renew_at(now, early);
        let claims = claims.map(str::to_owned);
        Self {
            token,
            renew_at,
            claims,
        }
    }

    /// The same token, renewed after half of the time that is left. `None` if it has expired.
    pub(super) fn postponed(&self, now: SystemTime) -> Option<Self> {
        let left = self.token.expires_at()?.duration_since(now).ok()?;
        Some(Self {
            renew_at: Some(now + left / 2),
            ..self.clone()
        })
    }

    /// Whether it was fetched for the same claims after the token of `request` was rejected.
    pub(super) fn satisfies(&self, request: &TokenRequest<'_>, now: SystemTime) -> bool {
        let is_newer = request.rejected.is_some_and(|old| *old != self.token);
        is_newer && self.claims.as_deref() == request.claims && self.token.is_valid_at(now)
    }
}

/// What the cached token is worth for one request.
pub(super) enum Verdict {
    Use(AccessToken),
    Renew(Kept),
    Fetch,
}

impl Slot {
    pub(super) fn kept(&self) -> Option<Kept> {
        lock(&self.kept).clone()
    }

    pub(super) fn keep(&self, kept: Kept) {
        *lock(&self.kept) = Some(kept);
    }

    pub(super) fn judge(&self, rejected: Option<&AccessToken>, now: SystemTime) -> Verdict {
        match &*lock(&self.kept) {
            Some(kept) if rejected == Some(&kept.token) => Verdict::Fetch,
            Some(kept) if !kept.token.is_valid_at(now) => Verdict::Fetch,
            Some(kept) if kept.renew_at.is_some_and(|at| at <= now) => Verdict::Renew(kept.clone()),
            Some(kept) => Verdict::Use(kept.token.clone()),
            None => Verdict::Fetch,
        }
    }

    /// Replaces the timer of the slot.
    pub(super) fn set_timer(&self, timer: AbortHandle) {
        if let Some(old) = lock(&self.timer).replace(timer) {
            old.abort();
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(timer) = lock(&self.timer).take() {
            timer.abort();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
