//! The one way out: wait, authorise, send, classify, and retry only where that is proven safe.

use std::{
    pin::pin,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use ms_messenger_core::{
    AccessToken, Delivery, Error, ErrorKind, Journal, Result, RetryPolicy, random_uuid,
};
use tokio::time::timeout;
use url::Url;
use uuid::Uuid;

use crate::{
    Authorize, Call, Download, Endpoint, HttpClient, HttpRequest, RejectedToken, Response,
    ServiceProfile,
    addresses::Addresses,
    body::{Body, Streamed},
    call_context::CallContext,
    call_state::{CallState, Failure, Next, SETTLING_MARGIN},
    claims_challenge, classify,
    client::Head,
    clock::ServiceClock,
    departure::Departure,
    first_looks::FirstLooks,
    response_match::{self, Belonging},
    throttle::{LONGEST_JITTER, Throttle, Turn, throttled},
    trace,
};

/// Makes calls to one service with one credential. A clone is cheap and shares its state.
///
/// When the service throttles a call (429, or a 503 that it documents as throttling) and says for
/// how long, all calls of the pipeline to the same path, whatever their query, wait that long. Then
/// they are released in the order in which they came, one after the other at first, and faster while
/// they succeed. A call that waits has made no attempt: its waiting is limited by its deadline and
/// by [`max_elapsed`](RetryPolicy::max_elapsed), and when it ends so, it is
/// [`RateLimited`](ErrorKind::RateLimited), with 0 attempts. Calls neither wait nor cause waiting
/// when the policy allows one attempt only, or a shorter
/// [`max_retry_after`](RetryPolicy::max_retry_after) than the service asks for.
///
/// ```
/// use ms_messenger_core::{RetryPolicy, StaticToken};
/// use ms_messenger_http::{Bearer, Endpoint, HttpClient, HttpOptions, Pipeline, ServiceProfile};
///
/// const PAGER: ServiceProfile = ServiceProfile::new("pager");
///
/// let pipeline = Pipeline::new(
///     &PAGER,
///     HttpClient::new(&HttpOptions::default())?,
///     Endpoint::parse("http://localhost:8410/v1")?,
///     Bearer::new(StaticToken::new("eyJ0eXAi"), &[]),
/// )
/// .with_retry_policy(RetryPolicy::default().with_max_attempts(2));
/// assert_eq!(pipeline.endpoint().to_string(), "http://localhost:8410/v1");
/// # Ok::<(), ms_messenger_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Pipeline {
    service: &'static ServiceProfile,
    /// The header of the client request id, if the service has one.
    client_request_id: Option<HeaderName>,
    http: HttpClient,
    endpoint: Endpoint,
    addresses: Arc<Addresses>,
    authorize: Arc<dyn Authorize>,
    retry: RetryPolicy,
    throttle: Arc<Throttle>,
    pub(crate) clock: Arc<ServiceClock>,
    pub(crate) first_looks: Arc<FirstLooks>,
    settling_margin: Duration,
}

impl Pipeline {
    /// Makes calls to `service` at `endpoint` through `http`, authorised by `authorize`.
    pub fn new(
        service: &'static ServiceProfile,
        http: HttpClient,
        endpoint: Endpoint,
        authorize: impl Authorize,
    ) -> Self {
        Self {
            service,
            client_request_id: service.client_request_id.map(HeaderName::from_static),
            http,
            endpoint,
            addresses: Arc::default(),
            authorize: Arc::new(authorize),
            retry: RetryPolicy::default(),
            throttle: Arc::default(),
            clock: Arc::default(),
            first_looks: Arc::default(),
            settling_margin: SETTLING_MARGIN,
        }
    }

    /// Sets another credential. The rest is shared with the pipeline that this one was cloned from.
    #[must_use]
    pub fn with_authorize(mut self, authorize: impl Authorize) -> Self {
        self.authorize = Arc::new(authorize);
        self
    }

