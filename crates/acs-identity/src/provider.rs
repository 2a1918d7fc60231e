//! Tokens of one user, renewed before they expire.

mod builder;
mod issuer;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use ms_messenger_core::{
    AccessToken, Error, ErrorKind, Result, TokenProvider, TokenRequest, auth::SingleFlight,
};
use tokio::{runtime::Handle, task::AbortHandle};

pub use builder::UserTokenProviderBuilder;

use crate::{AcsIdentityClient, CommunicationUserId, expiry};
use issuer::Issuer;

/// How long before its expiry a token is renewed when it is requested.
const ON_DEMAND: Duration = Duration::from_secs(2 * 60);
/// How long before its expiry a token is renewed in the background.
const PROACTIVE: Duration = Duration::from_secs(10 * 60);
/// The shortest pause before a renewal in the background.
const SHORTEST_PAUSE: Duration = Duration::from_secs(10);

/// Returns the current time.
type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// Provides the access tokens of one user and renews them, for example for `AcsChatClient`.
///
/// * A token is renewed when it is requested with two minutes left or less. With
///   [`with_proactive_refresh`](UserTokenProviderBuilder::with_proactive_refresh) a background
///   task renews it with ten minutes left, so that no request waits.
/// * When a renewal returns a token with less than that left, or fails, the next one waits for
///   half of the remaining lifetime of the current token, so that it cannot run in a loop. Until it
///   expires, the current token is used.
/// * There is one renewal at a time for all concurrent requests. While the current token is valid,
///   the other requests get it at once.
/// * A request that names the current token as rejected causes one renewal; if that fails or
///   returns the same token, the request fails with `Unauthenticated`. A request that names an
///   older token gets the current one.
/// * A token without a known expiry is used until it is rejected.
///
/// Clones share the token. Cheap to clone; the background task ends with the last clone.
///
/// ```
/// use acs_chat::{AcsChatClient, SendChatMessageRequest};
/// use acs_identity::{AcsIdentityBuilder, TokenOptions, UserTokenProvider};
/// use ms_messenger_emulator::Emulator;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = Emulator::start().await?;
/// let acs = &emulator.world().acs;
/// let identity = AcsIdentityBuilder::from_connection_string(&acs.connection_string)?.build()?;
///
/// let user = acs.users[0].id.as_str();
/// let tokens = UserTokenProvider::builder(identity, user).with_proactive_refresh(true).build()?;
/// let chat = AcsChatClient::builder(&acs.endpoint, tokens).build()?;
/// chat.thread(acs.thread_id.as_str()).send(&SendChatMessageRequest::text("hello")).await?;
/// assert_eq!(emulator.messages().len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct UserTokenProvider(Arc<Inner>);

impl UserTokenProvider {
    /// Provides tokens that `client` issues for `user`, with the scope `chat` unless set otherwise.
    ///
    /// An issue is retried when it is unknown whether it was executed: two issues only make two
    /// tokens.
    pub fn builder(
        client: AcsIdentityClient,
        user: impl Into<CommunicationUserId>,
    ) -> UserTokenProviderBuilder {
        UserTokenProviderBuilder::issuing(Issuer::new(client, user.into()))
    }

    /// Provides tokens of another source, e.g. of a back end that holds the access key. `source`
    /// need not cache them. Where it does not state the expiry of a token, the claim `exp` of the
    /// token is read.
    ///
    /// ```
    /// use acs_identity::UserTokenProvider;
    /// use ms_messenger_core::{AccessToken, auth::TokenFn};
    ///
    /// let source = TokenFn::new(async |_| Ok(AccessToken::new("fetched from the back end")));
    /// let tokens = UserTokenProvider::builder_from(source).build()?;
    /// # Ok::<(), ms_messenger_core::Error>(())
    /// ```
    pub fn builder_from(source: impl TokenProvider) -> UserTokenProviderBuilder {
        UserTokenProviderBuilder::refreshing(Arc::new(source))
    }
}

impl fmt::Debug for UserTokenProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserTokenProvider")
            .field("source", &self.0.source)
            .field("proactive", &self.0.proactive)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl TokenProvider for UserTokenProvider {
    /// Returns the current token or a new one. The scopes of the request are ignored: those of a
    /// token are set when it is issued.
    async fn token(&self, request: &TokenRequest<'_>) -> Result<AccessToken> {
        if request.claims.is_some() {
            return Err(Error::new(
                ErrorKind::Unauthenticated,
                "ACS user access tokens cannot satisfy a claims challenge",
            ));
        }
        self.0.token(request.rejected).await
    }
}

struct Inner {
    source: Arc<dyn TokenProvider>,
    proactive: bool,
    clock: Clock,
    /// Never locked across an await.
    kept: Mutex<Option<Kept>>,
    /// Locked for one renewal.
    renewing: SingleFlight,
    timer: Mutex<Option<AbortHandle>>,
}

/// The current token.
#[derive(Clone)]
struct Kept {
    token: AccessToken,
    renew_at: Option<SystemTime>,
}

impl Kept {
    fn new(token: AccessToken, early: Duration, now: SystemTime) -> Self {
        let token = match token.expires_at() {
            Some(_) => token,
            None => match expiry::of_jwt(token.secret()) {
                Some(end) => token.with_expires_at(end),
                None => token,
            },
        };
        let renew_at = token.expires_at().map(|end| {
            let left = end.duration_since(now).unwrap_or_default();
            now + left.checked_sub(early).unwrap_or(left / 2)
        });
        Self { token, renew_at }
    }

