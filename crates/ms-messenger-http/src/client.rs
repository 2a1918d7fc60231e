//! The transport: the only file that names reqwest besides `tls.rs`.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, header};
use ms_messenger_core::{Error, ErrorKind, Result};

use crate::{
    HttpOptions, HttpVersions, Outgoing, Proxy, belonging::AnswersSeen, failure::failure,
    opening::Opening, tls, traffic::Traffic,
};

/// Connections to the services, pooled. Clone it to share them: a clone is cheap.
#[derive(Clone, Debug)]
pub struct HttpClient(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    client: reqwest::Client,
    /// For calls that are alone, when the versions are adaptive: HTTP/1.1 only.
    alone: Option<reqwest::Client>,
    /// For http, which is spoken with loopback hosts alone: a proxy of the environment would
    /// carry the credential off the machine in the clear.
    local: Option<reqwest::Client>,
    traffic: Traffic,
    /// Whether `client` offers HTTP/2.
    negotiating: bool,
    opening: Opening,
    user_agent: HeaderValue,
    proxy: Proxy,
    max_answer_bytes: usize,
    seen: AnswersSeen,
}

/// What the transport brought back.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// The body, or why it could not be read to its end.
    pub(crate) body: std::result::Result<Bytes, Error>,
}

impl HttpClient {
    /// Builds a client. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// `Config` when the options cannot be used: a certificate, the proxy, the application id.
    pub fn new(options: &HttpOptions) -> Result<Self> {
        let tls = tls::Tls::new(options)?;
        let negotiating = options.versions != HttpVersions::Http1;
        let adaptive = options.versions == HttpVersions::Adaptive && tls::AVAILABLE;
        let direct =
            matches!(options.proxy, Proxy::System).then(|| options.clone().with_proxy(Proxy::None));
        Ok(Self(Arc::new(Inner {
            client: build(options, &tls, negotiating)?,
            alone: adaptive.then(|| build(options, &tls, false)).transpose()?,
            local: direct.map(|it| build(&it, &tls, false)).transpose()?,
            traffic: Traffic::default(),
            negotiating: negotiating && tls::AVAILABLE,
            opening: Opening::default(),
            user_agent: options.user_agent()?,
            proxy: options.proxy.clone(),
            max_answer_bytes: options.max_answer_bytes,
            seen: AnswersSeen::default(),
        })))
    }

    pub(crate) fn answers_seen(&self) -> &AnswersSeen {
        &self.0.seen
    }

    /// One try. The error says what is known of the request.
    pub(crate) async fn execute(&self, outgoing: Outgoing) -> Result<Response> {
        let mut request = reqwest::Request::new(outgoing.method, outgoing.url);
        *request.headers_mut() = outgoing.headers;
        request
            .headers_mut()
            .insert(header::USER_AGENT, self.0.user_agent.clone());
        if outgoing.timeout.is_some() {
            *request.timeout_mut() = outgoing.timeout;
        }
        if !outgoing.body.is_empty() {
            *request.body_mut() = Some(outgoing.body.into());
        }
        let turn = self.0.traffic.enter();
        let over_tls = request.url().scheme() == "https";
        let own = match over_tls {
            true => self.0.alone.as_ref().filter(|_| turn.is_quiet),
            false => self.0.local.as_ref(),
        };
        let client = own.unwrap_or(&self.0.client);
        let opening = match own {
            None if over_tls && self.0.negotiating => self.0.opening.turn().await,
            _ => None,
        };
        let answered = client.execute(request).await;
        drop(opening);
        let mut response = match answered {
            Ok(response) => response,
            Err(error) => return Err(failure(&error, &self.0.proxy)),
        };
        Ok(Response {
            status: response.status().as_u16(),
            headers: std::mem::take(response.headers_mut()),
            body: self.read(response).await,
        })
    }

    /// One try for a caller that judges the answer by itself: any status is an answer, nothing
    /// is added but the `User-Agent`, followed or repeated. The address is the caller's to vet:
    /// take it from an [`Endpoint`](crate::Endpoint).
    ///
    /// # Errors
    ///
    /// `Connect`, `Timeout`, `Transport`; `Protocol` when the answer is too long.
    pub async fn exchange(&self, outgoing: Outgoing) -> Result<http::Response<Bytes>> {
        let response = self.execute(outgoing).await?;
        let mut answer = http::Response::new(response.body?);
        *answer.status_mut() = http::StatusCode::from_u16(response.status).map_err(|_| {
            Error::new(
                ErrorKind::Protocol,
                "the status of the answer is no HTTP status",
            )
        })?;
        *answer.headers_mut() = response.headers;
        Ok(answer)
    }

    async fn read(&self, mut response: reqwest::Response) -> Result<Bytes> {
        let mut body = Bytes::new();
        let mut pieces: Option<BytesMut> = None;
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|e| failure(&e, &self.0.proxy))?
        {
            let so_far = pieces.as_ref().map_or(body.len(), BytesMut::len);
            if so_far + chunk.len() > self.0.max_answer_bytes {
                return Err(Error::new(
                    ErrorKind::Protocol,
                    format!("the answer has more than {} bytes", self.0.max_answer_bytes),
                ));
            }
            // Nearly every answer comes in one piece, which is then not copied.
            if so_far == 0 {
                body = chunk;
            } else {
                let pieces = pieces.get_or_insert_with(|| BytesMut::from(&body[..]));
                pieces.extend_from_slice(&chunk);
            }
        }
        Ok(pieces.map_or(body, BytesMut::freeze))
    }
}

/// A client of reqwest that follows nothing and repeats nothing by itself.
fn build(options: &HttpOptions, tls: &tls::Tls, negotiating: bool) -> Result<reqwest::Client> {
    let connect_timeout = options.connect_timeout.min(options.timeout.mul_f64(0.9));
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(connect_timeout)
        .timeout(options.timeout)
        .pool_idle_timeout(options.pool_idle_timeout);
    builder = match &options.proxy {
        Proxy::System => builder,
        Proxy::None => builder.no_proxy(),
        Proxy::Url(url) => {
            // The error of reqwest repeats the address, which may hold a password.
            let unusable = |_| {
                Error::new(
                    ErrorKind::Config,
                    "proxy: must be the address of an http or https proxy",
                )
            };
            builder.proxy(reqwest::Proxy::all(url.as_str()).map_err(unusable)?)
        }
    };
    tls.configure(builder, negotiating)
        .build()
        .map_err(|error| {
            Error::new(ErrorKind::Config, "http options: cannot be used")
                .with_source(error.without_url())
        })
}
