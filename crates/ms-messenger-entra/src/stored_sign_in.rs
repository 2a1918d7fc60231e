//! A user who signed in before, in another process perhaps.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use async_trait::async_trait;
use ms_messenger_core::{
    AccessToken, Delivery, Error, ErrorKind, Result, TokenProvider, TokenRequest,
    auth::{OwnedTokenRequest, SingleFlight},
};
use ms_messenger_http::HttpClient;
use tokio::{sync::Mutex, task::spawn_blocking};

use crate::{
    SignIn, StoreLock, TokenError, TokenStore,
    application::Issuer,
    refresh_token::{call, finished, refresh, request},
};

/// How early a token is renewed, where it lives long enough.
const EARLY: Duration = Duration::from_secs(300);
/// How often the lock is asked for while another process has it.
const BETWEEN_TRIES: Duration = Duration::from_millis(20);
/// How long another process may take to renew a token.
const PATIENCE: Duration = Duration::from_secs(120);

/// Tokens of a sign-in in a [`TokenStore`].
///
/// * The kept access token is used as long as it serves; it is renewed five minutes before it
///   expires, at half of its life if that is later.
/// * One renewal at a time: the others, in this process or another, wait for it and use what it
///   brought.
/// * The next refresh token is kept before the access token is handed out. Should the store fail
///   then, the newest sign-in stays in memory, and serves on as long as this provider.
/// * A renewal that has begun is finished and kept even if the call that began it is dropped: an
///   issuer that rotates refresh tokens strictly would end the sign-in otherwise.
/// * Callers that wait share a failure.
/// * A token of other scopes than those of the sign-in is fetched each time.
/// * While a renewal fails, the old access token serves as long as it lives.
#[derive(Clone)]
pub struct StoredSignIn(Arc<Inner>);

struct Inner {
    store: Arc<dyn TokenStore>,
    name: String,
    http: Option<HttpClient>,
    claims_challenges: bool,
    /// What could not be stored.
    unsaved: Mutex<Option<SignIn>>,
    renewing: SingleFlight,
}

