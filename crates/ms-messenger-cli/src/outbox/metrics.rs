//! Serves the counts of an outbox, and the rates of its worker, to Prometheus.

use std::{
    net::SocketAddr,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use ms_messenger::{Error, ErrorKind, Result};
use ms_messenger_outbox::Worker;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::timeout,
};

use crate::{print, text};

/// The worker whose rates are served, as soon as there is one.
pub(crate) type Running = Arc<RwLock<Option<Arc<Worker>>>>;

/// The longest head of a request.
const LONGEST_HEAD: usize = 8 * 1024;
/// How long a client may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Serves the counts until it is dropped.
#[derive(Debug)]
pub(crate) struct Server(JoinHandle<()>);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Server {
    /// Starts to serve `GET /metrics`.
    ///
    /// # Errors
    ///
    /// `Config` when the address is not a loopback address, or cannot be used.
    pub(crate) async fn start(address: SocketAddr, running: Running) -> Result<Self> {
        let invalid = |text: String| Error::new(ErrorKind::Config, text);
        if !address.ip().is_loopback() {
            return Err(invalid(text::outbox::METRICS_NOT_LOOPBACK.to_owned()));
        }
        let listener = TcpListener::bind(address).await;
        let listener = listener
            .map_err(|error| invalid(text::outbox::metrics_failed(address, error.kind())))?;
        if let Ok(address) = listener.local_addr() {
            print::note(text::outbox::metrics(address));
        }
        Ok(Self(tokio::spawn(serve(listener, running))))
    }
}

async fn serve(listener: TcpListener, running: Running) {
    loop {
        match listener.accept().await {
            // One after the other: a scrape takes milliseconds.
            Ok((stream, _)) => drop(timeout(PATIENCE, respond(stream, &running)).await),
            Err(_) => tokio::time::sleep(PATIENCE).await,
        }
    }
}

/// Responds to one request. A client that does not listen is no failure.
async fn respond(mut stream: TcpStream, running: &Running) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.len() < LONGEST_HEAD {
        let mut part = [0; 1024];
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return,
            Ok(length) => head.extend_from_slice(&part[..length]),
        }
    }
    let is_known = head.starts_with(b"GET /metrics ") || head.starts_with(b"GET /metrics?");
    let (status, text) = if is_known {
        let worker = running
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let text = match worker {
            Some(worker) => worker.metrics().await.ok(),
            None => None,
        };
        text.map_or(("503 Service Unavailable", String::new()), |text| {
            ("200 OK", text)
        })
    } else {
        ("404 Not Found", String::new())
    };
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let length = text.len();
    let response = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n{text}"
    );
    let _ = stream.write_all(response.as_bytes()).await;
    let _ = stream.shutdown().await;
}
