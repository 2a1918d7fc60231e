//! How a defect of this program ends it: at once, without the text of the panic, which may repeat a
//! message.

use std::{panic, process};

use crate::{
    args::Command,
    exit::Exit,
    outcome::{Line, Status},
    print, text,
};

/// Ends the program with `exit` when it panics, in any thread.
pub(crate) fn end_with(exit: Exit, json: bool) {
    panic::set_hook(Box::new(move |info| {
        let message = text::outcome::defect(info.location(), exit == Exit::Unknown);
        if json {
            let line = Line {
                kind: Some("other"),
                message: Some(&message),
                ..Line::new(Status::Error, exit)
            };
            // The exit code reports the failure even if standard output is closed.
            let _ = print::result(&line.to_string());
        } else {
            let error = text::outcome::error(&message);
            let code = text::outcome::exit_code(exit.code());
            print::important(format_args!("{error}\n{code}"));
        }
        process::exit(exit.code().into());
    }));
}

/// Returns what is known after a defect in a command: nothing, if it sends or changes something.
pub(crate) const fn exit_of(command: &Command) -> Exit {
    match command {
        Command::Send(_)
        | Command::Batch(_)
        | Command::Outbox(_)
        | Command::Reply(_)
        | Command::Edit(_)
        | Command::Delete(_)
        | Command::React(_)
        | Command::Api(_)
        | Command::Settle(_) => Exit::Unknown,
        _ => Exit::Other,
    }
}

#[cfg(test)]
mod tests {
    use std::panic::Location;

    use super::*;

    #[test]
    fn a_defect_in_a_command_that_sends_leaves_it_unknown() {
        let text = text::outcome::defect(Some(Location::caller()), true);
        assert!(text.contains("defect.rs:"), "{text}");
        assert!(text.contains("unknown whether"), "{text}");
        assert!(!text::outcome::defect(None, false).contains("sent"));
        let demo = Command::Demo(crate::args::DemoArgs { json: false });
        assert_eq!(exit_of(&demo), Exit::Other);
    }
}
