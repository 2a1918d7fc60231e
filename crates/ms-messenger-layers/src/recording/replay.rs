//! Responds with what was recorded.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use async_trait::async_trait;
use ms_messenger_core::{
    Capabilities, Delivery, Error, ErrorKind, Evidence, Messenger, Problem, Problems, Receipt,
    Result, SendRequest, Settled,
};

use super::{
    entry::{Header, Line, Send, Settle},
    request::recorded,
};
use crate::trace;

/// Responds with what [`Record`](crate::Record) recorded, and sends nothing.
///
/// Each recorded outcome is used once: equal requests get theirs in the recorded order. Keys and
/// timeouts are not compared, nor are the queries of URLs. A request that was not recorded is
/// refused as `Unsupported` and `NotSent`, and settling one is `CannotTell`. A journal is called as
/// by the messenger that was recorded.
pub struct Replay {
    header: Header,
    left: Mutex<Left>,
}

/// What was not replayed yet.
struct Left {
    sends: VecDeque<Send>,
    settles: VecDeque<Settle>,
}

impl Replay {
    /// Reads a recording.
    ///
    /// ```
    /// use ms_messenger_layers::Replay;
    ///
    /// let error = Replay::read("not JSON").unwrap_err();
    /// assert!(error.problems()[0].field.starts_with("line 1"));
    /// ```
    ///
    /// # Errors
    ///
    /// `Config` that names every unusable line, and repeats nothing of it.
    pub fn read(json_lines: &str) -> Result<Self> {
        let (mut header, mut problems) = (None, Problems::new());
        let (mut sends, mut settles) = (VecDeque::new(), VecDeque::new());
        let lines = json_lines.lines().enumerate();
        for (index, text) in lines.filter(|(_, text)| !text.trim().is_empty()) {
            match Line::read(index + 1, text) {
                Ok(Line::Recording(found)) => header = Some(found),
                Ok(Line::Send(send)) => sends.push_back(send),
                Ok(Line::Settle(settle)) => settles.push_back(settle),
                Err(error) => {
                    for problem in error.problems() {
                        problems.push(problem.clone());
                    }
                }
            }
        }
        let is_empty = header.is_none() && problems.is_empty();
        problems.add_if(is_empty, "line 1", "must be that of a recording");
        let left = Mutex::new(Left { sends, settles });
        match (header, problems.into_error(ErrorKind::Config)) {
            (Some(header), None) => Ok(Self { header, left }),
            (_, Some(error)) => Err(error),
            (None, None) => Err(Error::new(ErrorKind::Config, "the recording is empty")),
        }
    }

    /// Returns how many sends were not replayed yet.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.left().sends.len()
    }

    fn left(&self) -> MutexGuard<'_, Left> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refused(&self, error: Error) -> Error {
        error
            .with_delivery(Delivery::NotSent)
            .with_platform(self.header.platform.clone())
    }
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay")
            .field("platform", &self.header.platform)
            .field("remaining", &self.remaining())
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Messenger for Replay {
    fn platform(&self) -> &str {
        &self.header.platform
    }

    fn capabilities(&self) -> Capabilities {
        self.header.capabilities
    }

    async fn send(&self, request: &SendRequest) -> Result<Receipt> {
        if let Some(reached) = request.deadline().reached() {
            return Err(self.refused(reached.into_error()));
        }
        let wanted = recorded(request).map_err(|error| self.refused(error))?;
        let is_recorded = self.left().sends.iter().any(|it| it.request == wanted);
        if let Some(journal) = request.journal.as_ref().filter(|_| is_recorded) {
            self.header
                .capabilities
                .check(&self.header.platform, request)?;
            let evidence = Evidence::new(SystemTime::now());
            let evidence = evidence.with_platform(self.header.platform.as_str());
            let noted = journal.attempt_begins(&evidence).await;
            let noted = noted.and_then(|()| journal.check_may_leave());
            noted.map_err(|error| self.refused(error))?;
        }
        let mut left = self.left();
        let found = left.sends.iter().position(|send| send.request == wanted);
        let Some(send) = found.and_then(|index| left.sends.remove(index)) else {
            drop(left);
            trace::replayed(&self.header.platform, "send", false);
            self.header
                .capabilities
                .check(&self.header.platform, request)?;
            let problem = Problem::new("request", "was not recorded, or not this often");
            return Err(self.refused(problem.into_error(ErrorKind::Unsupported)));
        };
        trace::replayed(&self.header.platform, "send", true);
        send.outcome.into_result()
    }

    async fn settle(&self, request: &SendRequest, evidence: &Evidence) -> Settled {
        let platform = &self.header.platform;
        if let Err(error) = evidence.check_platform(platform) {
            return Settled::CannotTell(error);
        }
        let Ok(wanted) = recorded(request) else {
            return Settled::cannot_tell(platform.clone(), "the request has no JSON form");
        };
        let mut left = self.left();
        let found = left.settles.iter().position(|it| it.request == wanted);
        trace::replayed(platform, "settle", found.is_some());
        match found.and_then(|index| left.settles.remove(index)) {
            Some(settle) => settle.verdict.into_settled(),
            None => Settled::cannot_tell(platform.clone(), "the settling was not recorded"),
        }
    }
}
