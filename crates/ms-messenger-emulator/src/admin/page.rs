//! What a browser is shown at `/`.

use bytes::Bytes;
use http::header::ACCEPT;
use http::{Method, Request, StatusCode};

use crate::answer::Answer;

const PAGE: &str = include_str!("page.html");

/// Whether a browser asks for `/`. Clients of UCWA, whose discovery is there, ask for no HTML.
pub(crate) fn wants_page<B>(request: &Request<B>) -> bool {
    let accepts = request.headers().get_all(ACCEPT).iter();
    let mut accepts = accepts.filter_map(|accept| accept.to_str().ok());
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    is_read
        && request.uri().path() == "/"
        && accepts.any(|accept| accept.to_ascii_lowercase().contains("text/html"))
}

/// A small page that says what this is and where to look.
pub(crate) fn page() -> Answer {
    let body = Bytes::from_static(PAGE.as_bytes());
    Answer::bytes(StatusCode::OK, "text/html; charset=utf-8", body)
}
