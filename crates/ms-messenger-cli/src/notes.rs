//! Lines on standard error.

use std::{
    fmt,
    io::{self, Write as _},
    sync::atomic::{AtomicBool, Ordering},
};

use anstyle::{AnsiColor, Style};

use crate::{
    terminal::shown,
    text::outcome::{ERROR, WARNING},
};

/// Whether only errors are printed on standard error.
static IS_QUIET: AtomicBool = AtomicBool::new(false);

/// Sets whether only errors are printed on standard error.
pub(crate) fn set_quiet(is_quiet: bool) {
    IS_QUIET.store(is_quiet, Ordering::Relaxed);
}

/// Returns whether only errors are printed on standard error.
pub(crate) fn is_quiet() -> bool {
    IS_QUIET.load(Ordering::Relaxed)
}

/// Writes one line to standard error, unless it is quiet. A closed standard error is no failure.
pub(crate) fn note(text: impl fmt::Display) {
    if !is_quiet() {
        important(text);
    }
}

/// Writes one line to standard error, also when it is quiet: an error, or what the user must do.
/// Nothing of it reaches a terminal as a command, also not the name of a file.
pub(crate) fn important(text: impl fmt::Display) {
    let text = painted(&shown(&text.to_string()));
    // It removes the colours where `NO_COLOR` is set, or standard error is no terminal.
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// Writes a line of the log to standard error, without colours.
pub(crate) fn log(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", shown(line));
}

/// Colours the word with which an error or a warning begins.
fn painted(text: &str) -> String {
    let style = |colour: AnsiColor| Style::new().bold().fg_color(Some(colour.into()));
    for (word, colour) in [(ERROR, AnsiColor::Red), (WARNING, AnsiColor::Yellow)] {
        if let Some(rest) = text.strip_prefix(word) {
            let style = style(colour);
            return format!("{style}{word}{style:#}{rest}");
        }
    }
    text.to_owned()
}
