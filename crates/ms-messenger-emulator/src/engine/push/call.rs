//! One request to a receiver, and what it responds.

use std::{
    collections::VecDeque,
    convert::Infallible,
    fmt,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header::HOST};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt as _, Limited};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::time::timeout;

use crate::engine::push::address::Address;

/// The largest response body that is read.
const MAX_RESPONSE: usize = 64 * 1024;

/// A request to a receiver.
#[derive(Clone)]
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Whether the body comes in chunks, without a length.
    pub(crate) is_chunked: bool,
    /// Whether the names of headers are sent in lower case.
    pub(crate) is_lower_case: bool,
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Headers and body may hold secrets.
        write!(f, "Outgoing({}, {} bytes)", self.method, self.body.len())
    }
}

/// What a receiver responded.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Why a receiver gave no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoReply {
    Connect,
    Timeout,
    Broken,
}

impl NoReply {
    /// The outcome as Event Grid and its kind name it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "SocketError",
            Self::Timeout => "TimedOut",
            Self::Broken => "Aborted",
        }
    }
}

impl fmt::Display for NoReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "the receiver cannot be connected",
            Self::Timeout => "the receiver gave no response in time",
            Self::Broken => "the receiver broke off, or its response is no HTTP or too large",
        })
    }
}

/// Makes one request on a connection of its own, and reads its response, within `limit`.
pub(crate) async fn call(
    address: &Address,
    outgoing: &Outgoing,
    limit: Duration,
) -> Result<Reply, NoReply> {
    let exchange = exchange(address, outgoing);
    timeout(limit, exchange)
        .await
        .unwrap_or(Err(NoReply::Timeout))
}

async fn exchange(address: &Address, outgoing: &Outgoing) -> Result<Reply, NoReply> {
    respond(address, outgoing, |response| async move {
        let (head, body) = response.into_parts();
        let body = Limited::new(body, MAX_RESPONSE).collect().await.ok()?;
        Some(Reply {
            status: head.status,
            headers: head.headers,
            body: body.to_bytes(),
        })
    })
    .await
}

/// Makes a request on a connection of its own, and lets `read` read the response.
pub(crate) async fn respond<T, F: Future<Output = Option<T>>>(
    address: &Address,
    outgoing: &Outgoing,
    read: impl FnOnce(http::Response<Incoming>) -> F,
) -> Result<T, NoReply> {
    let stream = address.connect().await.map_err(|_| NoReply::Connect)?;
    let mut builder = http1::Builder::new();
    builder.title_case_headers(!outgoing.is_lower_case);
    let handshake = builder.handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|_| NoReply::Broken)?;
    let request = request(address, outgoing).ok_or(NoReply::Broken)?;
    let respond = async move {
        let response = sender.send_request(request).await.ok()?;
        // The connection ends with its sender, which is dropped here.
        read(response).await
    };
    let (read, _) = tokio::join!(respond, connection);
    read.ok_or(NoReply::Broken)
}

fn request(address: &Address, outgoing: &Outgoing) -> Option<http::Request<Parcel>> {
    let body = Parcel::new(&outgoing.body, outgoing.is_chunked);
    let mut request = http::Request::new(body);
    *request.method_mut() = outgoing.method.clone();
    *request.uri_mut() = address.target().parse().ok()?;
    request.headers_mut().clone_from(&outgoing.headers);
    let host = HeaderValue::from_str(address.authority()).ok()?;
    request.headers_mut().insert(HOST, host);
    Some(request)
}

/// The body of a request: with its length, or in pieces without one.
#[derive(Debug)]
struct Parcel {
    pieces: VecDeque<Bytes>,
    length: Option<u64>,
}

impl Parcel {
    fn new(body: &Bytes, is_chunked: bool) -> Self {
        if !is_chunked {
            return Self {
                pieces: Some(body.clone()).into_iter().collect(),
                length: Some(body.len() as u64),
            };
        }
        let half = body.len() / 2;
        Self {
            pieces: [body.slice(..half), body.slice(half..)].into(),
            length: None,
        }
    }
}

impl Body for Parcel {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = self.pieces.pop_front();
        Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
    }

    fn size_hint(&self) -> SizeHint {
        self.length
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }

    fn is_end_stream(&self) -> bool {
        self.length == Some(0)
    }
}
