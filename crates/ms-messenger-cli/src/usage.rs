//! Errors of the command line. They repeat no value, which may be a secret or a message.

use std::{error::Error as _, ffi::OsString};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use ms_messenger::{Error, ErrorKind::InvalidRequest, Problem};

use crate::{
    args,
    exit::Exit,
    help,
    outcome::{Line, Status},
    print,
    text::{self, aliases, foreign},
    typo::{nearest_option, suggestion},
};

/// Returns whether the command line asks for JSON, even if it cannot be parsed.
pub(crate) fn wants_json(words: &[OsString]) -> bool {
    let options = words.iter().skip(1).take_while(|word| *word != "--");
    options.into_iter().any(|word| word == "--json")
}

/// Reports what is wrong with the command line. Help and version are no failure.
pub(crate) fn report(error: &clap::Error, words: &[OsString]) -> Exit {
    let json = wants_json(words);
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let printed = help::print(error, words);
            printed.map_or_else(
                |error| print::unwritten(&error, Exit::Success),
                |()| Exit::Success,
            )
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand if !json => {
            let _ = help::print(error, words);
            Exit::Usage
        }
        _ => report_violation(&message(error, words), subcommand(words).as_deref(), json),
    }
}

/// Code of an error of the command line that is found after it was parsed.
const USAGE: &str = "usage";

/// Returns the error of an argument of a command.
pub(crate) fn refused(command: &'static str, argument: &str, rule: &str) -> Error {
    let error = Problem::new(argument, rule).into_error(InvalidRequest);
    error.with_code(USAGE).with_operation(command)
}

/// Reports an error of [`refused`]; `None` for any other.
pub(crate) fn report_refused(error: &Error, json: bool) -> Option<Exit> {
    let is_refused = error.code() == Some(USAGE) && error.status().is_none();
    is_refused.then(|| report_violation(error.message(), error.operation(), json))
}

/// Prints what is wrong and how the command is used.
pub(crate) fn report_violation(message: &str, subcommand: Option<&str>, json: bool) -> Exit {
    if json {
        let line = Line {
            kind: Some("usage"),
            message: Some(message),
            ..Line::new(Status::Error, Exit::Usage)
        };
        // The exit code reports the failure even if standard output is closed.
        let _ = print::result(&line.to_string());
    } else {
        print::important(text::usage::error(message, subcommand));
    }
    Exit::Usage
}

/// Returns the name of the command that is used, with those that it stands in: `outbox purge`.
pub(crate) fn subcommand(words: &[OsString]) -> Option<String> {
    let words = words.iter().skip(1).filter_map(|word| word.to_str());
    let (names, _) = used_command(words);
    (!names.is_empty()).then(|| names.join(" "))
}

/// Returns the innermost command that these words name, and the names on the way to it.
fn used_command<'a>(words: impl Iterator<Item = &'a str>) -> (Vec<&'a str>, clap::Command) {
    let mut names = Vec::new();
    let mut command = args::complete_command();
    // An option before a command has no value, but for those of `outbox`.
    for word in words {
        match command.find_subcommand(word).cloned() {
            Some(inner) => {
                names.push(word);
                command = inner;
            }
            None if command.has_subcommands() => {}
            None => break,
        }
    }
    (names, command)
}

/// Describes an error of `clap`.
fn message(error: &clap::Error, words: &[OsString]) -> String {
    let option = text(error, ContextKind::InvalidArg).map(|it| name(&it).to_owned());
    match (error.kind(), option) {
        (ErrorKind::UnknownArgument, Some(option)) => unknown_option(&option, words),
        (ErrorKind::InvalidSubcommand, _) => unknown_command(error, words),
        (ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand, _) => {
            text::usage::NO_COMMAND.to_owned()
        }
        (ErrorKind::InvalidValue, Some(option)) if option == "[-]" => extra_word(error),
        (ErrorKind::InvalidValue, Some(option)) => bad_value(&option, error),
        (ErrorKind::ValueValidation, Some(option)) => match error.source() {
            Some(rule) => {
                let value = text(error, ContextKind::InvalidValue).unwrap_or_default();
                format!("{option}: {}", reworded(&rule.to_string(), &value))
            }
            None => text::usage::unusable(&option),
        },
        (ErrorKind::ArgumentConflict, Some(option)) => match text(error, ContextKind::PriorArg) {
            Some(other) if name(&other) == option => text::usage::twice(&option),
            Some(other) => text::usage::excluding(&option, name(&other)),
            None => text::usage::conflicting(&option),
        },
        (ErrorKind::ArgumentConflict, None) => match text(error, ContextKind::InvalidSubcommand) {
            Some(word) => word_after_option(&word, words),
            None => text::usage::UNPARSABLE.to_owned(),
        },
        (ErrorKind::MissingRequiredArgument, Some(option)) => text::usage::missing(&option),
        (ErrorKind::TooManyValues, Some(option)) => too_many_values(&option, words),
        (ErrorKind::InvalidUtf8, _) => not_utf8(words),
        (_, Some(option)) => text::usage::wrong(&option),
        (_, None) => text::usage::UNPARSABLE.to_owned(),
    }
}

