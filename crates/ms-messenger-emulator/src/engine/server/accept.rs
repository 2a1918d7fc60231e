//! The accept loop.

use std::{convert::Infallible, future::Future, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
    time::{sleep, timeout},
};

/// How long a listener that stops waits for its connections, and a connection for its requests.
pub(crate) const SHUTDOWN_LIMIT: Duration = Duration::from_secs(2);

/// Serves each connection in a task of its own, until `stop` turns true (then waits a little for the
/// open ones) or is dropped.
pub(crate) async fn accept<F>(
    listener: TcpListener,
    mut stop: watch::Receiver<bool>,
    serve: impl Fn(TcpStream) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let (alive, mut all_gone) = mpsc::channel::<Infallible>(1);
    loop {
        let accepted = tokio::select! {
            biased;
            _ = stop.changed() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let _ = stream.set_nodelay(true);
                let (connection, alive) = (serve(stream), alive.clone());
                tokio::spawn(async move {
                    connection.await;
                    drop(alive);
                });
            }
            // Out of descriptors: give connections time to end instead of spinning.
            Err(_) => sleep(Duration::from_millis(20)).await,
        }
    }
    drop((listener, alive));
    if *stop.borrow() {
        // `None` once the last connection dropped its sender.
        let _ = timeout(SHUTDOWN_LIMIT, all_gone.recv()).await;
    }
}
