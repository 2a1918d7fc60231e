//! What of a message is seen, so that two messages can be compared although the service rewrote
//! their markup.

use std::str::Chars;

use crate::models::BodyType;

/// The character references that are undone; all others are compared as they stand.
const REFERENCES: [(&str, char); 7] = [
    ("nbsp;", ' '),
    ("lt;", '<'),
    ("gt;", '>'),
    ("quot;", '"'),
    ("#39;", '\''),
    ("apos;", '\''),
    ("amp;", '&'),
];

/// The characters of a content that are seen: tags and white space become one space, the common
/// character references are undone, and nothing is seen at either end.
pub(crate) struct Visible<'a> {
    rest: Chars<'a>,
    is_html: bool,
    has_begun: bool,
    /// A character that waits for the space before it.
    next: Option<char>,
}

impl<'a> Visible<'a> {
    pub(crate) fn new(content: &'a str, content_type: &BodyType) -> Self {
        Self {
            rest: content.chars(),
            is_html: *content_type == BodyType::Html,
            has_begun: false,
            next: None,
        }
    }

    /// The next character, markup undone; a tag is a space.
    fn plain(&mut self) -> Option<char> {
        let c = self.rest.next()?;
        if !self.is_html {
            return Some(c);
        }
        match c {
            '<' => {
                let _ = self.rest.find(|c| *c == '>');
                Some(' ')
            }
            '&' => {
                let rest = self.rest.as_str();
                for (reference, meant) in REFERENCES {
                    if let Some(after) = rest.strip_prefix(reference) {
                        self.rest = after.chars();
                        return Some(meant);
                    }
                }
                Some(c)
            }
            _ => Some(c),
        }
    }
}

impl Iterator for Visible<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        if let Some(c) = self.next.take() {
            return Some(c);
        }
        let mut c = self.plain()?;
        let is_apart = c.is_whitespace();
        while c.is_whitespace() {
            c = self.plain()?;
        }
        if is_apart && self.has_begun {
            self.next = Some(c);
            return Some(' ');
        }
        self.has_begun = true;
        Some(c)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn html(content: &str) -> String {
        Visible::new(content, &BodyType::Html).collect()
    }

    #[test]
    fn rewriting_of_markup_does_not_change_what_is_seen() {
        for (content, seen) in [
            (
                "<p>Hello <b>all</b>&nbsp;&amp; more</p>",
                "Hello all & more",
            ),
            (
                "<div>\n<p>Hello  <strong>all</strong> &amp;amp; more",
                "Hello all &amp; more",
            ),
            ("a < b", "a"),
            ("  a&lt;br&gt;b  ", "a<br>b"),
            ("<p></p>", ""),
            ("&nbsp;", ""),
        ] {
            assert_eq!(html(content), seen, "{content}");
        }
        let text: String = Visible::new(" a <b>  &amp;\n", &BodyType::Text).collect();
        assert_eq!(text, "a <b> &amp;");
    }

    proptest! {
        #[test]
        fn hostile_content_does_no_harm(content in ".*") {
            let seen = html(&content);
            prop_assert_eq!(seen.trim(), seen.as_str());
        }
    }
}
