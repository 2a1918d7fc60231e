//! Why a recorder did not start.

use std::{io, net::SocketAddr, path::PathBuf};

/// Error returned when a recorder did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// A setting is invalid.
    #[error("{name}: {rule}")]
    Setting {
        /// Which one: `upstream`, `connection string`, `upstream ca`.
        name: &'static str,
        /// What it must be.
        rule: &'static str,
    },
    /// The address is not a loopback address. A caller of a recorder reaches the service.
    #[error("address {0} is not a loopback address")]
    NotLoopback(SocketAddr),
    /// The address could not be bound: most often it is in use.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file of the recording exists already. A recording is made in one run, because another one
    /// would give other pseudonyms to the same ids.
    #[error("{} exists already; a recording needs a new file", path.display())]
    Exists {
        /// The path asked for.
        path: PathBuf,
    },
    /// The file of the recording could not be made.
    #[error("{} cannot be made", path.display())]
    File {
        /// The path asked for.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// TLS could not be set up, for the clients or for the service.
    #[error("cannot set up TLS")]
    Tls(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The certificate authority of the HTTPS listener could not be written.
    #[error("cannot write the certificate authority to {}", path.display())]
    CaOut {
        /// The path asked for.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}
