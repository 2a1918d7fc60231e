//! Tokens of one user, renewed before they end.

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

/// How long before its end a token is renewed when somebody asks for it.
const ON_DEMAND: Duration = Duration::from_secs(2 * 60);
/// How long before its end a token is renewed ahead of anybody who asks.
const PROACTIVE: Duration = Duration::from_secs(10 * 60);
/// The shortest pause before a renewal that nobody asked for.
const SHORTEST_PAUSE: Duration = Duration::from_secs(10);

/// What time it is.
type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// Hands out the access tokens of one user and renews them: what `AcsChatClient` asks for.
///
/// * A token is renewed when it is asked for with two minutes left or less. With
///   [`with_proactive_refresh`](UserTokenProviderBuilder::with_proactive_refresh) a timer
///   renews it with ten minutes left, so that nobody waits.
/// * When a renewal brings a token with less than that left, or fails, the next one waits for
///   half of what is left of the token at hand, so that it cannot run in a loop. Until it ends,
///   that token serves.
/// * One renewal at a time, however many ask. While the token at hand lives they get that.
/// * A request that names the token at hand as refused causes one renewal; if that fails or
///   brings the same token, the request fails with `Unauthenticated`. Who comes with a token
///   that has been replaced meanwhile gets the new one.
/// * A token without a known end is kept until it is refused.
///
/// Clones share the token. Cheap to clone; the timer ends with the last clone.
///
/// ```no_run
/// use acs_identity::{AcsIdentityClient, UserTokenProvider};
///
/// # fn run(identity: AcsIdentityClient, user: acs_identity::CommunicationUserId) -> ms_messenger_core::Result<()> {
/// let tokens = UserTokenProvider::builder(identity, user).with_proactive_refresh(true).build()?;
/// let chat = acs_chat::AcsChatClient::builder("https://contoso.communication.azure.com", tokens).build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct UserTokenProvider(Arc<Inner>);

impl UserTokenProvider {
    /// Tokens that `client` issues for `user`, with the scope `chat` unless set otherwise.
    ///
    /// An issue of which it is unknown whether it was executed is repeated here: issuing twice
    /// only makes two tokens.
    pub fn builder(
        client: AcsIdentityClient,
        user: impl Into<CommunicationUserId>,
    ) -> UserTokenProviderBuilder {
        UserTokenProviderBuilder::issuing(Issuer::new(client, user.into()))
    }

    /// Tokens of another source, e.g. of a back end that holds the access key: `source` is asked
    /// for each of them and need not cache. Where it does not say when a token ends, the claim
    /// `exp` of the token itself does.
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
    /// Answers the token at hand or a new one. The scopes of the request do not count: those of
    /// a token are set when it is issued.
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
    /// Locked for a moment only.
    kept: Mutex<Option<Kept>>,
    /// Locked for one renewal.
    renewing: SingleFlight,
    timer: Mutex<Option<AbortHandle>>,
}

/// The token at hand.
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

    /// How long it lives yet, if it does; as long as can be when its end is not known.
    fn left(&self, now: SystemTime) -> Option<Duration> {
        let Some(end) = self.token.expires_at() else {
            return Some(Duration::MAX);
        };
        let left = end.duration_since(now).ok()?;
        (!left.is_zero()).then_some(left)
    }
}

/// What the token at hand is worth for one request.
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
        // Another call may have renewed it while this one waited for its turn.
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

    /// Gets another token than the `rejected` one.
    async fn fetch(self: &Arc<Self>, rejected: Option<&AccessToken>) -> Result<AccessToken> {
        let refuse = |rule: &'static str| Error::new(ErrorKind::Unauthenticated, rule);
        let mut request = TokenRequest::new(&[]);
        request.rejected = rejected;
        let token = self.source.token(&request).await?;
        token.check()?;
        if rejected == Some(&token) {
            return Err(refuse("the new token is the one that was refused"));
        }
        let now = (self.clock)();
        let kept = Kept::new(token, self.early(), now);
        if kept.left(now).is_none() {
            return Err(refuse(
                "the new token has ended already: is the clock of this machine right?",
            ));
        }
        let token = kept.token.clone();
        self.keep(kept, now);
        Ok(token)
    }

    /// What a renewal fetched. A failed one is forgiven while the old token lives; the next one
    /// waits for half of what is left.
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

    /// Sets the timer, which knows this only while somebody else does. Without a runtime there
    /// is none, and the renewal waits for the next request.
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

    /// Renews the token although nobody asked. Failures are forgiven; once the token has ended,
    /// who asks next gets a new one and starts the timer again.
    async fn renew_ahead(self: &Arc<Self>) {
        // Whoever fetches sets the timer anew, and a failure leaves nothing to renew.
        let Ok(turn) = self.renewing.join(&TokenRequest::new(&[])).await else {
            return;
        };
        match self.judge(None) {
            Verdict::Renew(old) => {
                let fetched = turn.end(self.fetch(None).await);
                drop(self.or_old(fetched, old));
            }
            // Somebody was faster and set the timer, or the clock was set back.
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
