//! Errors for files of a store that cannot be read.

use std::{fmt, path::PathBuf};

/// Why a file of a store cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreFault {
    /// Another program wrote the file of the sign-in.
    Foreign,
    /// The sign-in is damaged, or encrypted under another key.
    Damaged,
    /// There is a sign-in, but its key is lost.
    KeyLost,
    /// The key file contains no valid key.
    KeyDamaged,
}

/// A file of a store that cannot be used as it is: the `source` of the
/// [`Error`](ms_messenger_core::Error) that a [`TokenStore`](crate::TokenStore) returns for it.
///
/// Restoring the file or its key solves it. If neither is available,
/// [`TokenStore::set_aside`](crate::TokenStore::set_aside) makes room for a new sign-in and
/// deletes nothing.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StoreError {
    /// The file.
    pub path: PathBuf,
    /// Why it cannot be used.
    pub fault: StoreFault,
}

impl StoreFault {
    /// The text after the name of the file.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Foreign => {
                "is not a sign-in of this program: move it, or set it aside, and sign in again"
            }
            Self::Damaged => {
                "cannot be decrypted: it is damaged or needs another key; restore the file or the key, \
                 or set it aside and sign in again"
            }
            Self::KeyLost => {
                "has no key: the key was lost; restore it, or set the sign-in aside and sign in \
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
            StoreFault::Foreign => "another program wrote the file",
            StoreFault::Damaged => "the sign-in is damaged or needs another key",
            StoreFault::KeyLost => "the key of the sign-in is lost",
            StoreFault::KeyDamaged => "the key of the sign-ins is damaged",
        })
    }
}

impl std::error::Error for StoreError {}
