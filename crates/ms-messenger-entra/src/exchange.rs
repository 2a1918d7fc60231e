//! The crate `oauth2` over our own transport.

use std::{
    future::Future,
    pin::Pin,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use ms_messenger_core::{Delivery, Error, ErrorKind, Result};
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
    application::Issuer,
    tokens::{TokenAnswer, Tokens},
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

/// The client of `oauth2` with the endpoints that it is asked to use.
pub(crate) type EntraClient = Client<
    BasicErrorResponse,
    TokenAnswer,
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
            polls: false,
            failure: Mutex::new(None),
        }
    }

    /// The parameter `claims` of a request, if it needs one.
    pub(crate) fn claims(&self, challenge: Option<&str>) -> Result<Option<String>> {
        crate::claims::parameter(self.0.claims_challenges, challenge)
    }
}

/// The requests of one flow. Keeps the last refusal, of which `oauth2` drops most members.
pub(crate) struct Exchange<'a> {
    http: &'a HttpClient,
    polls: bool,
    failure: Mutex<Option<Error>>,
}

impl Exchange<'_> {
    /// Makes passing failures of the service look like a broken connection, after which
    /// `oauth2` polls on, less often.
    pub(crate) fn polling(mut self) -> Self {
        self.polls = true;
        self
    }

    /// Makes one request that `oauth2` has no words for, with the form `fields`.
    pub(crate) async fn form(&self, url: &Url, fields: &[(&str, &str)]) -> Result<Tokens> {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = http::Request::post(url.as_str())
            .header("accept", "application/json")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.into_bytes())
            .map_err(|_| unusable())?;
        let response = self.post(request).await?;
        if let Some(failure) = self.failure().take() {
            return Err(failure);
        }
        let response: TokenAnswer =
            serde_json::from_slice(response.body()).map_err(|_| unusable())?;
        Tokens::of(&response)
    }

    async fn post(&self, request: HttpRequest) -> Result<HttpResponse> {
        let (parts, body) = request.into_parts();
        let url = Url::parse(&parts.uri.to_string())
            .map_err(|_| Error::new(ErrorKind::Config, "the address cannot be used"))?;
        let secrets: Vec<String> = form_urlencoded::parse(&body)
            .filter(|(name, _)| SECRETS.contains(&name.as_ref()))
            .map(|(_, value)| value.into_owned())
            .collect();
        let mut outgoing =
            ms_messenger_http::HttpRequest::new(parts.method, url, Bytes::from(body));
        outgoing.headers = parts.headers;
        let sent = self.http.exchange(outgoing).await;
        let response = sent.map_err(|error| error.with_delivery(Delivery::NotSent))?;
        if response.status() != 200 {
            let wait = retry_after(response.headers());
            let (error, goes_on) =
                refusal(response.status().as_u16(), response.body(), wait, &secrets);
            if self.polls && matches!(error.kind(), ErrorKind::RateLimited | ErrorKind::Service) {
                // Bounded by the life of the code, which the caller watches.
                tokio::time::sleep(wait.unwrap_or_default()).await;
                return Err(error);
            }
            *self.failure() = Some(error).filter(|_| !(self.polls && goes_on));
        }
        Ok(response.map(|body| body.to_vec()))
    }

    fn failure(&self) -> std::sync::MutexGuard<'_, Option<Error>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Our own error for one of `oauth2`, which may quote the whole answer and is dropped.
    pub(crate) fn error<T: ErrorResponse>(&self, error: RequestTokenError<Error, T>) -> Error {
        if let Some(failure) = self.failure().take() {
            return failure;
        }
        match error {
            RequestTokenError::Request(error) => error,
            // Only its own clock makes an error that no response brought.
            RequestTokenError::ServerResponse(_) => TokenError::expired().into_core(0, None),
            _ => unusable(),
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

/// The error of a response without a token, and whether polling goes on after it.
fn refusal(status: u16, body: &[u8], wait: Option<Duration>, secrets: &[String]) -> (Error, bool) {
    let Some(error) = TokenError::read(body, secrets) else {
        let kind = match status {
            429 => ErrorKind::RateLimited,
            408 | 500.. => ErrorKind::Service,
            _ => ErrorKind::Protocol,
        };
        let mut error = Error::new(kind, "Entra ID answered neither a token nor an error")
            .with_delivery(Delivery::NotSent)
            .with_status(status);
        if let Some(wait) = wait {
            error = error.with_retry_after(wait);
        }
        return (error, false);
    };
    let goes_on = matches!(
        error.error,
        TokenErrorCode::AuthorizationPending | TokenErrorCode::SlowDown
    );
    (error.into_core(status, wait), goes_on)
}

pub(crate) fn unusable() -> Error {
    Error::new(
        ErrorKind::Protocol,
        "the response of Entra ID is not what the contract says",
    )
    .with_delivery(Delivery::NotSent)
}
