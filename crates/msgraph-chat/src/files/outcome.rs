//! What became of a message with files.

use std::fmt;

use ms_messenger_core::Result;

use crate::{models::DriveItem, posted::PostedMessage};

/// Whether a file is in the drive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remains {
    /// It is not.
    #[default]
    No,
    /// It is.
    Yes,
    /// It is unknown: an upload or a deletion had no response.
    Unknown,
}

/// What became of one file of a message. `Debug` prints neither names nor addresses.
#[derive(Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct FileOutcome {
    /// The name under which it is, or would be, stored.
    pub name: String,
    /// Whether it was uploaded, now or by an earlier send with the same key.
    pub uploaded: bool,
    /// Whether the readers were granted access. In a channel they have it without a grant, and
    /// nothing is granted with [`ReaderAccess::Nobody`](crate::ReaderAccess::Nobody).
    pub granted: bool,
    /// Whether it is in the drive now.
    pub remains: Remains,
    /// The file as the service described it.
    pub item: Option<DriveItem>,
    /// Whether this send stored it, so that this send may delete it.
    pub(super) is_own: bool,
}

impl fmt::Debug for FileOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.item.as_ref().and_then(|item| item.id.as_deref());
        f.debug_struct("FileOutcome")
            .field("uploaded", &self.uploaded)
            .field("granted", &self.granted)
            .field("remains", &self.remains)
            .field("item_id", &id)
            .finish_non_exhaustive()
    }
}

/// What became of a message with files: which were uploaded, whether their readers have access,
/// whether the message was sent, and which files are in the drive now.
///
/// [`result`](Self::result) is an error unless everything succeeded. Its delivery is that of the
/// message: files are uploaded first, so a failure of theirs means that nothing was sent.
#[derive(Clone, Debug)]
#[must_use = "it says whether the message was sent"]
#[non_exhaustive]
pub struct FilesOutcome {
    /// The files, in the order of the message.
    pub files: Vec<FileOutcome>,
    /// The message as the service stored it, or why it was not sent.
    pub result: Result<PostedMessage>,
}

impl FilesOutcome {
    /// Returns whether the message was sent.
    #[must_use]
    pub fn is_sent(&self) -> bool {
        self.result.is_ok()
    }

    /// Returns the files that are, or may be, in the drive.
    pub fn remaining(&self) -> impl Iterator<Item = &FileOutcome> {
        let files = self.files.iter();
        files.filter(|file| file.remains != Remains::No)
    }

    /// Returns the message.
    ///
    /// # Errors
    ///
    /// Why it was not sent. The error says how many files remain.
    pub fn into_result(self) -> Result<PostedMessage> {
        self.result
    }
}

/// What remains of the files, in words for the error.
pub(super) fn in_words(files: &[FileOutcome]) -> String {
    let ids = |wanted: Remains| {
        let of = move |file: &&FileOutcome| file.remains == wanted;
        files.iter().filter(of).map(|file| {
            let item = file.item.as_ref();
            item.and_then(|item| item.id.as_deref())
                .map_or_else(|| "of unknown id".to_owned(), ms_messenger_http::one_line)
        })
    };
    let stored: Vec<String> = ids(Remains::Yes).collect();
    let doubtful = ids(Remains::Unknown).count();
    let mut words = Vec::new();
    if !stored.is_empty() {
        words.push(format!("uploaded files remain: item {}", stored.join(", ")));
    }
    if doubtful > 0 {
        words.push(format!("{doubtful} more may be in the drive"));
    }
    if words.is_empty() {
        "no uploaded file remains".to_owned()
    } else {
        words.join("; ")
    }
}
