//! What a signal means while nothing waits for it, and how it is reported.

use ms_messenger::{Delivery, Error, ErrorKind};

use crate::{
    args::{Command, EmulatorCommand, OutboxCommand},
    exit::Exit,
    interrupt,
    outcome::Line,
    print, text,
};

/// How a signal ends the program while nothing else waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct End {
    /// The exit code; by default that of a program that a signal ends.
    exit: Option<Exit>,
    /// What to do if it is unknown what the program did.
    advice: Option<&'static str>,
    json: bool,
}

impl End {
    /// That of a command before it has sent or changed anything.
    fn of(command: &Command, json: bool) -> Self {
        let exit = match command {
            Command::Send(_)
            | Command::Batch(_)
            | Command::Reply(_)
            | Command::Edit(_)
            | Command::Delete(_)
            | Command::React(_) => Some(Exit::Temporary),
            Command::Api(args) if !args.is_read() => Some(Exit::Temporary),
            Command::Outbox(args) => match args.command {
                OutboxCommand::Add(_) => Some(Exit::Temporary),
                OutboxCommand::Run(_) => Some(Exit::Success),
                _ => None,
            },
            Command::Read(args) if !args.follow => Some(Exit::Temporary),
            Command::Read(_) | Command::Listen(_) => Some(Exit::Success),
            Command::Emulator(args) => match args.command {
                None | Some(EmulatorCommand::Record(_)) => Some(Exit::Success),
                _ => None,
            },
            _ => None,
        };
        Self {
            exit,
            advice: None,
            json,
        }
    }

    fn report(self) {
        let (text, delivery) = match self.exit {
            None | Some(Exit::Success) => return,
            Some(Exit::Unknown) => (text::send::INTERRUPTED, Delivery::Unknown),
            Some(_) => (text::send::INTERRUPTED_BEFORE, Delivery::NotSent),
        };
        let error = Error::new(ErrorKind::Cancelled, text).with_delivery(delivery);
        let exit = Exit::of(&error);
        if self.json {
            let line = Line {
                advice: self.advice,
                ..Line::of(&error, exit)
            };
            // The exit code reports it even if standard output is closed.
            let _ = print::result(&line.to_string());
        } else if let Some(advice) = self.advice {
            let error = text::outcome::error(text);
            print::important(format_args!("{error}\n  {advice}"));
        } else {
            print::important(print::plain_error_text(&error, exit, None));
        }
    }

    /// A signal ends the program so from now on.
    fn set(self) {
        let code = self.exit.map(|exit| exit.code().into());
        interrupt::end_with(code, move || self.report());
    }
}

/// Sets what a signal means before a command has sent or changed anything.
pub(crate) fn prepare(command: &Command, json: bool) {
    End::of(command, json).set();
}

/// From now on it is unknown after a signal what the program did.
pub(crate) fn unknown_from_now_on(advice: Option<&'static str>, json: bool) {
    let exit = Some(Exit::Unknown);
    End { exit, advice, json }.set();
    interrupt::watch();
}
