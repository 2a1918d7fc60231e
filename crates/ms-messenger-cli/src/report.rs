//! How commands that send nothing end.

use ms_messenger::{Delivery, Error, ErrorKind};
use serde_json::{Value, json};

use crate::{
    config::Settings,
    exit::Exit,
    explain::{Explained, explain},
    outcome::Line,
    print,
    terminal::escaped,
    usage,
};

/// Returns the JSON line of a command that succeeded: the members of every line, then its own.
pub(crate) fn done(own: Value) -> String {
    let line = json!({"status": "ok", "exit_code": Exit::Success.code(), "delivery": "not_sent"});
    let (Value::Object(mut line), Value::Object(own)) = (line, own) else {
        return String::new();
    };
    line.extend(own);
    escaped(&Value::Object(line).to_string())
}

/// Reports why a command that sends nothing failed.
pub(crate) fn failed(error: Error, json: bool) -> Exit {
    failed_with(error, json, None)
}

/// Reports why a command that sends nothing failed, with these settings.
pub(crate) fn failed_with(error: Error, json: bool, settings: Option<&Settings>) -> Exit {
    failed_at(error, json, settings, |_| None)
}

/// As [`failed_with`]; `name` returns what a person typed for a member of a request. A script reads the
/// members.
pub(crate) fn failed_at(
    error: Error,
    json: bool,
    settings: Option<&Settings>,
    name: impl Fn(&str) -> Option<&'static str>,
) -> Exit {
    if let Some(exit) = usage::report_refused(&error, json) {
        return exit;
    }
    // What is wrong with a setting is no member.
    let error = if json || error.kind() == ErrorKind::Config {
        error
    } else {
        error.with_field_names(|field| name(field).map(str::to_owned))
    };
    let Explained { error, advice } = explain(error.with_delivery(Delivery::NotSent), settings);
    let exit = Exit::of(&error);
    if json {
        let line = Line {
            advice: advice.as_deref(),
            ..Line::of(&error, exit)
        };
        // The exit code reports the failure even if standard output is closed.
        let _ = print::result(&line.to_string());
    } else {
        print::important(print::plain_error_text(&error, exit, advice.as_deref()));
    }
    exit
}
