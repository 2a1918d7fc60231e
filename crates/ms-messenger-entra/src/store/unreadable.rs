//! Why what a store keeps cannot be read.

use std::{fmt, path::PathBuf};

/// What is wrong with a file of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreFault {
    /// Something else was written to the file of the sign-in.
    Foreign,
    /// The sign-in is damaged, or of another key.
    Damaged,
    /// There is a sign-in, but its key is gone.
    KeyLost,
    /// The file of the key holds no key.
    KeyDamaged,
}

/// A file of a store that cannot be used as it is: the `source` of the
/// [`Error`](ms_messenger_core::Error) that a [`TokenStore`](crate::TokenStore) returns for it.
///
/// Restoring the file or its key mends it. Where neither is to be had,
/// [`TokenStore::set_aside`](crate::TokenStore::set_aside) makes room for a new sign-in and
/// deletes nothing.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StoreError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub fault: StoreFault,
}

impl StoreFault {
    /// What is said after the name of the file.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Foreign => {
                "is no sign-in of this program: move it away, or set it aside, and sign in again"
            }
            Self::Damaged => {
                "cannot be opened: it is damaged or of another key; restore the file or the key, \
                 or set it aside and sign in again"
            }
            Self::KeyLost => {
                "has no key: it was lost; restore the key, or set the sign-in aside and sign in \
                 again"
            }
            Self::KeyDamaged => {
                "must hold 32 bytes in base64; restore the key, or set it aside with the sign-in \
                 and sign in again"
            }
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.fault {
            StoreFault::Foreign => "the file is of another program",
            StoreFault::Damaged => "the sign-in is damaged or of another key",
            StoreFault::KeyLost => "the key of the sign-in is lost",
            StoreFault::KeyDamaged => "the key of the sign-ins is damaged",
        })
    }
}

impl std::error::Error for StoreError {}
