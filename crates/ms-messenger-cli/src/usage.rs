//! Wrong usage, in words of this program. No value that was typed is repeated: it may be a secret
//! or a message.

use std::{error::Error as _, ffi::OsString};

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::{
    args,
    exit::Exit,
    outcome::{Line, Status},
    print,
};

/// What people type for an option that has another name.
const OTHER_NAMES: [(&str, &str); 12] = [
    ("--body", "--text"),
    ("--content", "--text"),
    ("--message", "--text"),
    ("--msg", "--text"),
    ("-m", "--text"),
    ("-b", "--text"),
    ("--channel", "--to channel:TEAM/CHANNEL"),
    ("--chat", "--to conversation:ID"),
    ("--target", "--to"),
    ("--title", "--subject"),
    ("-s", "--subject"),
    ("-t", "--to or --text"),
];
/// The most edits between two names that may be a slip of the finger.
const SLIP: usize = 2;

/// Whether the command line asks for JSON; known also when nothing else of it can be read.
pub(crate) fn wants_json(words: &[OsString]) -> bool {
    let options = words.iter().skip(1).take_while(|word| *word != "--");
    options.into_iter().any(|word| word == "--json")
}

/// Says what is wrong with the command line. Help and version are no failure.
pub(crate) fn refused(error: &clap::Error, words: &[OsString]) -> Exit {
    let json = wants_json(words);
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // Nobody may be reading: that is no failure.
            let _ = error.print();
            Exit::Sent
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand if !json => {
            let _ = error.print();
            Exit::Usage
        }
        _ => wrong(&message(error), subcommand(words).as_deref(), json),
    }
}

/// Says what is wrong, and how the command is used.
pub(crate) fn wrong(message: &str, subcommand: Option<&str>, json: bool) -> Exit {
    if json {
        let line = Line {
            kind: Some("usage"),
            message: Some(message),
            ..Line::new(Status::Error, Exit::Usage)
        };
        // The exit code says it too, if nobody reads this.
        let _ = print::result(&line.to_string());
    } else {
        let usage = usage(subcommand);
        print::note(format_args!("error: {message}\n\n{usage}"));
    }
    Exit::Usage
}

fn usage(subcommand: Option<&str>) -> String {
    match subcommand {
        Some("send") => {
            "Usage: msm send --to TARGET --text TEXT\nFor more, try 'msm send --help'.".to_owned()
        }
        Some(name) => format!("For more, try 'msm {name} --help'."),
        None => "For more, try 'msm --help'.".to_owned(),
    }
}

/// The command that is meant, if there is such a one.
pub(crate) fn subcommand(words: &[OsString]) -> Option<String> {
    let word = words.get(1)?.to_str()?;
    let command = args::command();
    let known = command.get_subcommands().find(|it| it.get_name() == word)?;
    Some(known.get_name().to_owned())
}

fn message(error: &clap::Error) -> String {
    let option = text(error, ContextKind::InvalidArg).map(|it| name(&it).to_owned());
    match (error.kind(), option) {
        (ErrorKind::UnknownArgument, Some(option)) => unknown_option(&option, error),
        (ErrorKind::InvalidSubcommand, _) => unknown_command(error),
        (ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand, _) => {
            "a command is missing".to_owned()
        }
        (ErrorKind::InvalidValue, Some(option)) if option == "[-]" => extra_word(error),
        (ErrorKind::InvalidValue, Some(option)) => bad_value(&option, error),
        (ErrorKind::ValueValidation, Some(option)) => match error.source() {
            Some(rule) => format!("{option}: {rule}"),
            None => format!("{option}: the value cannot be used"),
        },
        (ErrorKind::ArgumentConflict, Some(option)) => match text(error, ContextKind::PriorArg) {
            Some(other) if name(&other) == option => format!("{option} is given twice"),
            Some(other) => format!("{option} and {} cannot be used together", name(&other)),
            None => format!("{option} is given with another that it excludes"),
        },
        (ErrorKind::MissingRequiredArgument, Some(option)) => format!("{option} is missing"),
        (ErrorKind::TooManyValues, Some(option)) => format!("{option} takes one value"),
        (ErrorKind::InvalidUtf8, _) => "an argument is not UTF-8".to_owned(),
        (_, Some(option)) => format!("{option} cannot be used like this"),
        (_, None) => "the command line cannot be read".to_owned(),
    }
}

fn text(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => texts.first().cloned(),
        _ => None,
    }
}

