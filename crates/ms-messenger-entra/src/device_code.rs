//! Sign-in with a code on another device.

use std::{fmt, future::Future, pin::Pin, time::Duration};

use async_trait::async_trait;
use ms_messenger_core::{AccessToken, Result, TokenProvider, TokenRequest};
use ms_messenger_http::{one_line, redacted_address};
use oauth2::{DeviceAuthorizationResponse, ExtraDeviceAuthorizationFields};
use secrecy::zeroize::Zeroize;
use serde::{Deserialize, Serialize};

use crate::{
    SignIn, TokenError,
    issuer::Issuer,
    malformed::malformed,
    sign_in::{Kept, scopes},
    tokens::Tokens,
};

/// The longest time between polls and the longest life of a code that are believed.
const LONGEST: Duration = Duration::from_secs(3600);
/// The shortest time between polls, whatever the service says.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);

type Sleep = Box<dyn Fn(Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;
type Show = Box<dyn Fn(&DevicePrompt) + Send + Sync>;

/// What to show the user, each in one bounded line. `Debug` leaves the user code out, and it is
/// wiped when the prompt is dropped.
#[derive(Clone)]
#[non_exhaustive]
pub struct DevicePrompt {
    /// The code to enter.
    pub user_code: String,
    /// The address at which to enter it.
    pub verification_uri: String,
    /// Both in one sentence, in the language of the service. Empty if the service sent none.
    pub message: String,
    /// How long the code is valid from now on.
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

/// A provider of tokens of a user who signs in with a code. Later tokens are fetched with the
/// refresh token of the first sign-in, which is kept in memory; when that is rejected, the user is
/// prompted again. Wrap it in a [`CachedTokenProvider`](ms_messenger_core::CachedTokenProvider).
///
/// ```
/// use ms_messenger_core::CachedTokenProvider;
/// use ms_messenger_entra::Application;
///
/// let user = Application::new("organizations", "11111111-2222-3333-4444-555555555555")
///     .device_code(|prompt| println!("{}", prompt.message))?;
/// let tokens = CachedTokenProvider::new(user);
/// # Ok::<(), ms_messenger_core::Error>(())
/// ```
///
/// # Cancel safety
///
/// A call that is dropped while it waits for the user ends the prompt; the next call prompts
/// again. A renewal with the refresh token is finished in a task of its own, and the next refresh
/// token is kept.
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

    /// Sets the function that waits between polls; by default it is tokio's timer. For tests, and
    /// for programs that show a countdown.
    #[must_use]
    pub fn with_sleep<F, Fut>(mut self, sleep: F) -> Self
    where
        F: Fn(Duration) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.sleep = Box::new(move |wait| Box::pin(sleep(wait)));
        self
    }

    /// Prompts the user and waits until the sign-in is complete or the code expires. The result
    /// is for a [`TokenStore`](crate::TokenStore); as a `TokenProvider` it returns tokens alone.
    ///
    /// # Errors
    ///
    /// `Unauthenticated` when the user declined or did not sign in in time; `Config` when Entra ID
    /// rejects the application or the scopes; any failure to reach Entra ID.
    pub async fn sign_in(&self, request: &TokenRequest<'_>) -> Result<SignIn> {
        let client = self.issuer.client();
        let exchange = self.issuer.exchange().repeatable();
        let asked = client
            .exchange_device_code()
            .add_scopes(scopes(request))
            .request_async(&exchange)
            .await;
        let code: DeviceAuthorizationResponse<Extra> =
            asked.map_err(|error| exchange.error(error))?;
        let (interval, life) = (code.interval(), code.expires_in());
        if interval > LONGEST || life > LONGEST {
            return Err(malformed());
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
            Ok(response) => {
                let tokens = Tokens::of(&response.map_err(|error| exchange.error(error))?)?;
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
