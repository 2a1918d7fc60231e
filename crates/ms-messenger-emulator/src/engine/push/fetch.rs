//! What is at an address, fetched and discarded.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::time::timeout;

use crate::engine::push::{
    address::Address,
    call::{Outgoing, respond},
};

/// Whether `GET` responds with 200 and a whole body of at most `max` bytes, within `limit`.
pub(crate) async fn can_be_fetched(address: &Address, limit: Duration, max: u64) -> bool {
    let outgoing = Outgoing {
        method: Method::GET,
        headers: HeaderMap::new(),
        body: Bytes::new(),
        is_chunked: false,
        is_lower_case: false,
    };
    let fetch = respond(address, &outgoing, |response| read(response, max));
    timeout(limit, fetch).await.is_ok_and(|read| read.is_ok())
}

async fn read(response: http::Response<Incoming>, max: u64) -> Option<()> {
    if response.status() != StatusCode::OK {
        return None;
    }
    let mut body = response.into_body();
    let mut left = max;
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.ok()?.into_data() {
            left = left.checked_sub(data.len() as u64)?;
        }
    }
    Some(())
}
