//! Media that the other side sent, to be downloaded.

use bytes::Bytes;
use http::StatusCode;
use http::header::CONTENT_TYPE;

use crate::engine::resources::{Outcome, State};
use crate::services::acs::error::AcsError;
use crate::services::acs::messages::Context;
use crate::wire::response::Response;

/// A PNG image of one pixel: the seeded medium.
#[rustfmt::skip]
pub(crate) const PIXEL: [u8; 69] = [
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48,
    0x44, 0x52, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x02, 0x00, 0x00,
    0x00, 0x90, 0x77, 0x53, 0xde, 0x00, 0x00, 0x00, 0x0c, 0x49, 0x44, 0x41, 0x54, 0x78,
    0x9c, 0x63, 0x30, 0x4e, 0x9b, 0x09, 0x00, 0x02, 0x02, 0x01, 0x33, 0x56, 0x87, 0xe2,
    0x54, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
];

/// Op 2: the content under its own media type, as the live service does it.
pub(crate) fn download(context: &Context<'_>) -> Result<Outcome, AcsError> {
    if context.id.is_empty() {
        let error = AcsError::new(StatusCode::BAD_REQUEST, "ModelValidationError", "id");
        return Err(error.with_target("id: The id field is required."));
    }
    let found = context
        .shared
        .state()
        .acs_messages
        .media
        .get(context.id)
        .cloned();
    let missing = || {
        let message = "Given media object does not exist";
        AcsError::new(StatusCode::NOT_FOUND, "MediaNotFound", message)
            .with_inner("ErrorCode.IdentifierNotFound", "IdentifierNotFound")
    };
    let (media_type, content) = found.ok_or_else(missing)?;
    let mut response = Response::empty(StatusCode::OK);
    response.set_header(CONTENT_TYPE, &media_type);
    response.body = content;
    Ok(Outcome::new(response, false))
}

/// Keeps a medium under `id`.
pub(crate) fn keep(state: &mut State, id: &str, media_type: &str, content: Vec<u8>) {
    let medium = (media_type.to_owned(), Bytes::from(content));
    state.acs_messages.media.insert(id.to_owned(), medium);
}

/// The kind of message that a media type makes.
pub(crate) fn kind(media_type: &str) -> &'static str {
    match media_type.split('/').next() {
        Some("image") => "image",
        Some("video") => "video",
        Some("audio") => "audio",
        _ => "document",
    }
}
