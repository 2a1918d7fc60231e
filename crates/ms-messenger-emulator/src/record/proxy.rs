//! One exchange: forwarded, recorded, passed back.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{
        ACCEPT_ENCODING, CONNECTION, CONTENT_TYPE, EXPECT, HOST, PROXY_AUTHENTICATE,
        PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
    },
    request, response,
};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use serde_json::json;
use tokio::time::timeout;

use crate::{
    record::{
        body::Body,
        counts::Counters,
        exchange::{Asked, Exchange, Responded},
        file::RecordingFile,
        forward::Forwarder,
        headers,
        links::Links,
        passed::Passed,
        passed_by::{self, Listener},
        redactor::Redactor,
        signing::AccessKey,
        upstream::{Host, Upstream},
    },
    wire::{clock, path::path_of},
};

/// The largest body of a request that is forwarded.
const MOST_REQUEST: usize = 64 << 20;
/// The largest body of a response that is kept until it is recorded; a larger one is passed on as it
/// comes, and only its length class is recorded.
const MOST_RESPONSE: usize = 8 << 20;

/// Headers of one connection, which are none of the next one.
const OF_CONNECTION: [HeaderName; 7] = [
    CONNECTION,
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Forwards requests to the service, and records what it responds.
#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) upstream: Upstream,
    pub(crate) forwarder: Forwarder,
    pub(crate) redactor: Redactor,
    pub(crate) key: Option<AccessKey>,
    pub(crate) file: RecordingFile,
    pub(crate) counters: Counters,
    pub(crate) listener: Option<Listener>,
}

/// A request whose body was read.
struct Read {
    head: request::Parts,
    target: String,
    body: Bytes,
    at: u64,
    /// Whether it came over TLS.
    is_https: bool,
}

/// What was read of the body of a response.
struct Begun {
    first: Bytes,
    /// The whole, or only the beginning of it.
    is_whole: bool,
    /// Whether there is more than is kept.
    is_large: bool,
    passed: Passed,
}

impl Proxy {
    /// Responds to one request.
    pub(crate) async fn handle(
        &self,
        incoming: http::Request<Incoming>,
        is_https: bool,
    ) -> http::Response<Passed> {
        let at = clock::system_ms();
        let (head, body) = incoming.into_parts();
        let target = head
            .uri
            .path_and_query()
            .map_or("/", |target| target.as_str());
        let target = target.to_owned();
        let Some(host) = self.upstream.host(&target) else {
            self.counters.add_failed();
            let message = "no service is known for this path; name its platform or its URL";
            return problem(StatusCode::NOT_FOUND, message);
        };
        let Ok(body) = Limited::new(body, MOST_REQUEST).collect().await else {
            self.counters.add_failed();
            let message = "the body is cut off, or larger than 64 MiB";
            return problem(StatusCode::PAYLOAD_TOO_LARGE, message);
        };
        let read = Read {
            head,
            target,
            body: body.to_bytes(),
            at,
            is_https,
        };
        self.exchange(&host, read).await
    }

    async fn exchange(&self, host: &Host, mut read: Read) -> http::Response<Passed> {
        let begun = Instant::now();
        let links = Links::new(host, read.is_https, &read.head.headers, &read.head.uri);
        if let Some(links) = &links {
            links.to_service(&mut read.head.headers, &mut read.body);
        }
        let Some(request) = self.outgoing(host, &read) else {
            self.counters.add_failed();
            return problem(StatusCode::BAD_REQUEST, "the request cannot be forwarded");
        };
        let response = match self.forwarder.forward(host, request).await {
            Ok(response) => response,
            Err(reason) => {
                self.counters.add_failed();
                let status = match reason {
                    crate::record::forward::NoResponse::Timeout => StatusCode::GATEWAY_TIMEOUT,
                    _ => StatusCode::BAD_GATEWAY,
                };
                return problem(status, reason.message());
            }
        };
        let took = begun.elapsed();
        let (mut head, body) = response.into_parts();
        let mut body = read_some(body, self.forwarder.patience).await;
        let is_passed_by = self.note_passed_by(&read, &head, body.is_large, links.is_some());
        let recorded = if body.is_whole {
            Body::redact(&head.headers, &body.first, &self.redactor)
        } else {
            Body::Removed(MOST_RESPONSE)
        };
        self.record(&read, &head, recorded, took);
        remove_those_of_connection(&mut head.headers);
        if let Some(links) = links {
            links.to_recorder(&mut head.headers);
            if body.is_whole && !is_passed_by {
                links.to_recorder_in_body(&mut head.headers, &mut body.first);
                body.passed = Passed::whole(body.first);
            }
        }
        http::Response::from_parts(head, body.passed)
    }

