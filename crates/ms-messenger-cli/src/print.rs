//! Results on standard output, and errors on standard error.

use std::{
    io::{self, IsTerminal as _, Write as _},
    ops::ControlFlow,
    time::SystemTime,
};

use ms_messenger::{Delivery, Error, IdempotencyKey, Receipt};

pub(crate) use crate::notes::{important, is_quiet, log, note, set_quiet};
use crate::{
    exit::Exit,
    explain::is_used_key,
    files, outcome,
    terminal::{shown, shown_line, shown_message},
    text::{self, wording::in_own_terms},
};

/// Writes one result to standard output. Nothing of it reaches a terminal as a command; JSON is
/// [`escaped`](crate::terminal::escaped) where it is made, so that this changes nothing of it.
///
/// # Errors
///
/// When standard output is closed.
pub(crate) fn result(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    // At once: a reader such as `head -n 1` is gone after the first line of several.
    out.write_all(format!("{}\n", shown(text)).as_bytes())?;
    out.flush()
}

/// Writes the result with which a command ends, and returns its exit code.
pub(crate) fn last(text: &str, exit: Exit) -> Exit {
    match result(text) {
        Ok(()) => exit,
        Err(error) => unwritten(&error, exit),
    }
}

/// Writes one of several results. It breaks with the exit code of the command if none can follow.
pub(crate) fn item(text: &str) -> ControlFlow<Exit> {
    match result(text) {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => ControlFlow::Break(unwritten(&error, Exit::Success)),
    }
}

/// Writes bytes that are no text to standard output as they are, unless it is a terminal: then it
/// writes nothing and returns `None`.
pub(crate) fn bytes(bytes: &[u8]) -> Option<Exit> {
    let mut out = io::stdout().lock();
    if out.is_terminal() {
        return None;
    }
    let written = out.write_all(bytes).and_then(|()| out.flush());
    Some(written.map_or_else(|error| unwritten(&error, Exit::Success), |()| Exit::Success))
}

/// Returns the exit code after standard output failed: a reader that has seen enough is no failure.
pub(crate) fn unwritten(error: &io::Error, exit: Exit) -> Exit {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return exit;
    }
    let why = files::reason(error);
    failure(&text::outcome::output_failed(why), Exit::Other)
}

/// Prints in one line why a command failed and returns its exit code. The name of a file may have line
/// breaks, after which it would look like another message.
pub(crate) fn failure(message: &str, exit: Exit) -> Exit {
    important(text::outcome::error(shown_message(message)));
    exit
}

/// Prints the new names of files that were renamed because they could not be read.
pub(crate) fn set_aside(files: &[String]) {
    for file in files {
        note(text::outcome::set_aside(file));
    }
}

/// Describes a receipt.
pub(crate) fn sent_text(platform: &str, receipt: &Receipt) -> String {
    let mut text = format!("{platform}: {}", receipt.acceptance);
    if let Some(id) = &receipt.message_id {
        text.push_str(&text::outcome::message(&shown_line(id.as_str())));
    }
    if let Some(id) = &receipt.conversation {
        text.push_str(&text::outcome::in_conversation(&shown_line(id.as_str())));
    }
    if let Some(address) = &receipt.web_url {
        text.push_str(&format!("\n  {}", shown_line(address)));
    }
    text
}

/// Describes the error of a send and what to do about it.
pub(crate) fn error_text(error: &Error, exit: Exit, advice: Option<&str>) -> String {
    let (meaning, mut remedy) = exit.meaning();
    let is_used_key = is_used_key(error);
    if is_used_key {
        remedy = text::outcome::USED_KEY;
    }
    // The exit code says of a wrong configuration that nothing was sent.
    let mut text = if exit == Exit::Config {
        let platform = error.platform().map(|name| format!("{name}: "));
        let message = format!("{}{}", platform.unwrap_or_default(), with_code(error));
        describe(error, text::outcome::INVALID_SETTINGS, &message, advice)
    } else {
        let heading = text::outcome::REJECTED_NOT_SENT;
        describe(error, heading, &error.to_string(), advice)
    };
    text.push('\n');
    text.push_str(&text::outcome::exit_code_meaning(
        exit.code(),
        meaning,
        remedy,
    ));
    if let Some(key) = error
        .idempotency()
        .filter(|_| error.delivery() == Delivery::Unknown && !is_used_key)
    {
        text.push('\n');
        text.push_str(&rerun_hint(key));
    }
    text
}

/// Describes the error of a command that sends nothing and what to do about it.
pub(crate) fn plain_error_text(error: &Error, exit: Exit, advice: Option<&str>) -> String {
    let (meaning, remedy) = exit.meaning_without_a_message();
    let heading = match exit {
        Exit::Config => text::outcome::INVALID_SETTINGS,
        _ => text::outcome::REJECTED,
    };
    let text = describe(error, heading, &with_code(error), advice);
    let code = text::outcome::exit_code_meaning(exit.code(), meaning, remedy);
    format!("{text}\n{code}")
}

/// Returns the message of an error with its code.
fn with_code(error: &Error) -> String {
    match error.code() {
        Some(code) => text::outcome::with_code(error.message(), code),
        None => error.message().to_owned(),
    }
}

