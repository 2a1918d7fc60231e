//! The HTTP client. reqwest is named here, in `generation.rs`, `failure.rs` and `tls.rs` alone.

use std::{fmt, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, header};
use ms_messenger_core::{Error, ErrorKind, Result};

use crate::{
    Download, HttpOptions, HttpRequest, Proxy,
    body::{Body as _, Streamed},
    classify,
    concurrency::{InFlight, Traffic},
    failure::failure,
    generation::{Generation, Generations, Sharing},
    options::FOR_EVER,
    polls::{Polls, Running},
    response_match::DuplicateResponses,
};

/// A pool of connections to the services. A clone is cheap and shares them.
///
/// ```
/// use std::time::Duration;
/// use ms_messenger_http::{HttpClient, HttpOptions};
///
/// let options = HttpOptions::default().with_timeout(Duration::from_secs(20));
/// let http = HttpClient::new(&options)?;
/// let shared = http.clone(); // for another client
/// # Ok::<(), ms_messenger_core::Error>(())
/// ```
#[derive(Clone)]
pub struct HttpClient(Arc<Inner>);

struct Inner {
    generations: Generations,
    traffic: Traffic,
    polls: Polls,
    user_agent: HeaderValue,
    proxy: Proxy,
    max_response_bytes: usize,
    timeout: Duration,
    /// `None` where foreign responses are not looked for.
    seen: Option<DuplicateResponses>,
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient").finish_non_exhaustive()
    }
}

/// A whole response.
pub(crate) struct RawResponse {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// The body, or why it could not be read to its end.
    pub(crate) body: Result<Bytes>,
}

/// A response with its head read.
pub(crate) struct Head<'a> {
    http: &'a HttpClient,
    _in_flight: InFlight<'a>,
    generation: Arc<Generation>,
    running: Option<Running<'a>>,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    response: reqwest::Response,
}

/// How often a task of HTTP/2 yields to others: once for those that wait on its thread, and again
/// for those that another thread has just taken over.
const TURNS: usize = 3;

impl Head<'_> {
    /// Stops using all connections from before this response, which belongs to another request.
    pub(crate) fn distrust(&self) {
        self.http.0.generations.end(&self.generation);
    }

    /// Whether no connection of its generation is known to have brought a response of another
    /// request. Report this response first.
    pub(crate) async fn is_trusted(&mut self) -> bool {
        self.running = None;
        // Streams of HTTP/2 do not wait for each other, and what one read of the connection brought
        // wakes many tasks at once: those woken before this one go first.
        if self.response.version() >= http::Version::HTTP_2 {
            for _ in 0..TURNS {
                tokio::task::yield_now().await;
                self.http.0.polls.settle().await;
            }
        }
        self.http.0.polls.settle().await;
        !self.generation.is_over()
    }

    /// The body, or why it could not be read to its end.
    pub(crate) async fn body(mut self) -> Result<Bytes> {
        self.running = None;
        self.http.read(self.response).await
    }

    /// The body that is still to come, with the `headers` that were taken from this head.
    pub(crate) fn into_download(mut self, headers: HeaderMap) -> Download {
        *self.response.headers_mut() = headers;
        let (proxy, idle) = (self.http.0.proxy.clone(), self.http.0.timeout);
        Download::new(self.response, proxy, idle)
    }
}

impl HttpClient {
    /// Builds a client. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// `Config` when the options cannot be used: a certificate, the proxy, the application id.
    pub fn new(options: &HttpOptions) -> Result<Self> {
        let options = &options.clone().bounded();
        Ok(Self(Arc::new(Inner {
            generations: Generations::new(options)?,
            traffic: Traffic::default(),
            polls: Polls::default(),
            user_agent: options.user_agent()?,
            proxy: options.proxy.clone(),
            max_response_bytes: options.max_response_bytes,
            timeout: options.timeout,
            seen: options
                .foreign_response_check
                .then(DuplicateResponses::default),
        })))
    }

    /// The responses seen lately, where foreign ones are looked for.
    pub(crate) fn responses_seen(&self) -> Option<&DuplicateResponses> {
        self.0.seen.as_ref()
    }

    /// Ends the generation of connections that is in use.
    pub(crate) fn distrust_connections(&self) {
        if let Ok(current) = self.0.generations.current() {
            self.0.generations.end(&current);
        }
    }

