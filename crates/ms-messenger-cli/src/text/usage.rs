//! Errors of the command line.

use super::outcome;

pub(crate) const NO_COMMAND: &str = "a command is missing";
pub(crate) const NOT_UTF8: &str = "an argument is not UTF-8";

/// The value of an option is not UTF-8.
pub(crate) fn not_utf8(option: &str) -> String {
    format!("{option}: {}", super::files::NOT_UTF8)
}

pub(crate) const UNPARSABLE: &str = "the command line cannot be parsed";
/// Stands for a word that is not quoted.
pub(crate) const UNQUOTED: &str = "a word";

/// Returns an error and how the command is used.
pub(crate) fn error(message: &str, subcommand: Option<&str>) -> String {
    format!("{}\n\n{}", outcome::error(message), usage(subcommand))
}

/// Returns how a command is used, in short.
fn usage(subcommand: Option<&str>) -> String {
    match subcommand {
        Some("send") => {
            "Usage: msm send --to TARGET --text TEXT\nFor more, try 'msm send --help'.".to_owned()
        }
        Some(name) => format!("For more, try 'msm {name} --help'."),
        None => "For more, try 'msm --help'.".to_owned(),
    }
}

pub(crate) fn unusable(option: &str) -> String {
    format!("{option}: the value cannot be used")
}

pub(crate) fn twice(option: &str) -> String {
    format!("{option} is given twice")
}

pub(crate) fn excluding(option: &str, other: &str) -> String {
    format!("{option} and {other} cannot be used together")
}

pub(crate) fn conflicting(option: &str) -> String {
    format!("{option} conflicts with another option")
}

pub(crate) fn missing(option: &str) -> String {
    format!("{option} is missing")
}

pub(crate) fn too_many(option: &str) -> String {
    format!("{option} takes one value")
}

pub(crate) fn no_value_expected(option: &str) -> String {
    format!("{option} takes no value")
}

/// For an error of `clap` without a text here.
pub(crate) fn wrong(option: &str) -> String {
    format!("{option} cannot be used this way")
}

/// Rules of numbers.
pub(crate) const WHOLE_FROM_0: &str = "must be a whole number from 0";
pub(crate) const WHOLE: &str = "must be a whole number";
pub(crate) const SMALLER: &str = "must be a smaller number";
pub(crate) const LARGER: &str = "must be a larger number";

pub(crate) fn whole_between(least: &str, most: &str) -> String {
    format!("must be a whole number from {least} to {most}")
}

pub(crate) const SOCKET_ADDRESS: &str = "must be an IP address with a port, e.g. 127.0.0.1:8080";

pub(crate) fn unexpected(word: &str) -> String {
    format!("{word} is not expected here")
}

pub(crate) fn unknown_option(option: &str) -> String {
    format!("there is no option {option}")
}

/// An option of the command after `--`.
pub(crate) fn after_dashes(unknown: &str) -> String {
    format!("{unknown} after --, which ends the options: put it before")
}

/// Asks whether a known name is meant.
pub(crate) fn suggestion(known: &str) -> String {
    format!(": did you mean {known}?")
}

/// Options of another command stand before this one.
pub(crate) fn options_before(command: &str) -> String {
    format!("an option stands before {command}: the options of {command} follow it")
}

/// An unknown command; `None` if its name is not repeated.
pub(crate) fn unknown_command(name: Option<&str>) -> String {
    match name {
        None => "there is no such command".to_owned(),
        Some(name) => format!("there is no command {name}"),
    }
}

/// An unknown command, as [`unknown_command`] says it, with those that there are.
pub(crate) fn commands(unknown: &str, known: &[&str]) -> String {
    format!("{unknown}; the commands are {}", known.join(", "))
}

/// A word that is no option: most likely the text of the message.
pub(crate) fn extra_word(word: &str) -> String {
    format!("{word} is not an option; the text goes after --text (\"-\" reads standard input)")
}

pub(crate) fn no_value(option: &str) -> String {
    format!("{option} needs a value")
}

pub(crate) fn no_value_of(option: &str, valid: &str) -> String {
    format!("{option} needs a value: {valid}")
}

pub(crate) fn not_one_of(option: &str, valid: &str) -> String {
    format!("{option} must be one of {valid}")
}
