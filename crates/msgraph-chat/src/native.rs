//! Turns a neutral message into one of Graph.

use ms_messenger_core::{
    Attachment, Body, Card, CardKind, Error, ErrorKind, FileReference, Importance, Message, Result,
};
use serde_json::Value;

use crate::{
    error::PLATFORM,
    files::placeholder,
    models::{BodyType, ChatMessageAttachment, MessageImportance},
    write::{Compose, NewChatMessage, markup::Markup, read_message},
};

/// The message of Graph, and its markup where it was written here and so need not be read.
pub(crate) fn native(message: &Message) -> Result<(NewChatMessage, Option<Markup>)> {
    let (mut native, markup) = match &message.body {
        Body::Text(text) if message.attachments.is_empty() => of_text(text),
        Body::Text(text) => attach(NewChatMessage::compose().text(text), message)?,
        Body::Html { html, .. } if message.attachments.is_empty() => {
            (NewChatMessage::html(html.as_str()), None)
        }
        Body::Html { html, .. } => attach(NewChatMessage::compose().html(html), message)?,
        Body::Native { payload, .. } if message.attachments.is_empty() => {
            (of_payload(payload)?, None)
        }
        Body::Native { payload, .. } => attach(of_written(of_payload(payload)?)?, message)?,
        _ => return Err(unsupported()),
    };
    if let Some(subject) = &message.subject {
        native.subject = Some(subject.clone());
    }
    native.importance = match message.importance {
        Importance::Normal => native.importance,
        Importance::High => Some(MessageImportance::High),
        Importance::Urgent => Some(MessageImportance::Urgent),
        _ => return Err(unsupported()),
    };
    Ok((native, markup))
}

fn of_text(text: &str) -> (NewChatMessage, Option<Markup>) {
    let message = NewChatMessage::text(text);
    let is_html = message.body.content_type == BodyType::Html;
    let markup = is_html.then(|| Markup::of_text(text.to_owned()));
    (message, markup)
}

/// Attachments follow the content, in order.
fn attach(mut compose: Compose, message: &Message) -> Result<(NewChatMessage, Option<Markup>)> {
    for attachment in &message.attachments {
        compose = match attachment {
            Attachment::File(file) => compose.attach(reference(file)),
            Attachment::Card(it) => compose.attach(card(it)?),
            Attachment::InlineImage(image) => compose.inline_image(image),
            Attachment::Upload(upload) => compose.attach(placeholder(upload)),
            _ => return Err(unsupported()),
        };
    }
    Ok(compose.build_with_markup())
}

fn card(card: &Card) -> Result<ChatMessageAttachment> {
    let content = card.content.clone();
    Ok(match card.kind {
        CardKind::Adaptive => ChatMessageAttachment::adaptive_card(content),
        CardKind::Hero => ChatMessageAttachment::hero_card(content),
        CardKind::Thumbnail => ChatMessageAttachment::thumbnail_card(content),
        _ => return Err(unsupported()),
    })
}

fn reference(file: &FileReference) -> ChatMessageAttachment {
    let mut attachment = ChatMessageAttachment::share_link(&file.url);
    if let Some(id) = &file.id {
        attachment = attachment.with_id(id.as_str());
    }
    match &file.name {
        Some(name) => attachment.with_name(name.as_str()),
        None => attachment,
    }
}

/// A native body that attachments follow.
fn of_written(message: NewChatMessage) -> Result<Compose> {
    if let BodyType::Other(_) = message.body.content_type {
        let field = "message.body.native.payload.body.contentType";
        return Err(Error::invalid(field, "must be text or html").with_platform(PLATFORM));
    }
    Ok(Compose::of(message))
}

fn of_payload(payload: &Value) -> Result<NewChatMessage> {
    read_message(payload).map_err(|error| {
        let problem = error.into_problem_within("message.body.native.payload");
        Error::invalid(problem.field, problem.rule).with_platform(PLATFORM)
    })
}

/// The error for what the check of the capabilities refuses already.
pub(crate) fn unsupported() -> Error {
    Error::new(ErrorKind::Unsupported, "not supported by msgraph-chat").with_platform(PLATFORM)
}
