//! Tokens cached until shortly before they expire, fetched once for all callers.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use tokio::runtime::Handle;

use super::{
    provider::TokenProvider,
    request::TokenRequest,
    slot::{Kept, Slot, Verdict},
    token::AccessToken,
};
use crate::{
    error::{Error, ErrorKind, Result},
    retry::{random_fraction, scaled},
};

/// The shortest pause before a renewal by the timer.
const SHORTEST_PAUSE: Duration = Duration::from_secs(10);

/// Returns the current time.
pub(super) type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// Caches the tokens of another provider: one per set of scopes.
///
/// * One fetch at a time per set of scopes; all other callers wait for it and share its token or
///   its error.
/// * A token that cannot be sent in a header is an error and is not cached.
/// * A token is renewed early: five minutes before it expires, and up to a tenth of that earlier
///   at random, or at half of its lifetime if that is later. While a renewal runs, or after one
///   failed, the old token is used as long as it is valid.
/// * After a renewal that failed, or returned a token that is about to expire itself, the next one
///   waits for half of the remaining time, so that renewals cannot run in a loop.
/// * With [`with_proactive_renewal`](super::CachedTokenProviderBuilder::with_proactive_renewal) a
///   timer renews the token, so that no call waits for it.
/// * A rejected token causes one fetch; a caller that presents an already replaced token receives
///   the current one.
/// * A token without a known expiry is used until it is rejected.
/// * A request with a claims challenge causes one fetch for all callers whose token was rejected
///   with the same challenge.
///
/// Clones share the tokens.
///
/// ```
/// use ms_messenger_core::{AccessToken, CachedTokenProvider, TokenProvider, TokenRequest, auth::TokenFn};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// let issuer = TokenFn::new(async |_request| Ok(AccessToken::new("fetched-once")));
/// let tokens = CachedTokenProvider::new(issuer);
/// let request = TokenRequest::new(&["https://graph.microsoft.com/.default"]);
/// assert_eq!(tokens.token(&request).await?.secret(), "fetched-once");
/// assert_eq!(tokens.cached_token(&request)?.unwrap().secret(), "fetched-once");
/// # Ok::<(), ms_messenger_core::Error>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct CachedTokenProvider<P>(Arc<Inner<P>>);

struct Inner<P> {
    source: P,
    settings: Settings,
    slots: Mutex<HashMap<String, Arc<Slot>>>,
}

pub(super) struct Settings {
    pub(super) early: Duration,
    /// The part of `early` by which a renewal may begin even earlier, at random.
    pub(super) spread: f64,
    pub(super) is_proactive: bool,
    pub(super) clock: Clock,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            early: Duration::from_secs(300),
            spread: 0.1,
            is_proactive: false,
            clock: Arc::new(SystemTime::now),
        }
    }
}

impl<P: TokenProvider> CachedTokenProvider<P> {
    /// Caches the tokens of `source`, with the default settings.
    pub fn new(source: P) -> Self {
        Self::with_settings(source, Settings::default())
    }

    pub(super) fn with_settings(source: P, settings: Settings) -> Self {
        Self(Arc::new(Inner {
            source,
            settings,
            slots: Mutex::default(),
        }))
    }

    /// Caches a token that exists already, for requests with `scopes`.
    pub(super) fn keep(&self, scopes: &[&str], token: AccessToken) {
        let now = (self.0.settings.clock)();
        let kept = Kept::new(token, None, self.0.settings.early(), now);
        self.0.keep(&self.0.slot(scopes), scopes, kept, now);
    }
}

impl Settings {
    fn early(&self) -> Duration {
        let spread = self.spread * random_fraction();
        self.early.saturating_add(scaled(self.early, spread))
    }
}

impl<P: TokenProvider> Inner<P> {
    fn now(&self) -> SystemTime {
        (self.settings.clock)()
    }

