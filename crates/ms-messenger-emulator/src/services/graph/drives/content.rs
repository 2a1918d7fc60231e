//! The contents of a file: its bytes, or their size and hash alone.

use bytes::{Bytes, BytesMut};

use crate::services::graph::drives::quick_xor::QuickXor;

/// Contents that arrive in pieces.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    /// `None`: the bytes are not kept.
    pieces: Option<Vec<Bytes>>,
    size: u64,
    hash: QuickXor,
}

impl Content {
    /// No bytes yet; `is_kept` says whether those that come are kept.
    pub(crate) fn new(is_kept: bool) -> Self {
        Self {
            pieces: is_kept.then(Vec::new),
            size: 0,
            hash: QuickXor::new(),
        }
    }

    pub(crate) fn push(&mut self, piece: Bytes) {
        self.size += piece.len() as u64;
        self.hash.update(&piece);
        if let Some(pieces) = &mut self.pieces {
            pieces.push(piece);
        }
    }

    pub(crate) const fn size(&self) -> u64 {
        self.size
    }

    /// The QuickXorHash in Base64.
    pub(crate) fn hash(&self) -> String {
        self.hash.finish()
    }

    /// All bytes; `None` when they were not kept.
    pub(crate) fn bytes(&self) -> Option<Bytes> {
        let pieces = self.pieces.as_ref()?;
        if let [piece] = pieces.as_slice() {
            return Some(piece.clone());
        }
        let mut all = BytesMut::new();
        for piece in pieces {
            all.extend_from_slice(piece);
        }
        Some(all.freeze())
    }
}
