//! Sends what is in an outbox, and prints each outcome.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    io,
    pin::pin,
    sync::{Arc, PoisonError},
    time::Duration,
};

use ms_messenger::{CancelHandle, ErrorKind};
use ms_messenger_outbox::{EnvelopeId, Head, Outbox, OutboxErrorKind, Result, State, Worker};
use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval},
};

use crate::{
    exit::Exit,
    interrupt::Interrupt,
    outbox::metrics::Running,
    print,
    progress::{LINE_EVERY, Progress},
    routes::{Pace, Routes},
    stored::{Stored, counted_as},
    text,
};

/// How long one send may take by default.
const TIMEOUT: Duration = Duration::from_secs(60);
/// How long a route pauses without a sign-in, if the work ends then.
const SIGN_IN_PAUSE: Duration = Duration::from_secs(1);
/// What a send that is cancelled takes to say what it knows.
const EXTRA: Duration = Duration::from_secs(10);

/// How messages are sent.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WorkOptions {
    pub(crate) pace: Pace,
    /// How long one send may take.
    pub(crate) timeout: Option<Duration>,
    /// How long after that the message of a killed run can still appear.
    pub(crate) settling_margin: Option<Duration>,
    /// For how long a platform is asked about a message before it is unconfirmed.
    pub(crate) settling_patience: Option<Duration>,
    /// Whether a lock keeps every other worker away.
    pub(crate) is_sole_owner: bool,
    /// Whether the work ends when nothing waits, or nothing can be sent.
    pub(crate) until_empty: bool,
    /// Whether contents are erased once they are sent.
    pub(crate) erases_content: bool,
}

/// Sends what is in an outbox.
#[derive(Debug)]
pub(crate) struct Work<'a> {
    options: WorkOptions,
    pub(crate) outbox: &'a Outbox,
    /// The address of the outbox.
    pub(crate) store: &'a str,
    /// The line of the input of each message.
    lines: HashMap<EnvelopeId, u64>,
    progress: Progress,
    noted: HashSet<(String, ErrorKind)>,
    failure: Option<Exit>,
    /// The routes that nothing can be sent over without a sign-in, if the work has an end.
    left: BTreeSet<String>,
    /// Why nothing can be stored at the moment.
    store_failure: Option<OutboxErrorKind>,
    /// Whether a missing key was noted.
    is_key_noted: bool,
    stop: CancelHandle,
    is_output_closed: bool,
    /// The worker that runs, for those who read its rates meanwhile.
    running: Running,
}

/// The signals that came in.
#[derive(Debug, Default)]
struct Signals {
    is_interrupted: bool,
    is_cut: bool,
}

/// How the work ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// What prevents every send over a platform, if something does.
    pub(crate) failure: Option<Exit>,
    /// Whether standard output could not be written to.
    pub(crate) is_output_closed: bool,
    /// Whether a second signal ended the running sends: of their messages it is unknown whether they
    /// were sent.
    pub(crate) is_cut: bool,
    pub(crate) progress: Progress,
}

impl<'a> Work<'a> {
    pub(crate) fn new(
        options: WorkOptions,
        outbox: &'a Outbox,
        store: &'a str,
        lines: HashMap<EnvelopeId, u64>,
        progress: Progress,
    ) -> Self {
        Self {
            options,
            outbox,
            store,
            lines,
            progress,
            noted: HashSet::new(),
            failure: None,
            left: BTreeSet::new(),
            store_failure: None,
            is_key_noted: false,
            stop: CancelHandle::new(),
            is_output_closed: false,
            running: Running::default(),
        }
    }

    /// Puts the worker there as soon as it runs.
    pub(crate) fn with_running(mut self, running: Running) -> Self {
        self.running = running;
        self
    }

