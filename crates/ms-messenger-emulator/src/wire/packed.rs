//! Bytes kept in a fraction of their size, by what they have in common with a sample.
//!
//! What a service stores of two messages is nearly the same text, and a million of them are kept.

use std::sync::Arc;

use lz4_flex::block::{compress_into_with_dict, decompress_with_dict, get_maximum_output_size};

/// Packed bytes, and the sample that they were packed by.
#[derive(Clone, Debug)]
pub(crate) struct Packed {
    sample: Arc<[u8]>,
    bytes: Box<[u8]>,
    length: u32,
}

impl Packed {
    /// Packs `bytes`, less than 4 GiB; `room` is a buffer for reuse.
    fn new(bytes: &[u8], sample: &Arc<[u8]>, room: &mut Vec<u8>) -> Self {
        let most = get_maximum_output_size(bytes.len());
        if room.len() < most {
            room.resize(most, 0);
        }
        // There is room enough, so that it cannot fail.
        let length = compress_into_with_dict(bytes, room, sample).unwrap_or_default();
        Self {
            sample: Arc::clone(sample),
            bytes: room[..length].into(),
            length: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
        }
    }

    /// How much room the packed bytes take.
    pub(crate) const fn packed_len(&self) -> usize {
        self.bytes.len()
    }

    /// The bytes as they were.
    pub(crate) fn unpack(&self) -> Vec<u8> {
        let length = usize::try_from(self.length).unwrap_or(usize::MAX);
        // What was packed here can be unpacked here.
        decompress_with_dict(&self.bytes, length, &self.sample).unwrap_or_default()
    }
}

/// Packs bytes by a sample that it takes from among them.
#[derive(Debug, Default)]
pub(crate) struct Packer {
    sample: Arc<[u8]>,
    /// How many in a row had little in common with the sample.
    misfits: u8,
    room: Vec<u8>,
}

/// So many misfits in a row, and the newest becomes the sample: another client has come.
const PATIENCE: u8 = 8;
/// Matches are found that far back; a longer sample would only take time.
const LONGEST_SAMPLE: usize = 16 * 1024;

impl Packer {
    pub(crate) fn pack(&mut self, bytes: &[u8]) -> Packed {
        let packed = Packed::new(bytes, &self.sample, &mut self.room);
        if packed.bytes.len() * 2 <= bytes.len() {
            self.misfits = 0;
            return packed;
        }
        self.misfits = self.misfits.saturating_add(1);
        if (self.sample.is_empty() || self.misfits >= PATIENCE) && bytes.len() <= LONGEST_SAMPLE {
            self.sample = Arc::from(bytes);
            self.misfits = 0;
        }
        packed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_resembles_the_sample_takes_little_room() {
        let mut packer = Packer::default();
        let text = |n: u32| {
            let words: Vec<String> = (0..60u32).map(|w| (w * w * 7919).to_string()).collect();
            format!("{} {n} {}", words.join("-"), words.join("+"))
        };
        packer.pack(text(1).as_bytes());
        let packed = packer.pack(text(2).as_bytes());
        assert!(packed.bytes.len() < 40, "{}", packed.bytes.len());
        assert_eq!(packed.unpack(), text(2).into_bytes());
    }

    proptest! {
        #[test]
        fn everything_is_unpacked_as_it_was(all in prop::collection::vec(".{0,200}", 0..20)) {
            let mut packer = Packer::default();
            for text in all {
                let packed = packer.pack(text.as_bytes());
                prop_assert_eq!(packed.unpack(), text.into_bytes());
            }
        }
    }
}
