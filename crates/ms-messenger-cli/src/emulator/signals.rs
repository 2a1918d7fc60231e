//! Signals of this program, and how they are passed on.

#[cfg(unix)]
pub(crate) use unix::Signals;

#[cfg(not(unix))]
pub(crate) use other::Signals;

#[cfg(unix)]
mod unix {
    use std::io::{self, stdin};

    use rustix::{
        process::{Pid, Signal as Number, getpgrp, kill_process},
        termios::tcgetpgrp,
    };
    use tokio::signal::unix::SignalKind;

    use crate::interrupt::{Caught, has_listener};

    /// The signals that are passed on. They no longer end this program as soon as this exists. Those that
    /// are ignored are ignored by the command, too.
    #[derive(Debug)]
    pub(crate) struct Signals {
        interrupt: Caught,
        quit: Caught,
        terminate: Caught,
        hangup: Caught,
        user1: Caught,
        user2: Caught,
    }

    impl Signals {
        /// Starts to listen.
        ///
        /// # Errors
        ///
        /// When the operating system refuses.
        pub(crate) fn listen() -> io::Result<Self> {
            has_listener();
            Ok(Self {
                interrupt: Caught::listen(SignalKind::interrupt())?,
                quit: Caught::listen(SignalKind::quit())?,
                terminate: Caught::listen(SignalKind::terminate())?,
                hangup: Caught::listen(SignalKind::hangup())?,
                user1: Caught::listen(SignalKind::user_defined1())?,
                user2: Caught::listen(SignalKind::user_defined2())?,
            })
        }

        /// Waits for the next signal.
        pub(crate) async fn next(&mut self) -> Number {
            tokio::select! {
                () = self.interrupt.recv() => Number::INT,
                () = self.quit.recv() => Number::QUIT,
                () = self.terminate.recv() => Number::TERM,
                () = self.hangup.recv() => Number::HUP,
                () = self.user1.recv() => Number::USR1,
                () = self.user2.recv() => Number::USR2,
            }
        }

        /// Sends a signal to the command. Of those that a terminal sends, it has got its own already.
        pub(crate) fn pass_on(&self, signal: Number, id: Option<u32>) {
            let is_of_terminal = matches!(signal, Number::INT | Number::QUIT) && is_in_foreground();
            let id = id.and_then(|id| i32::try_from(id).ok());
            let id = id.and_then(Pid::from_raw).filter(|_| !is_of_terminal);
            if let Some(id) = id {
                // It may have ended meanwhile.
                let _ = kill_process(id, signal);
            }
        }
    }

    /// Whether this program and its command are those that the terminal sends its signals to.
    fn is_in_foreground() -> bool {
        tcgetpgrp(stdin()).is_ok_and(|group| group == getpgrp())
    }
}

#[cfg(not(unix))]
mod other {
    use std::io;

    /// Ctrl-C, which the command gets too.
    #[derive(Debug)]
    pub(crate) struct Signals {}

    impl Signals {
        /// Starts to listen.
        ///
        /// # Errors
        ///
        /// When the operating system refuses.
        pub(crate) fn listen() -> io::Result<Self> {
            Ok(Self {})
        }

        /// Waits for the next signal.
        pub(crate) async fn next(&mut self) {
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        }

        /// Nothing is to be passed on: the console sent it to the command too.
        pub(crate) fn pass_on(&self, (): (), _: Option<u32>) {}
    }
}
