//! `msm emulator` and its commands.

use std::fmt::Display;

use super::{input, outcome};
use crate::print::counted;

pub(crate) const NO_EMULATOR: &str = "this is not an emulator";
pub(crate) const NO_READY_LINE: &str = "this is not the ready line of an emulator";
pub(crate) const READY_LINE_UNWRITTEN: &str = "the ready line could not be written";
pub(crate) const NOT_RUNNING: &str = "no emulator is running there";
pub(crate) const NO_RESPONSE: &str = "it gave no response in time";
pub(crate) const ORIGIN: &str =
    "must be an http or https URL without a path, e.g. http://127.0.0.1:8410";
pub(crate) const UNUSABLE: &str = "cannot be used";
pub(crate) const RETRY_AFTER: &str = "--retry-after needs --limits documented";
pub(crate) const RECEIVER_HOST: &str = "--receiver-host needs --on-message";
pub(crate) const SOURCE_EMPTY: &str = "SOURCE: must not be empty";
pub(crate) const NOT_EMPTY: &str = "is not empty";

/// Ready, and which variable takes which member of the line.
pub(crate) fn ready<M: Display>(
    http: &str,
    source: Option<&str>,
    members: impl Iterator<Item = (&'static str, M)>,
) -> String {
    let source = source.map(|source| format!(" {source}"));
    let source = source.unwrap_or_default();
    let mut text = format!(
        "emulator ready at {http}; inbox at {http}/_emulator/; press Ctrl-C to stop\n\
         in another shell: eval \"$(msm emulator env{source})\"; it sets, from the line above:"
    );
    for (name, member) in members {
        text.push_str(&format!("\n  {name:<28} {member}"));
    }
    text
}

/// The member of the line that a variable takes, at the address of HTTPS.
pub(crate) fn at_https(member: &str) -> String {
    format!("{member}, at the origin https")
}

/// The path that a variable takes, at the address of HTTP.
pub(crate) fn at_http(path: &str) -> String {
    format!("http and {path}")
}

/// The end, with what it did until then, and how many messages were not posted.
pub(crate) fn ending(signal: Option<&str>, requests: u64, stored: u64, lost: u64) -> String {
    let (requests, stored) = (counted(requests, "request"), counted(stored, "message"));
    let signal = signal.map(|signal| format!(" ({signal})"));
    let mut text = format!("ending{}: {requests}, {stored}", signal.unwrap_or_default());
    if lost > 0 {
        let lost = counted(lost, "message");
        text.push_str(&format!("; not posted to --on-message: {lost}"));
    }
    text
}

pub(crate) fn data_failure(file: &str, failure: &str) -> String {
    format!("{file}: the last changes are not in it: {failure}")
}

/// A recording and what became of it.
pub(crate) fn replayed(replayed: u64, exchanges: u64, differences: u64, unmatched: u64) -> String {
    let (exchanges, differences) = (
        counted(exchanges, "exchange"),
        counted(differences, "difference"),
    );
    let mut text = format!("replay: {replayed} of {exchanges}, {differences}");
    if unmatched > 0 {
        text.push_str(&format!(
            "; no exchange was left for {}, served by the emulator alone",
            counted(unmatched, "request")
        ));
    }
    text
}

pub(crate) fn differs(difference: impl Display) -> String {
    format!("differs: {difference}")
}

/// Advice about an address that is in use.
pub(crate) fn any_port(option: &str, any: impl Display) -> String {
    format!("; {option} {any} takes any free port")
}

/// Advice about `--on-message`.
pub(crate) const OTHER_RECEIVER: &str = "; --receiver-host NAME permits another host";

/// Advice about an address that other machines reach.
pub(crate) const ANY_ADDRESS: &str = "; the keys are public, so other machines are served only with \
                                      --listen-any, for example in a container";

pub(crate) fn not_json(file: impl Display, error: &serde_json::Error) -> String {
    format!("{file}: {}", input::not_json(error))
}

/// `exec`, with the reason.
pub(crate) fn no_folder(why: &str) -> String {
    format!("cannot make a temporary folder: {why}")
}

pub(crate) fn unwritable_folder(why: &str) -> String {
    format!("cannot write to the temporary folder: {why}")
}

pub(crate) fn not_waited(why: &str) -> String {
    format!("cannot wait for the command: {why}")
}

pub(crate) fn not_run(command: impl Display, why: &str) -> String {
    outcome::error(format_args!("{command}: cannot be run: {why}"))
}

pub(crate) fn certificates(file: &str, why: &str) -> String {
    format!("{file}: the certificates cannot be read or written: {why}")
}

/// `env`: a value that a shell would obey.
pub(crate) fn control_characters(variable: &str) -> String {
    format!("the value of {variable} has control characters")
}

pub(crate) fn foreign_ca(file: &str) -> String {
    format!("{file} is not on this machine: the variables of TLS are left out")
}

pub(crate) fn unusable(name: impl Display, why: &str) -> String {
    format!("{name}: cannot be used: {why}")
}

pub(crate) fn exported(messages: usize, folder: impl Display) -> String {
    let are = if messages == 1 {
        "message is"
    } else {
        "messages are"
    };
    format!("{messages} {are} in {folder}")
}

/// A status of the admin API that an emulator does not return.
pub(crate) fn wrong_status(address: &str, status: u16, path: &str) -> String {
    format!("{address}: it responded with {status} to /_emulator/{path}")
}
