//! The capabilities that a request needs.

use std::fmt;

use crate::{
    address::Address,
    capability::Capability,
    message::{Attachment, Body, FileSource, Importance, MediaKind, Message},
    request::SendRequest,
    target::Target,
};

/// One thing that a request asks for.
pub(crate) struct Need {
    /// The capability that satisfies it.
    pub(crate) capability: Capability,
    /// The member that asks for it.
    pub(crate) field: Field,
    /// The same in words, after "does not support".
    pub(crate) what: &'static str,
}

/// The path of a member of a request. It becomes a string in errors only: every send is checked.
pub(crate) enum Field {
    Named(&'static str),
    Attachment(usize),
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => f.write_str(name),
            Self::Attachment(i) => write!(f, "message.attachments[{i}]"),
        }
    }
}

/// Calls `found` for each thing that `request` asks for, in the order of its members.
pub(crate) fn each(request: &SendRequest, mut found: impl FnMut(Need)) {
    let mut need = |capability, field, what| {
        found(Need {
            capability,
            field,
            what,
        });
    };
    let (capability, what) = target(&request.to);
    need(capability, Field::Named("to"), what);
    let (capability, field, what) = body(&request.message.body);
    need(capability, Field::Named(field), what);
    extras(&request.message, request.to.is_channel(), &mut need);
    if request.reply_to.is_some() {
        let (capability, what) = if request.to.is_channel() {
            (Capability::ReplyInChannel, "replies in a channel")
        } else {
            (Capability::ReplyInConversation, "replies in a conversation")
        };
        need(capability, Field::Named("reply_to"), what);
    }
    if request.idempotency.is_some() {
        let what = "an idempotency key: it cannot remove duplicates";
        need(Capability::Idempotency, Field::Named("idempotency"), what);
    }
    for (field, is_set) in [
        ("timeout_ms", request.timeout.is_some()),
        ("cancel", request.cancel.is_some()),
    ] {
        if is_set {
            let what = "ending a send before its outcome";
            need(Capability::Deadline, Field::Named(field), what);
        }
    }
    if request.journal.is_some() {
        let what = "writing down an attempt before the message leaves";
        need(Capability::Journal, Field::Named("journal"), what);
    }
}

fn target(target: &Target) -> (Capability, &'static str) {
    match target {
        Target::Conversation(_) => (Capability::ToConversation, "messages to a conversation"),
        Target::Channel { .. } => (Capability::ToChannel, "messages to a channel"),
        Target::ChannelName { .. } => (Capability::ToChannelName, "channels by name"),
        Target::Person(Address::Phone(_)) => {
            (Capability::ToPhone, "messages to a telephone number")
        }
        Target::Person(Address::WhatsApp(_)) => (
            Capability::ToWhatsAppUser,
            "messages to a WhatsApp user by id",
        ),
        Target::Person(Address::Sip(_)) => (Capability::ToSip, "messages to a SIP address"),
        Target::Person(Address::User(_)) => {
            (Capability::ToUser, "messages to a user of a directory")
        }
    }
}

fn body(body: &Body) -> (Capability, &'static str, &'static str) {
    match body {
        Body::Text(_) => (Capability::Text, "message.body.text", "text"),
        Body::Html { .. } => (Capability::Html, "message.body.html", "HTML"),
        Body::Media(media) => {
            let (capability, what) = match media.kind {
                MediaKind::Image => (Capability::MediaImage, "images by URL"),
                MediaKind::Document => (Capability::MediaDocument, "documents by URL"),
                MediaKind::Video => (Capability::MediaVideo, "videos by URL"),
                MediaKind::Audio => (Capability::MediaAudio, "audio files by URL"),
            };
            (capability, "message.body.media", what)
        }
        Body::Template(_) => (Capability::Template, "message.body.template", "templates"),
        Body::Native { .. } => (Capability::Native, "message.body.native", "native bodies"),
    }
}

fn extras(
    message: &Message,
    in_channel: bool,
    need: &mut impl FnMut(Capability, Field, &'static str),
) {
    if message.subject.is_some() {
        let (capability, what) = if in_channel {
            (Capability::SubjectInChannel, "a subject in a channel")
        } else {
            (
                Capability::SubjectInConversation,
                "a subject outside channels",
            )
        };
        need(capability, Field::Named("message.subject"), what);
    }
    if message.importance != Importance::Normal {
        let field = Field::Named("message.importance");
        need(Capability::Importance, field, "an importance");
    }
    for (i, attachment) in message.attachments.iter().enumerate() {
        let (capability, what) = kind_of(attachment);
        need(capability, Field::Attachment(i), what);
    }
}

/// The capability that `attachment` needs, and the same in words.
pub(crate) fn kind_of(attachment: &Attachment) -> (Capability, &'static str) {
    match attachment {
        Attachment::File(_) => (Capability::AttachmentFile, "file references"),
        Attachment::Image(_) => (Capability::AttachmentImage, "image references"),
        Attachment::Card(_) => (Capability::AttachmentCard, "cards"),
        Attachment::InlineImage(_) => (Capability::AttachmentInlineImage, "inline images"),
        Attachment::Upload(upload) => match upload.source {
            FileSource::Path(_) => (Capability::AttachmentPath, "uploads of local files"),
            FileSource::Bytes(_) => (Capability::AttachmentBytes, "uploads of files"),
        },
    }
}