impl StoredSignIn {
    /// The sign-in under `name` in `store`. Nothing is read yet.
    pub fn new(store: impl TokenStore, name: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            store: Arc::new(store),
            name: name.into(),
            http: None,
            claims_challenges: false,
            unsaved: Mutex::new(None),
            renewing: SingleFlight::default(),
        }))
    }

    /// Shares the connections of `http` instead of making new ones.
    #[must_use]
    pub fn with_http_client(self, http: HttpClient) -> Self {
        let http = Some(http);
        self.changed(|inner| Inner { http, ..inner })
    }

    /// As [`Application::with_claims_challenges`](crate::Application::with_claims_challenges).
    #[must_use]
    pub fn with_claims_challenges(self) -> Self {
        self.changed(|inner| Inner {
            claims_challenges: true,
            ..inner
        })
    }

    fn changed(self, change: impl FnOnce(Inner) -> Inner) -> Self {
        let inner = Arc::try_unwrap(self.0).unwrap_or_else(|shared| Inner {
            store: Arc::clone(&shared.store),
            name: shared.name.clone(),
            http: shared.http.clone(),
            claims_challenges: shared.claims_challenges,
            unsaved: Mutex::new(None),
            renewing: SingleFlight::default(),
        });
        Self(Arc::new(change(inner)))
    }

    /// The newest sign-in, with the tokens in it.
    ///
    /// # Errors
    ///
    /// `Unauthenticated` when nobody is signed in; what the store says.
    pub async fn current(&self) -> Result<SignIn> {
        let unsaved = self.0.unsaved.lock().await;
        self.newest(unsaved.as_ref()).await
    }

    /// Keeps `sign_in` in place of the one before, once nobody renews that any more.
    ///
    /// # Errors
    ///
    /// `Timeout` when another process keeps the lock; what the store says.
    pub async fn keep(&self, sign_in: SignIn) -> Result<()> {
        let mut unsaved = self.0.unsaved.lock().await;
        let _lock = self.lock().await?;
        let saved = self.blocking(move |inner| inner.store.save(&inner.name, &sign_in));
        saved.await?;
        *unsaved = None;
        Ok(())
    }

    /// Forgets the sign-in. Answers whether there was one. Entra ID is not told: it has no
    /// address for that, and the tokens live until they end or are revoked there.
    ///
    /// # Errors
    ///
    /// As [`Self::keep`].
    pub async fn forget(&self) -> Result<bool> {
        let mut unsaved = self.0.unsaved.lock().await;
        let _lock = self.lock().await?;
        let removed = self
            .blocking(|inner| inner.store.remove(&inner.name))
            .await?;
        *unsaved = None;
        Ok(removed)
    }

    /// Moves the sign-in out of the way, whether it can be read or not, so that a new one can be
    /// kept. Returns where it is now, for people; nothing when there was none.
    ///
    /// # Errors
    ///
    /// As [`TokenStore::set_aside`]; `Timeout` when another process keeps it locked.
    pub async fn set_aside(&self) -> Result<Vec<String>> {
        let mut unsaved = self.0.unsaved.lock().await;
        let _lock = self.lock().await?;
        let moved = self.blocking(|inner| inner.store.set_aside(&inner.name));
        let moved = moved.await?;
        *unsaved = None;
        Ok(moved)
    }

    async fn newest(&self, unsaved: Option<&SignIn>) -> Result<SignIn> {
        let stored = self.blocking(|inner| inner.store.load(&inner.name)).await?;
        let Some(stored) = stored else {
            return Err(Error::new(
                ErrorKind::Unauthenticated,
                format!("nobody is signed in as `{}`: sign in first", self.0.name),
            ));
        };
        Ok(match unsaved {
            Some(unsaved) if unsaved.renewed_at >= stored.renewed_at => unsaved.clone(),
            _ => stored,
        })
    }

    async fn lock(&self) -> Result<StoreLock> {
        let began = Instant::now();
        loop {
            let lock = self.blocking(|inner| inner.store.try_lock(&inner.name));
            if let Some(lock) = lock.await? {
                return Ok(lock);
            }
            if began.elapsed() > PATIENCE {
                let text = "another process keeps the sign-in locked";
                let error = Error::new(ErrorKind::Timeout, text);
                return Err(error.with_delivery(Delivery::NotSent));
            }
            tokio::time::sleep(BETWEEN_TRIES).await;
        }
    }

    /// Runs `work` where it may block.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let inner = Arc::clone(&self.0);
        let done = spawn_blocking(move || work(&inner)).await;
        done.unwrap_or_else(|_| {
            let text = "the token store ended before it was done";
            Err(Error::new(ErrorKind::Other, text))
        })
    }

    /// The issuer of `sign_in`.
    fn issuer(&self, sign_in: &SignIn) -> Result<Issuer> {
        let mut application = sign_in.application();
        if let Some(http) = &self.0.http {
            application = application.with_http_client(http.clone());
        }
        if self.0.claims_challenges {
            application = application.with_claims_challenges();
        }
        application.issuer()
    }

    /// A token that serves, renewed where there is none, and kept before it is handed out.
    async fn renew(&self, call: &OwnedTokenRequest) -> Result<AccessToken> {
        let scopes: Vec<&str> = call.scopes.iter().map(String::as_str).collect();
        let request = request(call, &scopes);
        let mut unsaved = self.0.unsaved.lock().await;
        let _lock = self.lock().await?;
        let known = self.newest(unsaved.as_ref()).await?;
        if serves(&known, &request, SystemTime::now()) {
            return Ok(known.access_token);
        }
        match self.renewed(&known, &request).await {
            Ok((token, renewed)) => {
                let kept = renewed.clone();
                let saved = self.blocking(move |inner| inner.store.save(&inner.name, &kept));
                *unsaved = saved.await.err().map(|_| renewed);
                Ok(token)
            }
            Err(_) if lives(&known, &request, SystemTime::now()) => Ok(known.access_token),
            Err(error) => Err(error),
        }
    }

    /// A token for `request`, and what becomes of `old` by it. Under the lock.
    async fn renewed(
        &self,
        old: &SignIn,
        request: &TokenRequest<'_>,
    ) -> Result<(AccessToken, SignIn)> {
        let Some(spent) = &old.refresh_token else {
            return Err(self.is_over(None));
        };
        // The same scopes as before where they serve, so that the next process finds them.
        let own: Vec<&str> = old.scopes.iter().map(String::as_str).collect();
        let is_own = covers(old, request.scopes);
        let mut wanted = *request;
        if is_own {
            wanted.scopes = &own;
        }
        let tokens = match refresh(&self.issuer(old)?, spent, &wanted).await {
            Ok(tokens) => tokens,
            // Signing in the same way again would be refused by the same policy.
            Err(error) if error.kind() == ErrorKind::Unauthenticated && !of_policy(&error) => {
                return Err(self.is_over(Some(error)));
            }
            Err(error) => return Err(error),
        };
        let mut renewed = old.clone();
        if let Some(next) = tokens.refresh {
            renewed.refresh_token = Some(next);
        }
        // A token of other scopes is for this caller alone: the sign-in stays what it is.
        if is_own {
            renewed.access_token = tokens.access.clone();
            renewed.renewed_at = SystemTime::now();
        }
        Ok((tokens.access, renewed))
    }

    fn is_over(&self, cause: Option<Error>) -> Error {
        let text = format!("the sign-in `{}` is over: sign in again", self.0.name);
        let error = Error::new(ErrorKind::Unauthenticated, text);
        match cause {
            None => error,
            Some(cause) => match cause.code().map(str::to_owned) {
                Some(code) => error.with_code(code).with_source(cause),
                None => error.with_source(cause),
            },
        }
    }
}

