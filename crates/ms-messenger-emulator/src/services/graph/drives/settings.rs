//! The builder's choices for drives.

/// A gibibyte per drive.
const QUOTA: u64 = 1 << 30;

/// The builder's choices for drives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DriveSettings {
    /// The bytes of each drive.
    pub(crate) quota: u64,
    /// Whether the bytes of files are kept, beside their size and hash.
    pub(crate) keeps_contents: bool,
}

impl Default for DriveSettings {
    fn default() -> Self {
        Self {
            quota: QUOTA,
            keeps_contents: true,
        }
    }
}
