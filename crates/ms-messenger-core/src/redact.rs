//! What `Debug` prints in the place of contents.

use std::fmt;

/// Prints only the length of `bytes`, e.g. `<12 bytes>`: contents do not belong into logs.
pub(crate) fn length(bytes: impl AsRef<[u8]>) -> impl fmt::Debug {
    Length(bytes.as_ref().len())
}

struct Length(usize);

impl fmt::Debug for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} bytes>", self.0)
    }
}
