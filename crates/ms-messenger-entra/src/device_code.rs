//! A user who signs in elsewhere, by a code.

use std::{fmt, future::Future, pin::Pin, time::Duration};

use async_trait::async_trait;
use ms_messenger_core::{AccessToken, Result, TokenProvider, TokenRequest};
use ms_messenger_http::{one_line, redacted_address};
use oauth2::{DeviceAuthorizationResponse, ExtraDeviceAuthorizationFields};
use secrecy::zeroize::Zeroize;
use serde::{Deserialize, Serialize};

use crate::{
    SignIn, TokenError,
    application::Issuer,
    exchange,
    sign_in::{Kept, scopes},
    tokens::Tokens,
};

/// The longest time between polls and the longest life of a code that are believed.
const LONGEST: Duration = Duration::from_secs(3600);
/// The shortest time between polls, whatever the service says.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);

type Sleep = Box<dyn Fn(Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;
type Show = Box<dyn Fn(&DevicePrompt) + Send + Sync>;

/// What the user must be shown, each in one bounded line. The user code is for their eyes: `Debug` leaves it out, and it is
/// wiped when the prompt goes.
#[derive(Clone)]
#[non_exhaustive]
pub struct DevicePrompt {
    /// What to type in.
    pub user_code: String,
    /// Where to type it in.
    pub verification_uri: String,
    /// Both in a sentence, in the language of the service. Empty if the service sent none.
    pub message: String,
    /// How long the code lives from now on.
    pub expires_in: Duration,
}

impl Drop for DevicePrompt {
    fn drop(&mut self) {
        self.user_code.zeroize();
        self.message.zeroize();
    }
}

impl fmt::Debug for DevicePrompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DevicePrompt")
            .field(
                "verification_uri",
                &redacted_address(&self.verification_uri),
            )
            .field("expires_in", &self.expires_in)
            .finish_non_exhaustive()
    }
}

/// Tokens of a user who signs in by a code. Later tokens come by the refresh token of the first
/// sign-in, kept in memory; the user is prompted again once that is worth nothing any more.
/// Wrap it in a [`CachedTokenProvider`](ms_messenger_core::CachedTokenProvider).
///
/// # Cancel safety
///
/// A call that is dropped while the user is asked ends the prompt, and the next one prompts again.
/// A renewal by the refresh token is finished in a task of its own, and the next refresh token
/// kept.
pub struct DeviceCode {
    issuer: Issuer,
    show: Show,
    sleep: Sleep,
    kept: Kept,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Extra {
    #[serde(default)]
    message: String,
}

impl ExtraDeviceAuthorizationFields for Extra {}

impl DeviceCode {
    pub(crate) fn new(issuer: Issuer, show: Show) -> Self {
        Self {
            issuer,
            show,
            sleep: Box::new(|wait| Box::pin(tokio::time::sleep(wait))),
            kept: Kept::default(),
        }
    }

    /// Sets how the time between polls is waited for; by default it is the timer of tokio. For
    /// tests, and for programs that show that they wait.
    #[must_use]
    pub fn with_sleep<F, Fut>(mut self, sleep: F) -> Self
    where
        F: Fn(Duration) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.sleep = Box::new(move |wait| Box::pin(sleep(wait)));
        self
    }

    /// Prompts the user and waits for them, for as long as the code lives. The response is for a
    /// [`TokenStore`](crate::TokenStore); who wants tokens alone uses this as a `TokenProvider`.
    ///
    /// # Errors
    ///
    /// `Unauthenticated` when the user declined or did not come in time; `Config` when Entra ID
    /// refuses the application or the scopes; what keeps it from being reached.
    pub async fn sign_in(&self, request: &TokenRequest<'_>) -> Result<SignIn> {
        let client = self.issuer.client();
        let exchange = self.issuer.exchange();
        let asked = client
            .exchange_device_code()
            .add_scopes(scopes(request))
            .request_async(&exchange)
            .await;
        let code: DeviceAuthorizationResponse<Extra> =
            asked.map_err(|error| exchange.error(error))?;
        let (interval, life) = (code.interval(), code.expires_in());
        if interval > LONGEST || life > LONGEST {
            return Err(exchange::unusable());
        }
        (self.show)(&DevicePrompt {
            user_code: one_line(code.user_code().secret()),
            verification_uri: one_line(code.verification_uri()),
            message: one_line(&code.extra_fields().message),
            expires_in: life,
        });
        let exchange = self.issuer.exchange().polling();
        let mut grant = client
            .exchange_device_access_token(&code)
            .set_max_backoff_interval(Duration::from_secs(60).max(interval));
        if let Some(claims) = self.issuer.claims(request.claims)? {
            grant = grant.add_extra_param("claims", claims);
        }
        let pause = |wait: Duration| (self.sleep)(wait.max(SHORTEST_PAUSE));
        let polls = async {
            pause(interval).await;
            grant.request_async(&exchange, pause, None).await
        };
        match tokio::time::timeout(life, polls).await {
            Ok(answered) => {
                let tokens = Tokens::of(&answered.map_err(|error| exchange.error(error))?)?;
                Ok(SignIn::new(&self.issuer, request.scopes, tokens))
            }
            Err(_) => Err(TokenError::expired().into_core(0, None)),
        }
    }
}

impl fmt::Debug for DeviceCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceCode")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl TokenProvider for DeviceCode {
    async fn token(&self, request: &TokenRequest<'_>) -> Result<AccessToken> {
        let sign_in = self.sign_in(request);
        self.kept.token(&self.issuer, request, sign_in).await
    }
}
