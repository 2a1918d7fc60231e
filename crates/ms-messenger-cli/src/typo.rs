//! Names that are likely to be typing errors.

use crate::text;

/// Largest edit distance of a typing error.
const MAX_EDITS: usize = 2;

/// Returns whether a typed name is likely to mean a known one.
pub(crate) fn is_typo(typed: &str, known: &str) -> bool {
    let typed = typed.trim_start_matches('-');
    let known = known.trim_start_matches('-');
    // In a short name, two edits make another name.
    strsim::damerau_levenshtein(typed, known) <= MAX_EDITS.min(known.len() / 3)
}

/// Returns ": did you mean NAME?" for the known name that is most likely meant, else nothing.
pub(crate) fn suggestion<'a>(
    typed: &str,
    known: impl IntoIterator<Item = &'a str>,
    prefix: &str,
) -> String {
    let near = known.into_iter().filter(|known| is_typo(typed, known));
    let nearest = near.min_by_key(|known| strsim::damerau_levenshtein(typed, known));
    nearest.map_or_else(String::new, |known| {
        text::usage::suggestion(&format!("{prefix}{known}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_near_name_is_suggested() {
        let known = ["ops", "oncall", "announcements"];
        assert_eq!(suggestion("oncal", known, "@"), ": did you mean @oncall?");
        assert_eq!(suggestion("opss", known, ""), ": did you mean ops?");
        for typed in ["o", "on", "alerts", ""] {
            assert_eq!(suggestion(typed, known, ""), "", "{typed}");
        }
    }
}