    /// Returns the longest time that an attempt takes, unless its call sets another one.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.0.timeout
    }

    /// One attempt, up to the head of its response, which names its request if `is_named`. The
    /// error says what is known of the request.
    pub(crate) async fn begin(&self, outgoing: HttpRequest, is_named: bool) -> Result<Head<'_>> {
        let mut request = reqwest::Request::new(outgoing.method, outgoing.url);
        *request.headers_mut() = outgoing.headers;
        request
            .headers_mut()
            .insert(header::USER_AGENT, self.0.user_agent.clone());
        if let Some(timeout) = outgoing.timeout {
            *request.timeout_mut() = Some(timeout.min(FOR_EVER));
        }
        let departure = outgoing.departure;
        if !outgoing.body.is_empty() {
            *request.body_mut() = Some(match &departure {
                None => outgoing.body.into(),
                Some(departure) => reqwest::Body::wrap(departure.body(outgoing.body)),
            });
        }
        let in_flight = self.0.traffic.enter();
        let sharing = if is_named {
            Sharing::WhenBusy {
                is_quiet: in_flight.is_quiet,
            }
        } else {
            Sharing::Never
        };
        let (generation, sent) = loop {
            let generation = self.0.generations.current()?;
            let sent = generation.execute(request, sharing, &self.0.polls);
            match sent.await {
                Ok(sent) => break (generation, sent),
                Err(unsent) => request = unsent,
            }
        };
        let response = sent.outcome;
        let response = response.map_err(|error| failure(&error, &self.0.proxy));
        let mut response = match departure {
            None => response,
            Some(departure) => departure.correct(response),
        }?;
        Ok(Head {
            http: self,
            _in_flight: in_flight,
            generation,
            running: Some(sent.running),
            status: response.status().as_u16(),
            headers: std::mem::take(response.headers_mut()),
            response,
        })
    }

    /// One whole attempt. The error says what is known of the request.
    pub(crate) async fn execute(&self, outgoing: HttpRequest) -> Result<RawResponse> {
        let mut head = self.begin(outgoing, false).await?;
        Ok(RawResponse {
            status: head.status,
            headers: std::mem::take(&mut head.headers),
            body: head.body().await,
        })
    }

    /// Sends one request and returns the response, whatever its status. Nothing is added but the
    /// `User-Agent`, and nothing followed or retried. The caller vets the address: take it from an
    /// [`Endpoint`](crate::Endpoint).
    ///
    /// ```no_run
    /// use ms_messenger_http::{Bytes, Endpoint, HttpClient, HttpOptions, HttpRequest, Method};
    ///
    /// # async fn example() -> ms_messenger_core::Result<()> {
    /// let http = HttpClient::new(&HttpOptions::default())?;
    /// let address = Endpoint::parse("https://contoso.com")?.address("/health")?;
    /// let request = HttpRequest::new(Method::GET, address, Bytes::new());
    /// println!("{}", http.exchange(request).await?.status());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// `Connect`, `Timeout`, `Transport`; `Protocol` when the response is too long.
    pub async fn exchange(&self, outgoing: HttpRequest) -> Result<http::Response<Bytes>> {
        let raw = self.execute(outgoing).await?;
        let mut response = http::Response::new(raw.body?);
        *response.status_mut() = http::StatusCode::from_u16(raw.status).map_err(|_| {
            Error::new(
                ErrorKind::Protocol,
                "the status of the response is not an HTTP status",
            )
        })?;
        *response.headers_mut() = raw.headers;
        Ok(response)
    }

    /// Sends one request, as [`exchange`](Self::exchange) does, and returns the body of its success
    /// (2xx) as it arrives: for an address that the service handed out with its own permission in
    /// it, such as that of a file.
    ///
    /// # Errors
    ///
    /// As [`exchange`](Self::exchange); by the status where that is no success.
    pub async fn download(&self, outgoing: HttpRequest) -> Result<Download> {
        let mut head = Streamed::begin(self, outgoing, false).await?;
        let headers = std::mem::take(&mut head.headers);
        if (200..300).contains(&head.status) {
            return Ok(head.into_download(headers));
        }
        Err(classify::by_status(head.status))
    }

    async fn read(&self, mut response: reqwest::Response) -> Result<Bytes> {
        let mut body = Bytes::new();
        let mut pieces: Option<BytesMut> = None;
        // Room for all of it at once: growing would hold two copies for a while.
        let announced = response.content_length().unwrap_or_default();
        let announced = usize::try_from(announced).unwrap_or(usize::MAX);
        let room = announced.min(self.0.max_response_bytes);
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|e| failure(&e, &self.0.proxy))?
        {
            let so_far = pieces.as_ref().map_or(body.len(), BytesMut::len);
            if so_far + chunk.len() > self.0.max_response_bytes {
                return Err(Error::new(
                    ErrorKind::Protocol,
                    format!(
                        "the response has more than {} bytes",
                        self.0.max_response_bytes
                    ),
                ));
            }
            // Nearly every response comes in one piece, which is then not copied.
            if so_far == 0 {
                body = chunk;
            } else {
                let pieces = pieces.get_or_insert_with(|| {
                    let mut pieces = BytesMut::with_capacity(room.max(body.len()));
                    pieces.extend_from_slice(&body);
                    body = Bytes::new();
                    pieces
                });
                pieces.extend_from_slice(&chunk);
            }
        }
        Ok(pieces.map_or(body, BytesMut::freeze))
    }
}
