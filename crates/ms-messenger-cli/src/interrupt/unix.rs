//! Signals of Unix.

use std::io;

use tokio::{signal::unix::SignalKind, sync::mpsc::UnboundedReceiver};

use super::{caught::Caught, watch};

/// A signal, by its name and number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Received {
    pub(super) name: &'static str,
    pub(super) number: i32,
}

/// The signals that end the program. They are caught as soon as this exists.
#[derive(Debug)]
pub(super) struct Signals {
    terminate: Caught,
    interrupt: Caught,
    /// The terminal was closed, e.g. by a lost ssh connection.
    hangup: Caught,
}

impl Signals {
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: Caught::listen(SignalKind::terminate())?,
            interrupt: Caught::listen(SignalKind::interrupt())?,
            hangup: Caught::listen(SignalKind::hangup())?,
        })
    }

    pub(super) async fn next(&mut self) -> Received {
        let (name, kind) = tokio::select! {
            () = self.terminate.recv() => ("SIGTERM", SignalKind::terminate()),
            () = self.interrupt.recv() => ("Ctrl-C", SignalKind::interrupt()),
            () = self.hangup.recv() => ("SIGHUP", SignalKind::hangup()),
        };
        let number = kind.as_raw_value();
        Received { name, number }
    }
}

/// Waits for a signal that ends the program. It listens as soon as it exists, awaited or not.
#[derive(Debug)]
pub(crate) struct Interrupt(Source);

#[derive(Debug)]
enum Source {
    Own(Signals),
    /// Of the thread that watches already: none is lost, and none arrives twice.
    Watched(UnboundedReceiver<&'static str>),
}

impl Interrupt {
    /// Starts to listen.
    ///
    /// # Errors
    ///
    /// When the operating system refuses.
    pub(crate) fn listen() -> io::Result<Self> {
        let source = match watch::forwarded() {
            Some(forwarded) => Source::Watched(forwarded),
            None => Source::Own(Signals::listen()?),
        };
        Ok(Self(source))
    }

    /// Waits for the next signal. Returns its name.
    pub(crate) async fn requested(&mut self) -> &'static str {
        match &mut self.0 {
            Source::Own(signals) => signals.next().await.name,
            Source::Watched(forwarded) => match forwarded.recv().await {
                Some(name) => name,
                // The thread that watches never ends.
                None => std::future::pending().await,
            },
        }
    }
}
