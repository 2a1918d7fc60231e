//! The send to one target.

use std::{
    pin::pin,
    time::{Duration, SystemTime},
};

use ms_messenger::{
    CancelHandle, Capability, Deadline, Delivery, Error, ErrorKind, Evidence, IdempotencyKey,
    Messenger, MessengerExt as _, Receipt, Result, SendRequest, SettlePolicy, Settled,
};
use tokio::time::sleep;

use super::{
    heard::{self, Heard},
    plan::Job,
    upload_progress,
};
use crate::{
    args::SendArgs,
    config::Settings,
    connect::{Client, ClientOptions, Connection},
    environment,
    explain::mark_used_key,
    interrupt::Interrupt,
    keys::{FirstUses, KeyUse},
    mentions,
    platform::Platform,
    text,
    transport::{http_options, retry},
};

/// How long `--settle` waits by default.
const SETTLE: Duration = Duration::from_secs(120);

/// For how long the last answer is waited for after that: as long as was waited, within these.
const LAST_ANSWER: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(10)];

/// How the send to one target ended.
pub(super) enum Outcome {
    Sent(Sent),
    Failed(Error),
    /// It was settled that the message was not sent.
    Absent(Error),
}

/// A message that was sent.
pub(super) struct Sent {
    pub(super) receipt: Receipt,
    /// Whether it was settled.
    pub(super) is_found: bool,
    /// What was waited for.
    pub(super) heard: Option<Heard>,
}

impl Outcome {
    pub(super) fn is_proven_not_sent(&self) -> bool {
        match self {
            Self::Sent(_) => false,
            Self::Failed(error) => error.delivery() == Delivery::NotSent,
            Self::Absent(_) => true,
        }
    }
}

/// Sends to one target after the other, over one connection for each platform.
pub(super) struct Sender<'a> {
    args: &'a SendArgs,
    settings: &'a Settings,
    interrupt: Interrupt,
    is_interrupted: bool,
    connections: Vec<(Platform, Connection)>,
}

impl<'a> Sender<'a> {
    pub(super) fn new(args: &'a SendArgs, settings: &'a Settings, interrupt: Interrupt) -> Self {
        Self {
            args,
            settings,
            interrupt,
            is_interrupted: false,
            connections: Vec::new(),
        }
    }

    pub(super) fn is_interrupted(&self) -> bool {
        self.is_interrupted
    }

    /// Signs out where it has signed in.
    pub(super) async fn end(self) {
        for (_, connection) in self.connections {
            connection.end().await;
        }
    }

    /// Sends. The request of the job becomes the one that was sent.
    pub(super) async fn send(&mut self, job: &mut Job) -> Outcome {
        // From here on: signing in and looking up who is mentioned take a part of the time.
        let deadline = Deadline::new(self.args.timeout, None);
        let connection = match self.connect(job, &deadline).await {
            Ok(connection) => connection,
            Err(error) => return Outcome::Failed(error),
        };
        let error = match self.send_over(connection, job, &deadline).await {
            Ok(receipt) => return self.wait(connection, job, receipt, false).await,
            Err(error) => error,
        };
        let is_unknown = error.delivery() == Delivery::Unknown;
        let (Some(wait), true, false) = (self.args.settle, is_unknown, self.is_interrupted) else {
            return Outcome::Failed(error);
        };
        let wait = wait.unwrap_or(SETTLE);
        match self.settle(connection, &job.request, &error, wait).await {
            Some(Settled::Found(receipt)) => self.wait(connection, job, receipt, true).await,
            Some(Settled::NotFound) => Outcome::Absent(error.with_delivery(Delivery::NotSent)),
            _ => Outcome::Failed(error),
        }
    }

    /// Returns the number of the connection to the platform of a job, which is opened if there is
    /// none, after the mentions are looked up.
    async fn connect(&mut self, job: &mut Job, deadline: &Deadline) -> Result<usize> {
        let platform = job.platform;
        if self.is_interrupted {
            return Err(interrupted_before(platform));
        }
        let known = self.connections.iter().position(|(it, _)| *it == platform);
        let (args, settings) = (self.args, self.settings);
        let connections = &mut self.connections;
        let connecting = async {
            let at = match known {
                Some(at) => at,
                None => {
                    let (options, retry) = (http_options(args.timeout), retry(args.retries));
                    let own = ClientOptions {
                        uploads: upload_progress::options(),
                        ..ClientOptions::default()
                    };
                    let connection =
                        Connection::open_with(platform, settings, options, retry, own).await?;
                    connections.push((platform, connection));
                    connections.len() - 1
                }
            };
            if let Some((_, connection)) = connections.get(at)
                && let Client::MsgraphChat(client) = &connection.client
            {
                mentions::resolve(client, &mut job.request.message, &job.mentions).await?;
            }
            Ok(at)
        };
        tokio::select! {
            biased;
            connected = deadline.limit(connecting) => connected.unwrap_or_else(|reached| {
                let error = reached.into_error().with_delivery(Delivery::NotSent);
                Err(error.with_platform(platform.as_str()))
            }),
            _ = self.interrupt.requested() => {
                self.is_interrupted = true;
                Err(interrupted_before(platform))
            }
        }
    }

