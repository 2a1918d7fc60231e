//! Text of others, as a terminal may show it, and how much of a line it shows.

use terminal_size::{Width, terminal_size};

/// Returns how many columns the terminal has: that of standard output, else of standard error, else
/// as `COLUMNS` says.
pub(crate) fn columns() -> Option<usize> {
    let of_terminal = terminal_size().map(|(Width(columns), _)| usize::from(columns));
    let set = || std::env::var("COLUMNS").ok()?.parse().ok();
    of_terminal.or_else(set).filter(|columns| *columns > 0)
}

/// Replaces everything that a terminal obeys or that changes the order of what it shows, and keeps
/// line breaks and tabs.
pub(crate) fn shown(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let harmless = |c: char| match c {
        '\n' | '\t' => c,
        '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => '\n',
        c if is_obeyed(c) => '\u{fffd}',
        c => c,
    };
    text.chars().map(harmless).collect()
}

/// Does the same to a text that stands in one line.
pub(crate) fn shown_line(text: &str) -> String {
    shown(text).replace(['\n', '\t'], " ")
}

/// The most characters of a message, and how many of them are the last ones: these hold the rule.
const LONGEST_MESSAGE: usize = 2000;
const END_OF_MESSAGE: usize = 500;

/// Does the same to an error, without the middle of one that nobody would read: the name of a file can have
/// any length.
pub(crate) fn shown_message(text: &str) -> String {
    let text = shown_line(text);
    let length = text.chars().count();
    if length <= LONGEST_MESSAGE {
        return text;
    }
    let begin = text.chars().take(LONGEST_MESSAGE - END_OF_MESSAGE);
    let end = text.chars().skip(length - END_OF_MESSAGE);
    begin.chain(['…']).chain(end).collect()
}

/// Escapes in JSON what a terminal obeys. It stays the same JSON.
pub(crate) fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        // Those below U+0020 are escaped in strings, and white space between them.
        if c >= '\u{7f}' && (is_obeyed(c) || matches!(c, '\u{2028}' | '\u{2029}')) {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

fn is_obeyed(c: char) -> bool {
    let is_direction = matches!(
        c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    c.is_control() || is_direction
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escapes_are_not_passed_on_and_the_text_stays() {
        let attack = "a\u{1b}]0;title\u{7}\u{1b}[2Jb\r\nc\u{202e}d\u{9b}31m\te";
        assert_eq!(
            shown(attack),
            "a\u{fffd}]0;title\u{fffd}\u{fffd}[2Jb\nc\u{fffd}d\u{fffd}31m\te"
        );
        assert_eq!(shown_line("a\nb\rc"), "a b c");
        let long = shown_message(&format!("{}: no such file", "ä".repeat(100_000)));
        assert_eq!(long.chars().count(), LONGEST_MESSAGE + 1);
        assert!(long.starts_with('ä') && long.ends_with("ä: no such file"));
        assert_eq!(shown_message("a\nb"), "a b");
        assert_eq!(shown("ü 👍🏽 line"), "ü 👍🏽 line");
    }

    proptest! {
        #[test]
        fn escaped_json_is_the_same_json(text in any::<String>()) {
            let json = serde_json::to_string(&text).unwrap();
            let escaped = escaped(&json);
            prop_assert!(!escaped.chars().any(is_obeyed));
            prop_assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), text);
        }

        #[test]
        fn nothing_that_a_terminal_obeys_is_left(text in any::<String>()) {
            let text = shown(&text);
            prop_assert!(text.chars().all(|c| !is_obeyed(c) || matches!(c, '\n' | '\t')));
        }
    }
}
