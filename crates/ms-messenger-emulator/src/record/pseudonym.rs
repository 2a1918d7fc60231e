//! Pseudonyms of the same shape: the same text always gets the same one, and none leads back.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::record::words;

/// What identifiers of the services begin with.
const PREFIXES: [&str; 13] = [
    "8:acs:",
    "8:orgid:",
    "8:gcch-acs:",
    "28:acs:",
    "28:orgid:",
    "28:",
    "8:",
    "19:meeting_",
    "19:",
    "4:",
    "sip:",
    "tel:",
    "mailto:",
];
/// What they end with.
const SUFFIXES: [&str; 4] = [
    "@thread.v2",
    "@thread.tacv2",
    "@thread.skype",
    "@unq.gbl.spaces",
];
/// The longest text of a replacement.
const LONGEST_TEXT: usize = 64 * 1024;
const SHORTEST_TEXT: usize = 8;
/// So many digits always fit into a number of 64 bits.
const MOST_DIGITS: usize = 18;
const FILLER: &str = "text removed ";

/// Makes pseudonyms with a key that is kept nowhere, so that no original can be found by trial.
pub(crate) struct Pseudonyms {
    key: [u8; 32],
}

impl fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pseudonyms")
    }
}

impl Pseudonyms {
    /// A new key, by the random numbers of the operating system.
    pub(crate) fn new() -> Self {
        let mut key = [0; 32];
        let halves = [uuid::Uuid::new_v4(), uuid::Uuid::new_v4()];
        for (half, random) in key.chunks_mut(16).zip(halves) {
            half.copy_from_slice(random.as_bytes());
        }
        Self { key }
    }

    /// The pseudonym of an identifier, part by part: parts that are equal in two identifiers stay
    /// equal, so that relations remain.
    pub(crate) fn id(&self, id: &str) -> String {
        if let Some(prefix) = PREFIXES.iter().find(|prefix| id.starts_with(**prefix)) {
            return format!("{prefix}{}", self.id(&id[prefix.len()..]));
        }
        if let Some(suffix) = SUFFIXES.iter().find(|suffix| id.ends_with(**suffix)) {
            return format!("{}{suffix}", self.id(&id[..id.len() - suffix.len()]));
        }
        let mut made = String::with_capacity(id.len());
        let mut rest = id;
        while let Some(first) = rest.chars().next() {
            let length = length_of_part(rest);
            if length == 0 {
                made.push(if first.is_ascii_graphic() { first } else { '_' });
                rest = &rest[first.len_utf8()..];
            } else {
                made.push_str(&self.part(&rest[..length]));
                rest = &rest[length..];
            }
        }
        made
    }

    /// A number with as many digits.
    pub(crate) fn digits(&self, digits: &str) -> u64 {
        let digits = &digits[..digits.len().min(MOST_DIGITS)];
        self.part(digits).parse().unwrap_or(1)
    }

    /// A pseudonym of the same length and classes of characters.
    fn part(&self, part: &str) -> String {
        let is_guid = part.len() == GUID && part.contains('-');
        if is_guid && part.bytes().all(|b| matches!(b, b'0' | b'-')) {
            return part.to_owned();
        }
        let has_upper = part.bytes().any(|b| b.is_ascii_uppercase());
        let mut made = String::with_capacity(part.len());
        let mut block = [0; 32];
        for (at, c) in part.chars().enumerate() {
            if at % block.len() == 0 {
                block = self.block(part, at / block.len());
            }
            let random = block[at % block.len()];
            let letter = |first: u8| char::from(first + random % 26);
            made.push(match c {
                '-' => '-',
                _ if is_guid => hex(random, has_upper),
                '1'..='9' if at == 0 => char::from(b'1' + random % 9),
                '0'..='9' => char::from(b'0' + random % 10),
                'A'..='Z' => letter(b'A'),
                _ => letter(b'a'),
            });
        }
        made
    }

