//! Statuses of the messages of an outbox.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use ms_messenger::{
    Result,
    events::{StatusReport, event_grid::Event},
};
use ms_messenger_outbox::Report;

use crate::outbox::open::Opened;

/// The most reports that wait for their message: an event can be faster than the receipt.
const MOST_WAITING: usize = 10_000;

/// Raises the statuses of the messages of an outbox.
#[derive(Debug)]
pub(super) struct Statuses {
    opened: Opened,
    waiting: Mutex<VecDeque<Report>>,
}

impl Statuses {
    pub(super) fn new(opened: Opened) -> Self {
        Self {
            opened,
            waiting: Mutex::default(),
        }
    }

    /// Reports the status of an event, if it has one, and those that wait for their message.
    ///
    /// # Errors
    ///
    /// Those of the outbox.
    pub(super) async fn report(&self, event: &Event) -> Result<()> {
        if let Some(status) = StatusReport::of(event) {
            let report = Report::new(status.message_id, status.status);
            self.wait(match status.failure.and_then(|failure| failure.code) {
                Some(code) => report.with_code(code),
                None => report,
            });
        }
        self.report_waiting().await
    }

    /// Reports again what waits for its message.
    ///
    /// # Errors
    ///
    /// Those of the outbox.
    pub(super) async fn report_waiting(&self) -> Result<()> {
        let reports = std::mem::take(&mut *self.lock());
        let mut failed = None;
        for report in reports {
            let known = match &failed {
                None => self.opened.outbox.report(&report).await,
                Some(_) => Ok(0),
            };
            match known {
                Ok(0) => self.wait(report),
                Ok(_) => {}
                Err(error) => {
                    self.wait(report);
                    failed = Some(self.opened.error(error));
                }
            }
        }
        failed.map_or(Ok(()), Err)
    }

    fn wait(&self, report: Report) {
        let mut waiting = self.lock();
        if waiting.len() == MOST_WAITING {
            waiting.pop_front();
        }
        waiting.push_back(report);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Report>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
