//! The kinds of content that both operations support, made of a body of the neutral model.

use ms_messenger_core::{Body, Error, ErrorKind, Media, MediaKind, Problems, Result};
use url::Url;

use super::{
    media::{DocumentContent, MediaContent},
    template::MessageTemplate,
};

/// Content that is the same in a conversation and in a notification.
pub(crate) enum CommonContent {
    Text(String),
    Image(MediaContent),
    Document(DocumentContent),
    Video(MediaContent),
    Audio(Url),
    Template(MessageTemplate),
}

impl CommonContent {
    /// Converts a body of the neutral model. Members that its kind does not have are refused.
    pub(crate) fn from_body(body: &Body) -> Result<Self> {
        match body {
            Body::Text(text)
            | Body::Html {
                text: Some(text), ..
            } => Ok(Self::Text(text.clone())),
            Body::Media(media) => Self::from_media(media),
            Body::Template(template) => Ok(Self::Template(MessageTemplate::from_neutral(template))),
            _ => Err(unsupported()),
        }
    }

    fn from_media(media: &Media) -> Result<Self> {
        let mut problems = Problems::new();
        let caption = media.kind == MediaKind::Audio && media.caption.is_some();
        let rule = "acs-messages does not support a caption of an audio file";
        problems.add_if(caption, "message.body.media.caption", rule);
        let name = media.kind != MediaKind::Document && media.file_name.is_some();
        let rule = "acs-messages supports file names of documents only";
        problems.add_if(name, "message.body.media.file_name", rule);
        problems.into_result(ErrorKind::Unsupported)?;
        match media.kind {
            MediaKind::Image => Ok(Self::Image(MediaContent::from_neutral(media))),
            MediaKind::Document => Ok(Self::Document(DocumentContent::from_neutral(media))),
            MediaKind::Video => Ok(Self::Video(MediaContent::from_neutral(media))),
            MediaKind::Audio => Ok(Self::Audio(media.url.clone())),
            _ => Err(unsupported()),
        }
    }
}

/// The error of a body that the check of the capabilities has refused already.
fn unsupported() -> Error {
    Error::new(
        ErrorKind::Unsupported,
        "acs-messages does not support this body",
    )
}
