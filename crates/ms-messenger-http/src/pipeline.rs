//! The one way out: authorise, send, classify, and try again only where that is proven safe.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use http::{HeaderName, HeaderValue};
use ms_messenger_core::{
    AccessToken, Attempt, ClockOffset, Decision, Delivery, Error, ErrorKind, Evidence,
    IdempotencyKey, Mark, Reached, Result, RetryPolicy, random_uuid,
};
use url::Url;
use uuid::Uuid;

use crate::{
    Authorize, Call, Endpoint, HttpClient, HttpRequest, RejectedToken, Response, RetryClass,
    ServiceProfile, claims_challenge, classify,
    client::Head,
    clock::ServiceClock,
    redact::one_line,
    response::Facts,
    response_match::{self, Belonging},
    retry_after, trace,
};

/// How long the platforms remember a key at least: tries under one key begin within it.
const KEY_WINDOW: Duration = Duration::from_secs(290);

/// How long after an attempt without a response the service may still execute it, unless the
/// client sets another margin. No service documents one; front ends give up on what is behind
/// them within this time.
const SETTLING_MARGIN: Duration = Duration::from_secs(30);

/// A call makes the first use of its key when it begins so soon after it.
const FIRST_USE: Duration = Duration::from_secs(1);

/// Longer margins are not told from "for ever", and no time is beyond what a machine can express.
const LONGEST_MARGIN: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// Calls to one service as one caller. Clone it to share it: a clone is cheap.
#[derive(Clone, Debug)]
pub struct Pipeline {
    service: &'static ServiceProfile,
    /// The header of the client request id, if the service has one.
    client_request_id: Option<HeaderName>,
    http: HttpClient,
    endpoint: Endpoint,
    authorize: Arc<dyn Authorize>,
    retry: RetryPolicy,
    clock: Arc<ServiceClock>,
    settling_margin: Duration,
}

