//! What sends have in common that a list of messages does not distinguish.

use std::hash::{DefaultHasher, Hasher as _};

/// The bytes of a text that are compared: more would cost every send, and fewer only make a
/// verdict more careful.
const COMPARED_BYTES: usize = 1024;
/// The bytes of a path that are hashed at once.
const CHUNK: usize = 128;

/// The visible text of a message, as far as it is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Text(u64);

impl Text {
    /// Spaces do not count, because the service changes them.
    pub(crate) fn of(visible: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        let start = visible.as_bytes();
        let start = &start[..start.len().min(COMPARED_BYTES)];
        if is_one_spaced(start) {
            hasher.write(start);
            return Self(hasher.finish());
        }
        let mut text = [0; COMPARED_BYTES];
        let mut length = 0;
        for word in visible.split_whitespace() {
            if length > 0 && length < COMPARED_BYTES {
                text[length] = b' ';
                length += 1;
            }
            let room = &mut text[length..];
            let taken = room.len().min(word.len());
            room[..taken].copy_from_slice(&word.as_bytes()[..taken]);
            length += taken;
            if length == COMPARED_BYTES {
                break;
            }
        }
        hasher.write(&text[..length]);
        Self(hasher.finish())
    }
}

/// Whether `text` is of visible ASCII characters with single spaces between them, so that no space
/// must be removed before it is compared. Nearly every text is, and this costs a tenth of it.
fn is_one_spaced(text: &[u8]) -> bool {
    let is_printable = |byte: u8| matches!(byte, b' '..=b'~');
    let is_at_end = text.first() == Some(&b' ') || text.last() == Some(&b' ');
    let next = text.get(1..).unwrap_or_default();
    let is_double = text.iter().zip(next).fold(false, |found, (byte, next)| {
        found | ((*byte == b' ') & (*next == b' '))
    });
    let is_ascii = text
        .iter()
        .fold(true, |all, byte| all & is_printable(*byte));
    is_ascii && !is_double && !is_at_end
}

/// What two sends that a list does not distinguish have in common: place and visible text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Content(u64);

impl Content {
    /// The content of a message that is listed at the path `list`.
    pub(crate) fn new(list: &str, text: Text) -> Self {
        // One channel can be reached through several teams, and ids be written in either case.
        let channel = list
            .strip_prefix("/teams/")
            .and_then(|it| it.split_once('/'));
        let place = channel.map_or(list, |(_, channel)| channel);
        let mut hasher = DefaultHasher::new();
        for piece in place.as_bytes().chunks(CHUNK) {
            let mut lower = [0; CHUNK];
            let lower = &mut lower[..piece.len()];
            lower.copy_from_slice(piece);
            lower.make_ascii_lowercase();
            hasher.write(lower);
        }
        hasher.write_u64(text.0);
        Self(hasher.finish())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_that_differ_in_their_spaces_only_are_equal() {
        let one = Text::of("The build is green");
        for other in [
            " The build is green",
            "The build  is green ",
            "The\tbuild\nis\u{a0}green",
        ] {
            assert_eq!(Text::of(other), one, "{other:?}");
        }
        for other in ["The build is greeN", "Thebuild is green", ""] {
            assert_ne!(Text::of(other), one, "{other:?}");
        }
    }

    #[test]
    fn a_channel_is_the_same_in_every_team_and_case() {
        let text = Text::of("x");
        let content = |list| Content::new(list, text);
        let one = content("/teams/a/channels/19:X@thread.tacv2/messages");
        assert_eq!(one, content("/teams/b/channels/19:x@thread.tacv2/messages"));
        for other in [
            "/teams/a/channels/19:Y@thread.tacv2/messages",
            "/teams/a/channels/19:X@thread.tacv2/messages/1/replies",
            "/chats/19:X@thread.tacv2/messages",
        ] {
            assert_ne!(one, content(other), "{other}");
        }
    }

    proptest! {
        #[test]
        fn more_spaces_make_no_other_text(words in proptest::collection::vec("[!-~]{1,40}", 1..60)) {
            let one = words.join(" ");
            prop_assert_eq!(Text::of(&one), Text::of(&words.join("  ")));
            prop_assert_eq!(Text::of(&one), Text::of(&format!("\u{2003}{one} ")));
        }
    }
}
