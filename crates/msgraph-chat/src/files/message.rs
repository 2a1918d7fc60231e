//! A message with files, for the typed client.

use ms_messenger_core::FileUpload;

use super::{options::UploadOptions, pending::placeholder};
use crate::write::NewChatMessage;

/// A message with files that are uploaded for it. They follow the content.
///
/// ```
/// use ms_messenger_core::FileUpload;
/// use msgraph_chat::{FileMessage, UploadOptions};
///
/// let message = FileMessage::new("The visits of March, and how they were counted")
///     .with_file(FileUpload::path("/var/reports/visits.pdf"))
///     .with_file(FileUpload::bytes("method.txt", *b"By hand.\n").with_content_type("text/plain"))
///     .with_options(UploadOptions::default().with_keep_unsent(true));
/// ```
#[derive(Clone, Debug)]
#[must_use = "a message is sent by a channel or chat"]
pub struct FileMessage {
    pub(super) message: NewChatMessage,
    pub(super) files: Vec<FileUpload>,
    pub(super) options: Option<UploadOptions>,
}

impl FileMessage {
    /// Creates a message without files yet.
    pub fn new(message: impl Into<NewChatMessage>) -> Self {
        Self {
            message: message.into(),
            files: Vec::new(),
            options: None,
        }
    }

    /// Adds a file.
    pub fn with_file(mut self, file: FileUpload) -> Self {
        self.message = self.message.with_attachment(placeholder(&file));
        self.files.push(file);
        self
    }

    /// Sets how the files are uploaded. Default: as the
    /// [client](crate::GraphChatBuilder::with_upload_options) does.
    pub fn with_options(mut self, options: UploadOptions) -> Self {
        self.options = Some(options);
        self
    }
}
