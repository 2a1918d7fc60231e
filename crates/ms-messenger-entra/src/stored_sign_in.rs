//! Tokens for a sign-in of this or another process.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use async_trait::async_trait;
use ms_messenger_core::{
    AccessToken, Delivery, Error, ErrorKind, Result, RetryPolicy, TokenProvider, TokenRequest,
    auth::{OwnedTokenRequest, SingleFlight},
};
use ms_messenger_http::{HttpClient, HttpOptions, Transport};
use tokio::{sync::Mutex, task::spawn_blocking};

use crate::{
    SignIn, StoreLock, TokenError, TokenStore,
    application::default_transport,
    issuer::Issuer,
    refresh_token::{call, finished, refresh, request},
};

/// How early a token is renewed, if it is valid for long enough.
const EARLY: Duration = Duration::from_secs(300);
/// The pause between attempts to take the lock while another process holds it.
const LOCK_PAUSE: Duration = Duration::from_millis(20);
/// How long another process may hold the lock.
const LOCK_TIMEOUT: Duration = Duration::from_secs(120);

/// A provider of tokens for a sign-in in a [`TokenStore`].
///
/// * The stored access token is used until five minutes before it expires, or until half of its
///   lifetime if that is later; then it is renewed.
/// * One renewal at a time: other calls, in this process or another, wait for it and use its
///   result.
/// * The next refresh token is stored before the access token is returned. If the store fails
///   then, the newest sign-in stays in memory and is used as long as this provider exists.
/// * A renewal that has begun is finished and stored even if the call that began it is dropped: an
///   issuer that revokes used refresh tokens would end the sign-in otherwise.
/// * Waiting calls share a failure.
/// * A token for scopes other than those of the sign-in is fetched each time.
/// * While a renewal fails, the old access token is used until it expires.
///
/// ```no_run
/// # #[cfg(feature = "token-store")]
/// # async fn example() -> ms_messenger_core::Result<()> {
/// use ms_messenger_entra::{FileTokenStore, StoredSignIn};
///
/// let store = FileTokenStore::with_key_file("/var/lib/bot/state", "/etc/bot/key");
/// let user = StoredSignIn::new(store, "bot");
/// println!("signed in as {:?}", user.current().await?.user);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct StoredSignIn(Arc<Inner>);

struct Inner {
    store: Arc<dyn TokenStore>,
    name: String,
    transport: Transport,
    claims_challenges: bool,
    /// The sign-in that could not be stored.
    unsaved: Mutex<Option<SignIn>>,
    renewing: SingleFlight,
}

