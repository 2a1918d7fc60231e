//! The open streams of an HTTP/2 connection, and the faults on its bytes.

use std::collections::{BTreeSet, VecDeque};

use crate::engine::server::frames::{self, Frame, Frames};

/// The streams of a connection, as its bytes show them.
#[derive(Debug)]
pub(crate) struct Streams {
    incoming: Frames,
    outgoing: Frames,
    /// Opened by the client and not yet given to a handler, in order.
    waiting: VecDeque<u32>,
    /// Opened by the client and not yet ended.
    open: BTreeSet<u32>,
    newest_opened: u32,
    newest_taken: u32,
    /// No stream is taken any more.
    is_going_away: bool,
    /// Frames of our own, to be sent between two of the connection's.
    notice: VecDeque<u8>,
    limit: Option<Limit>,
}

/// The stream with the cut response, and how much of it may still be sent.
#[derive(Debug)]
struct Limit {
    stream: u32,
    left: u64,
    has_ended: bool,
}

impl Default for Streams {
    fn default() -> Self {
        Self {
            incoming: Frames::of_client(),
            outgoing: Frames::of_server(),
            waiting: VecDeque::new(),
            open: BTreeSet::new(),
            newest_opened: 0,
            newest_taken: 0,
            is_going_away: false,
            notice: VecDeque::new(),
            limit: None,
        }
    }
}

impl Streams {
    /// Follows bytes from the client.
    pub(crate) fn received(&mut self, bytes: &[u8]) {
        let Self {
            incoming,
            waiting,
            open,
            newest_opened,
            ..
        } = self;
        incoming.follow(bytes, |frame| {
            // A second HEADERS frame of a stream holds its trailers.
            if frame.is_headers() && frame.stream > *newest_opened {
                *newest_opened = frame.stream;
                waiting.push_back(frame.stream);
                open.insert(frame.stream);
            } else if frame.is_reset() {
                open.remove(&frame.stream);
            }
        });
    }

