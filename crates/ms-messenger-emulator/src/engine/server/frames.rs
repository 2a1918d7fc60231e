//! Finds the frames of HTTP/2 in a stream of bytes, and reads their headers.

/// Bytes in the head of a frame.
const HEAD: usize = 9;
/// What a client sends before its first frame.
const PREFACE: usize = 24;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const REFUSED_STREAM: u32 = 7;

/// The head of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    kind: u8,
    flags: u8,
    pub(crate) stream: u32,
}

impl Frame {
    pub(crate) const fn is_headers(self) -> bool {
        self.kind == HEADERS
    }

    pub(crate) const fn is_reset(self) -> bool {
        self.kind == RST_STREAM
    }

    /// Whether its sender sends no more on this stream.
    pub(crate) const fn ends_stream(self) -> bool {
        self.is_reset() || (matches!(self.kind, DATA | HEADERS) && self.flags & END_STREAM != 0)
    }
}

/// A part of the bytes: some of a head, or some of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// How many bytes it has.
    pub(crate) taken: usize,
    /// Its frame; `None` before the head is complete.
    pub(crate) frame: Option<Frame>,
    /// How many bytes of the frame became known with it: the whole head at its last byte, else
    /// those of the payload.
    pub(crate) known: usize,
    /// Whether it completed the head.
    pub(crate) is_new: bool,
}

/// Follows the frames of one direction of a connection.
#[derive(Clone, Debug)]
pub(crate) struct Frames {
    /// Bytes of the preface that are still to come.
    preface: usize,
    head: [u8; HEAD],
    have: usize,
    frame: Option<Frame>,
    /// Bytes of the payload that are still to come.
    left: usize,
}

impl Frames {
    /// The direction from the client, which begins with the preface.
    pub(crate) const fn of_client() -> Self {
        Self {
            preface: PREFACE,
            head: [0; HEAD],
            have: 0,
            frame: None,
            left: 0,
        }
    }

    /// The direction from the server.
    pub(crate) const fn of_server() -> Self {
        let mut frames = Self::of_client();
        frames.preface = 0;
        frames
    }

    /// Whether the next byte begins a frame.
    pub(crate) const fn is_between(&self) -> bool {
        self.have == 0 && self.frame.is_none()
    }

    /// Follows the next part of `bytes`, which must not be empty.
    pub(crate) fn step(&mut self, bytes: &[u8]) -> Part {
        if self.preface > 0 {
            let taken = self.preface.min(bytes.len());
            self.preface -= taken;
            return Part {
                taken,
                frame: None,
                known: 0,
                is_new: false,
            };
        }
        if let Some(frame) = self.frame {
            let taken = self.left.min(bytes.len());
            self.left -= taken;
            if self.left == 0 {
                self.frame = None;
            }
            return Part {
                taken,
                frame: Some(frame),
                known: taken,
                is_new: false,
            };
        }
        self.head(bytes)
    }

    fn head(&mut self, bytes: &[u8]) -> Part {
        let taken = (HEAD - self.have).min(bytes.len());
        self.head[self.have..self.have + taken].copy_from_slice(&bytes[..taken]);
        self.have += taken;
        if self.have < HEAD {
            return Part {
                taken,
                frame: None,
                known: 0,
                is_new: false,
            };
        }
        let [a, b, c, kind, flags, stream @ ..] = self.head;
        let frame = Frame {
            kind,
            flags,
            stream: u32::from_be_bytes(stream) & 0x7FFF_FFFF,
        };
        self.have = 0;
        self.left = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
        self.frame = Some(frame).filter(|_| self.left > 0);
        Part {
            taken,
            frame: Some(frame),
            known: HEAD,
            is_new: true,
        }
    }

    /// Follows all of `bytes` and shows each frame when its head is complete.
    pub(crate) fn follow(&mut self, mut bytes: &[u8], mut seen: impl FnMut(Frame)) {
        while !bytes.is_empty() {
            let part = self.step(bytes);
            if let Some(frame) = part.frame.filter(|_| part.is_new) {
                seen(frame);
            }
            bytes = &bytes[part.taken..];
        }
    }
}

/// GOAWAY without an error: streams above `last` were not processed.
pub(crate) fn go_away(last: u32) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, GOAWAY, 0, 0, 0, 0, 0];
    bytes.extend(last.to_be_bytes());
    bytes.extend(0_u32.to_be_bytes());
    bytes
}

/// RST_STREAM with REFUSED_STREAM: this stream was not processed.
pub(crate) fn refused(stream: u32) -> Vec<u8> {
    let mut bytes = vec![0, 0, 4, RST_STREAM, 0];
    bytes.extend(stream.to_be_bytes());
    bytes.extend(REFUSED_STREAM.to_be_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Preface, HEADERS of stream 1 with 3 bytes, an empty DATA that ends it, GOAWAY.
    fn sample() -> Vec<u8> {
        let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        bytes.extend([0, 0, 3, 1, 4, 0, 0, 0, 1, 7, 7, 7]);
        bytes.extend([0, 0, 0, 0, 1, 0, 0, 0, 1]);
        bytes.extend(go_away(5));
        bytes
    }

    #[test]
    fn frames_are_found_however_the_bytes_are_cut() {
        let bytes = sample();
        for size in 1..=bytes.len() {
            let mut frames = Frames::of_client();
            let mut seen = Vec::new();
            for piece in bytes.chunks(size) {
                frames.follow(piece, |f| seen.push((f.kind, f.stream, f.ends_stream())));
            }
            let expected = [(HEADERS, 1, false), (DATA, 1, true), (GOAWAY, 0, false)];
            assert_eq!(seen, expected, "{size}");
            assert!(frames.is_between());
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_followed_to_their_end(bytes in proptest::collection::vec(0_u8.., 0..200)) {
            Frames::of_server().follow(&bytes, |_| {});
        }
    }
}
