//! The lists of what a recording keeps. What is not in them is replaced.

use std::{collections::HashSet, sync::LazyLock};

type Words = LazyLock<HashSet<&'static str>>;

static PATHS: Words = LazyLock::new(|| words(include_str!("words/paths.txt")));
static QUERIES: Words = LazyLock::new(|| words(include_str!("words/queries.txt")));
static VALUES: Words = LazyLock::new(|| words(include_str!("words/values.txt")));
static TEXTS: Words = LazyLock::new(|| group("text"));
static MAPS: Words = LazyLock::new(|| group("maps"));
static KEPT: Words = LazyLock::new(|| group("kept"));

/// Parts of names of members that hold secrets, in lower case.
const SECRETS: [&str; 17] = [
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "signature",
    "assertion",
    "credential",
    "connectionstring",
    "accesskey",
    "authorization",
    "cookie",
    "sharedaccess",
    "clientstate",
    "certificate",
    "privatekey",
    "apikey",
];

/// Whole names of members that hold secrets, in lower case.
const SECRET_NAMES: [&str; 9] = [
    "key",
    "keys",
    "sig",
    "pwd",
    "pin",
    "sas",
    "device_code",
    "user_code",
    "code_verifier",
];

/// The longest name of a member or a header that is kept.
const LONGEST_NAME: usize = 40;
/// The most digits in one.
const MOST_DIGITS: usize = 4;

fn words(text: &'static str) -> HashSet<&'static str> {
    text.split_whitespace().collect()
}

/// The words of the lines that follow one which begins with that word, up to the next comment.
fn group(first: &str) -> HashSet<&'static str> {
    let mut parts = include_str!("words/members.txt").split("# ");
    let part = parts.find(|part| {
        part.split_once('\n')
            .is_some_and(|(_, rest)| rest.starts_with(first))
    });
    let (_, listed) = part
        .and_then(|part| part.split_once('\n'))
        .unwrap_or_default();
    words(listed)
}

/// Whether it is a word of the services' paths.
pub(crate) fn is_path(segment: &str) -> bool {
    PATHS.contains(segment)
}

/// Whether it is the name of a query parameter or a form field of the services.
pub(crate) fn is_query(name: &str) -> bool {
    QUERIES.contains(name)
}

/// Whether it is a word that the services use as a value.
pub(crate) fn is_value(text: &str) -> bool {
    VALUES.contains(text)
}

/// Whether the strings of that member are texts.
pub(crate) fn is_text(member: &str) -> bool {
    TEXTS.contains(member)
}

/// Whether people choose the names of the members of that member.
pub(crate) fn is_map(member: &str) -> bool {
    MAPS.contains(member)
}

/// Whether the member holds a secret, by its name.
pub(crate) fn is_secret(member: &str) -> bool {
    let lower = member.to_ascii_lowercase();
    let is_named = SECRETS.iter().any(|part| lower.contains(part));
    (is_named || SECRET_NAMES.contains(&lower.as_str())) && !KEPT.contains(member)
}

/// Whether it is a version of an API: `2024-02-01`, `2024-02-01-preview`.
pub(crate) fn is_version(text: &str) -> bool {
    let date = text.trim_end_matches("-preview");
    let is_right = |(at, byte): (usize, u8)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    };
    date.len() == "2024-02-01".len()
        && date.starts_with("20")
        && date.bytes().enumerate().all(is_right)
}

/// Whether the name of a member or a header is one that a contract would have: short, of words and a
/// few digits, perhaps with an annotation (`@odata.type`).
pub(crate) fn is_name(name: &str) -> bool {
    let (stem, annotation) = match name.find('@') {
        Some(at) => (&name[..at], &name[at + 1..]),
        None => (name, ""),
    };
    let is_annotated = annotation.is_empty()
        || annotation.starts_with("odata.")
        || annotation.starts_with("microsoft.graph.");
    let is_plain = |part: &str| {
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '$');
        part.chars().all(is_allowed) || part == "odata" || part.starts_with('$')
    };
    let digits = name.chars().filter(char::is_ascii_digit).count();
    let is_first_letter = name.starts_with(|c: char| c.is_ascii_alphabetic() || "_@$".contains(c));
    is_annotated
        && is_first_letter
        && name.len() <= LONGEST_NAME
        && digits <= MOST_DIGITS
        && is_of_words(name)
        && is_plain(stem)
        && annotation.split('.').all(is_plain)
}

/// Whether the parts between changes of case and signs are as long as those of words, unlike those of
/// Base64.
fn is_of_words(name: &str) -> bool {
    const SHORT: usize = 8;
    let bytes = name.as_bytes();
    let starts = bytes.windows(2).filter(|pair| {
        let is_next_word = pair[1].is_ascii_uppercase() && !pair[0].is_ascii_uppercase();
        is_next_word || pair[1].is_ascii_digit() != pair[0].is_ascii_digit() || pair[1] == b'-'
    });
    let is_upper_run = |run: &[u8]| run.iter().all(u8::is_ascii_uppercase);
    let runs = bytes.windows(3).filter(|run| is_upper_run(run)).count();
    name.len() <= SHORT || (starts.count() + runs + 1) * 5 <= name.len() * 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_list_is_read() {
        assert!(is_path("v1.0") && is_query("$top") && is_value("TooManyRequests"));
        assert!(is_text("displayName") && is_map("metadata") && !is_text("text:"));
        assert!(!is_value("content") && !is_map("displayName") && !is_text("metadata"));
    }

    #[test]
    fn names_of_contracts_are_kept_and_data_is_not() {
        for name in [
            "id",
            "@odata.type",
            "body@odata.context",
            "x-ms-request-id",
            "quickXorHash",
            "_links",
            "$schema",
        ] {
            assert!(is_name(name), "{name}");
        }
        for name in [
            "lene@contoso.com",
            "Lene Hansen",
            "8:acs:1",
            "+14255550123",
            "9f2c4a51-0000",
            "",
            "a.b",
            "MjAzLjAuMTEzLjc3",
            "0123",
            "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9eyJzdWIi",
        ] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn secrets_are_known_by_name() {
        for name in [
            "access_token",
            "client_secret",
            "clientState",
            "Password",
            "sig",
            "$skiptoken",
            "key",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["token_type", "id", "keyboard", "code"] {
            assert!(!is_secret(name), "{name}");
        }
    }
}
