//! What the exit code says.

use std::{fmt::Write as _, process::ExitCode};

use ms_messenger::{Delivery, Error, ErrorKind};

/// How a run ended, by what to do next. The number is the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Sent = 0,
    Other = 1,
    Usage = 2,
    Config = 3,
    Refused = 4,
    Denied = 5,
    NotFound = 6,
    Temporary = 7,
    Unknown = 8,
    Out = 9,
    Absent = 10,
}

impl Exit {
    pub(crate) const ALL: [Self; 11] = [
        Self::Sent,
        Self::Other,
        Self::Usage,
        Self::Config,
        Self::Refused,
        Self::Denied,
        Self::NotFound,
        Self::Temporary,
        Self::Unknown,
        Self::Out,
        Self::Absent,
    ];

    /// The exit code.
    pub(crate) const fn code(self) -> u8 {
        self as u8
    }

    /// Why, whether it is out where a message was to be sent, and what to do.
    const fn parts(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Sent => ("sent; or the command did what it was asked", "", "nothing"),
            Self::Other => (
                "another failure, or `demo` found a mismatch",
                "",
                "read the message",
            ),
            Self::Usage => ("wrong usage", ": nothing was tried", "see --help"),
            Self::Config => (
                "configuration",
                ": nothing was sent",
                "set what the message names",
            ),
            Self::Refused => (
                "refused as invalid or not supported",
                ": not sent",
                "change the message",
            ),
            Self::Denied => (
                "sign-in or permission",
                ": not sent",
                "renew the token, ask for the permission",
            ),
            Self::NotFound => ("the target does not exist", ": not sent", "check the ids"),
            Self::Temporary => (
                "unreachable, throttled or interrupted",
                ": not sent",
                "run it again later",
            ),
            Self::Unknown => (
                "delivery unknown: it may be out",
                "",
                "ask with `msm settle` before sending again",
            ),
            Self::Out => (
                "it is out, but the response could not be used",
                "",
                "do not send it again",
            ),
            Self::Absent => (
                "settled: it is not out",
                "",
                "send it again: that makes no duplicate",
            ),
        }
    }

    /// What it means after a send, and what to do.
    pub(crate) fn meaning(self) -> (String, &'static str) {
        let (why, fate, remedy) = self.parts();
        (format!("{why}{fate}"), remedy)
    }

    /// What it means after a command that was to send nothing, and what to do.
    pub(crate) const fn meaning_without_a_message(self) -> (&'static str, &'static str) {
        let (why, _, remedy) = self.parts();
        (why, remedy)
    }

    /// What the code alone says of the message.
    pub(crate) const fn delivery(self) -> Delivery {
        match self {
            Self::Sent | Self::Out => Delivery::Sent,
            Self::Unknown => Delivery::Unknown,
            _ => Delivery::NotSent,
        }
    }

    /// The exit code of a failed send: is it out? comes first, then why.
    pub(crate) fn of(error: &Error) -> Self {
        match error.delivery() {
            Delivery::NotSent => Self::of_not_sent(error.kind()),
            Delivery::Sent => Self::Out,
            // A delivery that this program does not know is no proof of anything.
            _ => Self::Unknown,
        }
    }

    fn of_not_sent(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Config => Self::Config,
            ErrorKind::InvalidRequest | ErrorKind::Unsupported | ErrorKind::Conflict => {
                Self::Refused
            }
            ErrorKind::Unauthenticated | ErrorKind::PermissionDenied => Self::Denied,
            ErrorKind::NotFound => Self::NotFound,
            ErrorKind::RateLimited
            | ErrorKind::Connect
            | ErrorKind::Timeout
            | ErrorKind::Transport
            | ErrorKind::Service
            | ErrorKind::Cancelled => Self::Temporary,
            _ => Self::Other,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Where a message may be on its way, signals are answered with a code of the table.
const SIGNALS: &str = "\
Ctrl-C, SIGTERM and SIGHUP end `send` with 8, or with 7 when nothing was sent, and `emulator` with
0. They end the other commands, which send nothing, with 130, 143 and 129.
";

/// The table of exit codes, as the help prints it.
pub(crate) fn table() -> String {
    let mut table = String::from("Exit codes:\n");
    for exit in Exit::ALL {
        let (meaning, remedy) = exit.meaning();
        // Writing to a string cannot fail.
        let _ = writeln!(table, "  {:>2}  {meaning:<48} {remedy}", exit.code());
    }
    table.push_str(SIGNALS);
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_error_has_its_code() {
        for (kind, exit) in [
            (ErrorKind::Config, Exit::Config),
            (ErrorKind::InvalidRequest, Exit::Refused),
            (ErrorKind::Unsupported, Exit::Refused),
            (ErrorKind::Conflict, Exit::Refused),
            (ErrorKind::Unauthenticated, Exit::Denied),
            (ErrorKind::PermissionDenied, Exit::Denied),
            (ErrorKind::NotFound, Exit::NotFound),
            (ErrorKind::RateLimited, Exit::Temporary),
            (ErrorKind::Connect, Exit::Temporary),
            (ErrorKind::Timeout, Exit::Temporary),
            (ErrorKind::Transport, Exit::Temporary),
            (ErrorKind::Service, Exit::Temporary),
            (ErrorKind::Cancelled, Exit::Temporary),
            (ErrorKind::Protocol, Exit::Other),
            (ErrorKind::Other, Exit::Other),
        ] {
            let error = |delivery| Error::new(kind, "x").with_delivery(delivery);
            assert_eq!(Exit::of(&error(Delivery::NotSent)), exit, "{kind}");
            // Whatever the kind: a doubt and a proof have codes of their own.
            assert_eq!(Exit::of(&error(Delivery::Unknown)), Exit::Unknown, "{kind}");
            assert_eq!(Exit::of(&error(Delivery::Sent)), Exit::Out, "{kind}");
        }
    }

    #[test]
    fn the_numbers_are_those_that_scripts_know() {
        let codes = Exit::ALL.map(Exit::code);
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        assert_eq!(Exit::Unknown.code(), 8);
    }

    #[test]
    fn the_readme_has_the_same_table() {
        let readme = include_str!("../README.md");
        for exit in Exit::ALL {
            let (meaning, remedy) = exit.meaning();
            let row = format!("| {} | {meaning} | {remedy} |", exit.code());
            assert!(readme.contains(&row), "{row}");
        }
    }
}