    /// Sets when calls are retried.
    #[must_use]
    pub fn with_retry_policy(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// Sets how long after the end of its last attempt a send without a response may still take
    /// effect: the [`pending_until`](ms_messenger_core::Evidence::pending_until) of its evidence.
    /// Default 30 s.
    #[must_use]
    pub fn with_settling_margin(mut self, margin: Duration) -> Self {
        self.settling_margin = margin;
        self
    }

    /// Stops using all connections that there are now: for a client that finds out by more than
    /// the headers that a response belongs to another request, so that what follows on its
    /// connection does, too. Responses that are on their way by them are believed only if they
    /// name their request.
    pub fn distrust_connections(&self) {
        self.http.distrust_connections();
    }

    /// The endpoint.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The name of the platform.
    pub(crate) fn platform(&self) -> &'static str {
        self.service.name
    }

    /// Checks what can be checked of a call without any I/O: its address, and the credential
    /// that is cached. [`call`](Self::call) fails with the same error.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call), with 0 attempts.
    pub fn check(&self, call: &Call) -> Result<()> {
        let address = self.endpoint.address(&call.path_and_query).map(drop);
        let checked = address.and_then(|()| self.authorize.check());
        checked.map_err(|error| {
            error
                .with_platform(self.service.name)
                .with_delivery(Delivery::NotSent)
        })
    }

    /// The header of the client request id, of a call that sets it.
    pub(crate) fn request_id_header(&self, call: &Call) -> Option<(HeaderName, HeaderValue)> {
        let id = header_value(call.client_request_id?);
        Some((self.client_request_id.clone()?, id))
    }

    /// Makes one call and returns its success (2xx).
    ///
    /// # Errors
    ///
    /// Everything else, classified: [`Error::delivery`] says whether the message of the call was
    /// sent, over all attempts together.
    pub async fn call(&self, call: Call) -> Result<Response> {
        self.traced(call, None, |response: &Response| response)
            .await
    }

    /// Continues a call whose first attempt was made as part of another one, such as a batch, and
    /// failed with `failed`: waits and retries as for a call of its own, or fails with that error.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call). The first attempt counts.
    pub async fn call_after(&self, call: Call, failed: Error) -> Result<Response> {
        self.traced(call, Some(failed), |response: &Response| response)
            .await
    }

