//! The crate `oauth2` over the transport of ms-messenger.

use std::{
    future::Future,
    pin::Pin,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use ms_messenger_core::{Attempt, Decision, Delivery, Error, ErrorKind, Result, RetryPolicy};
use ms_messenger_http::{Bytes, HttpClient, retry_after};
use oauth2::{
    AsyncHttpClient, AuthType, AuthUrl, Client, ClientId, DeviceAuthorizationUrl, EndpointNotSet,
    EndpointSet, ErrorResponse, HttpRequest, HttpResponse, RequestTokenError,
    StandardRevocableToken, TokenUrl,
    basic::{BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse},
};
use url::{Url, form_urlencoded};

use crate::{
    TokenError, TokenErrorCode,
    issuer::Issuer,
    malformed::malformed,
    tokens::{TokenResponse, Tokens},
};

/// The parameters of a request that no error may repeat.
const SECRETS: [&str; 7] = [
    "assertion",
    "client_assertion",
    "client_secret",
    "code",
    "code_verifier",
    "device_code",
    "refresh_token",
];

/// The client of `oauth2`, with the endpoints that it uses.
pub(crate) type EntraClient = Client<
    BasicErrorResponse,
    TokenResponse,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

impl Issuer {
    pub(crate) fn client(&self) -> EntraClient {
        Client::new(ClientId::new(self.0.client_id.clone()))
            .set_auth_type(AuthType::RequestBody)
            .set_auth_uri(AuthUrl::from_url(self.0.authorize_url.clone()))
            .set_device_authorization_url(DeviceAuthorizationUrl::from_url(
                self.0.device_url.clone(),
            ))
            .set_token_uri(TokenUrl::from_url(self.0.token_url.clone()))
    }

    pub(crate) fn exchange(&self) -> Exchange<'_> {
        Exchange {
            http: &self.0.http,
            retry: &self.0.retry,
            repeatable: false,
            polls: false,
            failure: Mutex::new(None),
        }
    }

    /// The parameter `claims` of a request, if it needs one.
    pub(crate) fn claims(&self, challenge: Option<&str>) -> Result<Option<String>> {
        crate::claims::parameter(self.0.claims_challenges, challenge)
    }
}

/// An attempt that brought no token.
struct FailedAttempt {
    error: Error,
    /// Whether a flow that polls continues.
    polls_on: bool,
    response: Option<HttpResponse>,
}

/// The requests of one flow. Keeps the last rejection, since `oauth2` drops most of its members.
pub(crate) struct Exchange<'a> {
    http: &'a HttpClient,
    retry: &'a RetryPolicy,
    repeatable: bool,
    polls: bool,
    failure: Mutex<Option<Error>>,
}

