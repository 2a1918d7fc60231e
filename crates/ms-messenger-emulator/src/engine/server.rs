//! The accept loop, and full control over how a connection ends.

pub(crate) mod accept;
pub(crate) mod control;
pub(crate) mod frames;
pub(crate) mod http1_io;
pub(crate) mod http2_io;
pub(crate) mod payload;
pub(crate) mod streams;

use std::{convert::Infallible, net::Shutdown, pin::pin, sync::Arc, time::Duration};

use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::{
    engine::{
        dispatch::Dispatcher,
        server::{
            accept::{SHUTDOWN_LIMIT, accept},
            control::{Control, Ending},
            http1_io::Http1Io,
            http2_io::Http2Io,
        },
    },
    wire::request::Scheme,
};

/// Longer than clients keep idle connections, so that they close first.
const IDLE_LIMIT: Duration = Duration::from_secs(120);
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
const DRAIN_LIMIT: Duration = Duration::from_secs(1);

/// Serves until `stop` turns true (then waits a little for open requests) or is dropped.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    dispatcher: Arc<Dispatcher>,
    stop: watch::Receiver<bool>,
) {
    accept(listener, stop.clone(), |stream| {
        dispatcher.registry.engine.stats.connected();
        greet(stream, tls.clone(), Arc::clone(&dispatcher), stop.clone())
    })
    .await;
}

/// Shakes hands where the listener asks for it, then serves in the protocol agreed on.
async fn greet(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    dispatcher: Arc<Dispatcher>,
    mut stop: watch::Receiver<bool>,
) {
    let Some(tls) = tls else {
        return connection(stream, Scheme::Http, dispatcher, stop, |stream| stream).await;
    };
    let shaken = tokio::select! {
        shaken = tokio::time::timeout(HANDSHAKE_LIMIT, tls.accept(stream)) => shaken,
        _ = stop.changed() => return,
    };
    // The connection of a client that does not trust the certificate ends here.
    let Ok(Ok(stream)) = shaken else { return };
    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        connection2(stream, dispatcher, stop).await;
    } else {
        // Faults end the connection below TLS, as a failing network does.
        connection(stream, Scheme::Https, dispatcher, stop, |s| {
            s.into_inner().0
        })
        .await;
    }
}

/// HTTP/1.1; `socket` strips what is above the socket.
async fn connection<S>(
    stream: S,
    scheme: Scheme,
    dispatcher: Arc<Dispatcher>,
    mut stop: watch::Receiver<bool>,
    socket: impl FnOnce(S) -> TcpStream,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let control = Control::default();
    let handler = {
        let control = control.clone();
        service_fn(move |mut incoming: http::Request<Incoming>| {
            let (dispatcher, control) = (Arc::clone(&dispatcher), control.clone());
            incoming.extensions_mut().insert(scheme);
            async move { Ok::<_, Infallible>(dispatcher.handle(control, incoming).await) }
        })
    };
    let mut connection = http1::Builder::new()
        .auto_date_header(false)
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE_LIMIT)
        .serve_connection(TokioIo::new(Http1Io::new(stream, control.clone())), handler);
    tokio::select! {
        biased;
        _ = &mut connection => {}
        ending = control.ended() => {
            let tap = connection.into_parts().io.into_inner();
            end(socket(tap.into_inner()), ending).await;
        }
        result = stop.changed() => {
            if result.is_ok() {
                let mut connection = pin!(connection);
                connection.as_mut().graceful_shutdown();
                let _ = tokio::time::timeout(SHUTDOWN_LIMIT, connection).await;
            }
        }
    }
}

/// HTTP/2. A fault that ends the connection ends all of its streams.
async fn connection2(
    stream: TlsStream<TcpStream>,
    dispatcher: Arc<Dispatcher>,
    mut stop: watch::Receiver<bool>,
) {
    // A second handle: hyper does not give the stream of an HTTP/2 connection back.
    let Ok(socket) = socket2::SockRef::from(stream.get_ref().0).try_clone() else {
        return;
    };
    let control = Control::http2();
    let handler = {
        let control = control.clone();
        service_fn(move |mut incoming: http::Request<Incoming>| {
            // In the order of the streams: the protocol hands requests over as they come.
            let (dispatcher, control) = (Arc::clone(&dispatcher), control.for_next_stream());
            incoming.extensions_mut().insert(Scheme::Https);
            async move {
                if control.is_too_late() {
                    // The client knows from GOAWAY that this was not processed.
                    std::future::pending::<()>().await;
                }
                Ok::<_, Infallible>(dispatcher.handle(control, incoming).await)
            }
        })
    };
    let connection = http2::Builder::new(TokioExecutor::new())
        .auto_date_header(false)
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(Http2Io::new(stream, control.clone())), handler);
    let mut connection = pin!(connection);
    let mut is_leaving = false;
    loop {
        tokio::select! {
            biased;
            _ = &mut connection => return,
            ending = control.ended() => return end_http2(&socket, ending),
            () = control.left(), if !is_leaving => {
                is_leaving = true;
                connection.as_mut().graceful_shutdown();
            }
            () = control.finished() => {
                let _ = socket.shutdown(Shutdown::Write);
                // Reads on for a while: unread bytes would turn the close into a reset.
                let _ = tokio::time::timeout(DRAIN_LIMIT, connection).await;
                return;
            }
            result = stop.changed() => {
                if result.is_ok() {
                    connection.as_mut().graceful_shutdown();
                    let _ = tokio::time::timeout(SHUTDOWN_LIMIT, connection).await;
                }
                return;
            }
        }
    }
}

/// Ends a connection of HTTP/2 by a second handle to its socket.
fn end_http2(socket: &socket2::Socket, ending: Ending) {
    let _ = match ending {
        Ending::Reset => socket.set_linger(Some(Duration::ZERO)),
        Ending::Close => socket.shutdown(Shutdown::Write),
    };
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
