//! Why a recording cannot be used.

use std::{io, path::PathBuf};

/// Error returned when a recording cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordingError {
    /// The file cannot be read.
    #[error("{} cannot be read", path.display())]
    Read {
        /// The path asked for.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A line breaks a rule of the format.
    #[error("{}: line {line}: {rule}", path.display())]
    Line {
        /// The path asked for.
        path: PathBuf,
        /// The number of the line, from 1.
        line: usize,
        /// The member and the rule: `response.status: must be …`.
        rule: String,
    },
}