    /// Counts a response whose links lead past the recorder, and says so. Whether it is one.
    fn note_passed_by(
        &self,
        read: &Read,
        head: &response::Parts,
        is_large: bool,
        is_named: bool,
    ) -> bool {
        let Some(reason) = passed_by::reason(&head.headers, is_large, is_named) else {
            return false;
        };
        self.counters.add_unlinked();
        if let Some(Listener(listener)) = &self.listener {
            let (method, path) = (method(read.head.method.as_str()), path_of(&read.target));
            listener(&format!(
                "{method} {path}: links in the response lead past the recorder: {reason}"
            ));
        }
        true
    }

    /// The request as the service gets it.
    fn outgoing(&self, host: &Host, read: &Read) -> Option<http::Request<Full<Bytes>>> {
        let mut request = http::Request::new(Full::new(read.body.clone()));
        *request.method_mut() = read.head.method.clone();
        *request.uri_mut() = read.target.parse().ok()?;
        let mut headers = read.head.headers.clone();
        if let Some(authority) = read.head.uri.authority() {
            // HTTP/2 has it in place of the header.
            let called = HeaderValue::from_str(authority.as_str()).ok()?;
            headers.entry(HOST).or_insert(called);
        }
        let authority = host.authority();
        if let Some(key) = &self.key {
            let method = read.head.method.as_str();
            key.sign_again(method, &read.target, &mut headers, &authority);
        }
        remove_those_of_connection(&mut headers);
        // A compressed response could not be recorded, and the body was read already.
        headers.remove(ACCEPT_ENCODING);
        headers.remove(EXPECT);
        headers.insert(HOST, HeaderValue::from_str(&authority).ok()?);
        *request.headers_mut() = headers;
        Some(request)
    }

    /// Appends the exchange to the file.
    fn record(&self, read: &Read, response: &response::Parts, body: Body, took: Duration) {
        let redactor = &self.redactor;
        let query = read.target.split_once('?').map_or("", |(_, query)| query);
        let headers = &read.head.headers;
        self.file.append(Exchange {
            n: 0,
            at: clock::rfc3339_millis(read.at),
            ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            request: Asked {
                method: method(read.head.method.as_str()),
                path: redactor.path(path_of(&read.target)),
                query: redactor.pairs(query),
                headers: headers::redact(headers, redactor),
                body: Body::redact(headers, &read.body, redactor),
            },
            response: Responded {
                status: response.status.as_u16(),
                headers: headers::redact(&response.headers, redactor),
                body,
            },
        });
    }
}

/// A method of HTTP, or a word in place of an invented one.
fn method(name: &str) -> String {
    let is_known = crate::record::words::is_value(name);
    if is_known { name } else { "OTHER" }.to_owned()
}

/// Reads the body up to a limit.
async fn read_some(mut body: Incoming, patience: Duration) -> Begun {
    let mut first = BytesMut::new();
    loop {
        let frame = timeout(patience, body.frame()).await;
        match frame {
            Ok(Some(Ok(frame))) => {
                if let Ok(data) = frame.into_data() {
                    first.extend_from_slice(&data);
                }
            }
            Ok(None) => {
                let first = first.freeze();
                return Begun {
                    passed: Passed::whole(first.clone()),
                    first,
                    is_whole: true,
                    is_large: false,
                };
            }
            Ok(Some(Err(_))) | Err(_) => {
                let first = first.freeze();
                return Begun {
                    passed: Passed::broken(first.clone()),
                    first,
                    is_whole: false,
                    is_large: false,
                };
            }
        }
        if first.len() > MOST_RESPONSE {
            let first = first.freeze();
            return Begun {
                passed: Passed::started(first.clone(), body),
                first,
                is_whole: false,
                is_large: true,
            };
        }
    }
}

fn remove_those_of_connection(headers: &mut HeaderMap) {
    for name in OF_CONNECTION {
        headers.remove(name);
    }
    headers.remove("keep-alive");
}

/// A response of the recorder's own.
fn problem(status: StatusCode, message: &str) -> http::Response<Passed> {
    let body = json!({"error": {"code": "Recorder", "message": message}});
    let mut response = http::Response::new(Passed::whole(Bytes::from(body.to_string())));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}