impl Pipeline {
    /// Calls to `service` at `endpoint` through `http`, authorised by `authorize`.
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
            authorize: Arc::new(authorize),
            retry: RetryPolicy::default(),
            clock: Arc::default(),
            settling_margin: SETTLING_MARGIN,
        }
    }

    /// Sets how often a call is tried again.
    #[must_use]
    pub fn with_retry_policy(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// Sets how long after the end of its last attempt a send without a response may still take
    /// effect: the [`pending_until`](Evidence::pending_until) of its evidence. Default 30 s.
    #[must_use]
    pub fn with_settling_margin(mut self, margin: Duration) -> Self {
        self.settling_margin = margin;
        self
    }

    /// How far the service's clock is ahead, as far as responses to this pipeline showed it.
    #[must_use]
    pub fn service_clock(&self) -> Option<ClockOffset> {
        self.clock.read()
    }

    /// The endpoint.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Checks what can be checked of a call without any I/O: its address, and the credential
    /// that is at hand. [`call`](Self::call) fails with the same error.
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

    /// Makes one call and answers its success (2xx).
    ///
    /// # Errors
    ///
    /// Everything else, classified: [`Error::delivery`] says whether the message of the call is
    /// out, over all tries together.
    pub async fn call(&self, call: Call) -> Result<Response> {
        #[cfg(feature = "tracing")]
        {
            use tracing::Instrument as _;
            let span = trace::span(self.service, &call);
            let class = call.class;
            let outcome = self.run(call).instrument(span.clone()).await;
            trace::record(&span, class, &outcome);
            outcome
        }
        #[cfg(not(feature = "tracing"))]
        self.run(call).await
    }

    async fn run(&self, mut call: Call) -> Result<Response> {
        let mut run = Run::new(&mut call);
        let url = match self.endpoint.address(&call.path_and_query) {
            Ok(url) => url,
            Err(error) => return Err(run.facts.mark(error, self.service)),
        };
        if let Some(header) = &self.client_request_id {
            let id = call.client_request_id.unwrap_or_else(random_uuid);
            run.facts.client_request_id = Some(id);
            call.headers.insert(header, header_value(id));
        }
        loop {
            let authorized = self.authorized(&call, &url, &mut run);
            let outgoing = match call.deadline.limit(authorized).await {
                Ok(Ok(outgoing)) => outgoing,
                Ok(Err(error)) => return Err(run.without_credential(error, self)),
                Err(reached) => return Err(run.ended_early(reached, self)),
            };
            // A credential can take its time: what was decided before it may not hold any more.
            if let Some(last) = run.last.take().filter(|_| !run.may_begin(&self.retry)) {
                return Err(run.end(last, self));
            }
            if let Some(reached) = call.deadline.reached() {
                return Err(run.ended_early(reached, self));
            }
            run.facts.attempts += 1;
            let attempt = self.attempt(outgoing, &call, &mut run);
            let error = match call.deadline.limit(attempt).await {
                Ok(Ok(response)) => return Ok(response),
                Ok(Err(error)) => error,
                Err(reached) => {
                    run.delivery = classify::combine(run.delivery, Delivery::Unknown);
                    return Err(run.ended_early(reached, self));
                }
            };
            run.delivery = classify::combine(run.delivery, error.delivery());
            if !run.may_renew(&error) {
                let decision = self.retry.decide_with_jitter(&run.failed(&call, &error));
                let wait = match decision {
                    Decision::RetryAfter(wait) if run.is_in_window(wait) => wait,
                    _ => return Err(run.end(error, self)),
                };
                if call.deadline.remaining().is_some_and(|left| left <= wait) {
                    return Err(run.end(error, self));
                }
                trace::retrying(&error, run.facts.attempts, wait);
                let pause = tokio::time::sleep(wait);
                if let Err(reached) = call.deadline.limit(pause).await {
                    run.last = Some(error);
                    return Err(run.ended_early(reached, self));
                }
            }
            run.last = Some(error);
        }
    }

    /// One try, ready to go: the same bytes as the others, with a credential of its own.
    async fn authorized(&self, call: &Call, url: &Url, run: &mut Run) -> Result<HttpRequest> {
        let mut outgoing = HttpRequest {
            method: call.method.clone(),
            url: url.clone(),
            headers: call.headers.clone(),
            body: call.body.clone(),
            timeout: call.timeout,
        };
        let refusal = run.rejected.as_ref();
        run.token = self.authorize.authorize(&mut outgoing, refusal).await?;
        run.is_renewing = false;
        Ok(outgoing)
    }

    async fn attempt(&self, outgoing: HttpRequest, call: &Call, run: &mut Run) -> Result<Response> {
        let over_tls = outgoing.url.scheme() == "https";
        let sent = SystemTime::now();
        let is_named = self.service.echoes_client_request_id;
        let mut head = self.http.begin(outgoing, is_named).await?;
        let response = Response {
            service: self.service,
            status: head.status,
            headers: std::mem::take(&mut head.headers),
            body: bytes::Bytes::new(),
            facts: run.facts,
        };
        // Before the body, at whose end the connection is free for the next request.
        self.believe(&response, &mut head, over_tls).await?;
        // Only now: the date of a response to another request says nothing of this one.
        self.clock.note(&response.headers, sent);
        let body = head.body().await;
        self.judge(response, body, call, run)
    }

    /// Refuses a response that is, or may be, that to another request.
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

    /// A success, or what its status proves.
    fn judge(
        &self,
        mut response: Response,
        body: Result<bytes::Bytes>,
        call: &Call,
        run: &mut Run,
    ) -> Result<Response> {
        let status = response.status;
        if (200..300).contains(&status) || call.expected.contains(&status) {
            return match body {
                Ok(body) => {
                    response.body = body;
                    Ok(response)
                }
                Err(cut) => Err(with_request_id(cut, &response)
                    .with_status(status)
                    .with_delivery(Delivery::Sent)),
            };
        }
        // An error body that cannot be read takes nothing from what the status proves.
        response.body = body.unwrap_or_default();
        let error = self.refusal(&response);
        if refuses_token(&error) {
            run.claims = claims_challenge(&response.headers);
        }
        Err(error)
    }

    fn refusal(&self, response: &Response) -> Error {
        let wait = retry_after::read(&response.headers, SystemTime::now());
        let throttled = self.service.throttles_with_503 && wait.is_some();
        let (kind, delivery) = (self.service.classify)(response)
            .unwrap_or_else(|| classify::status(response.status, throttled));
        let said = (self.service.read_error)(response);
        let message = match said.message.as_deref().map(one_line) {
            Some(message) if !message.is_empty() => message,
            _ => format!("the service answered {}", describe(response.status)),
        };
        let mut error = Error::new(kind, message)
            .with_delivery(delivery)
            .with_status(response.status);
        if let Some(code) = said.code {
            error = error.with_code(one_line(&code));
        }
        if let Some(wait) = wait {
            error = error.with_retry_after(wait);
        }
        with_request_id(error, response)
    }
}

/// Whether the service refused the token and so did not execute the request.
fn refuses_token(error: &Error) -> bool {
    error.kind() == ErrorKind::Unauthenticated && error.delivery() == Delivery::NotSent
}

fn with_request_id(error: Error, response: &Response) -> Error {
    match response.request_id() {
        Some(id) => error.with_request_id(one_line(id)),
        None => error,
    }
}

fn describe(status: u16) -> String {
    let reason = http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason());
    match reason {
        Some(reason) => format!("{status} {reason}"),
        None => status.to_string(),
    }
}

fn header_value(id: Uuid) -> HeaderValue {
    let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
    let id = id.hyphenated().encode_lower(&mut text);
    let value = HeaderValue::from_str(id);
    unrepeated(value.unwrap_or_else(|_| HeaderValue::from_static("0")))
}

/// Marks the value of a header that no other call has, so that HTTP/2 does not push out of its
/// table what the calls have in common.
fn unrepeated(mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(true);
    value
}

