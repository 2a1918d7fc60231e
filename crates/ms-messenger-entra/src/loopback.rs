//! The listener to which the browser is redirected.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use ms_messenger_core::{Error, ErrorKind, Result};
use ms_messenger_http::Bytes;
use oauth2::CsrfToken;
use secrecy::SecretString;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use url::form_urlencoded;

use crate::TokenError;

/// Browsers open more connections than they use, but not more than this.
const MOST_CONNECTIONS: usize = 16;
/// How long a connection may take to send its request.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(30);
/// The most bytes of a request's head.
const LONGEST_HEAD: usize = 64 * 1024;

/// The redirect that is expected, and its outcome.
struct Awaited {
    port: u16,
    state: CsrfToken,
    outcome: Mutex<Option<Result<SecretString>>>,
}

/// Waits until a browser is redirected with the response for `state`: the code, or the error.
/// Any other request is rejected, and changes nothing.
pub(crate) async fn redirected(
    listener: TcpListener,
    port: u16,
    state: CsrfToken,
) -> Result<SecretString> {
    let awaited = Arc::new(Awaited {
        port,
        state,
        outcome: Mutex::new(None),
    });
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < MOST_CONNECTIONS => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(serve(stream, Arc::clone(&awaited)));
                }
            }
            // Read only after a connection has ended, so that the browser has its page.
            Some(_) = connections.join_next() => {
                let mut outcome = awaited.outcome.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(outcome) = outcome.take() {
                    return outcome;
                }
            }
        }
    }
}

async fn serve(stream: TcpStream, awaited: Arc<Awaited>) {
    let service = service_fn(|request| {
        let response = response(&awaited, &request);
        async { Ok::<_, Infallible>(response) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(CONNECTION_TIMEOUT)
        .max_buf_size(LONGEST_HEAD)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    // A broken connection is the browser's concern: it retries.
    let _ = tokio::time::timeout(CONNECTION_TIMEOUT, connection).await;
}

fn response(awaited: &Awaited, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let host = request.headers().get(header::HOST);
    if request.method() != Method::GET || request.uri().path() != "/" {
        return page(StatusCode::NOT_FOUND, "There is nothing here.");
    }
    // Another host name would be that of a web page that attempts to reach this listener.
    if !host.is_some_and(|host| awaited.is_own(host)) {
        return page(
            StatusCode::FORBIDDEN,
            "This is not the address of this sign-in.",
        );
    }
    let mut query = Redirect::default();
    for (name, value) in form_urlencoded::parse(request.uri().query().unwrap_or("").as_bytes()) {
        query.take(&name, value.into_owned());
    }
    let Some(outcome) = query.outcome(&awaited.state) else {
        return page(StatusCode::BAD_REQUEST, "This belongs to another sign-in.");
    };
    let shown = match &outcome {
        Ok(_) => page(
            StatusCode::OK,
            "You are signed in. You can close this page.",
        ),
        Err(_) => page(
            StatusCode::OK,
            "You are not signed in. You can close this page.",
        ),
    };
    let mut kept = awaited
        .outcome
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    kept.get_or_insert(outcome);
    shown
}

impl Awaited {
    fn is_own(&self, host: &HeaderValue) -> bool {
        let names = ["localhost", "127.0.0.1"];
        names
            .iter()
            .any(|name| host.as_bytes() == format!("{name}:{}", self.port).as_bytes())
    }
}

/// The query of the redirect.
#[derive(Default)]
struct Redirect {
    state: Option<String>,
    code: Option<SecretString>,
    error: Option<String>,
    description: String,
}

impl Redirect {
    fn take(&mut self, name: &str, value: String) {
        match name {
            "state" => self.state = Some(value),
            "code" => self.code = Some(value.into()),
            "error" => self.error = Some(value),
            "error_description" => self.description = value,
            _ => {}
        }
    }

    /// `None` when it does not belong to `state`.
    fn outcome(self, state: &CsrfToken) -> Option<Result<SecretString>> {
        // Compares hashes, and so takes the same time for every state.
        (CsrfToken::new(self.state?) == *state).then_some(())?;
        match (self.error, self.code) {
            (Some(error), _) => {
                let error = TokenError::redirected(&error, &self.description);
                Some(Err(error.into_core(0, None)))
            }
            (None, Some(code)) => Some(Ok(code)),
            (None, None) => Some(Err(Error::new(
                ErrorKind::Protocol,
                "the redirect of the browser has neither a code nor an error",
            ))),
        }
    }
}

fn page(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    for (name, value) in headers {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}
