//! A scripted server on loopback: it records every request to the byte and then behaves as told.
#![allow(dead_code, reason = "no test uses all of it")]

pub(crate) mod client;
pub(crate) mod tls;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Notify, mpsc, oneshot, watch},
    task::{JoinHandle, JoinSet},
};
use tokio_rustls::TlsAcceptor;

/// What happens once a request has been read whole.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// These bytes; the connection stays open.
    Respond(Vec<u8>),
    /// These bytes, then an orderly close.
    RespondAndClose(Vec<u8>),
    /// An orderly close without a byte.
    Close,
    /// Stops listening, so that the next connection is refused, then closes.
    CloseForGood,
    /// A reset instead of a response.
    Reset,
    /// Nothing, for as long as the server lives.
    Silence,
    /// These bytes, once it is notified.
    RespondWhen(Arc<Notify>, Vec<u8>),
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// The number of the connection, from 1.
    pub(crate) connection: usize,
    /// The number of the request on its connection, from 1.
    pub(crate) nth: usize,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn line(&self) -> &str {
        self.head.lines().next().unwrap()
    }

    /// The value of a header, if it stands exactly once.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.head.lines().skip(1).filter_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        });
        values.next().filter(|_| values.next().is_none())
    }

    pub(crate) fn body(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

type Script = Mutex<Box<dyn FnMut(&Seen) -> Act + Send>>;

struct Shared {
    script: Script,
    seen: watch::Sender<Vec<Seen>>,
    connections: watch::Sender<usize>,
    stop_listening: mpsc::UnboundedSender<oneshot::Sender<()>>,
    tls: Option<TlsAcceptor>,
}

/// Ends with its value.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// One act per request, in order; 418 for any beyond them.
    pub(crate) async fn start(acts: impl IntoIterator<Item = Act>) -> Self {
        Self::with_script(None, in_order(acts)).await
    }

    /// The act is chosen for each request.
    pub(crate) async fn responding(script: impl FnMut(&Seen) -> Act + Send + 'static) -> Self {
        Self::with_script(None, script).await
    }

    /// As `start`, over TLS.
    pub(crate) async fn start_tls(tls: TlsAcceptor, acts: impl IntoIterator<Item = Act>) -> Self {
        Self::with_script(Some(tls), in_order(acts)).await
    }

    /// As `responding`, over TLS.
    pub(crate) async fn responding_tls(
        tls: TlsAcceptor,
        script: impl FnMut(&Seen) -> Act + Send + 'static,
    ) -> Self {
        Self::with_script(Some(tls), script).await
    }

    async fn with_script(
        tls: Option<TlsAcceptor>,
        script: impl FnMut(&Seen) -> Act + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop_listening, stop) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            script: Mutex::new(Box::new(script)),
            seen: watch::Sender::default(),
            connections: watch::Sender::default(),
            stop_listening,
            tls,
        });
        let task = tokio::spawn(listen(listener, stop, Arc::clone(&shared)));
        Self {
            address,
            shared,
            task,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shared.seen.borrow().clone()
    }

    /// How many connections have been accepted so far.
    pub(crate) fn connections(&self) -> usize {
        *self.shared.connections.borrow()
    }

    /// Waits until `count` requests have come.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Seen> {
        let mut seen = self.shared.seen.subscribe();
        let enough = seen.wait_for(|seen| seen.len() >= count);
        let enough = tokio::time::timeout(Duration::from_secs(30), enough).await;
        enough.expect("the request never came").unwrap().clone()
    }
}

fn in_order(acts: impl IntoIterator<Item = Act>) -> impl FnMut(&Seen) -> Act + Send + 'static {
    let mut acts = acts.into_iter().collect::<Vec<_>>().into_iter();
    move |_| acts.next().unwrap_or_else(|| status(418, &[], ""))
}

