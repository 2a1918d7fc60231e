//! HTTP/2 frame by frame, over TLS.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::{Value, json};

use super::Outside;

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;

/// A frame as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

impl Frame {
    pub(crate) fn number(&self, at: usize) -> u32 {
        u32::from_be_bytes(self.payload[at..at + 4].try_into().unwrap())
    }
}

type Tls = StreamOwned<ClientConnection, TcpStream>;

/// A connection to the HTTPS listener that offers one protocol.
pub(crate) fn tls(out: &Outside, protocol: &[u8]) -> Tls {
    let pem = out.emulator.ca_pem().unwrap();
    let authority = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(authority).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider);
    let config = config.with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots);
    let mut config = config.with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    let port = out
        .emulator
        .https_url()
        .unwrap()
        .rsplit(':')
        .next()
        .unwrap();
    let socket = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    let name = "localhost".try_into().unwrap();
    StreamOwned::new(
        ClientConnection::new(Arc::new(config), name).unwrap(),
        socket,
    )
}

/// A connection that sends what it is told and shows what comes.
pub(crate) struct Http2 {
    stream: Tls,
    authority: String,
    next: u32,
}

impl Http2 {
    /// Connects to the HTTPS listener and sends preface and settings.
    pub(crate) fn connect(out: &Outside) -> Self {
        let url = out.emulator.https_url().unwrap();
        let mut connection = Self {
            stream: tls(out, b"h2"),
            authority: url.trim_start_matches("https://").to_owned(),
            next: 1,
        };
        let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
        connection.stream.write_all(preface).unwrap();
        connection.frame(4, 0, 0, &[]);
        connection
    }
    /// Sends a frame.
    pub(crate) fn frame(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let mut bytes = u32::try_from(payload.len()).unwrap().to_be_bytes()[1..].to_vec();
        bytes.extend([kind, flags]);
        bytes.extend(stream.to_be_bytes());
        bytes.extend(payload);
        // The other side may have ended the connection; what it sent shows that.
        let _ = self.stream.write_all(&bytes);
    }

    /// Opens a stream with the head of a Graph message; returns its id.
    pub(crate) fn open(&mut self, out: &Outside) -> u32 {
        let token = &out.emulator.seed().graph.token;
        let mut block = vec![0x83, 0x87];
        for (name, value) in [
            (1_u8, self.authority.clone()),
            (4, out.graph_chat()),
            (23, format!("Bearer {token}")),
            (31, "application/json".to_owned()),
        ] {
            // A literal that enters no table, its name by index.
            integer(&mut block, 0, 15, usize::from(name));
            integer(&mut block, 0, 127, value.len());
            block.extend(value.as_bytes());
        }
        let stream = self.next;
        self.next += 2;
        self.frame(HEADERS, 4, stream, &block);
        stream
    }

    /// Sends the body of a Graph message, which ends the request.
    pub(crate) fn body(&mut self, stream: u32, text: &str) {
        let body = json!({"body": {"content": text}}).to_string();
        self.frame(DATA, 1, stream, body.as_bytes());
    }

    /// Sends a Graph message; returns its stream.
    pub(crate) fn send(&mut self, out: &Outside, text: &str) -> u32 {
        let stream = self.open(out);
        self.body(stream, text);
        stream
    }

    /// The next frame.
    pub(crate) fn read(&mut self) -> io::Result<Frame> {
        let mut head = [0; 9];
        self.stream.read_exact(&mut head)?;
        let [a, b, c, kind, flags, stream @ ..] = head;
        let length = u32::from_be_bytes([0, a, b, c]);
        let mut payload = vec![0; length as usize];
        self.stream.read_exact(&mut payload)?;
        Ok(Frame {
            kind,
            flags,
            stream: u32::from_be_bytes(stream),
            payload,
        })
    }

    /// The JSON of the response on `stream`; skips other frames.
    pub(crate) fn response(&mut self, stream: u32) -> Value {
        let mut body = Vec::new();
        loop {
            let frame = self.read().unwrap();
            if frame.kind == DATA && frame.stream == stream {
                body.extend(&frame.payload);
            }
            if frame.stream == stream && frame.flags & 1 == 1 {
                return serde_json::from_slice(&body).unwrap();
            }
        }
    }

    /// All bytes to the end of the connection, and how it ended.
    pub(crate) fn rest(&mut self) -> (Vec<u8>, ErrorKind) {
        let mut bytes = Vec::new();
        let mut piece = [0; 4096];
        loop {
            match self.stream.read(&mut piece) {
                Ok(0) => return (bytes, ErrorKind::UnexpectedEof),
                Ok(n) => bytes.extend(&piece[..n]),
                Err(error) => return (bytes, error.kind()),
            }
        }
    }

    /// The frames to the end of the connection, and how it ended. Answers pings.
    pub(crate) fn frames(&mut self) -> (Vec<Frame>, ErrorKind) {
        let mut frames = Vec::new();
        loop {
            match self.read() {
                Ok(frame) => {
                    if frame.kind == PING && frame.flags == 0 {
                        self.frame(PING, 1, 0, &frame.payload);
                    }
                    frames.push(frame);
                }
                Err(error) => return (frames, error.kind()),
            }
        }
    }
}

/// How many of `bytes` belong to frames of `stream`, heads included; the last may be cut.
pub(crate) fn bytes_of(stream: u32, mut bytes: &[u8]) -> usize {
    let mut count = 0;
    while !bytes.is_empty() {
        if bytes.len() < 9 {
            return count + bytes.len();
        }
        let length = 9 + u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]) as usize;
        let part = length.min(bytes.len());
        if bytes[5..9] == stream.to_be_bytes() {
            count += part;
        }
        bytes = &bytes[part..];
    }
    count
}

/// An HPACK integer below a prefix that holds up to `most`.
fn integer(block: &mut Vec<u8>, first: u8, most: u8, value: usize) {
    if let Ok(small) = u8::try_from(value)
        && small < most
    {
        return block.push(first | small);
    }
    block.push(first | most);
    let mut rest = value - usize::from(most);
    while rest >= 128 {
        block.push((rest % 128) as u8 | 128);
        rest /= 128;
    }
    block.push(rest as u8);
}
