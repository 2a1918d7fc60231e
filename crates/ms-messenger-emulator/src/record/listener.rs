//! Serves the clients of a recorder.

use std::{convert::Infallible, pin::pin, sync::Arc, time::Duration};

use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::graceful::GracefulConnection,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

use crate::{
    engine::server::accept::{SHUTDOWN_LIMIT, accept},
    record::proxy::Proxy,
};

const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);

/// Serves until `stop` turns true, and then until the open requests are done, for a little while.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    proxy: Arc<Proxy>,
    stop: watch::Receiver<bool>,
) {
    accept(listener, stop.clone(), |stream| {
        greet(stream, tls.clone(), Arc::clone(&proxy), stop.clone())
    })
    .await;
}

async fn greet(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    proxy: Arc<Proxy>,
    stop: watch::Receiver<bool>,
) {
    let is_https = tls.is_some();
    let service = service_fn(move |incoming: http::Request<Incoming>| {
        let proxy = Arc::clone(&proxy);
        async move { Ok::<_, Infallible>(proxy.handle(incoming, is_https).await) }
    });
    let mut http1 = http1::Builder::new();
    http1.timer(TokioTimer::new());
    let Some(tls) = tls else {
        return until_stopped(http1.serve_connection(TokioIo::new(stream), service), stop).await;
    };
    let shaken = timeout(HANDSHAKE_LIMIT, tls.accept(stream)).await;
    // The connection of a client that does not trust the certificate ends here.
    let Ok(Ok(stream)) = shaken else { return };
    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        let http2 = http2::Builder::new(TokioExecutor::new());
        until_stopped(http2.serve_connection(TokioIo::new(stream), service), stop).await;
    } else {
        until_stopped(http1.serve_connection(TokioIo::new(stream), service), stop).await;
    }
}

async fn until_stopped(connection: impl GracefulConnection, mut stop: watch::Receiver<bool>) {
    let mut connection = pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => {}
        _ = stop.changed() => {
            connection.as_mut().graceful_shutdown();
            let _ = timeout(SHUTDOWN_LIMIT, connection).await;
        }
    }
}
