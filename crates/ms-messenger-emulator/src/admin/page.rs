//! The page for browsers at `/`.

use http::{Method, header::ACCEPT};

#[cfg(not(feature = "inbox"))]
use bytes::Bytes;
#[cfg(not(feature = "inbox"))]
use http::StatusCode;

#[cfg(feature = "inbox")]
use crate::admin::inbox::assets;
use crate::wire::response::Response;

#[cfg(not(feature = "inbox"))]
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

/// The inbox, which is at `/_emulator/` too.
#[cfg(feature = "inbox")]
pub(super) fn page() -> Response {
    assets::page()
}

/// A small page that says what this is and where to find more.
#[cfg(not(feature = "inbox"))]
pub(super) fn page() -> Response {
    let body = Bytes::from_static(PAGE.as_bytes());
    Response::bytes(StatusCode::OK, "text/html; charset=utf-8", body)
}
