//! The page for browsers at `/`.

use bytes::Bytes;
use http::{Method, StatusCode, header::ACCEPT};

use crate::wire::response::Response;

const PAGE: &str = include_str!("page.html");

/// Whether a browser asks for `/`. UCWA discovery is there too; its clients do not ask for HTML.
pub(super) fn wants_page<B>(incoming: &http::Request<B>) -> bool {
    let accepts = incoming.headers().get_all(ACCEPT).iter();
    let mut accepts = accepts.filter_map(|accept| accept.to_str().ok());
    let is_read = matches!(*incoming.method(), Method::GET | Method::HEAD);
    is_read
        && incoming.uri().path() == "/"
        && accepts.any(|accept| accept.to_ascii_lowercase().contains("text/html"))
}

/// A small page that says what this is and where to find more.
pub(super) fn page() -> Response {
    let body = Bytes::from_static(PAGE.as_bytes());
    Response::bytes(StatusCode::OK, "text/html; charset=utf-8", body)
}
