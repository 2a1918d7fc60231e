//! Bodies in the gzip format (RFC 1952), stored and not compressed: any decoder reads them.

/// The largest stored block of DEFLATE.
const BLOCK: usize = 0xFFFF;

/// Wraps `bytes` into a gzip member.
pub(super) fn wrap(bytes: &[u8]) -> Vec<u8> {
    // Magic, method DEFLATE, no flags, no time, no extra flags, system unknown.
    let mut out = vec![0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255];
    let mut rest = bytes;
    loop {
        let (block, after) = rest.split_at(rest.len().min(BLOCK));
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        out.push(u8::from(after.is_empty()));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    out.extend(crc32(bytes).to_le_bytes());
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    out.extend(length.to_le_bytes());
    out
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        let low = crc ^ u32::from(*byte);
        let shift = |c: u32, _| {
            if c & 1 == 1 {
                0xEDB8_8320 ^ (c >> 1)
            } else {
                c >> 1
            }
        };
        (0..8).fold(low, shift)
    };
    !bytes.iter().fold(u32::MAX, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_standard_one() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn large_bodies_take_several_blocks() {
        let bytes = vec![7; BLOCK + 1];
        let wrapped = wrap(&bytes);
        assert_eq!(wrapped.len(), 10 + 5 + BLOCK + 5 + 1 + 8);
        assert_eq!((wrapped[10], wrapped[10 + 5 + BLOCK]), (0, 1));
        assert_eq!(wrap(b"").len(), 10 + 5 + 8);
    }
}
