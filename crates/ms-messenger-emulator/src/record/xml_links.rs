//! Links in XML: of discovery, and of everything else that Skype for Business responds with as XML.

use crate::record::{links::after_origin, words};

/// The text with the origin of each attribute and each element that is an address replaced, byte for
/// byte the same otherwise; `None` if there is none, or it is no XML. Texts of people stay as they are.
pub(crate) fn in_xml(text: &[u8], from: &[String], to: &str) -> Option<Vec<u8>> {
    let mut scan = Scan {
        rest: text,
        made: Vec::with_capacity(text.len()),
        is_changed: false,
        is_text: false,
    };
    while !scan.rest.is_empty() {
        scan.content(from, to);
        if !scan.rest.is_empty() {
            scan.markup(from, to)?;
        }
    }
    scan.is_changed.then_some(scan.made)
}

/// How far a text is read.
struct Scan<'t> {
    rest: &'t [u8],
    made: Vec<u8>,
    is_changed: bool,
    /// Whether the content of the element is a text of people.
    is_text: bool,
}

impl<'t> Scan<'t> {
    /// Copies up to there.
    fn copy(&mut self, length: usize) {
        let (copied, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.made.extend_from_slice(copied);
        self.rest = rest;
    }

    /// The content of an element, up to the next markup.
    fn content(&mut self, from: &[String], to: &str) {
        let length = self.rest.iter().position(|it| *it == b'<');
        let end = length.unwrap_or(self.rest.len());
        let content = &self.rest[..end];
        let space = content.iter().take_while(|it| it.is_ascii_whitespace());
        let space = space.count();
        self.copy(space);
        self.value(&content[space..], self.is_text, from, to);
    }

    /// A value that is an address, or not.
    fn value(&mut self, value: &'t [u8], is_text: bool, from: &[String], to: &str) {
        match after_origin(value, from).filter(|_| !is_text) {
            Some(after) => {
                self.made.extend_from_slice(to.as_bytes());
                self.made.extend_from_slice(after);
                self.rest = &self.rest[value.len()..];
                self.is_changed = true;
            }
            None => self.copy(value.len()),
        }
    }

    /// A tag, a comment, or what else is no content.
    fn markup(&mut self, from: &[String], to: &str) -> Option<()> {
        let ends: [(&[u8], &[u8]); 4] = [
            (b"<!--", b"-->"),
            (b"<![CDATA[", b"]]>"),
            (b"<?", b"?>"),
            (b"<!", b">"),
        ];
        for (begin, end) in ends {
            if self.rest.starts_with(begin) {
                let length = find(&self.rest[begin.len()..], end)?;
                self.copy(begin.len() + length + end.len());
                return Some(());
            }
        }
        self.tag(from, to)
    }

    fn tag(&mut self, from: &[String], to: &str) -> Option<()> {
        self.copy(1);
        let name = word(self.rest);
        self.is_text = is_text(name);
        self.copy(name.len());
        loop {
            let end = self
                .rest
                .iter()
                .position(|it| matches!(it, b'>' | b'"' | b'\''))?;
            let attribute = attribute(&self.rest[..end]);
            let quote = self.rest[end];
            self.copy(end + 1);
            if quote == b'>' {
                return Some(());
            }
            let length = self.rest.iter().position(|it| *it == quote)?;
            let value = &self.rest[..length];
            // UCWA has the name of a member in an attribute: `<property name="note">`.
            if attribute == b"name" {
                self.is_text = is_text(value);
            }
            self.value(value, is_text(attribute), from, to);
            self.copy(1);
        }
    }
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    let mut windows = text.windows(wanted.len());
    windows.position(|window| window == wanted)
}

/// The name at the beginning, without a prefix.
fn word(text: &[u8]) -> &[u8] {
    let ends = |it: &u8| it.is_ascii_whitespace() || matches!(it, b'>' | b'/' | b'=');
    let end = text.iter().position(ends).unwrap_or(text.len());
    &text[..end]
}

/// The name of the attribute whose value begins there.
fn attribute(before: &[u8]) -> &[u8] {
    let trimmed = before.trim_ascii_end();
    let name = trimmed.strip_suffix(b"=").unwrap_or(trimmed);
    let name = name.trim_ascii_end();
    let begin = name.iter().rposition(u8::is_ascii_whitespace);
    &name[begin.map_or(0, |at| at + 1)..]
}

fn is_text(name: &[u8]) -> bool {
    std::str::from_utf8(name).is_ok_and(words::is_text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDER: &str = "http://127.0.0.1:8412";

    fn rewritten(xml: &str) -> Option<String> {
        let from = ["https://skype.example", "https://skype.example:443"].map(str::to_owned);
        in_xml(xml.as_bytes(), &from, RECORDER).map(|it| String::from_utf8(it).unwrap())
    }

    #[test]
    fn links_are_rewritten_and_every_other_byte_stays() {
        let before = concat!(
            "<?xml version=\"1.0\"?><!-- https://skype.example/c -->\n",
            "<resource rel=\"root\" href='https://skype.example/r?a=1&amp;b=2' xmlns=\"http://x/ucwa\">",
            "<link rel=\"user\"  href = \"https://SKYPE.example:443/u\" />",
            "<property name=\"href\">\n https://skype.example </property>",
            "<propertyList name=\"links\"><item>https://skype.example/i</item></propertyList>",
            "<Root><Link token=\"Redirect\" href=\"https://skype.example/\"/></Root></resource>",
        );
        let after = concat!(
            "<?xml version=\"1.0\"?><!-- https://skype.example/c -->\n",
            "<resource rel=\"root\" href='http://127.0.0.1:8412/r?a=1&amp;b=2' xmlns=\"http://x/ucwa\">",
            "<link rel=\"user\"  href = \"http://127.0.0.1:8412/u\" />",
            "<property name=\"href\">\n http://127.0.0.1:8412 </property>",
            "<propertyList name=\"links\"><item>http://127.0.0.1:8412/i</item></propertyList>",
            "<Root><Link token=\"Redirect\" href=\"http://127.0.0.1:8412/\"/></Root></resource>",
        );
        assert_eq!(rewritten(before).as_deref(), Some(after));
    }

    #[test]
    fn other_origins_texts_and_broken_documents_stay() {
        for xml in [
            "<link href=\"https://skype.example.org/x\"/>",
            "<link href=\"https://skype.example:8443/x\"/>",
            "<link title=\"https://skype.example/x\" />",
            "<property name=\"message\">https://skype.example/x</property>",
            "<message>https://skype.example/x</message>",
            "<a><![CDATA[<b href=\"https://skype.example/\"/>]]></a>",
            "<link href=\"https://skype.example/x",
            "<link href=\"https://skype.example/x\"",
            "<!-- ",
            "<",
            "",
        ] {
            assert_eq!(rewritten(xml), None, "{xml}");
        }
    }

    proptest::proptest! {
        #[test]
        fn hostile_bodies_do_not_panic(text in "[<>\"'=/!?\\[\\]a-z: -]{0,60}") {
            let _ = rewritten(&text);
            let _ = rewritten(&format!("<a href=\"https://skype.example/{text}"));
        }
    }
}
