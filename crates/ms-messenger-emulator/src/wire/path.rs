//! Request targets: the path, its segments, and the ids in them.

use percent_encoding::percent_decode_str;

/// Returns the path of a request target, without its query.
pub(crate) fn path_of(target: &str) -> &str {
    target.split('?').next().unwrap_or_default()
}

/// Returns the raw segments of the path of a request target; slashes before the first do not count.
pub(crate) fn segments(target: &str) -> Vec<&str> {
    path_of(target).trim_start_matches('/').split('/').collect()
}

/// Returns the decoded segment of a raw path; `None` when it is blank, longer than 1024 bytes, holds
/// control characters or is not UTF-8.
///
/// ```
/// use ms_messenger_emulator::service::decode_segment;
///
/// assert_eq!(decode_segment("19%3Aa%40thread.v2").as_deref(), Some("19:a@thread.v2"));
/// assert_eq!(decode_segment("%20"), None);
/// ```
pub fn decode_segment(segment: &str) -> Option<String> {
    let text = percent_decode_str(segment).decode_utf8().ok()?;
    let is_plain = !text.trim().is_empty() && !text.chars().any(char::is_control);
    (is_plain && text.len() <= 1024).then(|| text.into_owned())
}

/// Whether a service could have issued this id: none has blanks, and none `%`, which an id that was
/// encoded twice has.
pub(crate) fn may_be_id(id: &str) -> bool {
    !id.contains(|c: char| c == '%' || c.is_whitespace())
}

/// Whether an id that does not come from a path could stand in one.
pub(crate) fn may_be_named(id: &str) -> bool {
    may_be_id(id) && !id.is_empty() && !id.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_and_blank_ids_are_not_accepted() {
        for segment in ["%00", "%20", "%0A", "%FF", ""] {
            assert_eq!(decode_segment(segment), None, "{segment}");
        }
    }

    proptest::proptest! {
        #[test]
        fn hostile_segments_do_not_panic(segment in ".{0,200}") {
            let _ = decode_segment(&segment);
        }
    }
}
