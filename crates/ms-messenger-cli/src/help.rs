//! The help on a narrow terminal. `clap` would break the lines of examples, so that a pasted one would
//! run in parts.

use std::{ffi::OsString, io, io::Write as _};

use clap::{builder::StyledStr, error::ErrorKind};

use crate::{args, terminal::columns, usage::subcommand};

/// Stands for a space at which `clap` must not break a line.
const FIXED: char = '\u{a0}';
/// The indentation of what continues an example, or a line of a table.
const CONTINUED: &str = "    ";
/// From this indentation on, a line continues the one before it.
const DEEP: usize = 9;
/// `clap` breaks lines here on a wider terminal.
const WIDEST: usize = 100;

/// Prints the help, or the version, that `error` holds.
///
/// # Errors
///
/// When the output is closed.
pub(crate) fn print(error: &clap::Error, words: &[OsString]) -> io::Result<()> {
    let width = columns().unwrap_or(WIDEST);
    // To build all commands takes longer than a start.
    let is_narrow = width < WIDEST && error.kind() != ErrorKind::DisplayVersion;
    match is_narrow.then(|| narrow(error, words, width)).flatten() {
        Some(text) if error.use_stderr() => write!(anstream::stderr().lock(), "{text}"),
        Some(text) => {
            let mut out = anstream::stdout().lock();
            write!(out, "{text}")?;
            out.flush()
        }
        None => error.print(),
    }
}

/// Returns the help for a terminal on which an indented line of what follows the options does not fit;
/// `None` if there is no such line.
fn narrow(error: &clap::Error, words: &[OsString], width: usize) -> Option<String> {
    let mut root = args::command();
    root.build();
    let names = subcommand(words).unwrap_or_default();
    let mut command = &root;
    for name in names.split_whitespace() {
        command = command.find_subcommand(name)?;
    }
    let shown = error.render().to_string();
    let mut command = command.clone();
    let is_long = command.render_long_help().to_string() == shown;
    if !is_long && command.render_help().to_string() != shown {
        return None;
    }
    let short = command.get_after_help();
    let after = command
        .get_after_long_help()
        .filter(|_| is_long)
        .or(short)?;
    let fitted = fitted(&after.ansi().to_string(), width)?;
    let after = StyledStr::from(fitted);
    let help = if is_long {
        command.after_long_help(after).render_long_help()
    } else {
        command.after_help(after).render_help()
    };
    Some(help.ansi().to_string().replace(FIXED, " "))
}

/// Breaks the indented lines that do not fit, and fixes the spaces in all of them; `None` if all fit.
fn fitted(text: &str, width: usize) -> Option<String> {
    let is_indented = |line: &str| line.starts_with(' ');
    let fits = |line: &str| !is_indented(line) || line.chars().count() <= width;
    if text.lines().all(fits) {
        return None;
    }
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let words = line.trim_start();
        match lines.last_mut() {
            // What a wide terminal shows below the second column of a table.
            Some(before) if line.len() - words.len() >= DEEP && is_indented(before) => {
                before.push_str(&format!(" {words}"));
            }
            _ => lines.push(line.to_owned()),
        }
    }
    let mut is_example = false;
    let mut broken = Vec::new();
    for line in lines {
        if !is_indented(&line) {
            is_example = line.starts_with("Example");
            broken.push(line);
            continue;
        }
        let parts = if fits(&line) || is_file(&line) {
            vec![line]
        } else if is_example {
            pieces(&line, width, " \\")
        } else {
            pieces(&line, width, "")
        };
        broken.extend(parts.iter().map(|it| it.replace(' ', &FIXED.to_string())));
    }
    Some(broken.join("\n"))
}

/// Whether a line is one of a configuration file, which cannot be continued.
fn is_file(line: &str) -> bool {
    line.trim_start().starts_with('[') || line.contains(" = \"")
}

/// Breaks a line between words, but neither within quotes nor in a comment. `mark` ends each piece but
/// the last.
fn pieces(line: &str, width: usize, mark: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut piece = "  ".to_owned();
    let mut is_begun = false;
    for word in words(line) {
        let length = piece.chars().count() + 1 + word.chars().count() + mark.len();
        if is_begun && length > width {
            pieces.push(format!("{piece}{mark}"));
            piece = CONTINUED.to_owned();
        } else if is_begun {
            piece.push(' ');
        }
        piece.push_str(&word);
        is_begun = true;
    }
    pieces.push(piece);
    pieces
}

/// Returns the words of a line: what is quoted, and a comment, is in one.
fn words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut quote = None;
    let mut is_comment = false;
    let mut begins = true;
    for c in line.trim_start().chars() {
        if c == ' ' && quote.is_none() && !is_comment {
            begins = true;
            continue;
        }
        is_comment |= begins && c == '#';
        if begins {
            words.push(String::new());
            begins = false;
        }
        match quote {
            Some(open) if open == c => quote = None,
            None if matches!(c, '\'' | '"') && !is_comment => quote = Some(c),
            _ => {}
        }
        if let Some(word) = words.last_mut() {
            word.push(c);
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_the_options_fits_where_clap_breaks_lines() {
        fn check(command: &clap::Command) {
            let texts = [command.get_after_help(), command.get_after_long_help()];
            for text in texts.into_iter().flatten() {
                let text = text.to_string();
                assert_eq!(fitted(&text, WIDEST), None, "{}", command.get_name());
            }
            command.get_subcommands().for_each(check);
        }
        check(&args::command());
    }

    fn lines(text: &str, width: usize) -> Vec<String> {
        let fitted = fitted(text, width).unwrap().replace(FIXED, " ");
        fitted.lines().map(str::to_owned).collect()
    }

    #[test]
    fn an_example_is_continued_as_a_shell_reads_it() {
        let text = "Examples:\n  msm demo\n  msm send --to user:a --text 'The build is red' # it's a note\n\nAnd so on and so forth and so on";
        assert_eq!(
            lines(text, 20),
            [
                "Examples:",
                "  msm demo",
                "  msm send --to \\",
                "    user:a --text \\",
                "    'The build is red' \\",
                "    # it's a note",
                "",
                "And so on and so forth and so on",
            ]
        );
        assert_eq!(fitted(text, 80), None);
    }

    #[test]
    fn a_table_is_broken_between_words_and_a_file_is_not() {
        let text = "Targets:\n  tel:+1425    a telephone number\n               of WhatsApp\n  ops = \"channel:TEAM/CHANNEL\"";
        assert_eq!(
            lines(text, 20),
            [
                "Targets:",
                "  tel:+1425 a",
                "    telephone number",
                "    of WhatsApp",
                "  ops = \"channel:TEAM/CHANNEL\"",
            ]
        );
    }
}
