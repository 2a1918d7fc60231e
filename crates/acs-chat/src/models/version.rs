//! The versions of the API.

use ms_messenger_core::open_enum;

open_enum! {
    /// The version of the API that a client uses.
    pub enum ChatApiVersion {
        /// The newest stable version. It has no attachments in requests.
        V2025_03_15 = "2025-03-15",
        /// The preview whose requests may have attachments.
        V2024_03_15Preview = "2024-03-15-preview",
    }
}

impl ChatApiVersion {
    /// Returns whether a message that is sent may have attachments.
    #[must_use]
    pub fn supports_attachments(&self) -> bool {
        *self == Self::V2024_03_15Preview
    }

    /// Returns whether threads and participants have metadata, and threads a retention policy.
    #[must_use]
    pub fn supports_thread_metadata(&self) -> bool {
        // Versions are dates, so that they are in the order of their text.
        self.as_str() >= Self::V2024_03_15Preview.as_str()
    }
}