    /// Follows bytes to the client.
    pub(crate) fn sent(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let part = self.outgoing.step(bytes);
            if let Some(frame) = part.frame {
                self.count(frame, part.known, part.is_new);
            }
            bytes = &bytes[part.taken..];
        }
    }

    fn count(&mut self, frame: Frame, known: usize, is_new: bool) {
        let ends = is_new && frame.ends_stream();
        if ends {
            self.open.remove(&frame.stream);
            // The protocol refused it before any handler saw it.
            self.waiting.retain(|stream| *stream != frame.stream);
        }
        if let Some(limit) = self.limit.as_mut().filter(|l| l.stream == frame.stream) {
            limit.left = limit.left.saturating_sub(known as u64);
            limit.has_ended |= ends;
        }
    }

    /// How many of these bytes may be sent now.
    pub(crate) fn allowed(&self, bytes: &[u8]) -> usize {
        let Some(limit) = &self.limit else {
            return bytes.len();
        };
        let mut frames = self.outgoing.clone();
        let mut left = usize::try_from(limit.left).unwrap_or(usize::MAX);
        let mut at = 0;
        while at < bytes.len() {
            let part = frames.step(&bytes[at..]);
            if part.frame.is_none() && at > 0 {
                // Half a head: its stream is known when the rest arrives.
                return at;
            }
            if part.frame.is_some_and(|f| f.stream == limit.stream) {
                if part.known > left {
                    return at + part.taken.saturating_sub(part.known - left);
                }
                left -= part.known;
            }
            at += part.taken;
        }
        at
    }

    /// Whether all that may be sent of the limited response was sent.
    pub(crate) fn is_at_limit(&self) -> bool {
        self.limit
            .as_ref()
            .is_some_and(|l| l.left == 0 || (l.has_ended && self.outgoing.is_between()))
    }

    /// Whether each write must be inspected.
    pub(crate) fn is_plain(&self) -> bool {
        self.limit.is_none() && self.notice.is_empty()
    }

    /// Frames of our own that are to be sent now.
    pub(crate) fn notice(&mut self) -> Option<&mut VecDeque<u8>> {
        Some(&mut self.notice).filter(|n| !n.is_empty() && self.outgoing.is_between())
    }

    /// Whether a request that is taken now comes too late to be served.
    pub(crate) const fn is_going_away(&self) -> bool {
        self.is_going_away
    }

    /// The stream of the next request.
    pub(crate) fn take(&mut self) -> Option<u32> {
        let stream = self.waiting.pop_front();
        if !self.is_going_away {
            self.newest_taken = stream.unwrap_or_default().max(self.newest_taken);
        }
        stream
    }

    /// Cuts the response of `stream` after so many bytes; the first limit of a connection counts.
    pub(crate) fn limit(&mut self, stream: u32, bytes: u64) {
        self.limit.get_or_insert(Limit {
            stream,
            left: bytes,
            has_ended: false,
        });
    }

    /// Takes no stream from now on, and reports to the client that `stream` was not processed.
    pub(crate) fn refuse(&mut self, stream: u32) {
        if self.is_going_away {
            // GOAWAY may not name a higher stream again, but this one can still be refused.
            self.notice.extend(frames::refused(stream));
        } else if self.newest_taken > stream {
            // A later request may have been carried out, so GOAWAY cannot speak for this one.
            self.notice.extend(frames::refused(stream));
            self.notice.extend(frames::go_away(self.newest_taken));
        } else {
            self.notice
                .extend(frames::go_away(stream.saturating_sub(2)));
        }
        self.is_going_away = true;
        self.open.remove(&stream);
    }

    /// Whether GOAWAY was sent and every request that was taken has its response.
    pub(crate) fn is_finished(&self) -> bool {
        let newest = self.newest_taken;
        let is_idle = self.open.range(..=newest).next().is_none();
        self.is_going_away && self.notice.is_empty() && is_idle && self.outgoing.is_between()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0, 0, payload.len() as u8, kind, flags, 0, 0, 0, stream];
        bytes.extend(payload);
        bytes
    }

    fn opened(streams: &[u8]) -> Streams {
        let mut all = Streams::default();
        all.received(&[b'x'; 24]);
        for stream in streams {
            all.received(&frame(1, 4, *stream, b"h"));
        }
        all
    }

    #[test]
    fn requests_get_their_streams_in_order_and_trailers_open_none() {
        let mut streams = opened(&[1, 3]);
        streams.received(&frame(1, 5, 1, b"t"));
        assert_eq!(
            [streams.take(), streams.take(), streams.take()],
            [Some(1), Some(3), None]
        );
    }

    #[test]
    fn a_response_is_cut_at_the_byte_among_others_however_it_is_written() {
        let mut bytes = frame(1, 4, 1, b"head");
        bytes.extend(frame(0, 0, 3, b"other"));
        bytes.extend(frame(0, 1, 1, b"body"));
        // 13 bytes of stream 1, 14 of stream 3, then 13 of stream 1 again.
        for (limit, expected) in [
            (0, 0),
            (9, 9),
            (13, 27),
            (15, 29),
            (22, 36),
            (24, 38),
            (26, 40),
            (99, 40),
        ] {
            for size in 1..=bytes.len() {
                let mut streams = opened(&[1, 3]);
                streams.limit(1, limit);
                let mut passed = 0;
                while passed < bytes.len() {
                    let end = bytes.len().min(passed + size);
                    let n = streams.allowed(&bytes[passed..end]);
                    if n == 0 {
                        break;
                    }
                    streams.sent(&bytes[passed..passed + n]);
                    passed += n;
                }
                // Writes of less than a head show its stream too late; HTTP/2 makes none.
                if size >= 9 {
                    assert_eq!(passed, expected, "{limit} {size}");
                    assert!(passed < bytes.len() || streams.is_at_limit());
                }
            }
        }
    }

    #[test]
    fn go_away_names_the_stream_below_or_refuses_by_name() {
        let mut streams = opened(&[1, 3]);
        streams.take();
        streams.take();
        streams.refuse(3);
        assert_eq!(streams.notice().cloned(), Some(frames::go_away(1).into()));
        let mut streams = opened(&[1, 3]);
        streams.take();
        streams.take();
        streams.refuse(1);
        let both = [frames::refused(1), frames::go_away(3)].concat();
        assert_eq!(streams.notice().cloned(), Some(both.into()));
        streams.received(&frame(1, 5, 5, b"late"));
        assert!(streams.is_going_away());
        streams.take();
        streams.notice().unwrap().clear();
        assert!(!streams.is_finished());
        streams.sent(&frame(1, 5, 3, b"done"));
        assert!(streams.is_finished());
    }
}