#[async_trait]
impl TokenProvider for StoredSignIn {
    async fn token(&self, request: &TokenRequest<'_>) -> Result<AccessToken> {
        // One at a time in this process, so that the lock of the store is for other ones.
        let turn = self.0.renewing.join(request).await?;
        {
            let unsaved = self.0.unsaved.lock().await;
            let known = self.newest(unsaved.as_ref()).await?;
            if serves(&known, request, SystemTime::now()) {
                return Ok(known.access_token);
            }
        }
        let (this, call) = (self.clone(), call(request));
        // The next refresh token is kept even if no caller waits any more.
        turn.end(finished(async move { this.renew(&call).await }).await)
    }
}

/// Whether the access token of `known` is one for `request` at all, and has not expired.
fn lives(known: &SignIn, request: &TokenRequest<'_>, now: SystemTime) -> bool {
    let token = &known.access_token;
    request.claims.is_none()
        && token.check().is_ok()
        && request.rejected != Some(token)
        && covers(known, request.scopes)
        && token.expires_at().is_none_or(|end| now < end)
}

/// Whether it need not be renewed yet.
fn serves(known: &SignIn, request: &TokenRequest<'_>, now: SystemTime) -> bool {
    let renew_at = known.access_token.expires_at().map(|end| {
        let life = end.duration_since(known.renewed_at).unwrap_or_default();
        end - EARLY.min(life / 2)
    });
    lives(known, request, now) && renew_at.is_none_or(|renew_at| now < renew_at)
}

/// Whether the access token of `known` has `scopes`. `.default` is all that the user allowed for
/// a resource, which is what a sign-in with any scope of it has.
fn covers(known: &SignIn, scopes: &[&str]) -> bool {
    let has = |wanted: &str| known.scopes.iter().any(|scope| scope == wanted);
    scopes.iter().all(|scope| {
        let resource = scope.strip_suffix(".default");
        let of_it = |resource: &str| {
            let own = |known: &String| known.rsplit_once('/').map(|(own, _)| own.len() + 1);
            let mut all = known.scopes.iter();
            all.any(|known| own(known) == Some(resource.len()) && known.starts_with(resource))
        };
        has(scope) || resource.is_some_and(of_it)
    })
}

impl fmt::Debug for StoredSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredSignIn")
            .field("store", &self.0.store)
            .field("name", &self.0.name)
            .finish_non_exhaustive()
    }
}

fn of_policy(error: &Error) -> bool {
    let source = std::error::Error::source(error);
    let told = source.and_then(|it| it.downcast_ref::<TokenError>());
    told.is_some_and(|it| {
        it.policy()
            .is_some_and(|policy| !policy.wants_interaction())
    })
}
