//! What a browser is shown at `/`.

use bytes::Bytes;
use http::header::ACCEPT;
use http::{Method, StatusCode};

use crate::wire::response::Response;

const PAGE: &str = include_str!("page.html");

/// Whether a browser asks for `/`. Clients of UCWA, whose discovery is there, ask for no HTML.
pub(crate) fn wants_page<B>(incoming: &http::Request<B>) -> bool {
    let accepts = incoming.headers().get_all(ACCEPT).iter();
    let mut accepts = accepts.filter_map(|accept| accept.to_str().ok());
    let is_read = matches!(*incoming.method(), Method::GET | Method::HEAD);
    is_read
        && incoming.uri().path() == "/"
        && accepts.any(|accept| accept.to_ascii_lowercase().contains("text/html"))
}

/// A small page that says what this is and where to look.
pub(crate) fn page() -> Response {
    let body = Bytes::from_static(PAGE.as_bytes());
    Response::bytes(StatusCode::OK, "text/html; charset=utf-8", body)
}
