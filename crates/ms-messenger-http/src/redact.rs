//! Foreign text, made fit to stand in an error: one line, of bounded length.

/// The most characters of foreign text that an error holds.
const LIMIT: usize = 1000;

/// `text` in one line, without control characters, cut at [`LIMIT`] characters.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len().min(LIMIT));
    for (count, c) in text.trim().chars().enumerate() {
        if count == LIMIT {
            line.push('…');
            break;
        }
        line.push(if c.is_control() { ' ' } else { c });
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_is_one_bounded_line() {
        assert_eq!(one_line("a\r\nb\u{1b}[31m"), "a  b [31m");
        assert_eq!(one_line(&"x".repeat(5000)).chars().count(), LIMIT + 1);
    }
}
