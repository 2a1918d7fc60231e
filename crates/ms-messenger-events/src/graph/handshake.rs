//! The validation of an address.

use http::{HeaderName, HeaderValue, StatusCode};

use crate::{incoming::Incoming, query, rejection::Rejection, reply::Reply};

const LONGEST: usize = 4096;

/// Responds to a validation, if the request is one: with the decoded token, as plain text, whatever
/// is in it.
pub(super) fn validate(request: &Incoming<'_>) -> Result<Option<Reply>, Rejection> {
    let Some(token) = query::value(request.query, "validationToken") else {
        return Ok(None);
    };
    if token.is_empty() || token.len() > LONGEST {
        return Err(Rejection::Malformed("a validation with a token"));
    }
    let (name, value) = ("x-content-type-options", "nosniff");
    let reply = Reply::new(StatusCode::OK)
        .with_header(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        )
        .with_body("text/plain; charset=utf-8", token.into_owned().into_bytes());
    Ok(Some(reply))
}