    /// Sends until nothing waits. The first signal lets the running sends end, the second one ends
    /// them at once: what is not known then is settled by the next run. If a platform cannot sign in,
    /// its messages wait, and those of the others are sent.
    ///
    /// # Errors
    ///
    /// Those of the store that waiting does not help against.
    pub(crate) async fn run(mut self, routes: &Routes, interrupt: &mut Interrupt) -> Result<Ended> {
        let mut signals = Signals::default();
        loop {
            let left = self.left.len();
            let outcome = self.work(routes, interrupt, &mut signals).await;
            let was_stopped = signals.is_interrupted || self.is_output_closed;
            let goes_on = self.left.len() > left && self.left.len() < routes.len();
            if outcome.is_err() || was_stopped || !goes_on {
                self.progress.end();
                return outcome.map(|()| Ended {
                    failure: self.failure,
                    is_output_closed: self.is_output_closed,
                    is_cut: signals.is_cut,
                    progress: self.progress,
                });
            }
            self.stop = CancelHandle::new();
        }
    }

    /// Sends over the routes that can sign in, until nothing waits or another one cannot.
    async fn work(
        &mut self,
        routes: &Routes,
        interrupt: &mut Interrupt,
        signals: &mut Signals,
    ) -> Result<()> {
        let (sender, mut changes) = mpsc::unbounded_channel();
        let (failures, mut failed) = mpsc::unbounded_channel();
        let worker = Arc::new(self.worker(routes, sender, failures));
        *self.running.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&worker));
        let stop = self.stop.clone();
        let until_empty = self.options.until_empty;
        let mut work = pin!(async {
            if until_empty {
                worker.run_until_empty_or(&stop).await
            } else {
                worker.run(&stop).await
            }
        });
        let mut lines = interval(LINE_EVERY);
        lines.set_missed_tick_behavior(MissedTickBehavior::Delay);
        lines.tick().await;
        let outcome = loop {
            tokio::select! {
                Some(head) = changes.recv() => self.changed(&head).await,
                Some(failure) = failed.recv() => self.store_failed(failure),
                outcome = &mut work => break outcome,
                _ = lines.tick() => self.progress.line(),
                _ = interrupt.requested() => {
                    if signals.is_interrupted {
                        signals.is_cut = true;
                        break Ok(());
                    }
                    signals.is_interrupted = true;
                    stop.cancel();
                    self.progress.note(
                        text::outbox::INTERRUPTED,
                    );
                }
            }
        };
        while let Ok(head) = changes.try_recv() {
            self.changed(&head).await;
        }
        while let Ok(failure) = failed.try_recv() {
            self.store_failed(failure);
        }
        match outcome {
            // The worker has reported each reason why it leaves messages behind.
            Err(error) if is_of_message(error.kind()) => Ok(()),
            outcome => outcome,
        }
    }

    fn worker(
        &self,
        routes: &Routes,
        changes: mpsc::UnboundedSender<Head>,
        failures: mpsc::UnboundedSender<(OutboxErrorKind, String)>,
    ) -> Worker {
        let options = self.options;
        let timeout = options.timeout.unwrap_or(TIMEOUT);
        let mut worker = Worker::builder(self.outbox.clone())
            .with_sole_ownership(options.is_sole_owner)
            .with_attempt_timeout(timeout)
            .with_grace(timeout.saturating_add(EXTRA))
            .with_erased_content(options.erases_content)
            .with_observer(move |head| {
                let _ = changes.send(head.clone());
            })
            .with_store_observer(move |error| {
                let _ = failures.send((error.kind(), error.to_string()));
            });
        if options.until_empty {
            // The work ends without a sign-in; the next run need not wait.
            worker = worker.with_sign_in_pause(SIGN_IN_PAUSE);
        }
        if let Some(margin) = options.settling_margin {
            worker = worker.with_settling_margin(margin);
        }
        if let Some(patience) = options.settling_patience {
            worker = worker.with_settling_patience(patience);
        }
        routes.add_to(worker, options.pace, &self.left).build()
    }

    /// Prints once, until something changes, why nothing can be stored; and why messages are left.
    fn store_failed(&mut self, (kind, text): (OutboxErrorKind, String)) {
        if is_of_message(kind) && self.options.until_empty {
            let exit = match kind {
                OutboxErrorKind::HeldBack => Exit::Unknown,
                _ => Exit::Config,
            };
            self.failure.get_or_insert(exit);
        }
        let store = self.store;
        let then = match kind {
            OutboxErrorKind::Damaged => text::outbox::LEFT.to_owned(),
            OutboxErrorKind::Sealed => {
                let was_noted = std::mem::replace(&mut self.is_key_noted, true);
                if was_noted && self.options.until_empty {
                    return;
                }
                text::outbox::waits_for_key(text::outbox::advice(kind).unwrap_or_default())
            }
            OutboxErrorKind::HeldBack => text::outbox::held_back(store),
            _ if self.store_failure.replace(kind) == Some(kind) => return,
            _ => text::outbox::RETRIED.to_owned(),
        };
        let text = text::outbox::and_then(store, &text, &then);
        self.progress.beside(|| print::important(&text));
    }

    /// Prints a message that has ended, and notes why another one waits.
    async fn changed(&mut self, head: &Head) {
        self.store_failure = None;
        if head.state.is_final() || head.state == State::Unconfirmed {
            self.progress.ended(counted_as(head));
            if let Err(error) = self.print(head).await {
                self.output_failed(&error);
            }
        } else if head.state == State::Queued || waits_for_sign_in(head, self.store) {
            self.waits(head);
        }
    }

    /// Prints the outcome of a message.
    ///
    /// # Errors
    ///
    /// When standard output is closed.
    pub(crate) async fn print(&self, head: &Head) -> io::Result<()> {
        if self.is_output_closed {
            return Ok(());
        }
        let stored = Stored::new(head, self.store);
        let request = if stored.exit() == Exit::Unknown {
            let message = self.outbox.get(&head.id).await.ok().flatten();
            message.and_then(|it| self.outbox.request(&it).ok().flatten())
        } else {
            None
        };
        let number = self.lines.get(&head.id).copied();
        let line = stored.line(number, request.as_ref()).to_string();
        self.progress.beside(|| print::result(&line))
    }

    /// Stops when the outcomes cannot be written any more; they stay in the outbox.
    pub(crate) fn output_failed(&mut self, error: &io::Error) {
        self.is_output_closed = true;
        self.stop.cancel();
        if error.kind() != io::ErrorKind::BrokenPipe {
            self.progress
                .beside(|| print::important(text::outbox::OUTCOME_UNWRITTEN));
        }
    }

    /// Notes once for each platform and kind of error why messages wait. Without a sign-in none can
    /// be sent over it, so work that has an end leaves them.
    fn waits(&mut self, head: &Head) {
        let stored = Stored::new(head, self.store);
        // That a key is missing is reported apart.
        let Some(kind) = stored.kind().filter(|_| !stored.is_sealed()) else {
            return;
        };
        let cannot_send = matches!(kind, ErrorKind::Unauthenticated | ErrorKind::Config);
        let ends = cannot_send && self.options.until_empty;
        if ends {
            self.failure.get_or_insert(Exit::of_not_sent(kind));
            self.left.insert(head.route.clone());
            self.stop.cancel();
        }
        if self.noted.insert((head.route.clone(), kind)) {
            let what = stored.reason().unwrap_or_else(|| kind.to_string());
            let then = if ends {
                text::outbox::MESSAGES_WAIT
            } else {
                text::outbox::RETRIED_LATER
            };
            let text = text::outbox::and_then(&head.route, &what, then);
            if ends {
                // The reason of the exit code, which is no progress.
                self.progress.beside(|| print::important(&text));
            } else {
                self.progress.note(&text);
            }
        }
    }
}

/// Whether a message of unknown outcome waits for a sign-in, so that its platform can be asked.
fn waits_for_sign_in(head: &Head, store: &str) -> bool {
    let kind = || Stored::new(head, store).kind();
    head.state == State::Sending
        && matches!(kind(), Some(ErrorKind::Unauthenticated | ErrorKind::Config))
}

/// Whether an error is about a message that a worker leaves behind, and not about the store.
fn is_of_message(kind: OutboxErrorKind) -> bool {
    matches!(
        kind,
        OutboxErrorKind::Damaged | OutboxErrorKind::Sealed | OutboxErrorKind::HeldBack
    )
}