/// Describes in the words of this program what `clap` and the standard library say of a value.
fn reworded(rule: &str, value: &str) -> String {
    let range = rule
        .split_once(foreign::NOT_IN_RANGE)
        .and_then(|(_, range)| range.split_once("..="));
    let own = match (range, rule) {
        (Some((least, most)), _) => return text::usage::whole_between(least, most),
        // Only the numbers that begin at 0 are parsed without a sign.
        (None, foreign::INVALID_DIGIT) if value.parse::<i64>().is_ok() => text::usage::WHOLE_FROM_0,
        (None, foreign::INVALID_DIGIT | foreign::NO_DIGITS) => text::usage::WHOLE,
        (None, foreign::TOO_LARGE) => text::usage::SMALLER,
        (None, foreign::TOO_SMALL) => text::usage::LARGER,
        (None, foreign::NO_SOCKET_ADDRESS) => text::usage::SOCKET_ADDRESS,
        _ => rule,
    };
    own.to_owned()
}

/// Returns the first text of a context of an error.
fn text(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => texts.first().cloned(),
        _ => None,
    }
}

/// Returns `--to` of `--to <TARGET>`, and `WHAT` of `<WHAT>`.
fn name(option: &str) -> &str {
    let name = option.split([' ', '=']).next().unwrap_or(option);
    let name = name.trim_end_matches("...");
    // The brackets of an optional one, but not those of a dash.
    let name = match name.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
        Some(inner) if inner != "-" => inner,
        _ => name,
    };
    name.trim_start_matches('<').trim_end_matches('>')
}

/// Describes an unknown option, with the one that may be meant.
fn unknown_option(option: &str, words: &[OsString]) -> String {
    if !option.starts_with('-') {
        return text::usage::unexpected(&quoted(option));
    }
    let unknown = text::usage::unknown_option(&shown(option));
    // A command after it has other options.
    let before = words.iter().skip(1).filter_map(|word| word.to_str());
    let (_, command) = used_command(before.take_while(|word| name(word) != option));
    if let Some(text) = alias(&unknown, option, &command) {
        return text;
    }
    match nearest_option(option, &command) {
        // What follows `--` is no option, whatever it looks like.
        Some(known) if option.strip_prefix("--") == Some(known) => {
            text::usage::after_dashes(&unknown)
        }
        Some(known) => unknown + &text::usage::suggestion(&format!("--{known}")),
        None => unknown,
    }
}

