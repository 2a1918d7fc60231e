//! The exit codes.

use crate::exit::Exit;

/// The heading of the table.
pub(crate) const TABLE: &str = "Exit codes:\n";

/// What follows the table: a send ends with a code of it even when a signal ends it.
pub(crate) const SIGNALS: &str = "\
Ctrl-C, SIGTERM and SIGHUP end `send` with 8, or with 7 when nothing was sent; `emulator`, `listen`
and `read --follow` with 0, `read` before its end with 7. `batch` and `outbox run` let what they are
sending end first; a second signal ends them at once, with 8. They end the other commands, which
send nothing, with 130, 143 and 129. A signal that was ignored when msm started stays ignored: under
`nohup` SIGHUP, in a script Ctrl-C for what it starts with `&`.
";

/// Returns the meaning, the delivery after a send, and what to do.
pub(crate) const fn parts(exit: Exit) -> (&'static str, &'static str, &'static str) {
    match exit {
        Exit::Success => ("sent; or the command succeeded", "", "nothing"),
        Exit::Other => (
            "other failure, or `demo` found a mismatch",
            "",
            "read the message",
        ),
        Exit::Usage => ("wrong usage", ": nothing was attempted", "see --help"),
        Exit::Config => (
            "configuration",
            ": nothing was sent",
            "correct the setting that is named",
        ),
        Exit::Rejected => (
            "rejected as invalid or unsupported",
            ": not sent",
            "change what the error names",
        ),
        Exit::Denied => (
            "sign-in or permission",
            ": not sent",
            "renew the token, or ask for the permission",
        ),
        Exit::NotFound => ("the target does not exist", ": not sent", "check the ids"),
        Exit::Temporary => (
            "unreachable, throttled, full or stopped",
            ": not sent",
            "run it again later",
        ),
        Exit::Unknown => (
            "unknown whether it was sent",
            "",
            "run `msm settle` before sending again",
        ),
        Exit::SentUnread => (
            "sent, but the response could not be used",
            "",
            "do not send it again",
        ),
        Exit::ProvenNotSent => (
            "settled: it was not sent",
            "",
            "send it again: that makes no duplicate",
        ),
        Exit::NotReported => (
            "sent, but not reported as `--wait` asks",
            "",
            "do not send it again",
        ),
    }
}
