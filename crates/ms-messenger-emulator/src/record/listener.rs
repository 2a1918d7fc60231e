//! Serves the clients of a recorder.

use std::{convert::Infallible, pin::pin, sync::Arc, time::Duration};

use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;

use crate::record::proxy::Proxy;

const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(2);

/// Serves until `stop` changes, and then until the open requests are done, for a little while.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    proxy: Arc<Proxy>,
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
                let (tls, proxy, stop) = (tls.clone(), Arc::clone(&proxy), stop.clone());
                let alive = alive.clone();
                tokio::spawn(async move {
                    greet(stream, tls, proxy, stop).await;
                    drop(alive);
                });
            }
            // Out of descriptors: give connections time to end instead of spinning.
            Err(_) => sleep(Duration::from_millis(20)).await,
        }
    }
    drop((listener, alive));
    // `None` once the last connection dropped its sender.
    let _ = timeout(SHUTDOWN_LIMIT, all_gone.recv()).await;
}

async fn greet(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    proxy: Arc<Proxy>,
    mut stop: watch::Receiver<bool>,
) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |incoming: http::Request<Incoming>| {
        let proxy = Arc::clone(&proxy);
        async move { Ok::<_, Infallible>(proxy.handle(incoming).await) }
    });
    let mut http1 = http1::Builder::new();
    http1.timer(TokioTimer::new());
    let Some(tls) = tls else {
        let mut connection = pin!(http1.serve_connection(TokioIo::new(stream), service));
        tokio::select! {
            _ = connection.as_mut() => {}
            _ = stop.changed() => {
                connection.as_mut().graceful_shutdown();
                let _ = timeout(SHUTDOWN_LIMIT, connection).await;
            }
        }
        return;
    };
    let shaken = timeout(HANDSHAKE_LIMIT, tls.accept(stream)).await;
    // The connection of a client that does not trust the certificate ends here.
    let Ok(Ok(stream)) = shaken else { return };
    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        let http2 = http2::Builder::new(TokioExecutor::new());
        let mut connection = pin!(http2.serve_connection(TokioIo::new(stream), service));
        tokio::select! {
            _ = connection.as_mut() => {}
            _ = stop.changed() => {
                connection.as_mut().graceful_shutdown();
                let _ = timeout(SHUTDOWN_LIMIT, connection).await;
            }
        }
    } else {
        let mut connection = pin!(http1.serve_connection(TokioIo::new(stream), service));
        tokio::select! {
            _ = connection.as_mut() => {}
            _ = stop.changed() => {
                connection.as_mut().graceful_shutdown();
                let _ = timeout(SHUTDOWN_LIMIT, connection).await;
            }
        }
    }
}
