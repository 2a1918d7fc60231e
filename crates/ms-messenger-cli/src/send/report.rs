//! What a send reports: a line for each target.

use ms_messenger::{Delivery, Error, ErrorKind, Evidence, Problem, SendRequest};
use serde_json::Value;

use super::{attempt::Sent, plan::Job};
use crate::{
    args::SendArgs,
    config::Settings,
    environment,
    exit::Exit,
    explain::{Explained, explain},
    failures,
    files::unwritable,
    outcome::{Line, OutboxPlace, Status},
    platform::Platform,
    print, text, unsettled,
};

/// What is printed of the messages of one command.
pub(super) struct Report<'a> {
    args: &'a SendArgs,
    /// Problems that do not prevent the sends.
    pub(super) warnings: Vec<Problem>,
    /// The settings, as far as they are read.
    pub(super) settings: Option<Settings>,
    known_settings: Option<&'a Settings>,
    /// Whether the lines need the target.
    pub(super) has_several: bool,
}

impl<'a> Report<'a> {
    pub(super) fn new(args: &'a SendArgs) -> Self {
        Self {
            args,
            warnings: Vec::new(),
            settings: None,
            known_settings: None,
            has_several: false,
        }
    }

    /// Returns the same report with settings that are used elsewhere, after the warnings are printed.
    pub(super) fn with(self, settings: &'a Settings) -> Self {
        self.warn_now();
        Self {
            known_settings: Some(settings),
            ..self
        }
    }

    /// Prints the warnings, where they are not part of the line.
    pub(super) fn warn_now(&self) {
        for warning in self.warnings.iter().filter(|_| !self.args.json) {
            let giver = self.args.giver_of(&warning.field, None);
            let field = giver.unwrap_or_else(|| warning.field.clone());
            let warning = Problem::new(field, &*warning.rule);
            print::note(text::outcome::warning(warning));
        }
    }

    /// Prints the warnings unless that is done.
    fn warn_once(&self) {
        if self.known_settings.is_none() {
            self.warn_now();
        }
    }

    /// Prints a receipt, and what was reported of the message.
    pub(super) fn sent(&self, to: &str, platform: Platform, sent: &Sent) -> Exit {
        let heard = sent.heard.as_ref();
        let exit = match heard {
            Some(heard) if !heard.is_reached => Exit::NotReported,
            _ => Exit::Success,
        };
        let reported = heard.map(|heard| heard.text());
        let text = if self.args.json {
            let line = Line {
                to: Some(to),
                warnings: &self.warnings,
                reported: reported.as_deref(),
                status: if sent.is_found {
                    Status::Found
                } else {
                    Status::Sent
                },
                exit_code: exit.code(),
                ..Line::sent(platform.as_str(), &sent.receipt)
            };
            line.to_string()
        } else {
            let mut receipt = print::sent_text(platform.as_str(), &sent.receipt);
            if sent.is_found {
                receipt = text::send::found(&receipt);
            }
            let reported = reported.map(|it| format!("\n  {it}")).unwrap_or_default();
            format!("{}{receipt}{reported}", self.prefix(to))
        };
        match print::result(&text) {
            Ok(()) => exit,
            // The message was sent: a script must not take this for a failed send.
            Err(_) => print::failure(text::send::RECEIPT_UNWRITTEN, Exit::SentUnread),
        }
    }

    /// Prints that it was settled that the message was not sent.
    pub(super) fn absent(&self, to: &str, error: Error) -> Exit {
        let exit = Exit::ProvenNotSent;
        let error = self.in_options(error, Some(to));
        let Explained { error, advice } = explain(error, self.settings());
        if self.args.json {
            let line = Line {
                to: Some(to),
                status: Status::NotFound,
                advice: advice.as_deref(),
                warnings: &self.warnings,
                ..Line::of(&error, exit)
            };
            let _ = print::result(&line.to_string());
        } else {
            let text = print::error_text(&error, exit, advice.as_deref());
            print::important(format_args!("{}{text}", self.prefix(to)));
        }
        exit
    }