impl StoredSignIn {
    /// Names the sign-in `name` in `store`. Nothing is read yet.
    pub fn new(store: impl TokenStore, name: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            store: Arc::new(store),
            name: name.into(),
            transport: default_transport(),
            claims_challenges: false,
            unsaved: Mutex::new(None),
            renewing: SingleFlight::default(),
        }))
    }

    /// Uses `http`, and so shares its connections, instead of building a client.
    #[must_use]
    pub fn with_http_client(self, http: HttpClient) -> Self {
        self.transported(|transport| transport.with_http_client(http))
    }

    /// As [`Application::with_http_options`](crate::Application::with_http_options).
    #[must_use]
    pub fn with_http_options(self, options: HttpOptions) -> Self {
        self.transported(|transport| transport.with_http_options(options))
    }

    /// As [`Application::with_retry_policy`](crate::Application::with_retry_policy).
    #[must_use]
    pub fn with_retry_policy(self, retry: RetryPolicy) -> Self {
        self.transported(|transport| transport.with_retry_policy(retry))
    }

    /// As [`Application::with_claims_challenges`](crate::Application::with_claims_challenges).
    #[must_use]
    pub fn with_claims_challenges(self, handles: bool) -> Self {
        self.changed(|inner| Inner {
            claims_challenges: handles,
            ..inner
        })
    }

    fn transported(self, change: impl FnOnce(Transport) -> Transport) -> Self {
        self.changed(|inner| Inner {
            transport: change(inner.transport),
            ..inner
        })
    }

    fn changed(self, change: impl FnOnce(Inner) -> Inner) -> Self {
        let inner = Arc::try_unwrap(self.0).unwrap_or_else(|shared| Inner {
            store: Arc::clone(&shared.store),
            name: shared.name.clone(),
            transport: shared.transport.clone(),
            claims_challenges: shared.claims_challenges,
            unsaved: Mutex::new(None),
            renewing: SingleFlight::default(),
        });
        Self(Arc::new(change(inner)))
    }

    /// Returns the newest sign-in, including its tokens.
    ///
    /// # Errors
    ///
    /// `Unauthenticated` when there is no sign-in; the errors of the store.
    pub async fn current(&self) -> Result<SignIn> {
        let unsaved = self.0.unsaved.lock().await;
        self.newest(unsaved.as_ref()).await
    }

    /// Stores `sign_in` in place of the previous one, after any renewal in progress.
    ///
    /// # Errors
    ///
    /// `Timeout` when another process holds the lock; the errors of the store.
    pub async fn keep(&self, sign_in: SignIn) -> Result<()> {
        let mut unsaved = self.0.unsaved.lock().await;
        let _lock = self.lock().await?;
        let saved = self.blocking(move |inner| inner.store.save(&inner.name, &sign_in));
        saved.await?;
        *unsaved = None;
        Ok(())
    }

    /// Removes the sign-in. Returns whether there was one. Entra ID has no endpoint for this: the
    /// tokens stay valid until they expire or are revoked there.
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

    /// Moves the sign-in aside, whether it can be read or not, so that a new one can be stored.
    /// Returns the new places, for display; empty when there was none.
    ///
    /// # Errors
    ///
    /// As [`TokenStore::set_aside`]; `Timeout` when another process holds the lock.
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
                format!("there is no sign-in `{}`: sign in first", self.0.name),
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
            if began.elapsed() > LOCK_TIMEOUT {
                let text = "another process holds the lock of the sign-in";
                let error = Error::new(ErrorKind::Timeout, text);
                return Err(error.with_delivery(Delivery::NotSent));
            }
            tokio::time::sleep(LOCK_PAUSE).await;
        }
    }

    /// Runs `work` on a thread that may block.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let inner = Arc::clone(&self.0);
        let done = spawn_blocking(move || work(&inner)).await;
        done.unwrap_or_else(|_| {
            let text = "the task of the token store ended early";
            Err(Error::new(ErrorKind::Other, text))
        })
    }

    /// The issuer of `sign_in`.
    fn issuer(&self, sign_in: &SignIn) -> Result<Issuer> {
        let application = sign_in.application();
        application
            .with_transport(self.0.transport.clone())
            .with_claims_challenges(self.0.claims_challenges)
            .issuer()
    }

    /// Returns a usable token; a renewed one is stored before it is returned.
    async fn renew(&self, call: &OwnedTokenRequest) -> Result<AccessToken> {
        let scopes: Vec<&str> = call.scopes.iter().map(String::as_str).collect();
        let request = request(call, &scopes);
        let mut unsaved = self.0.unsaved.lock().await;
        let _lock = self.lock().await?;
        let known = self.newest(unsaved.as_ref()).await?;
        if is_fresh(&known, &request, SystemTime::now()) {
            return Ok(known.access_token);
        }
        match self.renewed(&known, &request).await {
            Ok((token, renewed)) => {
                let kept = renewed.clone();
                let saved = self.blocking(move |inner| inner.store.save(&inner.name, &kept));
                *unsaved = saved.await.err().map(|_| renewed);
                Ok(token)
            }
            Err(_) if is_valid(&known, &request, SystemTime::now()) => Ok(known.access_token),
            Err(error) => Err(error),
        }
    }

    /// Fetches a token for `request`. Returns it with the sign-in that replaces `old`. Under the
    /// lock.
    async fn renewed(
        &self,
        old: &SignIn,
        request: &TokenRequest<'_>,
    ) -> Result<(AccessToken, SignIn)> {
        let Some(spent) = &old.refresh_token else {
            return Err(self.no_longer_valid(None));
        };
        // The scopes of the sign-in where they suffice, so that the next process finds them.
        let own: Vec<&str> = old.scopes.iter().map(String::as_str).collect();
        let is_own = covers(old, request.scopes);
        let mut wanted = *request;
        if is_own {
            wanted.scopes = &own;
        }
        let tokens = match refresh(&self.issuer(old)?, spent, &wanted).await {
            Ok(tokens) => tokens,
            // Signing in the same way again would be rejected by the same policy.
            Err(error) if error.kind() == ErrorKind::Unauthenticated && !is_policy(&error) => {
                return Err(self.no_longer_valid(Some(error)));
            }
            Err(error) => return Err(error),
        };
        let mut renewed = old.clone();
        if let Some(next) = tokens.refresh {
            renewed.refresh_token = Some(next);
        }
        // A token for other scopes is for this call alone and does not change the sign-in.
        if is_own {
            renewed.access_token = tokens.access.clone();
            renewed.renewed_at = SystemTime::now();
        }
        Ok((tokens.access, renewed))
    }

    fn no_longer_valid(&self, cause: Option<Error>) -> Error {
        let text = format!(
            "the sign-in `{}` is no longer valid: sign in again",
            self.0.name
        );
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
        // One at a time in this process: the lock of the store is for other processes.
        let turn = self.0.renewing.join(request).await?;
        {
            let unsaved = self.0.unsaved.lock().await;
            let known = self.newest(unsaved.as_ref()).await?;
            if is_fresh(&known, request, SystemTime::now()) {
                return Ok(known.access_token);
            }
        }
        let (this, call) = (self.clone(), call(request));
        // The next refresh token is stored even if this call is dropped.
        turn.end(finished(async move { this.renew(&call).await }).await)
    }
}

/// Whether the access token of `known` is valid for `request`.
fn is_valid(known: &SignIn, request: &TokenRequest<'_>, now: SystemTime) -> bool {
    let token = &known.access_token;
    request.claims.is_none()
        && token.check().is_ok()
        && request.rejected != Some(token)
        && covers(known, request.scopes)
        && token.is_valid_at(now)
}

/// Whether the access token is valid for `request` and need not be renewed yet.
fn is_fresh(known: &SignIn, request: &TokenRequest<'_>, now: SystemTime) -> bool {
    let renew_at = known.access_token.renew_at(known.renewed_at, EARLY);
    is_valid(known, request, now) && renew_at.is_none_or(|renew_at| now < renew_at)
}

/// Whether the access token of `known` has `scopes`. `.default` means everything that the user
/// consented to for a resource, which a sign-in with any scope of the resource has.
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

fn is_policy(error: &Error) -> bool {
    let source = std::error::Error::source(error);
    let error = source.and_then(|it| it.downcast_ref::<TokenError>());
    error.is_some_and(|it| {
        it.policy()
            .is_some_and(|policy| !policy.wants_interaction())
    })
}