    /// How long it is still valid, `None` when it has expired; without a known expiry forever.
    fn left(&self, now: SystemTime) -> Option<Duration> {
        let Some(end) = self.token.expires_at() else {
            return Some(Duration::MAX);
        };
        let left = end.duration_since(now).ok()?;
        (!left.is_zero()).then_some(left)
    }
}

/// What one request does with the current token.
enum Verdict {
    Use(AccessToken),
    Renew(Kept),
    Fetch,
}

impl Inner {
    async fn token(self: &Arc<Self>, rejected: Option<&AccessToken>) -> Result<AccessToken> {
        let mut request = TokenRequest::new(&[]);
        request.rejected = rejected;
        let turn = match self.judge(rejected) {
            Verdict::Use(token) => return Ok(token),
            Verdict::Renew(kept) => match self.renewing.try_join(&request) {
                Some(turn) => turn,
                None => return Ok(kept.token),
            },
            Verdict::Fetch => self.renewing.join(&request).await?,
        };
        // Another request may have renewed it while this one waited for its turn.
        match self.judge(rejected) {
            Verdict::Use(token) => Ok(token),
            Verdict::Fetch => turn.end(self.fetch(rejected).await),
            Verdict::Renew(old) => {
                let fetched = turn.end(self.fetch(None).await);
                self.or_old(fetched, old)
            }
        }
    }

    fn judge(&self, rejected: Option<&AccessToken>) -> Verdict {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let now = (self.clock)();
        match kept.clone() {
            Some(kept) if rejected == Some(&kept.token) || kept.left(now).is_none() => {
                Verdict::Fetch
            }
            Some(kept) if kept.renew_at.is_some_and(|at| at <= now) => Verdict::Renew(kept),
            Some(kept) => Verdict::Use(kept.token),
            None => Verdict::Fetch,
        }
    }

    /// Fetches a token other than the `rejected` one.
    async fn fetch(self: &Arc<Self>, rejected: Option<&AccessToken>) -> Result<AccessToken> {
        let refuse = |rule: &'static str| Error::new(ErrorKind::Unauthenticated, rule);
        let mut request = TokenRequest::new(&[]);
        request.rejected = rejected;
        let token = self.source.token(&request).await?;
        token.check()?;
        if rejected == Some(&token) {
            return Err(refuse("the new token is the one that was rejected"));
        }
        let now = (self.clock)();
        let kept = Kept::new(token, self.early(), now);
        if kept.left(now).is_none() {
            return Err(refuse(
                "the new token has expired already: is the clock of this machine right?",
            ));
        }
        let token = kept.token.clone();
        self.keep(kept, now);
        Ok(token)
    }

    /// Returns what a renewal fetched. A failed one is ignored while the old token is valid; the
    /// next one waits for half of the remaining lifetime.
    fn or_old(self: &Arc<Self>, fetched: Result<AccessToken>, old: Kept) -> Result<AccessToken> {
        let error = match fetched {
            Ok(token) => return Ok(token),
            Err(error) => error,
        };
        let now = (self.clock)();
        let Some(left) = old.left(now) else {
            return Err(error);
        };
        let token = old.token.clone();
        let renew_at = Some(now + left / 2);
        self.keep(Kept { renew_at, ..old }, now);
        Ok(token)
    }

    fn early(&self) -> Duration {
        if self.proactive { PROACTIVE } else { ON_DEMAND }
    }

    fn keep(self: &Arc<Self>, kept: Kept, now: SystemTime) {
        let renew_at = kept.renew_at;
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        if let Some(renew_at) = renew_at.filter(|_| self.proactive) {
            self.wake_at(renew_at, now);
        }
    }

    /// Starts the background task, which does not keep this alive. Without a runtime there is none,
    /// and the renewal waits for the next request.
    fn wake_at(self: &Arc<Self>, renew_at: SystemTime, now: SystemTime) {
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        let pause = renew_at.duration_since(now).unwrap_or_default();
        let this = Arc::downgrade(self);
        let timer = runtime.spawn(async move {
            tokio::time::sleep(pause.max(SHORTEST_PAUSE)).await;
            if let Some(this) = this.upgrade() {
                this.renew_ahead().await;
            }
        });
        let mut slot = self.timer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(old) = slot.replace(timer.abort_handle()) {
            old.abort();
        }
    }

    /// Renews the token in the background. Failures are ignored; once the token has expired, the
    /// next request fetches a new one and starts the task again.
    async fn renew_ahead(self: &Arc<Self>) {
        // Each fetch starts the task again, and a failure leaves nothing to renew.
        let Ok(turn) = self.renewing.join(&TokenRequest::new(&[])).await else {
            return;
        };
        match self.judge(None) {
            Verdict::Renew(old) => {
                let fetched = turn.end(self.fetch(None).await);
                drop(self.or_old(fetched, old));
            }
            // Another request has renewed it, or the clock was set back.
            Verdict::Use(_) => {
                let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
                let renew_at = kept.as_ref().and_then(|kept| kept.renew_at);
                drop(kept);
                if let Some(renew_at) = renew_at {
                    self.wake_at(renew_at, (self.clock)());
                }
            }
            Verdict::Fetch => {}
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let timer = self.timer.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(timer) = timer.take() {
            timer.abort();
        }
    }
}
