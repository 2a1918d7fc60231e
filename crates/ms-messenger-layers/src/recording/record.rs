//! Records what a messenger does.

use std::{
    fmt,
    io::{self, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use ms_messenger_core::{Capabilities, Evidence, Messenger, Receipt, Result, SendRequest, Settled};

use super::{
    entry::{Header, Line, Send, Settle},
    outcome::{Outcome, Verdict},
    request::recorded,
};
use crate::trace;

/// Records every send and settling of a messenger as JSON Lines, for [`Replay`](crate::Replay).
///
/// A recording contains the messages, but no secrets of the client: tokens, keys and passwords are
/// not part of a request. Of a value that is a URL as a whole, such as the address of an image, user
/// info, query and fragment are left out; a URL within a text stays. Idempotency keys and timeouts
/// are left out too.
///
/// # Form
///
/// The first line names the messenger, each other one is a send or a settling, in the order in which
/// they ended:
///
/// ```json
/// {"recording": {"version": 1, "platform": "acs-chat", "capabilities": {"supported": ["text"]}}}
/// {"send": {"request": {"to": "conversation:1", "message": {"body": {"text": "hello"}}},
///  "outcome": {"receipt": {"acceptance": "posted", "message_id": "1593107077690"}}}}
/// {"settle": {"request": {"to": "conversation:1", "message": {"body": {"text": "hi"}}},
///  "verdict": "not_found"}}
/// ```
///
/// Other outcomes are `{"error": …}`, other verdicts `{"found": …}`, `{"not_yet_ms": …}` and
/// `{"cannot_tell": …}`. (Lines are broken here to be read.)
///
/// A failed write does not change the outcome of a send: [`finish`](Self::finish) returns it, and
/// nothing is written after it. A request without a JSON form, e.g. with a path that is not UTF-8,
/// counts as one. A send that is dropped before its end is not recorded. Clones write to one
/// recording.
///
/// ```
/// use ms_messenger_core::{MemoryMessenger, MessengerExt, Target};
/// use ms_messenger_layers::{Record, Replay};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// let record = Record::new(MemoryMessenger::new(), Vec::new());
/// record.send_text(Target::conversation("1"), "hello").await?;
/// let recording = record.finish()?;
///
/// let replay = Replay::read(&String::from_utf8(recording)?)?;
/// let receipt = replay.send_text(Target::conversation("1"), "hello").await?;
/// assert_eq!(receipt.message_id.unwrap(), "1");
/// assert!(replay.send_text(Target::conversation("1"), "another").await.is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Record<M, W> {
    inner: M,
    out: Arc<Mutex<Sink<W>>>,
}

/// Where the lines go.
struct Sink<W> {
    /// `None` after the recording was finished.
    writer: Option<W>,
    /// The first failure; nothing is written after it.
    failed: Option<io::Error>,
}

impl<W: Write> Sink<W> {
    /// Writes a line; `None` for what has no JSON form, which ends the recording: it would lack
    /// what was sent.
    fn write(&mut self, line: Option<&Line>) {
        if self.failed.is_some() {
            return;
        }
        let Some(writer) = &mut self.writer else {
            return;
        };
        let unwritable =
            || io::Error::new(io::ErrorKind::InvalidData, "a request has no JSON form");
        let text = line.ok_or_else(unwritable);
        let text = text.and_then(|line| serde_json::to_vec(line).map_err(io::Error::from));
        let written = text.and_then(|mut text| {
            text.push(b'\n');
            writer.write_all(&text)
        });
        self.failed = written.err();
    }
}

impl<M: Messenger, W: Write + std::marker::Send + 'static> Record<M, W> {
    /// Records `messenger` into `writer`, e.g. a file or a `Vec<u8>`.
    pub fn new(messenger: M, writer: W) -> Self {
        let mut sink = Sink {
            writer: Some(writer),
            failed: None,
        };
        let header = Header::new(messenger.platform(), messenger.capabilities());
        sink.write(Some(&Line::Recording(header)));
        Self {
            inner: messenger,
            out: Arc::new(Mutex::new(sink)),
        }
    }

    /// Ends the recording and returns the writer. Later sends are not recorded.
    ///
    /// # Errors
    ///
    /// The first failure of the writer, or an error if the recording was finished before.
    pub fn finish(&self) -> io::Result<W> {
        let mut sink = self.sink();
        if let Some(error) = sink.failed.take() {
            sink.writer = None;
            return Err(error);
        }
        let finished = || io::Error::other("the recording was finished before");
        let mut writer = sink.writer.take().ok_or_else(finished)?;
        writer.flush()?;
        Ok(writer)
    }

    fn write(&self, what: &'static str, line: Option<&Line>) {
        let mut sink = self.sink();
        sink.write(line);
        if sink.writer.is_some() {
            trace::recorded(self.inner.platform(), what, sink.failed.as_ref());
        }
    }

    fn sink(&self) -> MutexGuard<'_, Sink<W>> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<M: Clone, W> Clone for Record<M, W> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            out: Arc::clone(&self.out),
        }
    }
}

impl<M: fmt::Debug, W> fmt::Debug for Record<M, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl<M: Messenger, W: Write + std::marker::Send + 'static> Messenger for Record<M, W> {
    fn platform(&self) -> &str {
        self.inner.platform()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn send(&self, request: &SendRequest) -> Result<Receipt> {
        let result = self.inner.send(request).await;
        let line = recorded(request).map(|request| {
            let outcome = Outcome::of(&result);
            Line::Send(Send { request, outcome })
        });
        self.write("send", line.as_ref().ok());
        result
    }

    async fn settle(&self, request: &SendRequest, evidence: &Evidence) -> Settled {
        let settled = self.inner.settle(request, evidence).await;
        let line = recorded(request).map(|request| {
            let verdict = Verdict::of(&settled);
            Line::Settle(Settle { request, verdict })
        });
        self.write("settle", line.as_ref().ok());
        settled
    }
}
