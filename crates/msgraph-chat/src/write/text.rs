//! Plain text as HTML: the service keeps the line breaks of HTML alone.

use super::markup::push_escaped;

/// Whether `text` is of printable ASCII characters alone, as nearly every text is. Without an end
/// at the first other one, many bytes are looked at at once.
pub(super) fn is_printable_ascii(text: &str) -> bool {
    let is_other = |byte: u8| !matches!(byte, b' '..=b'~');
    !text
        .bytes()
        .fold(false, |other, byte| other | is_other(byte))
}

/// Whether `text` stands on one line.
pub(super) fn is_one_line(text: &str) -> bool {
    is_printable_ascii(text) || !text.contains(is_break)
}

/// Every character after which a line must break, by Unicode (UAX #14).
fn is_break(c: char) -> bool {
    matches!(
        c,
        '\n' | '\u{b}' | '\u{c}' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}

/// Adds `text` to `html`, escaped: `<br>` for each line break (CR LF is one), and `&nbsp;` for
/// the spaces that HTML would drop, those at the start of a line and behind another. A tab is
/// four spaces.
pub(super) fn push(html: &mut String, text: &str) {
    let mut after_space = html.is_empty() || html.ends_with("<br>");
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\r' if characters.peek() == Some(&'\n') => continue,
            c if is_break(c) => html.push_str("<br>"),
            '\t' => html.push_str("&nbsp;&nbsp;&nbsp;&nbsp;"),
            ' ' if after_space => html.push_str("&nbsp;"),
            c => push_escaped(html, c),
        }
        after_space = c == ' ' || c == '\t' || is_break(c);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::write::markup::Markup;

    fn html(text: &str) -> String {
        let mut html = String::new();
        push(&mut html, text);
        html
    }

    #[test]
    fn every_line_break_is_one_and_no_space_is_lost() {
        for (text, expected) in [
            ("a\nb", "a<br>b"),
            ("a\r\nb", "a<br>b"),
            ("a\rb", "a<br>b"),
            ("a\n\r\n\rb", "a<br><br><br>b"),
            (
                "a\u{2028}b\u{2029}c\u{85}d\u{b}e\u{c}f",
                "a<br>b<br>c<br>d<br>e<br>f",
            ),
            ("a\n", "a<br>"),
            (
                "if x:\n  y  z\n\tw",
                "if x:<br>&nbsp;&nbsp;y &nbsp;z<br>&nbsp;&nbsp;&nbsp;&nbsp;w",
            ),
            (" a b", "&nbsp;a b"),
            ("1 < 2 & \"3\"", "1 &lt; 2 &amp; &quot;3&quot;"),
        ] {
            assert_eq!(html(text), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_text_without_breaks_and_tabs_is_seen_as_it_is(text in "[^\0\n\r\t\u{b}\u{c}\u{85}\u{2028}\u{2029}]*") {
            let seen = Markup::read(&html(&text)).text;
            prop_assert_eq!(seen, text.replace('\u{a0}', " "));
        }

        #[test]
        fn the_lines_of_a_text_are_the_lines_that_are_seen(lines in proptest::collection::vec("[a-z<&]{1,5}", 1..5)) {
            let text = lines.join("\r\n");
            prop_assert_eq!(Markup::read(&html(&text)).text, lines.join("\n"));
        }
    }
}