async fn listen(
    listener: TcpListener,
    mut stop: mpsc::UnboundedReceiver<oneshot::Sender<()>>,
    shared: Arc<Shared>,
) {
    let mut connections = JoinSet::new();
    let stopped = loop {
        tokio::select! {
            accepted = listener.accept() => {
                let stream = accepted.unwrap().0;
                shared.connections.send_modify(|count| *count += 1);
                let number = *shared.connections.borrow();
                connections.spawn(serve(stream, number, Arc::clone(&shared)));
            }
            stopped = stop.recv() => break stopped.unwrap(),
        }
    };
    drop(listener);
    stopped.send(()).unwrap();
    while connections.join_next().await.is_some() {}
}

async fn serve(stream: TcpStream, connection: usize, shared: Arc<Shared>) {
    // A second handle, by which a test can reset the connection from beneath TLS too.
    let socket = SockRef::from(&stream).try_clone().unwrap();
    match &shared.tls {
        None => converse(stream, socket, connection, &shared).await,
        Some(tls) => {
            if let Ok(stream) = tls.accept(stream).await {
                converse(stream, socket, connection, &shared).await;
            }
        }
    }
}

async fn converse(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    socket: socket2::Socket,
    connection: usize,
    shared: &Shared,
) {
    let mut input = Vec::new();
    for nth in 1.. {
        let Some((head, body)) = request(&mut stream, &mut input).await else {
            return;
        };
        let seen = Seen {
            connection,
            nth,
            head,
            body,
        };
        let act = (shared.script.lock().unwrap())(&seen);
        shared.seen.send_modify(|all| all.push(seen));
        match act {
            Act::Respond(bytes) => stream.write_all(&bytes).await.unwrap_or_default(),
            Act::RespondAndClose(bytes) => {
                stream.write_all(&bytes).await.unwrap_or_default();
                return stream.shutdown().await.unwrap_or_default();
            }
            Act::Close => return stream.shutdown().await.unwrap_or_default(),
            Act::CloseForGood => {
                let (done, stopped) = oneshot::channel();
                shared.stop_listening.send(done).unwrap();
                stopped.await.unwrap();
                return stream.shutdown().await.unwrap_or_default();
            }
            Act::Reset => return socket.set_linger(Some(Duration::ZERO)).unwrap(),
            Act::Silence => std::future::pending().await,
            Act::RespondWhen(signal, bytes) => {
                signal.notified().await;
                stream.write_all(&bytes).await.unwrap_or_default();
            }
        }
    }
}

/// The next request: its head as text, its body to the byte. `None` when there is no more.
async fn request(
    stream: &mut (impl AsyncRead + Unpin),
    input: &mut Vec<u8>,
) -> Option<(String, Vec<u8>)> {
    let end = loop {
        match input.windows(4).position(|four| four == b"\r\n\r\n") {
            Some(end) => break end + 4,
            None => more(stream, input).await?,
        }
    };
    let head = String::from_utf8(input.drain(..end).collect()).unwrap();
    let length = head
        .to_ascii_lowercase()
        .lines()
        .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok())
        .unwrap_or(0);
    while input.len() < length {
        more(stream, input).await?;
    }
    Some((head, input.drain(..length).collect()))
}

async fn more(stream: &mut (impl AsyncRead + Unpin), input: &mut Vec<u8>) -> Option<()> {
    match stream.read_buf(input).await {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(()),
    }
}

/// A response with its right length.
pub(crate) fn status(code: u16, headers: &[(&str, &str)], body: &str) -> Act {
    Act::Respond(response(code, headers, body))
}

/// 201 with a small JSON body.
pub(crate) fn created() -> Act {
    status(201, &[("request-id", "req-1")], r#"{"id":"1"}"#)
}

/// The bytes of a response with its right length.
pub(crate) fn response(code: u16, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {code} Said So\r\n");
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    if code != 204 && code != 304 {
        text += &format!("content-length: {}\r\n", body.len());
    }
    format!("{text}\r\n{body}").into_bytes()
}
