//! How files are uploaded.

use std::{fmt, sync::Arc};

/// The largest file that is uploaded in one request by default: the older of two limits that are
/// documented. The newer one is 250 MB.
const SIMPLE: u64 = 4 * 1024 * 1024;
/// The largest file that the service takes in one request.
const SIMPLE_LIMIT: u64 = 250 * 1024 * 1024;
/// The largest file of SharePoint and OneDrive.
const LARGEST: u64 = 250 * 1024 * 1024 * 1024;

/// Who gets access to a file in a chat. The members of a channel have access to its files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReaderAccess {
    /// The other members of the chat, who may read it. Members who join later get no access.
    #[default]
    Members,
    /// Nobody else.
    Nobody,
}

/// How files are uploaded, and what becomes of them. A clone is cheap.
///
/// ```
/// use msgraph_chat::UploadOptions;
///
/// let options = UploadOptions::default()
///     .with_max_bytes(100 * 1024 * 1024)
///     .with_progress(|progress| println!("{}/{}", progress.sent, progress.total));
/// assert!(!options.keep_unsent);
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct UploadOptions {
    /// The largest file in bytes that is uploaded in one request; larger ones are uploaded in pieces
    /// of 3.125 MiB. Default 4 MiB, at most 250 MiB.
    pub simple_limit: u64,
    /// The largest file in bytes that is uploaded at all. Default 250 GiB, the limit of SharePoint.
    pub max_bytes: u64,
    /// Who gets access to a file in a chat.
    pub access: ReaderAccess,
    /// Whether uploaded files stay in the drive when their message was not sent. Default `false`:
    /// they are deleted.
    pub keep_unsent: bool,
    progress: Option<Arc<dyn Fn(UploadProgress) + Send + Sync>>,
}

/// How much of a file was uploaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UploadProgress {
    /// The number of the file in its message, from 0.
    pub file: usize,
    /// The bytes that the service has.
    pub sent: u64,
    /// The bytes of the file.
    pub total: u64,
}

impl Default for UploadOptions {
    fn default() -> Self {
        Self {
            simple_limit: SIMPLE,
            max_bytes: LARGEST,
            access: ReaderAccess::default(),
            keep_unsent: false,
            progress: None,
        }
    }
}

impl UploadOptions {
    /// Sets the largest file in bytes that is uploaded in one request.
    #[must_use]
    pub fn with_simple_limit(mut self, bytes: u64) -> Self {
        self.simple_limit = bytes.min(SIMPLE_LIMIT);
        self
    }

    /// Sets the largest file in bytes that is uploaded at all.
    #[must_use]
    pub fn with_max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Sets who gets access to a file in a chat.
    #[must_use]
    pub fn with_access(mut self, access: ReaderAccess) -> Self {
        self.access = access;
        self
    }

    /// Sets whether uploaded files stay in the drive when their message was not sent.
    #[must_use]
    pub fn with_keep_unsent(mut self, keep: bool) -> Self {
        self.keep_unsent = keep;
        self
    }

    /// Calls `progress` after each piece that the service has. It must return quickly.
    #[must_use]
    pub fn with_progress(
        mut self,
        progress: impl Fn(UploadProgress) + Send + Sync + 'static,
    ) -> Self {
        self.progress = Some(Arc::new(progress));
        self
    }

    pub(super) fn report(&self, file: usize, sent: u64, total: u64) {
        if let Some(progress) = &self.progress {
            progress(UploadProgress { file, sent, total });
        }
    }
}

impl fmt::Debug for UploadOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UploadOptions")
            .field("simple_limit", &self.simple_limit)
            .field("max_bytes", &self.max_bytes)
            .field("access", &self.access)
            .field("keep_unsent", &self.keep_unsent)
            .finish_non_exhaustive()
    }
}
