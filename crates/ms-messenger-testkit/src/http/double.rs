//! The server.

use std::{
    fmt, io,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use super::exchange::{Kind, ReceivedRequest, Reply};

/// The longest request that the double reads, in bytes.
const MAX_REQUEST_BYTES: usize = 64 * 1024 * 1024;

type Handler = dyn Fn(&ReceivedRequest) -> Reply + Send + Sync;

/// An HTTP/1.1 server on loopback whose replies a test scripts. It keeps every request.
///
/// It reads bodies with a `content-length` only, and ends when it is dropped.
///
/// ```
/// use ms_messenger_testkit::{HttpDouble, Reply};
/// use serde_json::json;
/// use tokio::{io::{AsyncReadExt, AsyncWriteExt}, net::TcpStream};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let double = HttpDouble::start(|request| match request.target.as_str() {
///     "/messages" => Reply::json(201, &json!({"id": "1"})),
///     _ => Reply::close(),
/// })
/// .await?;
///
/// // In a test the client under test sends this, with `double.url()` as its endpoint.
/// let mut client = TcpStream::connect(double.url().trim_start_matches("http://")).await?;
/// client.write_all(b"POST /messages HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}").await?;
/// let mut response = [0; 12];
/// client.read_exact(&mut response).await?;
/// assert_eq!(&response, b"HTTP/1.1 201");
/// assert_eq!(double.requests()[0].json(), json!({}));
/// # Ok(())
/// # }
/// ```
pub struct HttpDouble {
    url: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    requests: Mutex<Vec<ReceivedRequest>>,
    handler: Box<Handler>,
}

impl HttpDouble {
    /// Starts a server on a free port of loopback. `handler` decides on each reply; a request is
    /// listed in [`requests`](Self::requests) before it is called.
    ///
    /// # Errors
    ///
    /// If no port can be opened.
    pub async fn start(
        handler: impl Fn(&ReceivedRequest) -> Reply + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let shared = Arc::new(Shared {
            requests: Mutex::default(),
            handler: Box::new(handler),
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { url, shared, task })
    }

    /// Returns the URL of the server, without a path: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns every request received so far, oldest first.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        let requests = self.shared.requests.lock();
        requests.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for HttpDouble {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for HttpDouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpDouble")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((connection, _)) = listener.accept().await {
        tokio::spawn(serve(connection, Arc::clone(&shared)));
    }
}

async fn serve(mut connection: TcpStream, shared: Arc<Shared>) {
    // Bytes of the next request that came with the one before.
    let mut bytes = Vec::new();
    while let Some(request) = read(&mut connection, &mut bytes).await {
        let requests = shared.requests.lock();
        requests
            .unwrap_or_else(PoisonError::into_inner)
            .push(request.clone());
        match (shared.handler)(&request).0 {
            Kind::Response(response) => {
                if connection.write_all(&response.to_bytes()).await.is_err() {
                    return;
                }
            }
            Kind::Close => return,
            Kind::Silence => std::future::pending().await,
        }
    }
}

async fn read(connection: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<ReceivedRequest> {
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        more(connection, bytes).await?;
    };
    let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
    let mut lines = head.lines();
    let mut words = lines.next()?.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let mut request = ReceivedRequest {
        method,
        target,
        headers,
        body: Vec::new(),
    };
    let length = request.header("content-length").unwrap_or("0");
    let (start, length) = (end + 4, length.parse::<usize>().ok()?);
    while bytes.len() < start.checked_add(length)? {
        more(connection, bytes).await?;
    }
    let rest = bytes.split_off(start + length);
    request.body = bytes.split_off(start);
    *bytes = rest;
    Some(request)
}

async fn more(connection: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<()> {
    let read = connection.read_buf(bytes).await.ok()?;
    (read > 0 && bytes.len() <= MAX_REQUEST_BYTES).then_some(())
}
