//! QuickXorHash, by which OneDrive and SharePoint say what a file contains. Source: OneDrive,
//! "Code Snippets: QuickXorHash Algorithm".

use base64::{Engine as _, engine::general_purpose::STANDARD};

const BITS: u32 = 160;
const BYTES: usize = 20;
/// The number of bits by which each byte is further along than the one before it.
const STEP: u32 = 11;

/// The hash of what was added so far.
#[derive(Clone, Debug, Default)]
pub(super) struct QuickXor {
    ring: [u8; BYTES],
    /// The bit at which the next byte begins.
    at: u32,
    length: u64,
}

impl QuickXor {
    pub(super) fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let (cell, shift) = ((self.at / 8) as usize, self.at % 8);
            let [high, low] = (u16::from(*byte) << shift).to_be_bytes();
            self.ring[cell] ^= low;
            self.ring[(cell + 1) % BYTES] ^= high;
            self.at = (self.at + STEP) % BITS;
        }
        self.length += bytes.len() as u64;
    }

    /// The number of bytes that were added.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    pub(super) fn digest(&self) -> [u8; BYTES] {
        let mut digest = self.ring;
        let length = self.length.to_le_bytes();
        for (byte, of_length) in digest[BYTES - 8..].iter_mut().zip(length) {
            *byte ^= of_length;
        }
        digest
    }

    /// The hash as the service writes it.
    pub(super) fn base64(&self) -> String {
        STANDARD.encode(self.digest())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hash(bytes: &[u8]) -> String {
        let mut hash = QuickXor::default();
        hash.add(bytes);
        hash.base64()
    }

    #[test]
    fn it_is_the_published_algorithm() {
        assert_eq!(hash(b""), "AAAAAAAAAAAAAAAAAAAAAAAAAAA=");
        assert_eq!(hash(&[0x4a]), "SgAAAAAAAAAAAAAAAQAAAAAAAAA=");
        assert_eq!(hash(&[0xb5, 0xb4]), "taAFAAAAAAAAAAAAAgAAAAAAAAA=");
    }

    proptest! {
        #[test]
        fn pieces_give_the_hash_of_the_whole(
            bytes in proptest::collection::vec(any::<u8>(), 0..600),
            cut in 0..600usize,
        ) {
            let (first, second) = bytes.split_at(cut.min(bytes.len()));
            let mut pieces = QuickXor::default();
            pieces.add(first);
            pieces.add(second);
            prop_assert_eq!(pieces.base64(), hash(&bytes));
            prop_assert_eq!(pieces.length(), bytes.len() as u64);
        }
    }
}