/// `--to` of `--to <TARGET>`.
fn name(option: &str) -> &str {
    option.split([' ', '=']).next().unwrap_or(option)
}

fn unknown_option(option: &str, error: &clap::Error) -> String {
    if !option.starts_with('-') {
        return format!("{} is not expected here", quoted(option));
    }
    let unknown = format!("there is no option {}", shown(option));
    if let Some((_, known)) = OTHER_NAMES.iter().find(|(other, _)| *other == option) {
        return format!("{unknown}: use {known}");
    }
    let near = text(error, ContextKind::SuggestedArg).filter(|known| is_slip(option, known));
    match near {
        Some(known) => format!("{unknown}: did you mean {known}?"),
        None => unknown,
    }
}

/// What was typed as an option, so far as it can be one.
fn shown(option: &str) -> String {
    let is_plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    option.chars().take_while(is_plain).take(40).collect()
}

fn unknown_command(error: &clap::Error) -> String {
    let typed = text(error, ContextKind::InvalidSubcommand).unwrap_or_default();
    let known: Vec<String> = args::command()
        .get_subcommands()
        .map(|command| command.get_name().to_owned())
        .collect();
    let near = known.iter().find(|known| is_slip(&typed, known));
    match near {
        Some(known) => format!(
            "there is no command {}: did you mean {known}?",
            quoted(&typed)
        ),
        None => format!(
            "there is no command {}; the commands are {}",
            quoted(&typed),
            known.join(", ")
        ),
    }
}

/// A word that is no option: most likely the text of the message.
fn extra_word(error: &clap::Error) -> String {
    let word = text(error, ContextKind::InvalidValue).unwrap_or_default();
    format!(
        "{} is not an option; the text goes after --text (\"-\" reads standard input)",
        quoted(&word)
    )
}

fn bad_value(option: &str, error: &clap::Error) -> String {
    let is_empty = text(error, ContextKind::InvalidValue).is_none_or(|value| value.is_empty());
    let valid = match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(valid)) if !valid.is_empty() => valid.join(", "),
        _ => return format!("{option} needs a value"),
    };
    match is_empty {
        true => format!("{option} needs a value: {valid}"),
        false => format!("{option} must be one of {valid}"),
    }
}

/// A short plain word as it is; nothing that may be the text of a message or a secret.
fn quoted(word: &str) -> String {
    let is_plain = word.len() <= 20 && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    match is_plain && !word.is_empty() {
        true => format!("'{word}'"),
        false => "a word".to_owned(),
    }
}

fn is_slip(typed: &str, known: &str) -> bool {
    let typed = typed.trim_start_matches('-');
    let known = known.trim_start_matches('-');
    // Half of a short name is another name.
    strsim::damerau_levenshtein(typed, known) <= SLIP.min(known.len() / 3)
}

#[cfg(test)]
mod tests {
    use clap::FromArgMatches as _;

    use super::*;
    use crate::args::Cli;

    fn refusal(line: &str) -> String {
        let words = std::iter::once("msm").chain(line.split(' '));
        let parsed = args::command()
            .try_get_matches_from(words)
            .and_then(|matches| Cli::from_arg_matches(&matches));
        message(&parsed.unwrap_err())
    }

    #[test]
    fn wrong_usage_is_said_in_words_of_this_program() {
        let to = "send --to user:a";
        for (line, said) in [
            (
                format!("{to} hello"),
                "'hello' is not an option; the text goes after --text (\"-\" reads standard input)",
            ),
            (format!("{to} --card x"), "there is no option --card"),
            (format!("{to} --mention x"), "there is no option --mention"),
            (format!("{to} --quiet"), "there is no option --quiet"),
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
                "--to: did you mean user:alice@contoso.com",
            ),
            (
                "send --to user:a --image ./a.png".to_owned(),
                "--image: must be an https address: the platform fetches it itself, and local \
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
                "snd".to_owned(),
                "there is no command 'snd': did you mean send?",
            ),
        ] {
            assert_eq!(refusal(&line), said, "{line}");
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
                !refusal(line).contains("hunter2"),
                "{line}: {}",
                refusal(line)
            );
        }
    }

    #[test]
    fn json_is_asked_for_before_the_end_of_the_options_only() {
        let words = |line: &str| -> Vec<OsString> { line.split(' ').map(Into::into).collect() };
        assert!(wants_json(&words("msm send --json --what")));
        assert!(!wants_json(&words("msm send -- --json")));
        assert!(!wants_json(&words("msm send --text x")));
    }
}
