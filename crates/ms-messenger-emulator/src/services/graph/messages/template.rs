//! The stored form of a message: its JSON with gaps where the address of Graph belongs.
//!
//! Who reads a message may have called the emulator by another name, over another scheme or in
//! another version than the writer, so links get their beginning when they are read.

use std::io;

use bytes::Bytes;
use serde::Serialize as _;
use serde_json::{
    Value,
    ser::{CharEscape, CompactFormatter, Formatter, Serializer},
};

use crate::wire::packed::{Packed, Packer};

/// Stands for the base URL inside the strings of a message; no text contains it.
pub(crate) const BASE: char = '\u{1}';

/// The gap in the stored bytes. JSON escapes this control character, so it can be nothing else.
const GAP: u8 = 1;

const EVENT: (&str, &str) = (
    r#""messageType":"systemEventMessage""#,
    r#""messageType":"unknownFutureValue""#,
);
const EMAIL_USER: (&str, &str) = (
    r#""userIdentityType":"emailUser""#,
    r#""userIdentityType":"unknownFutureValue""#,
);

/// A message as it is stored: JSON without `@odata.context`, compact.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    bytes: Bytes,
    has_gaps: bool,
    /// Holds members of enumerations that came after `unknownFutureValue`.
    is_evolved: bool,
}

/// A template that waits to be read.
#[derive(Clone, Debug)]
pub(crate) struct KeptTemplate {
    packed: Packed,
    has_gaps: bool,
    is_evolved: bool,
}

impl KeptTemplate {
    pub(crate) fn open(&self) -> Template {
        Template {
            bytes: self.packed.unpack().into(),
            has_gaps: self.has_gaps,
            is_evolved: self.is_evolved,
        }
    }
}

/// How a reader wants messages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a> {
    /// Origin and version as the reader called them.
    pub(crate) base: &'a str,
    /// `Prefer: include-unknown-enum-members`.
    pub(crate) knows_all_members: bool,
}

impl Template {
    /// Keeps `message`; [`BASE`] in its strings stands for the base URL.
    pub(crate) fn new(message: &Value) -> Self {
        let mut bytes = Vec::with_capacity(2048);
        // Writing JSON into memory cannot fail.
        let _ = message.serialize(&mut Serializer::with_formatter(&mut bytes, Gapped));
        let holds = |text: &str| contains(&bytes, text.as_bytes());
        Self {
            has_gaps: bytes.contains(&GAP),
            is_evolved: holds(EVENT.0) || holds(EMAIL_USER.0),
            bytes: bytes.into(),
        }
    }

    /// The form in which a message waits to be read.
    pub(crate) fn keep(&self, packer: &mut Packer) -> KeptTemplate {
        KeptTemplate {
            packed: packer.pack(&self.bytes),
            has_gaps: self.has_gaps,
            is_evolved: self.is_evolved,
        }
    }

    /// The message, with [`BASE`] in the place of gaps.
    pub(crate) fn value(&self) -> Value {
        let filled = self.fill(br"\u0001");
        serde_json::from_slice(&filled).unwrap_or_default()
    }

    /// The JSON for a reader.
    pub(crate) fn view(&self, view: View<'_>) -> Bytes {
        let bytes = if self.has_gaps {
            self.fill(link_text(view.base).as_bytes())
        } else {
            self.bytes.clone()
        };
        if !self.is_evolved || view.knows_all_members {
            return bytes;
        }
        let mut text = String::from_utf8_lossy(&bytes).into_owned();
        for (known, instead) in [EVENT, EMAIL_USER] {
            text = text.replace(known, instead);
        }
        text.into()
    }

    fn fill(&self, base: &[u8]) -> Bytes {
        let mut filled = Vec::with_capacity(self.bytes.len() + 4 * base.len());
        for (i, part) in self.bytes.split(|byte| *byte == GAP).enumerate() {
            if i > 0 {
                filled.extend_from_slice(base);
            }
            filled.extend_from_slice(part);
        }
        filled.into()
    }
}

/// The base URL so that it can stand inside JSON and inside an attribute of HTML: a Host header
/// may hold anything.
pub(crate) fn link_text(base: &str) -> String {
    base.replace('"', "%22")
        .replace('\\', "%5C")
        .replace(|c: char| c.is_control(), "")
}

/// `text` without the character that stands for the base URL.
pub(crate) fn without_gaps(text: &str) -> String {
    text.replace(BASE, "")
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    // The first byte is a quotation mark, of which there are few enough.
    let starts = bytes.iter().enumerate().filter(|(_, b)| **b == wanted[0]);
    starts
        .into_iter()
        .any(|(i, _)| bytes[i..].starts_with(wanted))
}

/// Compact JSON that writes [`BASE`] as the bare byte.
struct Gapped;

impl Formatter for Gapped {
    fn write_char_escape<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        match escape {
            CharEscape::AsciiControl(GAP) => writer.write_all(&[GAP]),
            other => CompactFormatter.write_char_escape(writer, other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn gaps_are_filled_with_the_base_of_the_reader() {
        let message = json!({"a": "<img src=\"\u{1}/x\">", "b": "\\u0001"});
        let template = Template::new(&message);
        assert_eq!(template.value(), message);
        let view = View {
            base: "http://h/v1.0",
            knows_all_members: true,
        };
        let read: Value = serde_json::from_slice(&template.view(view)).unwrap();
        assert_eq!(
            read,
            json!({"a": "<img src=\"http://h/v1.0/x\">", "b": "\\u0001"})
        );
    }

    #[test]
    fn a_hostile_host_cannot_break_the_json() {
        let template = Template::new(&json!({"a": "\u{1}/x"}));
        let view = View {
            base: "http://a\"b\\c/v1.0",
            knows_all_members: true,
        };
        assert!(serde_json::from_slice::<Value>(&template.view(view)).is_ok());
    }

    #[test]
    fn members_of_later_versions_are_hidden_without_a_request_for_them() {
        let message = json!({"messageType": "systemEventMessage", "body": "systemEventMessage"});
        let template = Template::new(&message);
        let view = |knows_all_members| {
            let view = View {
                base: "",
                knows_all_members,
            };
            serde_json::from_slice::<Value>(&template.view(view)).unwrap()
        };
        assert_eq!(view(true), message);
        assert_eq!(view(false)["messageType"], "unknownFutureValue");
        assert_eq!(view(false)["body"], "systemEventMessage");
    }
}
