//! HTTP/1.1 on a socket of our own: every byte of the responses, and how the connection ended.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;

use serde_json::json;

use super::Outside;

impl Outside {
    /// A Graph message as HTTP/1.1 writes it; `headers` are whole lines.
    pub(crate) fn raw_send(&self, text: &str, headers: &str) -> String {
        let body = json!({"body": {"content": text}}).to_string();
        format!(
            "POST {} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n{headers}\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.graph_chat(),
            self.emulator.seed().graph.token,
            body.len(),
        )
    }

    pub(crate) fn socket(&self) -> TcpStream {
        TcpStream::connect(self.base.trim_start_matches("http://")).unwrap()
    }

    /// Sends `request` in one write and reads to the end of the connection.
    pub(crate) fn exchange(&self, request: &str) -> (String, Option<ErrorKind>) {
        let mut socket = self.socket();
        socket.write_all(request.as_bytes()).unwrap();
        let mut response = Vec::new();
        let ended = socket.read_to_end(&mut response).err().map(|e| e.kind());
        (String::from_utf8(response).unwrap(), ended)
    }
}

/// Reads one response with a length from `socket`: head and body.
pub(crate) fn response(socket: &mut TcpStream) -> (String, String) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        socket.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.lines();
    let length = lines.find_map(|l| l.strip_prefix("content-length: "));
    let mut body = vec![0; length.unwrap().parse().unwrap()];
    socket.read_exact(&mut body).unwrap();
    (head, String::from_utf8(body).unwrap())
}