    async fn send_over(
        &mut self,
        connection: usize,
        job: &mut Job,
        deadline: &Deadline,
    ) -> Result<Receipt> {
        let Some((_, connection)) = self.connections.get(connection) else {
            return Err(interrupted_before(job.platform));
        };
        let messenger = &*connection.messenger;
        let key_in_use = if messenger.capabilities().supports(Capability::Idempotency) {
            begin_key(self.args, job)?
        } else {
            None
        };
        let cancel = CancelHandle::new();
        // A time-out of zero would be refused.
        let timeout = deadline.remaining();
        let timeout = timeout.map(|left| left.max(Duration::from_millis(1)));
        let request = &mut job.request;
        if messenger.capabilities().supports(Capability::Deadline) {
            request.timeout = request.timeout.or(timeout);
            *request = request.clone().with_cancel(cancel.clone());
        }
        let interrupt = &mut self.interrupt;
        let sent = send(messenger, request, timeout, interrupt, &cancel).await;
        self.is_interrupted |= cancel.is_cancelled();
        let sent = sent.map_err(mark_used_key);
        if let (Some(key), Err(error)) = (key_in_use, &sent)
            && error.delivery() == Delivery::NotSent
        {
            key.forget();
        }
        sent
    }

    /// Asks the platform whether the message was sent; `None` if a signal ends it, or there is no
    /// answer in time. Where the
    /// platform cannot be asked but removes duplicates, the message is sent again under its key.
    async fn settle(
        &mut self,
        connection: usize,
        request: &SendRequest,
        error: &Error,
        wait: Duration,
    ) -> Option<Settled> {
        let messenger = &*self.connections.get(connection)?.1.messenger;
        let evidence = Evidence::of(error)?;
        let policy = SettlePolicy::default().with_max_wait(wait);
        let longest = wait.saturating_add(wait.clamp(LAST_ANSWER[0], LAST_ANSWER[1]));
        let mut settling = pin!(async {
            let settled = messenger.settle_with(request, &evidence, &policy).await;
            let key = evidence.idempotency;
            let key = key.filter(|_| messenger.capabilities().supports(Capability::Idempotency));
            match (settled, key) {
                (Settled::CannotTell(why), Some(key)) => {
                    let again = request.clone().with_idempotency(key);
                    let again = messenger.send(&again).await;
                    again.map_or(Settled::CannotTell(why), Settled::Found)
                }
                (settled, _) => settled,
            }
        });
        tokio::select! {
            biased;
            settled = &mut settling => Some(settled),
            () = sleep(longest) => None,
            _ = self.interrupt.requested() => {
                self.is_interrupted = true;
                None
            }
        }
    }

    /// Waits for what is to be reported of a message that was sent.
    async fn wait(
        &mut self,
        connection: usize,
        job: &Job,
        receipt: Receipt,
        is_found: bool,
    ) -> Outcome {
        let wanted = self.args.wait_for().ok().flatten();
        let connection = self.connections.get(connection);
        let heard = match (wanted, connection) {
            (Some(wanted), Some((_, connection))) => {
                let events = self.args.events.as_deref();
                let waiting = heard::wait(&connection.client, job, &receipt, wanted, events);
                tokio::select! {
                    biased;
                    heard = waiting => Some(heard),
                    _ = self.interrupt.requested() => {
                        self.is_interrupted = true;
                        Some(Heard::default())
                    }
                }
            }
            _ => None,
        };
        Outcome::Sent(Sent {
            receipt,
            is_found,
            heard,
        })
    }
}

fn interrupted_before(platform: Platform) -> Error {
    let text = text::send::INTERRUPTED_BEFORE;
    let error = Error::new(ErrorKind::Cancelled, text).with_delivery(Delivery::NotSent);
    error.with_platform(platform.as_str())
}

/// Sets the idempotency key: with the time of its first use if only the key is given, and a random
/// one if none is given, because the client's own would be lost by an interruption.
fn begin_key(args: &SendArgs, job: &mut Job) -> Result<Option<KeyUse>> {
    let request = &mut job.request;
    let (Some(id), None) = (args.idempotency_key, args.first_sent) else {
        request
            .idempotency
            .get_or_insert_with(IdempotencyKey::random);
        return Ok(None);
    };
    let state = args.connection.store.state_dir(&environment::process)?;
    let (key, key_in_use) = FirstUses::new(&state).begin(id, job.platform, request)?;
    request.idempotency = Some(key);
    Ok(Some(key_in_use))
}

/// Sends. The first signal cancels the send, which then reports what is known; a second signal, or
/// the first where the platform cannot cancel, ends it at once.
async fn send(
    messenger: &dyn Messenger,
    request: &SendRequest,
    timeout: Option<Duration>,
    interrupt: &mut Interrupt,
    cancel: &CancelHandle,
) -> Result<Receipt> {
    let began_at = SystemTime::now();
    let mut sending = pin!(async {
        match timeout {
            Some(timeout) => messenger.send_within(request, timeout).await,
            None => messenger.send(request).await,
        }
    });
    tokio::select! {
        biased;
        outcome = &mut sending => return outcome,
        _ = interrupt.requested() => cancel.cancel(),
    }
    let can_end = request.cancel.is_some();
    tokio::select! {
        biased;
        outcome = &mut sending, if can_end => outcome,
        _ = interrupt.requested(), if can_end => Err(interrupted(messenger, request, began_at)),
        else => Err(interrupted(messenger, request, began_at)),
    }
}

/// Returns the error of a send that was ended before it returned.
fn interrupted(messenger: &dyn Messenger, request: &SendRequest, began_at: SystemTime) -> Error {
    let text = text::send::INTERRUPTED;
    let error = Error::new(ErrorKind::Cancelled, text)
        .with_delivery(Delivery::Unknown)
        .with_began_at(began_at)
        .with_platform(messenger.platform().to_owned());
    match request.idempotency {
        Some(key) => error.with_idempotency(key),
        None => error,
    }
}
