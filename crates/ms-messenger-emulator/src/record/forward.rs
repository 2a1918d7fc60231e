//! One request to the service, on a connection of its own.

use std::{io, time::Duration};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};

use crate::record::upstream::Host;
#[cfg(any(feature = "rustls", feature = "rustls-ring"))]
use crate::record::verified::Verified;

/// How long a connection may take, with the handshake of TLS.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// Why the service gave no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoResponse {
    Connect,
    Timeout,
    Broken,
}

impl NoResponse {
    pub(crate) const fn message(self) -> &'static str {
        match self {
            Self::Connect => "the service cannot be connected, or its certificate is not trusted",
            Self::Timeout => "the service gave no response in time",
            Self::Broken => "the service broke off, or its response is no HTTP",
        }
    }
}

/// Calls the service.
#[derive(Debug)]
pub(crate) struct Forwarder {
    #[cfg(any(feature = "rustls", feature = "rustls-ring"))]
    pub(crate) tls: Option<Verified>,
    /// How long the head of a response may take.
    pub(crate) patience: Duration,
}

impl Forwarder {
    /// Sends the request, and returns the response when its head is there. Redirects are not followed.
    pub(crate) async fn forward(
        &self,
        host: &Host,
        request: http::Request<Full<Bytes>>,
    ) -> Result<http::Response<Incoming>, NoResponse> {
        let connecting = timeout(CONNECT_LIMIT, self.connect(host)).await;
        let stream = connecting.map_err(|_| NoResponse::Connect)?;
        let stream = stream.map_err(|_| NoResponse::Connect)?;
        let handshake = http1::handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = handshake.map_err(|_| NoResponse::Broken)?;
        // It ends when the response was read or dropped.
        tokio::spawn(connection);
        match timeout(self.patience, sender.send_request(request)).await {
            Err(_) => Err(NoResponse::Timeout),
            Ok(response) => response.map_err(|_| NoResponse::Broken),
        }
    }

    async fn connect(&self, host: &Host) -> io::Result<Box<dyn Stream>> {
        let stream = TcpStream::connect((host.name.as_str(), host.port)).await?;
        stream.set_nodelay(true)?;
        if !host.is_https {
            return Ok(Box::new(stream));
        }
        #[cfg(any(feature = "rustls", feature = "rustls-ring"))]
        if let Some(tls) = &self.tls {
            return Ok(Box::new(tls.connect(stream, &host.name).await?));
        }
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// A connection with or without TLS.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}
