//! The end of a session: whether it shall end, and why it ended.

use ms_messenger_core::{Delivery, Error, ErrorKind, Result};
use tokio::sync::watch;

use crate::{error::PLATFORM, words};

/// Whether a session is alive.
#[derive(Debug)]
pub(crate) struct Lifecycle {
    stop: watch::Sender<bool>,
    ended: watch::Sender<Option<End>>,
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
            Some(end) => Err(end.error()),
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

    /// Records that the session has ended.
    pub(crate) fn finish(&self, end: End) {
        self.ended.send_replace(Some(end));
    }

    /// Waits until the session has ended, and returns why.
    pub(crate) async fn ended(&self) -> Error {
        let mut ended = self.ended.subscribe();
        match ended.wait_for(Option::is_some).await {
            Ok(end) => end
                .as_ref()
                .map_or_else(|| End::signed_out().error(), End::error),
            Err(_) => End::signed_out().error(),
        }
    }
}

/// Why a session ended. Unlike an error it can be reported many times.
#[derive(Clone, Debug)]
pub(crate) struct End {
    kind: ErrorKind,
    message: String,
    status: Option<u16>,
    code: Option<String>,
}

impl End {
    pub(crate) fn signed_out() -> Self {
        Self {
            kind: ErrorKind::Config,
            message: "the session is signed out".into(),
            status: None,
            code: None,
        }
    }

    pub(crate) fn of(error: &Error) -> Self {
        Self {
            kind: error.kind(),
            message: words::line(
                &format!("the session has ended: {}", error.message()),
                2 * words::WORDS,
            ),
            status: error.status(),
            code: error.code().map(str::to_owned),
        }
    }

    /// The error for a call on the ended session: nothing was sent.
    fn error(&self) -> Error {
        let mut error = Error::new(self.kind, self.message.clone())
            .with_platform(PLATFORM)
            .with_delivery(Delivery::NotSent);
        if let Some(status) = self.status {
            error = error.with_status(status);
        }
        match &self.code {
            Some(code) => error.with_code(code.clone()),
            None => error,
        }
    }
}
