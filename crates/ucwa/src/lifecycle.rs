//! The end of a session: whether it shall end, and why it ended.

use ms_messenger_core::{Delivery, Error, ErrorKind, Result};
use tokio::sync::watch;

use crate::{error::PLATFORM, operations::APPLICATION_DELETE, words};

/// Whether a session is alive.
#[derive(Debug)]
pub(crate) struct Lifecycle {
    stop: watch::Sender<bool>,
    ended: watch::Sender<Option<Ended>>,
}

/// Why a session ended, and what it left at the server.
#[derive(Debug)]
struct Ended {
    why: End,
    /// Why its application could not be deleted.
    left: Option<End>,
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self {
            stop: watch::Sender::new(false),
            ended: watch::Sender::new(None),
        }
    }
}

impl Lifecycle {
    /// Fails once the session has ended or shall end.
    pub(crate) fn check(&self) -> Result<()> {
        match &*self.ended.borrow() {
            Some(ended) => Err(ended.why.error()),
            None if *self.stop.borrow() => Err(End::signed_out().error()),
            None => Ok(()),
        }
    }

    /// Asks the background tasks to end the session.
    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Waits until the session shall end.
    pub(crate) async fn stopped(&self) {
        let mut stop = self.stop.subscribe();
        // The sender lives as long as `self` does.
        let _ = stop.wait_for(|stop| *stop).await;
    }

    /// Records that the session has ended; `left` is why its application could not be deleted.
    pub(crate) fn finish(&self, why: End, left: Option<End>) {
        self.ended.send_replace(Some(Ended { why, left }));
    }

    /// Waits until the session has ended, and returns why.
    pub(crate) async fn ended(&self) -> Error {
        let ended = self.at_end(|ended| ended.why.error()).await;
        ended.unwrap_or_else(|| End::signed_out().error())
    }

    /// Waits until the session has ended. Fails if its application could not be deleted.
    pub(crate) async fn left(&self) -> Result<()> {
        let left = self.at_end(|ended| ended.left.as_ref().map(End::error));
        left.await.flatten().map_or(Ok(()), Err)
    }

    async fn at_end<T>(&self, read: impl FnOnce(&Ended) -> T) -> Option<T> {
        let mut ended = self.ended.subscribe();
        // The sender lives as long as `self` does.
        let ended = ended.wait_for(Option::is_some).await.ok()?;
        ended.as_ref().map(read)
    }
}

/// Why a session ended. Unlike an error it can be reported many times.
#[derive(Clone, Debug)]
pub(crate) struct End {
    kind: ErrorKind,
    message: String,
    status: Option<u16>,
    code: Option<String>,
    delivery: Delivery,
    operation: Option<&'static str>,
}

impl End {
    pub(crate) fn signed_out() -> Self {
        Self {
            kind: ErrorKind::Config,
            message: "the session is signed out".into(),
            status: None,
            code: None,
            delivery: Delivery::NotSent,
            operation: None,
        }
    }

    /// The end of a session by an error: nothing is sent after it.
    pub(crate) fn of(error: &Error) -> Self {
        Self::with(error, "the session has ended", Delivery::NotSent)
    }

    /// The end of a session whose application could not be deleted.
    pub(crate) fn leaving(error: &Error) -> Self {
        let left = "the session has ended, but its application may still be at the server";
        Self {
            operation: Some(APPLICATION_DELETE.name()),
            // An earlier attempt may have deleted it.
            ..Self::with(error, left, Delivery::Unknown)
        }
    }

    fn with(error: &Error, what: &str, delivery: Delivery) -> Self {
        Self {
            kind: error.kind(),
            message: words::line(&format!("{what}: {}", error.message()), 2 * words::WORDS),
            status: error.status(),
            code: error.code().map(str::to_owned),
            delivery,
            operation: None,
        }
    }

    fn error(&self) -> Error {
        let mut error = Error::new(self.kind, self.message.clone())
            .with_platform(PLATFORM)
            .with_delivery(self.delivery);
        if let Some(operation) = self.operation {
            error = error.with_operation(operation);
        }
        if let Some(status) = self.status {
            error = error.with_status(status);
        }
        match &self.code {
            Some(code) => error.with_code(code.clone()),
            None => error,
        }
    }
}
