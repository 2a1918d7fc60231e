//! The files of a message before they are uploaded: their attachments have no addresses yet.

use ms_messenger_core::{ErrorKind, FileUpload, Problems, Result, Url};
use ms_messenger_http::HeaderValue;

use super::{lane::not_found, name, outcome::FileOutcome};
use crate::{error::PLATFORM, models::ChatMessageAttachment, write::NewChatMessage};

/// A file that is to be uploaded for an attachment.
#[derive(Clone, Debug)]
pub(crate) struct Pending<'a> {
    pub(crate) upload: &'a FileUpload,
    /// The member of the request that holds it.
    pub(crate) field: String,
    /// The number of its attachment in the message.
    pub(crate) attachment: usize,
}

/// The attachment of a file that is not uploaded yet: a new GUID, and an address of about the
/// length that it will have, so that sizes are checked before anything is uploaded.
pub(crate) fn placeholder(upload: &FileUpload) -> ChatMessageAttachment {
    let name = upload.shown_name().unwrap_or_default();
    let mut attachment = ChatMessageAttachment::reference_of(PLACEHOLDER.to_owned());
    attachment.name = Some(name.to_owned());
    attachment
}

const PLACEHOLDER: &str = "https://contoso-my.sharepoint.com/personal/placeholder/Documents/\
                           Microsoft%20Teams%20Chat%20Files/placeholder";

/// Checks what can be checked without reading the files.
pub(crate) fn check(files: &[Pending<'_>]) -> Result<()> {
    let mut problems = Problems::for_platform(PLATFORM);
    for Pending { upload, field, .. } in files {
        let shown = upload.shown_name().unwrap_or_default();
        let name = format!("{field}.name");
        problems.add_if(shown.is_empty(), &name, "must not be empty");
        name::find_problems(shown, &name, &mut problems);
        let kind = upload.content_type.as_deref().unwrap_or("x/y");
        let is_sound = kind.contains('/') && HeaderValue::from_str(kind).is_ok();
        let field = format!("{field}.content_type");
        problems.add_if(!is_sound, &field, "must be a media type, e.g. text/csv");
    }
    problems.into_result(ErrorKind::InvalidRequest)
}

/// Puts the address and the GUID of each uploaded file in the place of its placeholder.
pub(super) fn fill_in(
    message: &mut NewChatMessage,
    files: &[Pending<'_>],
    outcomes: &[FileOutcome],
) -> Result<()> {
    for (pending, outcome) in files.iter().zip(outcomes) {
        let item = outcome.item.as_ref();
        let guid = item.and_then(|item| item.guid());
        let guid = guid.ok_or_else(|| not_found("the uploaded file has no GUID in its eTag"))?;
        let address = item.and_then(|it| it.web_dav_url.as_ref().or(it.web_url.as_ref()));
        let address = address.filter(|it| Url::parse(it).is_ok());
        let address = address.ok_or_else(|| not_found("the uploaded file has no address"))?;
        let Some(attachment) = message.attachments.get_mut(pending.attachment) else {
            continue;
        };
        attachment.content_url = Some(address.clone());
        if let Some(placeholder) = attachment.id.replace(guid.to_owned()) {
            message.body.content = message.body.content.replace(&placeholder, guid);
        }
    }
    Ok(())
}
