//! Foreign text, made fit to stand in an error: one line, of bounded length.

/// The most characters of foreign text that an error holds.
const LIMIT: usize = 1000;

/// Returns the text of a server in a form that is safe in an error or a log: one line of at most
/// 1000 characters, none of which controls a terminal, ends a line or changes its direction.
///
/// ```
/// use ms_messenger_http::one_line;
///
/// assert_eq!(one_line("no such chat\r\nERROR forged"), "no such chat  ERROR forged");
/// ```
#[must_use]
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len().min(LIMIT));
    for (count, c) in text.trim().chars().enumerate() {
        if count == LIMIT {
            line.push('…');
            break;
        }
        line.push(if is_unfit(c) { ' ' } else { c });
    }
    line
}

/// Controls, the separators of lines and paragraphs, and what turns the direction of a text.
fn is_unfit(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_is_one_bounded_line() {
        assert_eq!(one_line("a\r\nb\u{1b}[31m"), "a  b [31m");
        assert_eq!(one_line("a\u{85}b\u{2028}c\u{202e}d"), "a b c d");
        assert_eq!(one_line(&"x".repeat(5000)).chars().count(), LIMIT + 1);
    }
}
