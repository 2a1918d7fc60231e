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
    text::{self, foreign},
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
        (ErrorKind::InvalidSubcommand, _) => unknown_command(error),
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
            Some(command) => text::usage::options_before(&command),
            None => text::usage::UNPARSABLE.to_owned(),
        },
        (ErrorKind::MissingRequiredArgument, Some(option)) => text::usage::missing(&option),
        (ErrorKind::TooManyValues, Some(option)) => text::usage::too_many(&option),
        (ErrorKind::InvalidUtf8, _) => text::usage::NOT_UTF8.to_owned(),
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
    let mut aliases = text::usage::ALIASES.iter();
    if let Some((_, known)) = aliases.find(|(other, _)| *other == option) {
        return text::usage::alias(&unknown, known);
    }
    // A command after it has other options.
    let before = words.iter().skip(1).filter_map(|word| word.to_str());
    let (_, command) = used_command(before.take_while(|word| name(word) != option));
    match nearest_option(option, &command) {
        Some(known) => unknown + &text::usage::suggestion(&format!("--{known}")),
        None => unknown,
    }
}

/// Returns the part of a word that can be the name of an option.
fn shown(option: &str) -> String {
    let is_plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    option.chars().take_while(is_plain).take(40).collect()
}

/// Describes an unknown command, with the one that may be meant.
fn unknown_command(error: &clap::Error) -> String {
    let typed = text(error, ContextKind::InvalidSubcommand).unwrap_or_default();
    let known = commands_beside(error);
    let name = quoted(&typed);
    let name = (name != text::usage::UNQUOTED).then_some(name);
    let unknown = text::usage::unknown_command(name.as_deref());
    let meant = suggestion(&typed, known.iter().map(String::as_str), "");
    if meant.is_empty() {
        text::usage::commands(&unknown, &known)
    } else {
        format!("{unknown}{meant}")
    }
}

