//! Paths of requests: which segments are words of a service, and which are identifiers.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::record::words;

/// What stands for an identifier in the shape of a path.
const ID: &str = "{id}";

/// What is not encoded in a segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b':')
    .remove(b'@')
    .remove(b'!')
    .remove(b'$')
    .remove(b',')
    .remove(b'=')
    .remove(b'+');

/// The shape of a path: its words, and `{id}` for each identifier. Requests of one shape are of one
/// operation.
pub(crate) fn shape(path: &str) -> String {
    with_ids(path, |_| ID.to_owned())
}

/// The identifiers of a path, decoded, in order.
pub(crate) fn ids(path: &str) -> Vec<String> {
    let mut ids = Vec::new();
    with_ids(path, |id| {
        ids.push(id.to_owned());
        String::new()
    });
    ids
}

/// The path with each identifier, decoded, replaced by what `replace` makes of it, encoded.
pub(crate) fn with_encoded_ids(path: &str, mut replace: impl FnMut(&str) -> String) -> String {
    with_ids(path, |id| encode(&replace(id)))
}

/// Encodes a segment of a path.
pub(crate) fn encode(segment: &str) -> String {
    utf8_percent_encode(segment, SEGMENT).to_string()
}

fn with_ids(path: &str, mut replace: impl FnMut(&str) -> String) -> String {
    let segments = path.split('/').map(|segment| {
        if segment.is_empty() {
            return String::new();
        }
        let decoded = percent_decode_str(segment).decode_utf8_lossy();
        self::segment(&decoded, &mut replace)
    });
    segments.collect::<Vec<_>>().join("/")
}

/// One segment, decoded: a word, an action after a colon (`ID:send`), a function (`delta(…)`), or an
/// identifier.
fn segment(segment: &str, replace: &mut impl FnMut(&str) -> String) -> String {
    let is_word = |part: &str| part.is_empty() || words::is_path(part);
    if segment.split(':').all(is_word) {
        return segment.to_owned();
    }
    if let Some((id, action)) = segment.rsplit_once(':')
        && is_word(action)
    {
        return format!("{}:{action}", replace(id));
    }
    match segment.split_once('(') {
        Some((name, arguments)) if words::is_path(name) && arguments.ends_with(')') => {
            let arguments = &arguments[..arguments.len() - 1];
            if arguments.is_empty() {
                format!("{name}()")
            } else {
                let quote = if arguments.starts_with('\'') { "'" } else { "" };
                let id = replace(arguments.trim_matches('\''));
                format!("{name}({quote}{id}{quote})")
            }
        }
        _ => replace(segment),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_has_words_and_places_of_identifiers() {
        for (path, expected) in [
            (
                "/v1.0/chats/19%3Aa%40thread.v2/messages",
                "/v1.0/chats/{id}/messages",
            ),
            (
                "/v1.0/teams('9')/channels/getAllMessages()",
                "/v1.0/teams('{id}')/channels/getAllMessages()",
            ),
            (
                "/messages/notifications:send",
                "/messages/notifications:send",
            ),
            (
                "/identities/8:acs:1_2/:issueAccessToken",
                "/identities/{id}/:issueAccessToken",
            ),
            (
                "/chat/threads/19:a/participants/:add",
                "/chat/threads/{id}/participants/:add",
            ),
            (
                "/v1.0/me/drive/root:/a/b.txt:/content",
                "/v1.0/me/drive/root:/{id}/{id}:/content",
            ),
            ("/v1.0/lene@contoso.com/x", "/v1.0/{id}/{id}"),
            ("/", "/"),
        ] {
            assert_eq!(shape(path), expected);
        }
        assert_eq!(ids("/v1.0/chats/19%3Aa/messages/5"), ["19:a", "5"]);
    }

    #[test]
    fn identifiers_are_replaced_decoded_and_encoded_again() {
        let made = with_encoded_ids("/chat/threads/a%2Fb/messages", |id| {
            assert_eq!(id, "a/b");
            "c/d é".to_owned()
        });
        assert_eq!(made, "/chat/threads/c%2Fd%20%C3%A9/messages");
        assert_eq!(shape(&made), shape("/chat/threads/a%2Fb/messages"));
    }
}
