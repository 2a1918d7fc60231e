//! Names that are likely to be typing errors.

use std::collections::BTreeSet;

use crate::text;

/// Largest edit distance of a typing error.
const MAX_EDITS: usize = 2;

/// Returns whether a typed name is likely to mean a known one.
pub(crate) fn is_typo(typed: &str, known: &str) -> bool {
    let typed = typed.trim_start_matches('-');
    let known = known.trim_start_matches('-');
    // In a short name, two edits make another name; a name of one letter is any other after one.
    let most = match known.len() {
        0 | 1 => 0,
        length => MAX_EDITS.min((length / 3).max(1)),
    };
    let length = |name: &str| name.chars().count();
    // An edit changes the length by one at most.
    length(typed).abs_diff(length(known)) <= most
        && strsim::damerau_levenshtein(typed, known) <= most
}

/// Returns the option of a command that is most likely meant.
pub(crate) fn nearest_option<'a>(typed: &str, command: &'a clap::Command) -> Option<&'a str> {
    let typed = typed.trim_start_matches('-');
    let shown = command.get_arguments().filter(|it| !it.is_hide_set());
    let near = shown
        .filter_map(|it| it.get_long())
        .filter(|known| is_typo(typed, known));
    near.min_by_key(|known| {
        let edits = strsim::damerau_levenshtein(typed, known);
        let is_of_other_letters = letters(typed) != letters(known);
        (edits, is_of_other_letters, first(typed) != first(known))
    })
}

/// Returns the letters of a name, in the order of the alphabet: those that are doubled once.
fn letters(name: &str) -> BTreeSet<char> {
    name.chars().collect()
}

fn first(name: &str) -> Option<char> {
    name.chars().next()
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
    use std::collections::BTreeMap;

    use super::*;
    use crate::args;

    /// A name with one letter doubled, dropped, replaced, or swapped with the next: of a long name,
    /// which is like no other, some letters.
    fn mistyped(name: &str) -> BTreeMap<String, &'static str> {
        let letters: Vec<char> = name.chars().collect();
        let mut all = BTreeMap::new();
        let step = if letters.len() > 6 { 4 } else { 1 };
        for at in (0..letters.len()).step_by(step) {
            let with = |new: &[char], until: usize| -> String {
                let parts = [&letters[..at], new, &letters[until..]];
                parts.concat().into_iter().collect()
            };
            let letter = letters[at];
            all.insert(with(&[letter, letter], at + 1), "doubled");
            all.insert(with(&[], at + 1), "dropped");
            all.insert(with(&['q'], at + 1), "replaced");
            if let Some(next) = letters.get(at + 1) {
                all.insert(with(&[*next, letter], at + 2), "swapped");
            }
        }
        all
    }

    fn each_command(command: &clap::Command, look: &mut impl FnMut(&clap::Command)) {
        look(command);
        for inner in command.get_subcommands() {
            each_command(inner, look);
        }
    }

    #[test]
    fn every_option_is_suggested_for_what_is_one_letter_from_it() {
        let mut looked_at = 0;
        each_command(&args::complete_command(), &mut |command| {
            let known: Vec<&str> = command
                .get_arguments()
                .filter_map(|it| it.get_long())
                .collect();
            for option in command.get_arguments().filter(|it| !it.is_hide_set()) {
                let Some(name) = option.get_long() else {
                    continue;
                };
                for (typed, how) in mistyped(name) {
                    if known.contains(&&*typed) {
                        continue;
                    }
                    looked_at += 1;
                    let meant = nearest_option(&typed, command).unwrap_or_default();
                    // Two options can be one letter from it.
                    let is_near = strsim::damerau_levenshtein(&typed, meant) == 1;
                    let is_other = known.contains(&meant) && is_near && how != "doubled";
                    let what = format!("{}: {typed} ({how}): {meant}", command.get_name());
                    assert!(meant == name || is_other, "{what}");
                }
            }
        });
        assert!(looked_at > 5_000, "{looked_at}");
    }

    #[test]
    fn an_option_is_suggested_only_where_it_is_meant() {
        let all = args::complete_command();
        let of = |name: &str| all.find_subcommand(name).unwrap().clone();
        for (command, typed, meant) in [
            ("send", "--too", Some("to")),
            ("send", "--tto", Some("to")),
            ("send", "--ot", Some("to")),
            ("send", "--att", Some("at")),
            ("send", "--ta", Some("at")),
            ("send", "--txt", Some("text")),
            ("read", "--too", None),
            ("whoami", "--too", None),
            ("send", "--xy", None),
            ("send", "--foo", None),
            ("send", "--attach", None),
            ("send", "--", None),
            ("send", "--ü", None),
        ] {
            let command = of(command);
            assert_eq!(nearest_option(typed, &command), meant, "{command} {typed}");
        }
    }

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