    /// Makes one call and returns the body of its success (2xx) as it arrives, whatever its size.
    /// Attempts are made until a response begins; a body that breaks off is not read again.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    pub async fn download(&self, call: Call) -> Result<Download> {
        let outcome = self.traced(call, None, |streamed: &Streamed| &streamed.response);
        Ok(outcome.await?.download)
    }

    /// Runs a call within a span of its own, if there are spans.
    async fn traced<B: Body>(
        &self,
        mut call: Call,
        failed: Option<Error>,
        head: fn(&B) -> &Response,
    ) -> Result<B> {
        #[cfg(feature = "tracing")]
        {
            use tracing::Instrument as _;
            let span = trace::span(self.service, &call);
            let class = call.class;
            // Pinned here, so that the span holds a pointer: each copy of a future costs every send.
            let running = pin!(self.run(&mut call, failed));
            let outcome = running.instrument(span.clone()).await;
            trace::record(&span, class, outcome.as_ref().map(head));
            outcome
        }
        #[cfg(not(feature = "tracing"))]
        {
            let _ = head;
            self.run(&mut call, failed).await
        }
    }

    async fn run<B: Body>(&self, call: &mut Call, failed: Option<Error>) -> Result<B> {
        let mut state = CallState::new(call, self.service);
        let url = match self.addresses.of(call, &self.endpoint) {
            Ok(url) => url,
            Err(error) => return Err(state.context.finish(error, self.service)),
        };
        if let Some(header) = &self.client_request_id {
            let id = call.client_request_id.unwrap_or_else(random_uuid);
            state.context.client_request_id = Some(id);
            call.push_header(header.clone(), header_value(id));
        }
        let begun = match failed {
            None => Ok(()),
            Some(failed) => {
                state.has_failed();
                let waited = self.wait_after(failed.into(), call, &mut state).await;
                waited.map(drop)
            }
        };
        let outcome = match begun {
            Ok(()) => self.attempts(call, &url, &mut state).await,
            Err(error) => Err(error),
        };
        outcome.map_err(|error| state.finish(error, self.settling_margin, self.clock.read()))
    }

    /// Makes attempts until one succeeds or none may follow. The error is that of the last one.
    async fn attempts<B: Body>(&self, call: &Call, url: &Url, state: &mut CallState) -> Result<B> {
        let mut turn = None;
        loop {
            turn = self.turn(call, state, turn).await?;
            let failure = match self.attempt(call, url, state).await? {
                Ok(response) => {
                    if let Some(turn) = turn {
                        turn.succeeded();
                    }
                    return Ok(response);
                }
                Err(failure) => failure,
            };
            if !self.wait_after(failure, call, state).await? {
                turn = None;
            }
        }
    }

    /// Waits for the time after which the call may be attempted again; the error ends it. Returns
    /// whether the turn of the failed attempt is kept.
    async fn wait_after(
        &self,
        failure: Failure,
        call: &Call,
        state: &mut CallState,
    ) -> Result<bool> {
        let is_paused = self.pause(call, &failure.error);
        let wait = match state.after(failure, call, &self.retry) {
            Next::Renew => return Ok(true),
            Next::RetryAfter(wait) => wait,
            Next::GiveUp(error) => return Err(error),
        };
        if let Some(error) = state.last() {
            trace::retrying(error, state.context.attempts, wait);
        }
        if !is_paused {
            let sleep = tokio::time::sleep(wait);
            if let Err(reached) = call.deadline.limit(sleep).await {
                return Err(state.ended_early(reached));
            }
        }
        Ok(is_paused)
    }

    /// Waits while the service has asked for a pause, and for those that came before; not at all
    /// where it has not. `kept` is the turn of the attempt before.
    async fn turn(
        &self,
        call: &Call,
        state: &mut CallState,
        kept: Option<Turn>,
    ) -> Result<Option<Turn>> {
        let resource = match &kept {
            Some(turn) => Arc::clone(turn.resource()),
            None if !self.throttle.is_active() => return Ok(None),
            None => match self.throttle.resource(call.path()) {
                Some(resource) if self.retry.max_attempts > 1 => resource,
                _ => return Ok(None),
            },
        };
        let (pause, left) = (resource.pause_left(), state.time_left(&self.retry));
        let obeyed = self.retry.max_retry_after.saturating_add(LONGEST_JITTER);
        let is_too_long =
            pause > left.min(obeyed) || call.deadline.remaining().is_some_and(|left| left <= pause);
        if is_too_long {
            return Err(state.last_or(|| throttled(pause)));
        }
        let waiting = async {
            let turn = match kept {
                Some(turn) => turn,
                None => Arc::clone(&resource).turn().await,
            };
            turn.pause_ends().await;
            turn
        };
        let waiting = pin!(timeout(left, waiting));
        match call.deadline.limit(waiting).await {
            Ok(Ok(turn)) => {
                state.has_waited();
                Ok(Some(turn))
            }
            Ok(Err(_)) => Err(state.last_or(|| throttled(resource.pause_left()))),
            Err(reached) => Err(state.ended_early(reached)),
        }
    }

    /// Makes all calls for the same resource pause if `error` asks for it.
    fn pause(&self, call: &Call, error: &Error) -> bool {
        let is_throttled = error.kind() == ErrorKind::RateLimited && self.retry.max_attempts > 1;
        let wait = error.retry_after().filter(|_| is_throttled);
        match wait.filter(|wait| *wait <= self.retry.max_retry_after) {
            Some(wait) => {
                self.throttle.pause(call.path(), wait);
                true
            }
            None => false,
        }
    }

    /// One attempt, with a credential of its own. The outer error ends the call.
    async fn attempt<B: Body>(
        &self,
        call: &Call,
        url: &Url,
        state: &mut CallState,
    ) -> Result<Result<B, Failure>> {
        // Pinned here, so that the limit holds a pointer: each copy of a future costs every send.
        let authorized = {
            let authorizing = pin!(self.authorized(call, url, state.rejected()));
            call.deadline.limit(authorizing).await
        };
        let (mut request, token) = match authorized {
            Ok(Ok(authorized)) => authorized,
            Ok(Err(error)) => return Err(state.without_credential(error)),
            Err(reached) => return Err(state.ended_early(reached)),
        };
        if let Some(journal) = call.message_journal() {
            // Boxed: without a journal, no send pays for it.
            Box::pin(self.note(journal, call, state)).await?;
            request.departure = Some(Departure::new(journal.clone()));
        }
        if let Some(reached) = call.deadline.reached() {
            return Err(state.ended_early(reached));
        }
        state.begin_attempt(&self.retry)?;
        trace::attempting(&request, state.context.attempts);
        let departure = request.departure.clone();
        let exchange = pin!(self.exchange(request, token, call, state.context));
        match call.deadline.limit(exchange).await {
            Ok(outcome) => Ok(outcome),
            Err(reached) => {
                if departure.is_none_or(|departure| !departure.hold()) {
                    state.interrupted();
                }
                Err(state.ended_early(reached))
            }
        }
    }

    /// Lets the journal note an attempt, which has not begun. The error ends the call.
    async fn note(&self, journal: &Journal, call: &Call, state: &mut CallState) -> Result<()> {
        let evidence = state.begun(self.clock.read());
        let noting = journal.attempt_begins(&evidence);
        match call.deadline.limit(noting).await {
            Ok(noted) => noted?,
            Err(reached) => return Err(state.ended_early(reached)),
        }
        journal.check_may_leave()
    }

    /// The request of one attempt: the same bytes as the others, with a credential of its own.
    async fn authorized(
        &self,
        call: &Call,
        url: &Url,
        rejected: Option<&RejectedToken>,
    ) -> Result<(HttpRequest, Option<AccessToken>)> {
        let mut request = HttpRequest {
            method: call.method.clone(),
            url: url.clone(),
            headers: call.headers(),
            body: call.body.clone(),
            timeout: call.timeout,
            departure: None,
        };
        let token = self.authorize.authorize(&mut request, rejected).await?;
        Ok((request, token))
    }

    /// Sends one request and judges its response.
    async fn exchange<B: Body>(
        &self,
        request: HttpRequest,
        token: Option<AccessToken>,
        call: &Call,
        context: CallContext,
    ) -> Result<B, Failure> {
        let over_tls = request.url.scheme() == "https";
        let sent = (Instant::now(), SystemTime::now());
        let is_named = self.service.echoes_client_request_id;
        let mut head = B::begin(&self.http, request, is_named).await?;
        let response = Response {
            service: self.service,
            status: head.status,
            headers: std::mem::take(&mut head.headers),
            body: Bytes::new(),
            context,
        };
        // Before the body: the connection is free for the next request after its end.
        self.believe(&response, &mut head, over_tls).await?;
        // Only now: the date of a response to another request says nothing of this one.
        self.clock.note(&response.headers, sent);
        let outcome = B::read(response, head, call.expected).await;
        outcome.map_err(|(error, headers)| Failure {
            rejected: token
                .filter(|_| classify::rejects_token(&error))
                .map(|token| RejectedToken {
                    token,
                    claims: claims_challenge(&headers),
                }),
            error,
        })
    }

    /// Rejects a response that is, or may be, that to another request.
    async fn believe(
        &self,
        response: &Response,
        head: &mut Head<'_>,
        over_tls: bool,
    ) -> Result<()> {
        let Some(seen) = self.http.responses_seen() else {
            return Ok(());
        };
        match response_match::of(response, over_tls, seen) {
            Belonging::Foreign(why) => {
                head.distrust();
                Err(response_match::foreign(why))
            }
            Belonging::Unsaid if !head.is_trusted().await => Err(response_match::suspect()),
            Belonging::Own | Belonging::Unsaid => Ok(()),
        }
    }
}

/// A value that no other call has is marked, so that HTTP/2 does not push out of its table what
/// the calls have in common.
fn header_value(id: Uuid) -> HeaderValue {
    let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
    let id = id.hyphenated().encode_lower(&mut text);
    let mut value = HeaderValue::from_str(id).unwrap_or_else(|_| HeaderValue::from_static("0"));
    value.set_sensitive(true);
    value
}