    fn slot(&self, scopes: &[&str]) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        // Nearly every request has one scope or none: no key is built to find its slot.
        if let ([] | [_], Some(slot)) = (scopes, slots.get(scopes.first().copied().unwrap_or(""))) {
            return Arc::clone(slot);
        }
        let mut sorted = scopes.to_vec();
        sorted.sort_unstable();
        Arc::clone(slots.entry(sorted.join(" ")).or_default())
    }

    async fn token(self: &Arc<Self>, request: &TokenRequest<'_>) -> Result<AccessToken> {
        let slot = self.slot(request.scopes);
        if request.claims.is_some() {
            let turn = slot.fetching.join(request).await?;
            let kept = slot.kept();
            return match kept.filter(|kept| kept.satisfies(request, self.now())) {
                Some(kept) => Ok(kept.token),
                None => turn.end(self.fetch(&slot, request).await),
            };
        }
        let turn = match slot.judge(request.rejected, self.now()) {
            Verdict::Use(token) => return Ok(token),
            Verdict::Renew(kept) => match slot.fetching.try_join(request) {
                Some(turn) => turn,
                None => return Ok(kept.token),
            },
            Verdict::Fetch => slot.fetching.join(request).await?,
        };
        // Another call may have fetched while this one waited for its turn.
        match slot.judge(request.rejected, self.now()) {
            Verdict::Use(token) => Ok(token),
            Verdict::Fetch => turn.end(self.fetch(&slot, request).await),
            Verdict::Renew(old) => {
                let fetched = turn.end(self.fetch(&slot, request).await);
                self.or_old(&slot, request.scopes, fetched, &old)
            }
        }
    }

    async fn fetch(
        self: &Arc<Self>,
        slot: &Arc<Slot>,
        request: &TokenRequest<'_>,
    ) -> Result<AccessToken> {
        let token = self.source.token(request).await?;
        token.check()?;
        if request.rejected == Some(&token) {
            return Err(Error::new(
                ErrorKind::Unauthenticated,
                "the new token is the one that was rejected",
            ));
        }
        let now = self.now();
        if !token.is_valid_at(now) {
            return Err(expired());
        }
        let kept = Kept::new(token.clone(), request.claims, self.settings.early(), now);
        self.keep(slot, request.scopes, kept, now);
        Ok(token)
    }

    /// The result of an early renewal. A failed one is ignored while the old token is valid.
    fn or_old(
        self: &Arc<Self>,
        slot: &Arc<Slot>,
        scopes: &[&str],
        fetched: Result<AccessToken>,
        old: &Kept,
    ) -> Result<AccessToken> {
        let error = match fetched {
            Ok(token) => return Ok(token),
            Err(error) => error,
        };
        let now = self.now();
        let Some(old) = old.postponed(now) else {
            return Err(error);
        };
        let token = old.token.clone();
        self.keep(slot, scopes, old, now);
        Ok(token)
    }

    fn keep(self: &Arc<Self>, slot: &Arc<Slot>, scopes: &[&str], kept: Kept, now: SystemTime) {
        let renew_at = kept.renew_at;
        slot.keep(kept);
        if let Some(renew_at) = renew_at.filter(|_| self.settings.is_proactive) {
            self.wake_at(slot, scopes, renew_at, now);
        }
    }

    /// Sets the timer. It holds no reference to the cache, and the slot ends it when the cache is
    /// dropped. Without a runtime there is none, and the renewal waits for the next request.
    fn wake_at(
        self: &Arc<Self>,
        slot: &Arc<Slot>,
        scopes: &[&str],
        renew_at: SystemTime,
        now: SystemTime,
    ) {
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        let pause = renew_at.duration_since(now).unwrap_or_default();
        let this: Weak<Self> = Arc::downgrade(self);
        let scopes: Vec<String> = scopes.iter().map(ToString::to_string).collect();
        let timer = runtime.spawn(async move {
            tokio::time::sleep(pause.max(SHORTEST_PAUSE)).await;
            if let Some(this) = this.upgrade() {
                let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
                this.renew_ahead(&scopes).await;
            }
        });
        slot.set_timer(timer.abort_handle());
    }

    /// Renews the token without a request for it. After the token has expired, the next request
    /// fetches one and starts the timer again.
    async fn renew_ahead(self: &Arc<Self>, scopes: &[&str]) {
        let slot = self.slot(scopes);
        let request = TokenRequest::new(scopes);
        // A call that fetches sets the timer itself, and a failure leaves nothing to renew.
        let Ok(turn) = slot.fetching.join(&request).await else {
            return;
        };
        match slot.judge(None, self.now()) {
            Verdict::Renew(old) => {
                let fetched = turn.end(self.fetch(&slot, &request).await);
                drop(self.or_old(&slot, scopes, fetched, &old));
            }
            // Another call renewed it and set the timer, or the clock was set back.
            Verdict::Use(_) => {
                if let Some(renew_at) = slot.kept().and_then(|kept| kept.renew_at) {
                    self.wake_at(&slot, scopes, renew_at, self.now());
                }
            }
            Verdict::Fetch => {}
        }
    }
}

fn expired() -> Error {
    Error::new(
        ErrorKind::Unauthenticated,
        "the new token has expired already: check the clock of this machine",
    )
}

#[async_trait]
impl<P: TokenProvider> TokenProvider for CachedTokenProvider<P> {
    async fn token(&self, request: &TokenRequest<'_>) -> Result<AccessToken> {
        self.0.token(request).await
    }

    fn cached_token(&self, request: &TokenRequest<'_>) -> Result<Option<AccessToken>> {
        let now = self.0.now();
        let kept = self.0.slot(request.scopes).kept();
        if let Some(kept) = kept.filter(|kept| kept.token.is_valid_at(now)) {
            return Ok(Some(kept.token));
        }
        let token = self.0.source.cached_token(request)?;
        if let Some(token) = &token {
            token.check()?;
            if !token.is_valid_at(now) {
                return Err(expired());
            }
        }
        Ok(token)
    }

    fn is_cached(&self) -> bool {
        true
    }
}

impl<P> Clone for CachedTokenProvider<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<P: fmt::Debug> fmt::Debug for CachedTokenProvider<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedTokenProvider")
            .field("source", &self.0.source)
            .field("early", &self.0.settings.early)
            .field("is_proactive", &self.0.settings.is_proactive)
            .finish_non_exhaustive()
    }
}
