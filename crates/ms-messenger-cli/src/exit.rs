//! Exit codes: the first question is whether the message is out.

use std::process::ExitCode;

use ms_messenger::{Delivery, Error, ErrorKind};

/// How `msm` ends. 2 is clap's own, for arguments that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Ok = 0,
    Other = 1,
    Config = 3,
    Refused = 4,
    Denied = 5,
    NotFound = 6,
    Temporary = 7,
    Unknown = 8,
    SentWithoutReceipt = 9,
}

/// The table that `msm --help` prints.
pub(crate) const TABLE: &str = "\
Exit codes:
  0  sent (or the command did what it should)
  1  not sent, for another reason
  2  the arguments cannot be read
  3  not sent: the configuration is incomplete or unusable
  4  not sent: the request is invalid, or the platform cannot carry it
  5  not sent: no credential, or it may not do this
  6  not sent: the conversation, channel or person does not exist
  7  not sent: a passing cause (no connection, throttled); safe to run again
  8  UNKNOWN: it may be out; look before you run it again
  9  sent, but the answer could not be read; do not run it again";

impl Exit {
    /// The code for a failed send.
    pub(crate) fn of(error: &Error) -> Self {
        match error.delivery() {
            Delivery::Unknown => return Self::Unknown,
            Delivery::Sent => return Self::SentWithoutReceipt,
            _ => {}
        }
        match error.kind() {
            ErrorKind::Config => Self::Config,
            ErrorKind::InvalidRequest | ErrorKind::Unsupported => Self::Refused,
            ErrorKind::Unauthenticated | ErrorKind::PermissionDenied => Self::Denied,
            ErrorKind::NotFound => Self::NotFound,
            _ if error.is_transient() => Self::Temporary,
            _ => Self::Other,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubt_has_a_code_of_its_own_whatever_its_kind() {
        for kind in [
            ErrorKind::Timeout,
            ErrorKind::Service,
            ErrorKind::Connect,
            ErrorKind::Other,
        ] {
            let error = Error::new(kind, "x").with_delivery(Delivery::Unknown);
            assert_eq!(Exit::of(&error), Exit::Unknown, "{kind}");
            let error = Error::new(kind, "x").with_delivery(Delivery::Sent);
            assert_eq!(Exit::of(&error), Exit::SentWithoutReceipt, "{kind}");
        }
    }

    #[test]
    fn what_is_not_sent_is_told_apart_by_the_remedy() {
        for (kind, exit) in [
            (ErrorKind::Config, Exit::Config),
            (ErrorKind::InvalidRequest, Exit::Refused),
            (ErrorKind::Unsupported, Exit::Refused),
            (ErrorKind::Unauthenticated, Exit::Denied),
            (ErrorKind::PermissionDenied, Exit::Denied),
            (ErrorKind::NotFound, Exit::NotFound),
            (ErrorKind::RateLimited, Exit::Temporary),
            (ErrorKind::Connect, Exit::Temporary),
            (ErrorKind::Conflict, Exit::Other),
            (ErrorKind::Other, Exit::Other),
        ] {
            let error = Error::new(kind, "x").with_delivery(Delivery::NotSent);
            assert_eq!(Exit::of(&error), exit, "{kind}");
        }
    }

    #[test]
    fn the_table_names_every_code() {
        for code in 0..=9 {
            assert!(TABLE.contains(&format!("\n  {code}  ")), "{code}");
        }
    }
}
