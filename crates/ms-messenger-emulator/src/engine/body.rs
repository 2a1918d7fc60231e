//! Reads the body of a request.

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_LENGTH;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use crate::{engine::refusal::Refusal, wire::request::Request};

/// So many bytes are reserved at most for a body that announces its length.
const RESERVED: usize = 64 * 1024 * 1024;

/// Reads the body under the limit. A refusal comes with the request, its body left out.
pub(crate) async fn read(
    incoming: http::Request<Incoming>,
    limit: usize,
    fallback_host: &str,
) -> Result<Request, (Box<Request>, Refusal)> {
    let (parts, body) = incoming.into_parts();
    let mut request = Request::new(parts, Bytes::new(), fallback_host);
    match collect(body, limit, &request).await {
        Ok(body) => {
            request.body = body;
            Ok(request)
        }
        Err(refusal) => Err((Box::new(request), refusal)),
    }
}

async fn collect(mut body: Incoming, limit: usize, request: &Request) -> Result<Bytes, Refusal> {
    let announced = request
        .header(CONTENT_LENGTH.as_str())
        .and_then(|v| v.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(Refusal::TooLarge);
    }
    let mut first: Option<Bytes> = None;
    let mut rest = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refusal::Incomplete)?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        let so_far = first.as_ref().map_or(0, Bytes::len) + rest.len();
        if so_far + data.len() > limit {
            return Err(Refusal::TooLarge);
        }
        // Most bodies come in one piece, which then needs no copy.
        if first.is_none() && rest.is_empty() {
            first = Some(data);
            continue;
        }
        if let Some(first) = first.take() {
            // Of a large body there is one copy, and never two at a time.
            rest.reserve(announced.unwrap_or_default().min(RESERVED));
            rest.extend_from_slice(&first);
        }
        rest.extend_from_slice(&data);
    }
    Ok(first.unwrap_or_else(|| rest.freeze()))
}