/// Describes an error with its causes and the advice: several problems below `heading`.
fn describe(error: &Error, heading: &str, message: &str, advice: Option<&str>) -> String {
    let mut text = if error.problems().len() > 1 {
        let platform = error.platform().map(|name| format!("{name}: "));
        let heading = format!("{}{heading}", platform.unwrap_or_default());
        let mut text = text::outcome::error(heading);
        for problem in error.problems() {
            let problem = problem.to_string();
            let problem = shown_message(&in_own_terms(&problem));
            text.push_str(&format!("\n  {problem}"));
        }
        text
    } else {
        text::outcome::error(shown_message(message))
    };
    for cause in informative(&outcome::causes(error)) {
        text.push_str(&format!("\n  {}", text::outcome::caused_by(cause)));
    }
    if let Some(advice) = advice {
        text.push_str(&format!("\n  {advice}"));
    }
    text
}

/// Leaves out the causes that only name a layer, unless it is the innermost.
fn informative(causes: &[String]) -> Vec<&str> {
    let layers = text::foreign::LAYERS;
    let is_layer = |cause: &str| layers.iter().any(|layer| cause.starts_with(layer));
    let last = causes.len().saturating_sub(1);
    let causes = causes.iter().enumerate();
    let informative = causes.filter(|(index, cause)| *index == last || !is_layer(cause));
    informative.map(|(_, cause)| cause.as_str()).collect()
}

/// Describes how to run a send again so that the platform removes the duplicate.
fn rerun_hint(key: &IdempotencyKey) -> String {
    let still_known = SystemTime::now()
        .duration_since(key.first_sent)
        .is_ok_and(|age| age.as_secs() < 270);
    if !still_known {
        return text::outcome::KEY_EXPIRED.to_owned();
    }
    text::outcome::run_again(key)
}

/// Formats a table: each column as wide as its widest cell, two spaces apart.
pub(crate) fn columns(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = head.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let head: Vec<String> = head.iter().map(ToString::to_string).collect();
    let lines = [&head, &rule].into_iter().chain(rows).map(|row| {
        let cells = row.iter().zip(&widths);
        let cells: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        cells.join("  ").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Writes how many of something there are.
pub(crate) fn counted(number: u64, one: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {one}{plural}", grouped(number))
}

/// Writes a number with commas between groups of three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use ms_messenger::{ErrorKind, Problems};

    use super::*;

    #[test]
    fn several_problems_are_listed_one_to_a_line() {
        let mut problems = Problems::new();
        problems.add("to", "must not be empty");
        problems.add("message.subject", "is not supported");
        let error = problems.into_result(ErrorKind::Unsupported).unwrap_err();
        let text = error_text(&error, Exit::Rejected, None);
        assert!(
            text.contains("\n  to: must not be empty\n  message.subject: is not supported\n"),
            "{text}"
        );
    }

    #[test]
    fn a_wrong_setting_is_named_without_a_delivery() {
        let mut problems = Problems::for_platform("acs-chat");
        problems.add("ACS_CHAT_TOKEN", "is missing");
        let one = problems.clone().into_result(ErrorKind::Config).unwrap_err();
        let text = error_text(&one, Exit::Config, None);
        let begin = "error: acs-chat: ACS_CHAT_TOKEN: is missing\nexit code 3: configuration: \
                     nothing was sent; ";
        assert!(text.starts_with(begin), "{text}");
        problems.add("ACS_ENDPOINT", "is missing");
        let both = problems.into_result(ErrorKind::Config).unwrap_err();
        let list = "error: acs-chat: invalid configuration\n  ACS_CHAT_TOKEN: is missing\n  \
                    ACS_ENDPOINT: is missing\nexit code 3: ";
        let text = error_text(&both, Exit::Config, None);
        assert!(text.starts_with(list), "{text}");
    }

    #[test]
    fn an_unknown_delivery_says_how_to_run_it_again_until_its_key_expires() {
        let key = IdempotencyKey::random();
        let error = Error::new(ErrorKind::Transport, "broken").with_idempotency(key);
        let text = error_text(&error, Exit::Unknown, None);
        assert!(
            text.contains(&format!("--idempotency-key {} --first-sent 2", key.id)),
            "{text}"
        );
        let error = error.with_idempotency(IdempotencyKey::new(key.id, SystemTime::UNIX_EPOCH));
        assert!(!error_text(&error, Exit::Unknown, None).contains("--idempotency-key"));
    }

    #[test]
    fn the_text_has_the_informative_causes_and_the_advice() {
        let layers = io::Error::other("connection refused");
        let layers = Error::new(ErrorKind::Other, "tcp connect error").with_source(layers);
        let error = Error::new(ErrorKind::Connect, "no connection").with_source(layers);
        let text = error_text(&error, Exit::Temporary, Some("start the server"));
        let begin = "error: no connection (not sent)\n  caused by: connection refused\n  start the server\n";
        assert!(text.starts_with(begin), "{text}");
    }

    #[test]
    fn the_error_of_a_command_that_sends_nothing_does_not_mention_sending() {
        let error = Error::new(ErrorKind::Unauthenticated, "no user is signed in");
        let text = plain_error_text(&error, Exit::Denied, None);
        assert!(!text.contains("sent"), "{text}");
    }

    #[test]
    fn numbers_have_commas_and_the_word_its_number() {
        for (number, text) in [
            (0, "0 lines"),
            (1, "1 line"),
            (999, "999 lines"),
            (4778, "4,778 lines"),
            (1_000_000, "1,000,000 lines"),
        ] {
            assert_eq!(counted(number, "line"), text);
        }
    }

    #[test]
    fn columns_line_up() {
        let table = columns(
            &["a", "bb"],
            &[vec!["ccc".into(), "d".into()], vec!["é".into()]],
        );
        assert_eq!(table, "a    bb\n---  --\nccc  d\né");
    }
}
