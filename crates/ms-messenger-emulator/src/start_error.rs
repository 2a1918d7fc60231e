//! Why an emulator did not start.

use std::{io, net::SocketAddr, path::PathBuf};

/// Error returned when an emulator did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address is not a loopback address. The emulator's keys are public, so it serves no other machine.
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
    /// The certificates could not be made: most often a name given is not a host name.
    #[error("cannot make the certificates for HTTPS")]
    Certificates(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The certificate authority could not be written.
    #[error("cannot write the certificate authority to {}", path.display())]
    CaOut {
        /// The path asked for.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The data file cannot be used. It was not changed.
    #[error("{}: {problem}", path.display())]
    Data {
        /// The path asked for.
        path: PathBuf,
        /// What is wrong with it: `is damaged at byte 1024`, `is used by another emulator` …
        problem: String,
    },
    /// A setting is invalid.
    #[error("{name}: {rule}")]
    Setting {
        /// Which one: `ucwa time scale`, `host`, `clock offset` …
        name: &'static str,
        /// What it must be.
        rule: &'static str,
    },
    /// Two services have the same name.
    #[error("the service {0} is mounted twice")]
    MountedTwice(&'static str),
    /// The emulator's own threads could not be started.
    #[error("cannot start the emulator's runtime")]
    Runtime(#[source] io::Error),
}
