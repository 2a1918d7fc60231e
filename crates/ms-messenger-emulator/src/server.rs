//! The accept loop, and full control over how a connection ends.

use std::convert::Infallible;
use std::net::Shutdown;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc, watch};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::dispatch;
use crate::inbound::Scheme;
use crate::platform::Platform;
use crate::shared::Shared;

/// Longer than clients keep idle connections, so that they close first.
const IDLE_LIMIT: Duration = Duration::from_secs(120);
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
const DRAIN_LIMIT: Duration = Duration::from_secs(1);
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(2);

/// Serves until `stop` turns true (then waits a little for open requests) or is dropped.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    shared: Arc<Shared>,
    mut stop: watch::Receiver<bool>,
) {
    let (alive, mut all_gone) = mpsc::channel::<Infallible>(1);
    loop {
        let accepted = tokio::select! {
            biased;
            _ = stop.changed() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                shared.stats.connected();
                let (shared, stop, alive) = (Arc::clone(&shared), stop.clone(), alive.clone());
                let tls = tls.clone();
                tokio::spawn(async move {
                    greet(stream, tls, shared, stop).await;
                    drop(alive);
                });
            }
            // Out of descriptors: give connections time to end instead of spinning.
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
    drop((listener, alive));
    if *stop.borrow() {
        // Answers `None` once the last connection dropped its sender.
        let _ = tokio::time::timeout(SHUTDOWN_LIMIT, all_gone.recv()).await;
    }
}

/// Shakes hands where the listener asks for it, then serves in the protocol agreed on.
async fn greet(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    shared: Arc<Shared>,
    mut stop: watch::Receiver<bool>,
) {
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else {
        return connection(stream, Scheme::Http, shared, stop, |stream| stream).await;
    };
    let shaken = tokio::select! {
        shaken = tokio::time::timeout(HANDSHAKE_LIMIT, tls.accept(stream)) => shaken,
        _ = stop.changed() => return,
    };
    // A client that does not trust us ends here; there is nobody to tell.
    let Ok(Ok(stream)) = shaken else { return };
    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        connection2(stream, shared, stop).await;
    } else {
        // Faults end the connection below TLS, as a failing network does.
        connection(stream, Scheme::Https, shared, stop, |s| s.into_inner().0).await;
    }
}

/// HTTP/1.1; `socket` strips what is above the socket.
async fn connection<S>(
    stream: S,
    scheme: Scheme,
    shared: Arc<Shared>,
    mut stop: watch::Receiver<bool>,
    socket: impl FnOnce(S) -> TcpStream,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let control = Control::default();
    let handler = {
        let control = control.clone();
        service_fn(move |mut request: Request<Incoming>| {
            let (shared, control) = (Arc::clone(&shared), control.clone());
            request.extensions_mut().insert(scheme);
            async move { Ok::<_, Infallible>(dispatch::handle(shared, control, request).await) }
        })
    };
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE_LIMIT)
        .serve_connection(TokioIo::new(stream), handler);
    tokio::select! {
        biased;
        _ = &mut connection => {}
        ending = control.ended() => {
            end(socket(connection.into_parts().io.into_inner()), ending).await;
        }
        result = stop.changed() => {
            if result.is_ok() {
                Pin::new(&mut connection).graceful_shutdown();
                let _ = tokio::time::timeout(SHUTDOWN_LIMIT, connection).await;
            }
        }
    }
}