/// What is known of a message before its first attempt. A key that was first used a while ago
/// says that there was an earlier call, and its outcome is not known here.
fn known_before(call: &Call, began_at: SystemTime) -> Delivery {
    let age = call
        .idempotency
        .and_then(|key| began_at.duration_since(key.first_sent).ok());
    if age.is_some_and(|age| age > FIRST_USE) {
        Delivery::Unknown
    } else {
        Delivery::NotSent
    }
}

/// The state of one call over its tries.
struct Run {
    facts: Facts,
    started: Instant,
    /// What the tries so far leave known.
    delivery: Delivery,
    /// The failure of the last try.
    last: Option<Error>,
    token: Option<AccessToken>,
    /// What the last refusal of a token asks of the next one.
    claims: Option<String>,
    rejected: Option<RejectedToken>,
    /// Whether `last` refused a token that is being renewed.
    is_renewing: bool,
    mark: Option<Mark>,
}

impl Run {
    fn new(call: &mut Call) -> Self {
        let began_at = SystemTime::now();
        Self {
            facts: Facts {
                attempts: 0,
                began_at,
                idempotency: call.idempotency,
                operation: call.operation,
                class: call.class,
                client_request_id: call.client_request_id,
            },
            started: Instant::now(),
            delivery: known_before(call, began_at),
            last: None,
            token: None,
            claims: None,
            rejected: None,
            is_renewing: false,
            mark: call.mark.take(),
        }
    }

    /// Whether `error` is the first refusal of a token that can be renewed. It means that the
    /// request was not executed, so the try after it is always safe.
    fn may_renew(&mut self, error: &Error) -> bool {
        if !refuses_token(error) || self.rejected.is_some() {
            return false;
        }
        let claims = self.claims.take();
        let token = self.token.take();
        self.rejected = token.map(|token| RejectedToken { token, claims });
        self.is_renewing = self.rejected.is_some();
        self.is_renewing
    }

    /// The end of a call for want of a credential. This try did not happen, so only those
    /// before it count, whatever the provider says of its own failure. It is not tried again
    /// here: patience with the issuer is the provider's business. Where a refused token was to
    /// be renewed, the service's own words say more than the provider's, which become the cause.
    fn without_credential(&mut self, error: Error, pipeline: &Pipeline) -> Error {
        let error = match self.last.take().filter(|_| self.is_renewing) {
            Some(refused) => refused.with_source(error),
            None => error,
        };
        self.end(error, pipeline)
    }

    /// The end of a call that its caller did not wait for. The failure before it is its cause.
    fn ended_early(&mut self, reached: Reached, pipeline: &Pipeline) -> Error {
        let error = reached.into_error();
        let error = match self.last.take() {
            Some(last) => error.with_source(last),
            None => error,
        };
        self.end(error, pipeline)
    }

    /// The error of the call, with what all tries together leave known.
    fn end(&self, error: Error, pipeline: &Pipeline) -> Error {
        let error = error.with_delivery(self.delivery);
        let error = self.facts.mark(error, pipeline.service);
        // Also where it is proven that nothing was sent: a client may know that the proof is none,
        // as with a key that an earlier call used.
        let is_doubtful = error.delivery() == Delivery::Unknown;
        if self.facts.class == RetryClass::Message && (self.facts.attempts > 0 || is_doubtful) {
            error.with_evidence(self.evidence(pipeline))
        } else {
            error
        }
    }

    fn evidence(&self, pipeline: &Pipeline) -> Evidence {
        let ended_at = SystemTime::now();
        let margin = pipeline.settling_margin.min(LONGEST_MARGIN);
        let evidence = Evidence::new(self.facts.began_at).with_end(ended_at, ended_at + margin);
        let evidence = match &self.mark {
            Some(mark) => evidence.with_mark(mark.clone()),
            None => evidence,
        };
        match pipeline.clock.read() {
            Some(offset) => evidence.with_service_clock(offset),
            None => evidence,
        }
    }

    fn failed(&self, call: &Call, error: &Error) -> Attempt {
        let elapsed = self.started.elapsed();
        let mut attempt = Attempt::new(self.facts.attempts, elapsed, error.delivery());
        // 409 under a key says that the same request is still being executed.
        let running = error.kind() == ErrorKind::Conflict && error.status() == Some(409);
        attempt.transient = error.is_transient() || (running && call.idempotency.is_some());
        attempt.repeatable = call.is_repeatable();
        attempt.retry_after = error.retry_after();
        attempt
    }

    /// Whether there is time for a further try.
    fn may_begin(&self, retry: &RetryPolicy) -> bool {
        self.started.elapsed() <= retry.max_elapsed && self.is_in_window(Duration::ZERO)
    }

    /// Whether the platform will still know the key of the call after `wait`.
    fn is_in_window(&self, wait: Duration) -> bool {
        self.facts
            .idempotency
            .is_none_or(|IdempotencyKey { first_sent, .. }| {
                let age = SystemTime::now().duration_since(first_sent);
                age.unwrap_or_default().saturating_add(wait) < KEY_WINDOW
            })
    }
}
