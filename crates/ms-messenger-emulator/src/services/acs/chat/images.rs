//! Operations on images, which only the preview version has: upload, read, delete.

use std::collections::HashMap;

use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    engine::outcome::Outcome,
    services::acs::{
        chat::{
            context::Chat,
            image::{self, Image},
            versions::PREVIEW,
        },
        error::{AcsError, forbidden},
    },
    wire::response::Response,
};

/// The images of a thread by their ids.
pub(crate) type Images = HashMap<String, Image>;

/// Stores an image; a message refers to it by an attachment with its id.
pub(crate) fn upload(chat: &Chat<'_>) -> Result<Outcome, AcsError> {
    check_version(chat)?;
    let content_type = chat.request.header("content-type").unwrap_or_default();
    if !content_type.eq_ignore_ascii_case("application/octet-stream") {
        let message = "The Content-Type must be application/octet-stream.";
        return Err(AcsError::of_status(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            message,
        ));
    }
    let bytes = chat.request.body.clone();
    let media_type = image::media_type(&bytes).ok_or_else(|| {
        AcsError::bad_request("The image must be one of jpeg, png, gif, heic, webp.")
    })?;
    let name = chat.request.header("image-filename").map(str::to_owned);
    let id = format!("0-emu-d1-{}", chat.service.engine.guid().simple());
    let mut store = chat.service.chat();
    let thread = store.enter(chat.thread, chat.caller)?;
    let sender = chat.caller.to_owned();
    let image = Image {
        sender,
        media_type,
        bytes,
    };
    thread.images.insert(id.clone(), image);
    let location = format!("/chat/threads/{}/images/{id}", chat.thread);
    let mut body = json!({"id": id, "attachmentType": "inlineImage"});
    if let Some(name) = name {
        body["name"] = name.into();
    }
    let response = Response::json(StatusCode::CREATED, &body).with_header("location", &location);
    Ok(Outcome::new(response, false))
}

/// The bytes of an image. Both views have the same.
pub(crate) fn get(chat: &Chat<'_>, view: &str) -> Result<Outcome, AcsError> {
    check_version(chat)?;
    if !["original", "small"].contains(&view) {
        return Err(AcsError::bad_request(
            "The view of an image must be original or small.",
        ));
    }
    let store = chat.service.chat();
    let read = store.read(chat.thread, chat.caller)?;
    let image = read.and_then(|(thread, _)| thread.images.get(chat.message));
    let image = image.ok_or_else(missing_image)?;
    let bytes = image.bytes.clone();
    let response = Response::bytes(StatusCode::OK, image.media_type, bytes);
    Ok(Outcome::new(response, false))
}

/// Deletes an image of the caller.
pub(crate) fn delete(chat: &Chat<'_>) -> Result<Outcome, AcsError> {
    check_version(chat)?;
    let mut store = chat.service.chat();
    let thread = store.enter(chat.thread, chat.caller)?;
    let image = thread.images.get(chat.message).ok_or_else(missing_image)?;
    if image.sender != chat.caller {
        return Err(forbidden());
    }
    thread.images.remove(chat.message);
    Ok(Outcome::new(Response::empty(StatusCode::NO_CONTENT), false))
}

/// Adds the addresses of images to attachments that name them by their ids alone.
pub(crate) fn add_addresses(attachments: &mut Option<Value>, chat: &Chat<'_>, images: &Images) {
    let attachments = attachments.as_mut().and_then(Value::as_array_mut);
    for attachment in attachments.into_iter().flatten() {
        let id = attachment["id"]
            .as_str()
            .filter(|id| images.contains_key(*id));
        let Some(id) = id.map(str::to_owned) else {
            continue;
        };
        let address = |view: &str| {
            let (origin, thread) = (chat.request.origin(), chat.thread);
            format!("{origin}/chat/threads/{thread}/images/{id}/views/{view}?api-version={PREVIEW}")
        };
        for (member, view) in [("url", "original"), ("previewUrl", "small")] {
            if attachment[member].is_null() {
                attachment[member] = address(view).into();
            }
        }
    }
}

fn check_version(chat: &Chat<'_>) -> Result<(), AcsError> {
    if chat.version == PREVIEW {
        return Ok(());
    }
    let message = "This version of the API has no images.";
    Err(AcsError::of_status(StatusCode::NOT_FOUND, message))
}

fn missing_image() -> AcsError {
    AcsError::of_status(StatusCode::NOT_FOUND, "The image does not exist.")
}