/// HTTP/2. A fault that ends the connection ends all of its streams.
async fn connection2(
    stream: TlsStream<TcpStream>,
    shared: Arc<Shared>,
    mut stop: watch::Receiver<bool>,
) {
    // A second handle: hyper does not give the stream of an HTTP/2 connection back.
    let Ok(socket) = socket2::SockRef::from(stream.get_ref().0).try_clone() else {
        return;
    };
    let control = Control::default();
    let handler = {
        let control = control.clone();
        service_fn(move |mut request: Request<Incoming>| {
            let (shared, control) = (Arc::clone(&shared), control.clone());
            request.extensions_mut().insert(Scheme::Https);
            async move { Ok::<_, Infallible>(dispatch::handle(shared, control, request).await) }
        })
    };
    let mut connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), handler);
    tokio::select! {
        biased;
        _ = &mut connection => {}
        ending = control.ended() => match ending {
            Ending::Reset => {
                let _ = socket.set_linger(Some(Duration::ZERO));
            }
            Ending::Close => {
                let _ = socket.shutdown(Shutdown::Write);
            }
        },
        result = stop.changed() => {
            if result.is_ok() {
                Pin::new(&mut connection).graceful_shutdown();
                let _ = tokio::time::timeout(SHUTDOWN_LIMIT, connection).await;
            }
        }
    }
}

async fn end(mut stream: TcpStream, ending: Ending) {
    match ending {
        Ending::Reset => {
            // With a zero linger time the drop sends RST instead of FIN.
            let _ = socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO));
        }
        Ending::Close => {
            let _ = stream.shutdown().await;
            // Unread bytes would turn the close into a reset; read what the client still sends.
            let mut scratch = vec![0; 16 * 1024];
            let drain = pin!(async { while matches!(stream.read(&mut scratch).await, Ok(1..)) {} });
            let _ = tokio::time::timeout(DRAIN_LIMIT, drain).await;
        }
    }
}

/// How a fault ends a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Orderly, with FIN.
    Close,
    /// With RST.
    Reset,
}

/// The handle by which a request ends its own connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Control(Arc<ControlState>);

#[derive(Debug, Default)]
struct ControlState {
    ending: Mutex<Option<Ending>>,
    wake: Notify,
    platforms: AtomicU8,
}

impl Control {
    /// Asks for the end of the connection; the first request for it counts.
    pub(crate) fn end(&self, ending: Ending) {
        let mut slot = self.0.ending.lock().unwrap_or_else(PoisonError::into_inner);
        slot.get_or_insert(ending);
        drop(slot);
        self.0.wake.notify_one();
    }

    async fn ended(&self) -> Ending {
        loop {
            let ending = *self.0.ending.lock().unwrap_or_else(PoisonError::into_inner);
            match ending {
                Some(ending) => return ending,
                None => self.0.wake.notified().await,
            }
        }
    }

    /// Whether this is the connection's first request of `platform`.
    pub(crate) fn is_first_of(&self, platform: Platform) -> bool {
        let bit = 1 << platform.index();
        self.0.platforms.fetch_or(bit, Ordering::Relaxed) & bit == 0
    }
}

/// The body of an answer: whole, or cut off by a fault.
#[derive(Debug)]
pub(crate) enum Payload {
    Whole(Option<Bytes>),
    Cut {
        first: Option<Bytes>,
        announced: u64,
        control: Control,
    },
}

impl Payload {
    pub(crate) fn whole(body: Bytes) -> Self {
        Self::Whole(Some(body).filter(|body| !body.is_empty()))
    }

    /// `body` up to `after_bytes`, at least one byte of it withheld.
    pub(crate) fn cut(body: &Bytes, after_bytes: u64, control: Control) -> Self {
        let most = body.len().saturating_sub(1);
        let sent = usize::try_from(after_bytes).unwrap_or(usize::MAX).min(most);
        Self::Cut {
            first: Some(body.slice(..sent)).filter(|first| !first.is_empty()),
            announced: body.len() as u64,
            control,
        }
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut *self {
            Self::Whole(body) => Poll::Ready(body.take().map(|body| Ok(Frame::data(body)))),
            Self::Cut { first, control, .. } => match first.take() {
                Some(first) => Poll::Ready(Some(Ok(Frame::data(first)))),
                None => {
                    // Pending lets the connection flush what it has before the control ends it.
                    control.end(Ending::Close);
                    Poll::Pending
                }
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => SizeHint::with_exact(body.as_ref().map_or(0, |b| b.len() as u64)),
            Self::Cut { announced, .. } => SizeHint::with_exact(*announced),
        }
    }
}
