//! QuickXorHash, the hash of file contents in OneDrive and SharePoint.

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// After so many bytes the positions of the bits repeat.
const CYCLE: usize = 160;
/// How many bits each byte is shifted beyond the one before it.
const SHIFT: usize = 11;
/// The length of the hash in bytes.
const LENGTH: usize = 20;

/// A hash of contents that arrive in pieces.
#[derive(Clone, Debug)]
pub(crate) struct QuickXor {
    /// The bytes whose places in the hash are the same, XORed.
    cells: [u8; CYCLE],
    size: u64,
}

impl QuickXor {
    pub(crate) const fn new() -> Self {
        Self {
            cells: [0; CYCLE],
            size: 0,
        }
    }

    /// Takes the next bytes of the content.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        let at = usize::try_from(self.size % CYCLE as u64).unwrap_or_default();
        let to_end = (CYCLE - at) % CYCLE;
        let (head, rest) = bytes.split_at(to_end.min(bytes.len()));
        let (cycles, tail) = rest.split_at(rest.len() / CYCLE * CYCLE);
        self.xor(at, head);
        self.xor(0, &folded(cycles));
        self.xor(0, tail);
        self.size += bytes.len() as u64;
    }

    fn xor(&mut self, at: usize, bytes: &[u8]) {
        for (cell, byte) in self.cells[at..].iter_mut().zip(bytes) {
            *cell ^= byte;
        }
    }

    /// Returns the hash in Base64.
    pub(crate) fn finish(&self) -> String {
        let mut hash = [0_u8; LENGTH];
        for (n, cell) in self.cells.iter().enumerate() {
            let bit = n * SHIFT % (LENGTH * 8);
            let (byte, shift) = (bit / 8, bit % 8);
            let wide = u16::from(*cell) << shift;
            let [low, high] = wide.to_le_bytes();
            hash[byte] ^= low;
            hash[(byte + 1) % LENGTH] ^= high;
        }
        for (place, byte) in hash[LENGTH - 8..].iter_mut().zip(self.size.to_le_bytes()) {
            *place ^= byte;
        }
        STANDARD.encode(hash)
    }
}

/// Whole cycles XORed into one, eight bytes at a time: without optimisation, too, large files are
/// hashed quickly.
fn folded(cycles: &[u8]) -> [u8; CYCLE] {
    let mut words = [0_u64; CYCLE / 8];
    for cycle in cycles.chunks_exact(CYCLE) {
        for (word, bytes) in words.iter_mut().zip(cycle.as_chunks().0) {
            *word ^= u64::from_ne_bytes(*bytes);
        }
    }
    let mut folded = [0; CYCLE];
    for (bytes, word) in folded.as_chunks_mut().0.iter_mut().zip(words) {
        *bytes = word.to_ne_bytes();
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(bytes: &[u8]) -> String {
        let mut hasher = QuickXor::new();
        hasher.update(bytes);
        hasher.finish()
    }

    #[test]
    fn published_hashes_are_met() {
        assert_eq!(hash(b""), "AAAAAAAAAAAAAAAAAAAAAAAAAAA=");
        assert_eq!(hash(&[0x4a]), "SgAAAAAAAAAAAAAAAQAAAAAAAAA=");
        assert_eq!(hash(&[0xb5, 0xb4]), "taAFAAAAAAAAAAAAAgAAAAAAAAA=");
    }

    /// The definition bit by bit: each byte is XORed in 11 bits further, around the end.
    fn slow(bytes: &[u8]) -> String {
        let mut bits = [false; LENGTH * 8];
        for (n, byte) in bytes.iter().enumerate() {
            for bit in 0..8 {
                bits[(n * SHIFT + bit) % (LENGTH * 8)] ^= byte >> bit & 1 == 1;
            }
        }
        let mut hash = [0_u8; LENGTH];
        for (n, bit) in bits.iter().enumerate() {
            hash[n / 8] |= u8::from(*bit) << (n % 8);
        }
        for (place, byte) in hash[12..]
            .iter_mut()
            .zip((bytes.len() as u64).to_le_bytes())
        {
            *place ^= byte;
        }
        STANDARD.encode(hash)
    }

    proptest::proptest! {
        #[test]
        fn pieces_of_any_size_give_the_hash_of_the_whole(
            bytes in proptest::collection::vec(0_u8.., 0..700),
            cut in 0_usize..700,
        ) {
            let (first, second) = bytes.split_at(cut.min(bytes.len()));
            let mut hasher = QuickXor::new();
            hasher.update(first);
            hasher.update(second);
            proptest::prop_assert_eq!(hasher.finish(), slow(&bytes));
        }
    }
}
