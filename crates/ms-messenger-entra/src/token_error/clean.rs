//! Removes secrets from the text of a server.

use base64::{
    Engine as _,
    alphabet::{STANDARD, URL_SAFE},
    engine::general_purpose::{GeneralPurpose, NO_PAD},
};

/// Replaces a secret.
const REDACTED: &str = "[redacted]";

/// `text` without any of `secrets`: as they are, in the encoding of forms and addresses (any
/// mixture of plain and escaped characters), with the escapes of JSON, or in Base64.
pub(super) fn without(text: &str, secrets: &[String]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        for spelling in spellings(secret) {
            text = text.replace(&spelling, REDACTED);
        }
        text = without_encoded(&text, secret);
    }
    text
}

/// Spellings that are looked for as they are.
fn spellings(secret: &str) -> Vec<String> {
    let quoted = serde_json::Value::from(secret).to_string();
    let mut all = vec![
        secret.to_owned(),
        quoted[1..quoted.len() - 1].to_owned(),
        quoted[1..quoted.len() - 1].replace('/', "\\/"),
    ];
    for alphabet in [&STANDARD, &URL_SAFE] {
        // The last character of Base64 depends on what follows the secret.
        let mut encoded = GeneralPurpose::new(alphabet, NO_PAD).encode(secret);
        if !secret.len().is_multiple_of(3) {
            encoded.pop();
        }
        if encoded.len() >= 8 {
            all.push(encoded);
        }
    }
    all
}

/// `text` without `secret` where any of its bytes are escaped as `%41`, or spaces as `+`.
fn without_encoded(text: &str, secret: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        match encoded_prefix(rest, secret) {
            Some(length) => {
                clean.push_str(REDACTED);
                rest = &rest[length..];
            }
            None => {
                clean.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    clean
}

/// How many bytes of `text` spell all of `secret`, if it begins so; the most where it can be
/// read in several ways.
fn encoded_prefix(text: &str, secret: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut ends = vec![0];
    for wanted in secret.bytes() {
        let from = ends.iter().flat_map(|at| {
            let steps = steps(&bytes[*at..], wanted);
            steps.into_iter().flatten().map(move |length| at + length)
        });
        let mut next: Vec<usize> = from.collect();
        next.sort_unstable();
        next.dedup();
        ends = next;
        if ends.is_empty() {
            return None;
        }
    }
    // A character of several bytes is never cut in two: both texts are UTF-8.
    ends.into_iter()
        .rev()
        .find(|end| text.is_char_boundary(*end))
}

/// How many bytes at the beginning of `text` can spell the byte `wanted`. A `%` may be escaped
/// itself, as text that was encoded twice has it.
fn steps(text: &[u8], wanted: u8) -> [Option<usize>; 3] {
    let hex = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
    let escaped = |head: &[u8]| {
        let digits = text.strip_prefix(head)?.get(..2)?;
        (hex(digits) == Some(wanted)).then_some(head.len() + 2)
    };
    let first = text.first().copied();
    let is_plain = first == Some(wanted) || (first == Some(b'+') && wanted == b' ');
    [is_plain.then_some(1), escaped(b"%"), escaped(b"%25")]
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose;
    use proptest::prelude::*;
    use url::form_urlencoded;

    use super::*;

    const SECRET: &str = "p~q+w/x=y \"1%ä";

    fn form(secret: &str) -> String {
        form_urlencoded::byte_serialize(secret.as_bytes()).collect()
    }

    #[test]
    fn a_secret_is_cut_out_however_it_is_encoded() {
        let percent = form(SECRET).replace('+', "%20");
        let all: String = SECRET.bytes().map(|b| format!("%{b:02x}")).collect();
        for spelling in [
            SECRET.to_owned(),
            form(SECRET),
            percent.to_lowercase(),
            percent.replace("%2B", "%2b"),
            percent.replace("%2F", "/"),
            percent.replace('%', "%25"),
            all,
            serde_json::Value::from(SECRET).to_string(),
            general_purpose::STANDARD.encode(SECRET),
            general_purpose::URL_SAFE_NO_PAD.encode(SECRET),
            general_purpose::STANDARD.encode(format!("{SECRET}:more")),
        ] {
            let text = format!("The request 'client_secret={spelling}&x=1' is wrong");
            let clean = without(&text, &[SECRET.to_owned()]);
            assert!(!clean.contains(&spelling), "{clean}");
            assert!(clean.contains(REDACTED), "{clean}");
            assert!(clean.starts_with("The request 'client_secret="), "{clean}");
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        let text = "AADSTS70011: 100% of %41 + %zz ä %2";
        assert_eq!(without(text, &["hunter2".to_owned(), String::new()]), text);
    }

    proptest! {
        #[test]
        fn no_mixture_of_encodings_lets_a_secret_through(
            secret in "[!-~ ä€]{8,40}",
            escapes in prop::collection::vec((any::<bool>(), any::<bool>()), 200),
            around in "[a-z %+&=]{0,20}",
        ) {
            let mut spelled = String::new();
            for (c, (escaped, upper)) in secret.chars().zip(escapes) {
                let mut buffer = [0; 4];
                for byte in c.encode_utf8(&mut buffer).bytes() {
                    match (escaped, upper) {
                        (false, _) if c.is_ascii() && c != '%' => spelled.push(c),
                        (_, true) => spelled.push_str(&format!("%{byte:02X}")),
                        _ => spelled.push_str(&format!("%{byte:02x}")),
                    }
                }
            }
            let text = format!("{around}{spelled}{around}");
            let clean = without(&text, std::slice::from_ref(&secret));
            prop_assert!(!clean.contains(&spelled), "{} in {}", spelled, clean);
        }

        #[test]
        fn hostile_text_is_read(text in ".*", secret in ".{0,5}") {
            let _ = without(&text, &[secret]);
        }
    }
}
