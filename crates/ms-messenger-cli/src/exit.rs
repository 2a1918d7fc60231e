//! Exit codes.

use std::{fmt::Write as _, process::ExitCode};

use ms_messenger::{Delivery, Error, ErrorKind};
use serde_json::json;

use crate::text;

/// How a command ended, by what to do next. The number is the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Success = 0,
    Other = 1,
    Usage = 2,
    Config = 3,
    Rejected = 4,
    Denied = 5,
    NotFound = 6,
    Temporary = 7,
    Unknown = 8,
    SentUnread = 9,
    ProvenNotSent = 10,
    NotReported = 11,
}

impl Exit {
    /// All exit codes, in their order.
    pub(crate) const ALL: [Self; 12] = [
        Self::Success,
        Self::Other,
        Self::Usage,
        Self::Config,
        Self::Rejected,
        Self::Denied,
        Self::NotFound,
        Self::Temporary,
        Self::Unknown,
        Self::SentUnread,
        Self::ProvenNotSent,
        Self::NotReported,
    ];

    /// Returns the number.
    pub(crate) const fn code(self) -> u8 {
        self as u8
    }

    /// Returns the meaning after a send, and what to do.
    pub(crate) fn meaning(self) -> (String, &'static str) {
        let (meaning, delivery, remedy) = text::exit::parts(self);
        (format!("{meaning}{delivery}"), remedy)
    }

    /// Returns the meaning after a command that sends nothing, and what to do.
    pub(crate) const fn meaning_without_a_message(self) -> (&'static str, &'static str) {
        let (meaning, _, remedy) = text::exit::parts(self);
        (meaning, remedy)
    }

    /// Returns what the code alone says about the message.
    pub(crate) const fn delivery(self) -> Delivery {
        match self {
            Self::Success | Self::SentUnread | Self::NotReported => Delivery::Sent,
            Self::Unknown => Delivery::Unknown,
            _ => Delivery::NotSent,
        }
    }

    /// Returns the one of two that matters more to a script: what is unknown first, then what was
    /// not sent, then what was.
    pub(crate) fn worse(self, other: Self) -> Self {
        let rank = |exit: Self| match exit {
            Self::Unknown => 10,
            Self::Other | Self::Usage => 9,
            Self::Config => 8,
            Self::Rejected => 7,
            Self::Denied => 6,
            Self::NotFound => 5,
            Self::Temporary => 4,
            Self::ProvenNotSent => 3,
            Self::NotReported => 2,
            Self::SentUnread => 1,
            Self::Success => 0,
        };
        if rank(other) > rank(self) {
            other
        } else {
            self
        }
    }

    /// Returns the exit code of a failed send: by its delivery first, then by its kind.
    pub(crate) fn of(error: &Error) -> Self {
        match error.delivery() {
            Delivery::NotSent => Self::of_not_sent(error.kind()),
            Delivery::Sent => Self::SentUnread,
            // A delivery that this program does not know proves nothing.
            _ => Self::Unknown,
        }
    }

    /// Returns the exit code of an error after which nothing was sent.
    pub(crate) fn of_not_sent(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Config => Self::Config,
            ErrorKind::InvalidRequest | ErrorKind::Unsupported | ErrorKind::Conflict => {
                Self::Rejected
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

/// Returns the exit codes as lines of JSON.
pub(crate) fn lines() -> String {
    let line = |exit: Exit| {
        let (meaning, remedy) = exit.meaning();
        let line = json!({
            "code": exit.code(),
            "delivery": exit.delivery().as_str(),
            "meaning": meaning,
            "remedy": remedy,
        });
        format!("{line}\n")
    };
    Exit::ALL.map(line).concat()
}

/// Returns the table of exit codes as the help prints it.
pub(crate) fn table() -> String {
    let mut table = String::from(text::exit::TABLE);
    for exit in Exit::ALL {
        let (meaning, remedy) = exit.meaning();
        // Writing to a string cannot fail.
        let _ = writeln!(table, "  {:>2}  {meaning:<50} {remedy}", exit.code());
    }
    table.push_str(text::exit::SIGNALS);
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_kind_has_its_exit_code() {
        for (kind, exit) in [
            (ErrorKind::Config, Exit::Config),
            (ErrorKind::InvalidRequest, Exit::Rejected),
            (ErrorKind::Unsupported, Exit::Rejected),
            (ErrorKind::Conflict, Exit::Rejected),
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
            // Whatever the kind: an unknown delivery and a message that was sent have their own codes.
            assert_eq!(Exit::of(&error(Delivery::Unknown)), Exit::Unknown, "{kind}");
            assert_eq!(Exit::of(&error(Delivery::Sent)), Exit::SentUnread, "{kind}");
        }
    }

    #[test]
    fn the_numbers_that_scripts_rely_on_do_not_change() {
        let codes = Exit::ALL.map(Exit::code);
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
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
