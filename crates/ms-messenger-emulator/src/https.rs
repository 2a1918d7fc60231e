//! What clients need to know of the HTTPS listener.

use std::path::PathBuf;

/// What clients need to know of the HTTPS listener.
#[derive(Debug)]
pub(crate) struct Https {
    pub(crate) url: String,
    pub(crate) ca_pem: String,
    /// Where the authority was written.
    pub(crate) ca_out: Option<PathBuf>,
}
