//! Where clients reach the emulator.

use std::path::PathBuf;

/// Where clients reach the emulator.
#[derive(Clone, Debug, Default)]
pub(crate) struct Addresses {
    /// The origin of the HTTP listener.
    pub(crate) http: String,
    /// That of the HTTPS listener, if there is one.
    pub(crate) https: Option<String>,
    /// The file with the certificate authority, if it was written.
    pub(crate) ca: Option<PathBuf>,
}
