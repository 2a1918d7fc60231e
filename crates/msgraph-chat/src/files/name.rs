//! The names of uploaded files: which are refused, and how they become unique.

use ms_messenger_core::{Problems, Uuid};

use super::quick_xor::QuickXor;

/// The characters that SharePoint refuses in a name.
const REFUSED: &[char] = &['"', '*', ':', '<', '>', '?', '/', '\\', '|'];
/// The names that SharePoint refuses, with and without an extension.
const RESERVED: &[&str] = &["con", "prn", "aux", "nul", ".lock", "desktop.ini"];
/// The most characters of a name: a path may have 400, and the folder is part of it.
const MAX_CHARS: usize = 200;
/// The bytes of the part of a name that only one file has.
const PART_BYTES: usize = 5;

/// Adds what SharePoint would refuse in `name`.
pub(super) fn find_problems(name: &str, field: &str, problems: &mut Problems) {
    let is_refused = name.contains(|c: char| REFUSED.contains(&c) || c.is_control());
    let rule = "must not contain \" * : < > ? / \\ | or control characters";
    problems.add_if(is_refused, field, rule);
    let is_padded = name.starts_with(' ') || name.ends_with([' ', '.']);
    let rule = "must not begin with a space, or end with a space or a full stop";
    problems.add_if(is_padded, field, rule);
    let is_reserved = is_reserved(&name.to_lowercase());
    let rule = "is a name that SharePoint reserves";
    problems.add_if(is_reserved, field, rule);
    let is_long = name.chars().count() > MAX_CHARS;
    let rule = format!("must have at most {MAX_CHARS} characters");
    problems.add_if(is_long, field, &rule);
}

fn is_reserved(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default();
    let is_device = stem
        .strip_prefix("com")
        .or_else(|| stem.strip_prefix("lpt"))
        .is_some_and(|number| number.len() == 1 && number.bytes().all(|b| b.is_ascii_digit()));
    let is_listed = |reserved: &&str| *reserved == name || *reserved == stem;
    RESERVED.iter().any(is_listed) || is_device || name.starts_with("~$") || name.contains("_vti_")
}

/// The name under which file number `index` of a message to `place` is stored: that which is shown,
/// with a part that only this file has and that the same key always gives. `attempt` counts the
/// names that other files have.
pub(super) fn stored(shown: &str, key: Uuid, place: &str, index: usize, attempt: usize) -> String {
    let mut of_place = QuickXor::default();
    of_place.add(format!("{place} {index} {attempt}").as_bytes());
    let mixed = of_place.digest();
    let part = |i: usize| {
        let folded = mixed.iter().skip(i).step_by(PART_BYTES);
        folded.fold(key.as_bytes()[i], |part, byte| part ^ byte)
    };
    let unique: String = (0..PART_BYTES)
        .map(|i| format!("{:02x}", part(i)))
        .collect();
    match shown.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()) {
        Some((stem, extension)) => format!("{stem} ({unique}).{extension}"),
        None => format!("{shown} ({unique})"),
    }
}

#[cfg(test)]
mod tests {
    use ms_messenger_core::ErrorKind;
    use proptest::prelude::*;

    use super::*;

    fn is_refused(name: &str) -> bool {
        let mut problems = Problems::new();
        find_problems(name, "name", &mut problems);
        problems.into_result(ErrorKind::InvalidRequest).is_err()
    }

    #[test]
    fn names_that_sharepoint_refuses_are_refused() {
        for name in [
            "a:b",
            "a/b",
            "a\\b",
            "a|b",
            "a?.pdf",
            "\"a\"",
            "a*",
            "<a>",
            " a",
            "a ",
            "a.",
            "CON",
            "con.txt",
            "LPT1",
            "com7.log",
            "~$a.docx",
            "a_vti_b",
            "Desktop.ini",
            "a\nb",
        ] {
            assert!(is_refused(name), "{name}");
        }
        for name in ["a#3", "50%.pdf", "ä b.txt", ".env", "console", "com"] {
            assert!(!is_refused(name), "{name}");
        }
        assert!(is_refused(&"a".repeat(201)));
        assert!(!is_refused(&"a".repeat(200)));
    }

    #[test]
    fn a_name_is_made_again_by_its_key_and_by_nothing_else() {
        let key = Uuid::from_u128(0x1234_5678_9abc_def0_1234_5678_9abc_def0);
        let name = stored("report.v2.pdf", key, "/chats/a/messages", 0, 0);
        assert_eq!(
            name,
            stored("report.v2.pdf", key, "/chats/a/messages", 0, 0)
        );
        assert!(
            name.starts_with("report.v2 (") && name.ends_with(").pdf"),
            "{name}"
        );
        for other in [
            stored("report.v2.pdf", key, "/chats/b/messages", 0, 0),
            stored("report.v2.pdf", key, "/chats/a/messages", 1, 0),
            stored("report.v2.pdf", key, "/chats/a/messages", 0, 1),
            stored("report.v2.pdf", Uuid::nil(), "/chats/a/messages", 0, 0),
        ] {
            assert_ne!(name, other);
        }
        assert!(stored(".env", key, "", 0, 0).starts_with(".env ("));
    }

    proptest! {
        #[test]
        fn a_name_that_is_accepted_stays_acceptable(name in "[^\0]{1,40}") {
            if !is_refused(&name) {
                let stored = stored(&name, Uuid::nil(), "x", 0, 0);
                prop_assert!(stored.len() == name.len() + 13, "{}", stored);
            }
        }
    }
}
