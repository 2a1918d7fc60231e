//! Media that the other side sent, to be downloaded.

use bytes::Bytes;
use http::{StatusCode, header::CONTENT_TYPE};

use crate::{
    engine::outcome::Outcome,
    services::acs::{
        error::AcsError,
        messages::{context::Context, store::Store},
    },
    wire::response::Response,
};

/// Op 2: the content under its own media type, as the live service does it.
pub(crate) fn download(context: &Context<'_>) -> Result<Outcome, AcsError> {
    if context.id.is_empty() {
        let error = AcsError::new(StatusCode::BAD_REQUEST, "ModelValidationError", "id");
        return Err(error.with_target("id: The id field is required."));
    }
    let found = context.service.messages().media.get(context.id).cloned();
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
pub(crate) fn keep(store: &mut Store, id: &str, media_type: &str, content: Vec<u8>) {
    let medium = (media_type.to_owned(), Bytes::from(content));
    store.media.insert(id.to_owned(), medium);
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
