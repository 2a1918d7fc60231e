//! Input of the caller: ids checked before any I/O, addresses as they may be shown.

use ms_messenger_core::Problems;
use percent_encoding::percent_decode_str;
use url::Url;

/// The most characters of an id or a path that is shown.
const SHOWN: usize = 200;

/// The most bytes of an id: far above those of the services, and several fit into an address, also
/// percent-encoded.
const LONGEST: usize = 2000;

/// Adds the problem of an id that a platform cannot know: one that is empty, one with blanks
/// around it as a paste brings them, one of more than 2000 bytes, or one that is percent-encoded, as
/// it is within a link.
///
/// ```
/// use ms_messenger_core::Problems;
/// use ms_messenger_http::check_id;
///
/// let mut problems = Problems::new();
/// check_id("19%3aabc%40thread.v2", "chat", &mut problems);
/// let error = problems.into_result(ms_messenger_core::ErrorKind::InvalidRequest).unwrap_err();
/// assert_eq!(error.message(), "chat: is percent-encoded; the id is 19:abc@thread.v2");
/// ```
pub fn check_id(id: &str, field: &str, problems: &mut Problems) {
    if id.len() > LONGEST {
        problems.add(field, format!("must have at most {LONGEST} bytes"));
        return;
    }
    if !id.is_empty() && is_plain(id) {
        return;
    }
    problems.add_if(id.is_empty(), field, "must not be empty");
    let is_padded = id.trim() != id || id.contains(char::is_control);
    let rule = "must not have control characters, nor white space at its ends";
    problems.add_if(is_padded, field, rule);
    if let Some(decoded) = decoded(id) {
        let is_shown = !decoded.contains(char::is_control) && decoded.chars().count() <= SHOWN;
        let rule = if is_shown {
            format!("is percent-encoded; the id is {decoded}")
        } else {
            "is percent-encoded".to_owned()
        };
        problems.add(field, rule);
    }
}

/// Whether `id` consists of visible ASCII characters other than `%`, as nearly every id does. No
/// rule applies to it then. Without an end at the first other one, many bytes are looked at at once.
fn is_plain(id: &str) -> bool {
    let is_odd = |byte: u8| !byte.is_ascii_graphic() || byte == b'%';
    !id.bytes().fold(false, |odd, byte| odd | is_odd(byte))
}

/// How often an id may have been encoded: a link within a link, and once again.
const ROUNDS: usize = 3;

/// The id that `id` is the percent-encoded form of.
fn decoded(id: &str) -> Option<String> {
    if !id.contains('%') {
        return None;
    }
    let mut current = id.to_owned();
    for _ in 0..ROUNDS {
        match percent_decode_str(&current).decode_utf8() {
            Ok(next) if next != current => current = next.into_owned(),
            _ => break,
        }
    }
    (current != id).then_some(current)
}

/// Returns an address as `Debug` may show it: without user info, query and fragment; `…` if it is
/// not an address.
///
/// ```
/// use ms_messenger_http::redacted_address;
///
/// let address = "https://user:hunter2@contoso.com/a?sig=hunter2";
/// assert_eq!(redacted_address(address), "https://contoso.com/a");
/// ```
#[must_use]
pub fn redacted_address(text: &str) -> String {
    let Ok(url) = Url::parse(text.trim()) else {
        return "…".to_owned();
    };
    match url.host_str() {
        Some(host) => {
            let port = url.port().map(|port| format!(":{port}"));
            let (scheme, port) = (url.scheme(), port.unwrap_or_default());
            format!("{scheme}://{host}{port}{}", shortened(url.path()))
        }
        None => "…".to_owned(),
    }
}

fn shortened(path: &str) -> String {
    let path: String = path
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    match path.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &path[..end]),
        None => path,
    }
}

#[cfg(test)]
mod tests {
    use ms_messenger_core::ErrorKind;
    use proptest::prelude::*;

    use super::*;

    fn rule(id: &str) -> Option<String> {
        let mut problems = Problems::new();
        check_id(id, "id", &mut problems);
        let error = problems.into_result(ErrorKind::InvalidRequest).err()?;
        Some(error.problems()[0].rule.clone())
    }

    #[test]
    fn an_id_from_a_link_is_reported_decoded() {
        let rule_of = |id: &str| format!("is percent-encoded; the id is {id}");
        for (id, decoded) in [
            ("19%3aab%40thread.v2", "19:ab@thread.v2"),
            ("19%3Aab@thread.v2", "19:ab@thread.v2"),
            ("19%253Aab%2540thread.v2", "19:ab@thread.v2"),
            ("lene%40contoso.com", "lene@contoso.com"),
        ] {
            assert_eq!(rule(id), Some(rule_of(decoded)), "{id}");
        }
        assert_eq!(rule("a%0d%0ab"), Some("is percent-encoded".to_owned()));
        assert_eq!(rule(""), Some("must not be empty".to_owned()));
        assert_eq!(rule(&"x".repeat(LONGEST)), None);
        let longer = rule(&"x".repeat(LONGEST + 1));
        assert_eq!(longer, Some("must have at most 2000 bytes".to_owned()));
        for id in [" 19:ab", "19:ab ", "19:ab\n", "19:\u{1}ab", " "] {
            assert!(rule(id).unwrap().contains("white space"), "{id:?}");
        }
        for id in ["19:ab@thread.v2", "100%", "a%zz", "%", "a%ffb", "19:a b"] {
            assert_eq!(rule(id), None, "{id}");
        }
    }

    #[test]
    fn an_address_is_shown_without_what_may_be_a_secret() {
        for (text, shown) in [
            (
                "https://u:hunter2@contoso.com:8443/v1.0?key=hunter2#hunter2",
                "https://contoso.com:8443/v1.0",
            ),
            ("http://[::1]:1/", "http://[::1]:1/"),
            ("hunter2@contoso.com", "…"),
            ("hunter2:x", "…"),
            ("", "…"),
        ] {
            assert_eq!(redacted_address(text), shown);
        }
    }

    proptest! {
        #[test]
        fn no_address_shows_more_than_its_place(text in "(?s).*") {
            let shown = redacted_address(&text);
            prop_assert!(!shown.contains(char::is_control) && !shown.contains(['?', '#']));
        }

        #[test]
        fn hostile_ids_make_one_bounded_line(id in "(?s).*") {
            if let Some(rule) = rule(&id) {
                prop_assert!(rule.chars().count() < SHOWN + 40);
                prop_assert!(!rule.contains(char::is_control));
            }
        }
    }
}