impl Exchange<'_> {
    /// Declares that executing a request twice does no harm.
    pub(crate) fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// Makes passing failures of the service look like a broken connection, after which
    /// `oauth2` continues to poll, less often.
    pub(crate) fn polling(mut self) -> Self {
        self.polls = true;
        self
    }

    /// Makes one request that `oauth2` does not support, with the form `fields`.
    pub(crate) async fn form(&self, url: &Url, fields: &[(&str, &str)]) -> Result<Tokens> {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = http::Request::post(url.as_str())
            .header("accept", "application/json")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.into_bytes())
            .map_err(|_| malformed())?;
        let response = self.post(request).await?;
        if let Some(failure) = self.failure().take() {
            return Err(failure);
        }
        let response: TokenResponse =
            serde_json::from_slice(response.body()).map_err(|_| malformed())?;
        Tokens::of(&response)
    }

    async fn post(&self, request: HttpRequest) -> Result<HttpResponse> {
        let address = Url::parse(&request.uri().to_string())
            .map_err(|_| Error::new(ErrorKind::Config, "the address cannot be used"))?;
        let secrets: Vec<String> = form_urlencoded::parse(request.body())
            .filter(|(name, _)| SECRETS.contains(&name.as_ref()))
            .map(|(_, value)| value.into_owned())
            .collect();
        let began = Instant::now();
        let mut number = 1;
        loop {
            let failed = match self.attempt(&request, address.clone(), &secrets).await {
                Ok(response) => return Ok(response),
                Err(failed) => failed,
            };
            let attempt = self.facts(number, began.elapsed(), &failed.error);
            match self.retry.decide_with_jitter(&attempt) {
                Decision::RetryAfter(wait) if !self.polls => tokio::time::sleep(wait).await,
                _ => return self.give_up(failed).await,
            }
            number += 1;
        }
    }

    async fn attempt(
        &self,
        request: &HttpRequest,
        address: Url,
        secrets: &[String],
    ) -> Result<HttpResponse, FailedAttempt> {
        let body = Bytes::copy_from_slice(request.body());
        let mut outgoing =
            ms_messenger_http::HttpRequest::new(request.method().clone(), address, body);
        outgoing.headers = request.headers().clone();
        let response = self.http.exchange(outgoing).await;
        let response = response.map_err(|error| FailedAttempt {
            error,
            polls_on: false,
            response: None,
        })?;
        let status = response.status().as_u16();
        if status == 200 {
            return Ok(response.map(|body| body.to_vec()));
        }
        let wait = retry_after(response.headers());
        let (error, polls_on) = refusal(status, response.body(), wait, secrets);
        Err(FailedAttempt {
            error,
            polls_on,
            response: Some(response.map(|body| body.to_vec())),
        })
    }

    /// What decides whether the attempt is retried.
    fn facts(&self, number: u32, elapsed: Duration, error: &Error) -> Attempt {
        let delivery = match error.status() {
            // Refused before it was executed.
            Some(429) => Delivery::NotSent,
            Some(_) => Delivery::Unknown,
            None => error.delivery(),
        };
        let mut attempt = Attempt::new(number, elapsed, delivery);
        attempt.transient = error.is_transient();
        attempt.repeatable = self.repeatable;
        attempt.retry_after = error.retry_after();
        attempt
    }

    /// Hands the failure to `oauth2`: as a response, or as a connection that broke.
    async fn give_up(&self, failed: FailedAttempt) -> Result<HttpResponse> {
        let FailedAttempt {
            error,
            polls_on,
            response,
        } = failed;
        let Some(response) = response else {
            return Err(error.with_delivery(Delivery::NotSent));
        };
        if self.polls && matches!(error.kind(), ErrorKind::RateLimited | ErrorKind::Service) {
            // Bounded by the life of the code, which the caller watches.
            tokio::time::sleep(error.retry_after().unwrap_or_default()).await;
            return Err(error);
        }
        *self.failure() = Some(error).filter(|_| !(self.polls && polls_on));
        Ok(response)
    }

    fn failure(&self) -> std::sync::MutexGuard<'_, Option<Error>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Converts an error of `oauth2`, which may quote the whole response and is dropped.
    pub(crate) fn error<T: ErrorResponse>(&self, error: RequestTokenError<Error, T>) -> Error {
        if let Some(failure) = self.failure().take() {
            return failure;
        }
        match error {
            RequestTokenError::Request(error) => error,
            // Without a response, only the clock of `oauth2` makes an error.
            RequestTokenError::ServerResponse(_) => TokenError::expired().into_core(0, None),
            _ => malformed(),
        }
    }
}

impl<'c> AsyncHttpClient<'c> for Exchange<'_> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.post(request))
    }
}

/// The error for a response without a token, and whether polling continues after it.
fn refusal(status: u16, body: &[u8], wait: Option<Duration>, secrets: &[String]) -> (Error, bool) {
    let Some(error) = TokenError::read(body, secrets) else {
        let kind = match status {
            429 => ErrorKind::RateLimited,
            408 | 500.. => ErrorKind::Service,
            _ => ErrorKind::Protocol,
        };
        let mut error = Error::new(kind, "Entra ID returned neither a token nor an error")
            .with_delivery(Delivery::NotSent)
            .with_status(status);
        if let Some(wait) = wait {
            error = error.with_retry_after(wait);
        }
        return (error, false);
    };
    let polls_on = matches!(
        error.error,
        TokenErrorCode::AuthorizationPending | TokenErrorCode::SlowDown
    );
    (error.into_core(status, wait), polls_on)
}