/// Describes an option that another program has: its name here, or what takes its place.
fn alias(unknown: &str, option: &str, command: &clap::Command) -> Option<String> {
    let find = |table: &[(&[&str], &'static str)], is_meant: &dyn Fn(&str) -> bool| {
        let mut table = table.iter();
        let found = table.find(|(others, here)| others.contains(&option) && is_meant(here));
        found.map(|(_, here)| *here)
    };
    if command.get_name() == "api"
        && let Some(how) = find(&aliases::OF_API, &|_| true)
    {
        return Some(aliases::replaced(unknown, how));
    }
    let has = |long: &str| {
        command
            .get_arguments()
            .any(|it| it.get_long() == Some(long))
    };
    let stands_alone = |value: &str| {
        let mut positionals = command.get_positionals();
        positionals.any(|it| it.get_value_names().is_some_and(|names| names[0] == value))
    };
    let is_known = |here: &str| {
        let options = here
            .split([' ', ','])
            .filter_map(|it| it.strip_prefix("--"));
        options.into_iter().all(has)
    };
    if let Some(here) = find(&aliases::OPTIONS, &is_known) {
        return Some(aliases::named(unknown, here));
    }
    let how = [
        ("TARGET", &aliases::OF_TARGET[..], aliases::TARGET_ALONE),
        ("MESSAGE", &aliases::OF_MESSAGE[..], aliases::MESSAGE_ALONE),
    ]
    .into_iter()
    .find(|(value, others, _)| others.contains(&option) && stands_alone(value));
    how.map(|(_, _, how)| aliases::replaced(unknown, how))
}

/// Returns the part of a word that can be the name of an option.
fn shown(option: &str) -> String {
    let is_plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    option.chars().take_while(is_plain).take(40).collect()
}

/// Describes an unknown command, with the one that may be meant.
fn unknown_command(error: &clap::Error, words: &[OsString]) -> String {
    let typed = text(error, ContextKind::InvalidSubcommand).unwrap_or_default();
    let before = words.iter().skip(1).filter_map(|word| word.to_str());
    let (_, command) = used_command(before);
    let commands = command.get_subcommands().map(clap::Command::get_name);
    let known: Vec<&str> = commands.collect();
    let name = quoted(&typed);
    let name = (name != text::usage::UNQUOTED).then_some(name);
    let unknown = text::usage::unknown_command(name.as_deref());
    let meant = suggestion(&typed, known.iter().copied(), "");
    let mut others = aliases::COMMANDS.iter();
    let other = others.find(|(others, _)| others.contains(&typed.as_str()));
    if let Some((_, here)) = other.filter(|_| command.get_name() == "msm" && meant.is_empty()) {
        return aliases::named(&unknown, here);
    }
    if meant.is_empty() && !known.is_empty() {
        text::usage::commands(&unknown, &known)
    } else {
        format!("{unknown}{meant}")
    }
}

/// Describes a word after the options of a command that takes either options or another command.
fn word_after_option(word: &str, words: &[OsString]) -> String {
    let mut command = args::complete_command();
    for name in words.iter().skip(1) {
        if command.is_args_conflicts_with_subcommands_set() {
            break;
        }
        if let Some(inner) = command.find_subcommand(name).cloned() {
            command = inner;
        }
    }
    if command.find_subcommand(word).is_some() {
        return text::usage::options_before(word);
    }
    let commands = command.get_subcommands().map(clap::Command::get_name);
    text::usage::unexpected(&quoted(word)) + &suggestion(word, commands, "")
}

/// Describes a value too many: of an option that takes none, or of one that takes one.
fn too_many_values(option: &str, words: &[OsString]) -> String {
    let (_, command) = used_command(words.iter().skip(1).filter_map(|word| word.to_str()));
    let is_it = |arg: &&clap::Arg| arg.get_long() == option.strip_prefix("--");
    match command.get_arguments().find(is_it) {
        Some(arg) if !arg.get_action().takes_values() => text::usage::no_value_expected(option),
        _ => text::usage::too_many(option),
    }
}

/// Names the option whose value is not UTF-8, if it is the only such word.
fn not_utf8(words: &[OsString]) -> String {
    let invalid = |word: &&OsString| word.to_str().is_none();
    let mut all = words.iter().skip(1).zip(words);
    let found = all.find(|(word, _)| invalid(word));
    let is_only = !all.any(|(word, _)| invalid(&word));
    let option = found.filter(|_| is_only).and_then(|(word, before)| {
        let given = word.to_string_lossy();
        let option = match given.split_once('=') {
            Some((option, _)) if option.starts_with("--") => option.to_owned(),
            _ => before.to_str().filter(|it| !it.contains('='))?.to_owned(),
        };
        let is_option = option.starts_with("--") && shown(&option) == option;
        is_option.then_some(option)
    });
    option.map_or_else(
        || text::usage::NOT_UTF8.to_owned(),
        |option| text::usage::not_utf8(&option),
    )
}

/// Describes a word that is no option: most likely the text of the message.
fn extra_word(error: &clap::Error) -> String {
    let word = text(error, ContextKind::InvalidValue).unwrap_or_default();
    text::usage::extra_word(&quoted(&word))
}

/// Describes a value that is not one of the possible ones.
fn bad_value(option: &str, error: &clap::Error) -> String {
    let is_empty = text(error, ContextKind::InvalidValue).is_none_or(|value| value.is_empty());
    let valid = match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(valid)) if !valid.is_empty() => valid.join(", "),
        _ => return text::usage::no_value(option),
    };
    if is_empty {
        text::usage::no_value_of(option, &valid)
    } else {
        text::usage::not_one_of(option, &valid)
    }
}

/// Quotes a short plain word, but nothing that may be the text of a message or a secret.
fn quoted(word: &str) -> String {
    let is_plain = word.len() <= 20 && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if is_plain && !word.is_empty() {
        format!("'{word}'")
    } else {
        text::usage::UNQUOTED.to_owned()
    }
}

#[cfg(test)]
mod tests;