    fn block(&self, part: &str, number: usize) -> [u8; 32] {
        // A key of any length is taken.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) else {
            return [0; 32];
        };
        mac.update(&(number as u64).to_be_bytes());
        mac.update(part.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

const GUID: usize = 36;

/// The length of the GUID, or of the letters and digits, at the beginning.
fn length_of_part(text: &str) -> usize {
    let is_guid = |text: &str| {
        let mut bytes = text.bytes().enumerate();
        bytes.all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
    };
    let word = text
        .find(|c: char| !c.is_alphanumeric())
        .unwrap_or(text.len());
    match text.get(..GUID) {
        Some(start) if is_guid(start) && !text[GUID..].starts_with(char::is_alphanumeric) => GUID,
        _ => word,
    }
}

fn hex(random: u8, is_upper: bool) -> char {
    let digits = if is_upper {
        b"0123456789ABCDEF"
    } else {
        b"0123456789abcdef"
    };
    char::from(digits[usize::from(random % 16)])
}

/// A text in place of another: of the same class of lengths, and HTML where that was HTML.
pub(crate) fn text_instead_of(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let is_html = text.trim_start().starts_with('<') || text.contains("</");
    let length = length_class(text.len());
    let filler = FILLER.chars().cycle().take(length).collect::<String>();
    if is_html {
        format!("<p>{filler}</p>")
    } else {
        filler
    }
}

/// The class of a length: the next power of two, from 8 to 65,536; 0 stays 0.
pub(crate) fn length_class(length: usize) -> usize {
    if length == 0 {
        return 0;
    }
    length
        .min(LONGEST_TEXT)
        .next_power_of_two()
        .max(SHORTEST_TEXT)
}

/// Whether a string looks like an identifier rather than a text.
pub(crate) fn is_id(text: &str) -> bool {
    const LONGEST_ID: usize = 512;
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b":_@.-+=/%~!,()'|$#&?".contains(&b);
    text.len() <= LONGEST_ID && text.bytes().all(is_allowed)
}

/// Whether a string is the type of a Graph entity: `#microsoft.graph.aadUserConversationMember`.
pub(crate) fn is_type(text: &str) -> bool {
    let name = text
        .trim_start_matches('#')
        .strip_prefix("microsoft.graph.");
    name.is_some_and(|name| {
        name.split('.')
            .all(|part| words::is_name(part) && !part.contains('@'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> String {
        let class = |c: char| match c {
            '0'..='9' => '0',
            'a'..='z' => 'a',
            'A'..='Z' => 'A',
            other => other,
        };
        text.chars().map(class).collect()
    }

    #[test]
    fn an_identifier_keeps_its_shape_and_its_relations() {
        let made = Pseudonyms::new();
        for id in [
            "+14255550123",
            "lene.hansen@contoso.com",
            "19:Abc0dEf12@thread.v2",
            "1616990032035",
        ] {
            assert_ne!(made.id(id), id);
            assert_eq!(made.id(id), made.id(id));
            assert_eq!(shape(&made.id(id)), shape(id));
            assert_ne!(made.id(id), Pseudonyms::new().id(id));
        }
        let user = "87d349ed-44d7-43e1-9a83-5f2406dee5bd";
        let chat = made.id(&format!("19:{user}_{user}@unq.gbl.spaces"));
        let known = made.id(user);
        assert_eq!(chat, format!("19:{known}_{known}@unq.gbl.spaces"));
        let nil = "00000000-0000-0000-0000-000000000000";
        assert_eq!(made.id(nil), nil);
    }

    #[test]
    fn a_text_keeps_its_class_of_lengths_alone() {
        assert_eq!(text_instead_of("hi"), "text rem");
        assert_eq!(
            text_instead_of("a\u{301} 👍 day").len(),
            text_instead_of("eleven char").len()
        );
        assert!(text_instead_of("<p>hello</p>").starts_with("<p>text"));
        assert_eq!(text_instead_of(&"x".repeat(1 << 20)).len(), 1 << 16);
    }
}