    /// Prints an error, and stores the evidence of an unknown delivery.
    pub(super) fn failed(
        &self,
        to: Option<&str>,
        error: Error,
        request: Option<&SendRequest>,
    ) -> Exit {
        self.warn_once();
        let error = self.in_options(error, to);
        let Explained { error, advice } = explain(error, self.settings());
        let exit = Exit::of(&error);
        let is_unknown = exit == Exit::Unknown;
        let evidence = Evidence::of(&error);
        let line = Line {
            to,
            advice: advice.as_deref(),
            warnings: &self.warnings,
            request: request.filter(|_| is_unknown),
            evidence: evidence.as_ref().filter(|_| is_unknown),
            ..Line::of(&error, exit)
        };
        let state = self.args.connection.store.state_dir(&environment::process);
        failures::note(state.ok(), "send", &line);
        if self.args.json {
            // The exit code reports the failure even if standard output is closed.
            let _ = print::result(&line.to_string());
            return exit;
        }
        let text = print::error_text(&error, exit, advice.as_deref());
        print::important(format_args!(
            "{}{text}",
            self.prefix(to.unwrap_or_default())
        ));
        // With a key the send can be run again, which needs no file.
        if line.evidence.is_some() && line.request.is_some() && line.idempotency.is_none() {
            self.store(&line);
        }
        exit
    }

    /// Prints that a dry run found no problem, and the request.
    pub(super) fn checked(&self, job: &Job, preview: &Value, shown: &str) -> Exit {
        let (to, platform) = (job.request.to.to_string(), job.platform.as_str());
        let text = if self.args.json {
            let line = Line {
                to: Some(&to),
                platform: Some(platform),
                delivery: Delivery::NotSent.as_str(),
                warnings: &self.warnings,
                preview: Some(preview),
                ..Line::new(Status::Checked, Exit::Success)
            };
            line.to_string()
        } else {
            let checked = text::send::checked(platform);
            format!("{}{checked}\n{shown}", self.prefix(&to))
        };
        print::last(&text, Exit::Success)
    }

    /// Prints that a message waits in an outbox.
    pub(super) fn queued(&self, job: &Job, place: &OutboxPlace) -> Exit {
        self.warn_once();
        let (to, platform) = (job.request.to.to_string(), job.platform.as_str());
        let text = if self.args.json {
            let line = Line {
                to: Some(&to),
                platform: Some(platform),
                delivery: Delivery::NotSent.as_str(),
                warnings: &self.warnings,
                outbox: Some(place),
                ..Line::new(Status::Waiting, Exit::Success)
            };
            line.to_string()
        } else {
            let OutboxPlace {
                store,
                id,
                not_before,
            } = place;
            let waits = text::send::waits(platform, store, id, not_before);
            format!("{}{waits}", self.prefix(&to))
        };
        // It is stored, even if standard output is closed.
        let _ = print::result(&text);
        Exit::Success
    }

    /// Notes that a fallback is used.
    pub(super) fn falls_back(&self, job: &Job) {
        if !self.args.json {
            print::note(text::send::falls_back(&job.request.to));
        }
    }

    /// Names the options that a person typed. A script reads the members of the JSON form.
    fn in_options(&self, error: Error, to: Option<&str>) -> Error {
        if self.args.json {
            return error;
        }
        // What is wrong with a setting is no member, but a file that cannot be read is one.
        let is_of_settings = error.kind() == ErrorKind::Config;
        error.with_field_names(|field| {
            let is_member = !is_of_settings || field.starts_with("message.");
            is_member.then(|| self.args.giver_of(field, to)).flatten()
        })
    }

    fn settings(&self) -> Option<&Settings> {
        self.known_settings.or(self.settings.as_ref())
    }

    /// Names the target if there are several.
    fn prefix(&self, to: &str) -> String {
        if self.has_several && !to.is_empty() {
            format!("{to}: ")
        } else {
            String::new()
        }
    }

    /// Stores what `msm settle` needs and prints its command.
    fn store(&self, line: &Line<'_>) {
        let state = self.args.connection.store.state_dir(&environment::process);
        let stored = state
            .map_err(|error| error.message().to_owned())
            .and_then(|state| {
                let stored = unsettled::store(&state, &line.to_string());
                stored.map_err(|error| unwritable(&state, &error))
            });
        match stored {
            Ok(path) => {
                let file = quoted(&path.display().to_string());
                print::important(text::send::settle(&file));
            }
            // It exists nowhere else: without it, nobody finds out whether the message was sent.
            Err(why) => print::important(text::send::settle_with(&why, line)),
        }
    }
}

/// Quotes a text for a shell, if needed.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@".contains(c);
    if text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}