/// Returns the names of the commands of which one was expected.
fn commands_beside(error: &clap::Error) -> Vec<String> {
    let usage = match error.get(ContextKind::Usage) {
        Some(ContextValue::StyledStr(usage)) => usage.to_string(),
        _ => String::new(),
    };
    let names = |command: &clap::Command| {
        let commands = command.get_subcommands();
        commands.map(|it| it.get_name().to_owned()).collect()
    };
    let command = args::complete_command();
    let nested = command
        .get_subcommands()
        .find(|it| it.has_subcommands() && usage.contains(&format!("msm {} ", it.get_name())));
    names(nested.unwrap_or(&command))
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
mod tests {
    use clap::FromArgMatches as _;

    use super::*;
    use crate::args::Cli;

    fn error_of(line: &str) -> String {
        let words = std::iter::once("msm").chain(line.split(' '));
        let words: Vec<OsString> = words.map(Into::into).collect();
        let parsed = args::command()
            .try_get_matches_from(&words)
            .and_then(|matches| Cli::from_arg_matches(&matches));
        message(&parsed.unwrap_err(), &words)
    }

    #[test]
    fn errors_of_usage_name_options_of_this_program() {
        let to = "send --to user:a";
        for (line, expected) in [
            (
                format!("{to} hello"),
                "'hello' is not an option; the text goes after --text (\"-\" reads standard input)",
            ),
            (format!("{to} --attach x"), "there is no option --attach"),
            (
                format!("{to} --message x"),
                "there is no option --message: use --text",
            ),
            (format!("{to} -m x"), "there is no option -m: use --text"),
            (
                format!("{to} --txt x"),
                "there is no option --txt: did you mean --text?",
            ),
            (
                "send --too user:a --text x".to_owned(),
                "there is no option --too: did you mean --to?",
            ),
            (
                "emulator --lgo-format text exec --chek".to_owned(),
                "there is no option --lgo-format: did you mean --log-format?",
            ),
            (
                "outbox --stroe=hunter2 list".to_owned(),
                "there is no option --stroe: did you mean --store?",
            ),
            ("whoami --too x".to_owned(), "there is no option --too"),
            (
                format!("{to} --text x --retries -1"),
                "--retries: must be a whole number from 0",
            ),
            (
                format!("{to} --text x --importance huge"),
                "--importance must be one of normal, high, urgent",
            ),
            (format!("{to} --text"), "--text needs a value"),
            (format!("{to} --text a --text b"), "--text is given twice"),
            (
                "send --to alice@contoso.com --text x".to_owned(),
                "--to: is not a target: did you mean user:alice@contoso.com?",
            ),
            (
                "emulator --seed 5 exec -- true".to_owned(),
                "an option stands before exec: the options of exec follow it",
            ),
            (
                "send --to chanel:@Contoso/General --text x".to_owned(),
                "--to: is not a target: did you mean channel:@Contoso/General?",
            ),
            (
                "send --to user:a --image ./a.png".to_owned(),
                "--image: must be an https address: the platform downloads it, and local \
                 files are not sent",
            ),
            (
                format!("{to} --text x --idempotency-key k --first-sent today"),
                "--first-sent: must be written like 2026-11-28T21:22:06Z",
            ),
            (
                format!("{to} --text x --msgraph-token t --msgraph-token-file f"),
                "--msgraph-token and --msgraph-token-file cannot be used together",
            ),
            (
                format!("{to} --text x --timeout soon"),
                "--timeout: must be a time like 30s, 2m or 1h 30m",
            ),
            (
                "read user:a --last 0".to_owned(),
                "--last: must be a whole number from 1 to 10000",
            ),
            (
                "react conversation:19:a 1796018879454 👍".to_owned(),
                "TARGET: is not a target: the order is EMOJI TARGET MESSAGE",
            ),
            (
                "react conversation:19:a 👍 1796018879454".to_owned(),
                "TARGET: is not a target: the order is EMOJI TARGET MESSAGE",
            ),
            (
                "show 1796018879454 conversation:19:a".to_owned(),
                "TARGET: is not a target: the order is TARGET MESSAGE",
            ),
            (
                "reply 1796018879454 --text x".to_owned(),
                "TARGET: is not a target: the order is TARGET MESSAGE",
            ),
            (
                "read user:a --last 99999999999999999999".to_owned(),
                "--last: must be a smaller number",
            ),
            ("batch".to_owned(), "FILE is missing"),
            ("emulator exec".to_owned(), "COMMAND is missing"),
            (
                "emulator --token-lifetime 0".to_owned(),
                "--token-lifetime: must be a whole number from 1 to 4294967295",
            ),
            (
                "listen --keep a --address nonsense".to_owned(),
                "--address: must be an IP address with a port, e.g. 127.0.0.1:8080",
            ),
            (
                "snd".to_owned(),
                "there is no command 'snd': did you mean send?",
            ),
            (
                "outbox statsu".to_owned(),
                "there is no command 'statsu': did you mean status?",
            ),
        ] {
            assert_eq!(error_of(&line), expected, "{line}");
        }
    }

    #[test]
    fn the_help_that_is_recommended_is_that_of_the_innermost_command() {
        for (line, command) in [
            ("send --what", Some("send")),
            ("outbox --store sqlite:a purge --what", Some("outbox purge")),
            ("-v outbox list --what", Some("outbox list")),
            ("read send", Some("read")),
            ("--what", None),
        ] {
            let words: Vec<OsString> = std::iter::once("msm")
                .chain(line.split(' '))
                .map(Into::into)
                .collect();
            assert_eq!(subcommand(&words).as_deref(), command, "{line}");
        }
    }

    #[test]
    fn nothing_that_may_be_a_secret_is_repeated() {
        for line in [
            "send --to user:a --image hunter2",
            "send --to hunter2 --text x",
            "send --to user:a --msgraph-tokn=hunter2",
            "send --to user:a --text x --importance hunter2",
            "send --to user:a hunter2/hunter2",
            "hunter2:hunter2",
        ] {
            assert!(
                !error_of(line).contains("hunter2"),
                "{line}: {}",
                error_of(line)
            );
        }
    }

    #[test]
    fn json_is_only_an_option_before_the_end_of_the_options() {
        let words = |line: &str| -> Vec<OsString> { line.split(' ').map(Into::into).collect() };
        assert!(wants_json(&words("msm send --json --what")));
        assert!(!wants_json(&words("msm send -- --json")));
        assert!(!wants_json(&words("msm send --text x")));
    }
}
