//! The background of a session: the event channel, the activity reports, and a new application
//! when the server has lost the old one.
//!
//! What a response of the channel means:
//!
//! | Response | Then |
//! |---|---|
//! | 200 with `next` | the next poll acknowledges the package |
//! | 200 with `resume` | conversations have ended; the poll continues |
//! | 200 with `resync` | the messaging of each conversation is read; the poll continues |
//! | 404 | the application is lost: a new one is created |
//! | 409 once | an own earlier GET was replaced: poll again |
//! | 409 twice | another process has the same endpoint id: the session ends |
//! | 410 `InactiveApplicationExpired` | the session ends, or a new application if enabled |
//! | 5xx, 429, time-out, transport | poll again with a growing pause |
//! | 403, 502 or no connection, five times | discover the server again |

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ms_messenger_core::{Error, ErrorKind};
use tokio::{sync::mpsc, time};

use crate::{
    application::Application,
    current_application::FAREWELL,
    error::{UcwaErrorExt as _, protocol},
    events::{Next, Package},
    hosts::is_stale,
    inner::Inner,
    lifecycle::End,
    pace::{Pace, Rest},
    process::{Arrival, process},
    reason::ErrorSubcode,
};

/// How often in a row the channel may fail before the server is discovered again.
const FAILURES_BEFORE_REDISCOVERY: u32 = 5;
/// How many packages may wait to be processed.
const ARRIVALS: usize = 8;
/// An application that lived this long was not lost at once.
const STABLE: Duration = Duration::from_secs(300);

/// Why the channel stopped.
enum Cause {
    /// A new application is needed.
    Gone,
    /// The session cannot continue.
    Over(Error),
    /// The session shall end.
    Stop,
}

/// Runs until the session ends: polls the channel, and replaces the application when it is lost.
pub(crate) async fn supervise(inner: Arc<Inner>, mut application: Arc<Application>) {
    let (arrivals, queue) = mpsc::channel(ARRIVALS);
    let processor = tokio::spawn(process(Arc::clone(&inner), queue));
    let mut losses = 0;
    let end = loop {
        let began = Instant::now();
        let cause = tokio::select! {
            () = inner.lifecycle.stopped() => Cause::Stop,
            cause = listen(&inner, &application, &arrivals) => cause,
            cause = stay_active(&inner, &application) => cause,
            () = inner.application.lost(&application) => Cause::Gone,
        };
        match cause {
            Cause::Stop => break End::signed_out(),
            Cause::Over(error) => break End::of(&error),
            Cause::Gone => {}
        }
        inner
            .conversations
            .forget("the application ended before the verdict came");
        if began.elapsed() >= STABLE {
            losses = 0;
        }
        let renewed = tokio::select! {
            () = inner.lifecycle.stopped() => break End::signed_out(),
            renewed = renew(&inner, losses) => renewed,
        };
        losses += 1;
        match renewed {
            Ok(renewed) => application = renewed,
            Err(error) => break End::of(&error),
        }
    };
    // Whatever ended the session: its application is deleted if possible.
    let left = match time::timeout(FAREWELL, application.end()).await {
        Ok(ended) => ended.err(),
        Err(_) => Some(Error::new(
            ErrorKind::Timeout,
            "the server did not respond in time",
        )),
    };
    drop(arrivals);
    processor.abort();
    let _ = processor.await;
    inner.finish(end, left.as_ref().map(End::leaving));
}

/// Creates a new application, and retries while the server or the network fails. The first loss is
/// replaced at once; after repeated losses the pause grows.
async fn renew(inner: &Inner, losses: u32) -> Result<Arc<Application>, Error> {
    if losses > 0 {
        time::sleep(inner.config.pause(losses, None)).await;
    }
    let mut failures = 0;
    loop {
        match inner.renew().await {
            Ok(application) => return Ok(application),
            Err(error) if error.is_passing() => {
                failures += 1;
                if failures % FAILURES_BEFORE_REDISCOVERY == 0 && is_stale(&error) {
                    inner.application.rediscover();
                }
                time::sleep(inner.config.pause(failures, error.retry_after())).await;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Polls the event channel until the application or the session ends.
async fn listen(
    inner: &Inner,
    application: &Arc<Application>,
    arrivals: &mpsc::Sender<Arrival>,
) -> Cause {
    let path = match first_path(inner, application, &application.events) {
        Ok(path) => path,
        Err(error) => return Cause::Over(error),
    };
    let mut poll = Poll {
        inner,
        application,
        arrivals,
        path,
        failures: 0,
        was_replaced: false,
        pace: Pace::new(Instant::now()),
    };
    loop {
        let asked = Instant::now();
        let polled = match poll.next().await {
            Ok(package) => poll.take(package, asked.elapsed()).await,
            Err(error) => poll.fail(error).await,
        };
        if let Err(cause) = polled {
            return cause;
        }
    }
}

/// The poll of one event channel: one GET at a time, the next one before the events of the last
/// are processed. After a failure the same address is polled again, because the next one would
/// acknowledge events that were never received.
struct Poll<'a> {
    inner: &'a Inner,
    application: &'a Arc<Application>,
    arrivals: &'a mpsc::Sender<Arrival>,
    /// The path to poll next.
    path: String,
    /// The failures in a row.
    failures: u32,
    /// Whether the last response reported that another GET replaced this one.
    was_replaced: bool,
    pace: Pace,
}

impl Poll<'_> {
    async fn next(&self) -> Result<Package, Error> {
        // The server holds the GET; the rest is for the network.
        let timeout = self.inner.config.event_timeout + Duration::from_secs(30);
        let response = self.application.poll(&self.path, timeout).await?;
        Package::read(response.body())
            .ok_or_else(|| protocol("the event channel sent a response that names no next address"))
    }

    /// Hands a package on, and rests as the pace requires.
    async fn take(&mut self, package: Package, held: Duration) -> Result<(), Cause> {
        (self.failures, self.was_replaced) = (0, false);
        let next = match &package.next {
            Next::Resume(href) => first_path(self.inner, self.application, href),
            other => self.application.path(other.href()),
        };
        self.path = next.map_err(Cause::Over)?;
        let is_awaited = self.inner.conversations.state().is_awaited();
        let now = Instant::now();
        let rest = self.pace.record(now, held, package.fingerprint, is_awaited);
        let arrival = Arrival {
            application: Arc::clone(self.application),
            package,
        };
        // Waits for room in the queue, which depends on nothing else.
        let _ = self.arrivals.send(arrival).await;
        match rest {
            Rest::None => {}
            Rest::For(rest) => time::sleep(rest).await,
            Rest::AsAfter(failures, at_most) => {
                time::sleep(self.inner.config.pause(failures, None).min(at_most)).await;
            }
        }
        Ok(())
    }

    /// Rests after a failure, unless it ends the channel.
    async fn fail(&mut self, error: Error) -> Result<(), Cause> {
        let (status, retry_after) = (error.status(), error.retry_after());
        let (is_stale, is_unreadable) = (is_stale(&error), error.kind() == ErrorKind::Protocol);
        if error.kind() == ErrorKind::Conflict {
            // The first time it may be the channel's own earlier GET that the server still holds.
            if status != Some(409) || self.was_replaced {
                return Err(Cause::Over(Error::new(
                    ErrorKind::Conflict,
                    "another process uses the same endpoint id: give each its own",
                )));
            }
            self.was_replaced = true;
        } else if status == Some(404) {
            return Err(Cause::Gone);
        } else if status == Some(410) {
            let has_expired = error.says(&ErrorSubcode::InactiveApplicationExpired);
            let is_recreated = has_expired && self.inner.config.recreate_expired;
            return Err(if is_recreated {
                Cause::Gone
            } else {
                Cause::Over(error)
            });
        } else if !error.is_passing() {
            return Err(Cause::Over(error));
        }
        self.failures += 1;
        if self.failures.is_multiple_of(FAILURES_BEFORE_REDISCOVERY) {
            // The pool may have moved. The same identity finds the same application.
            if is_stale {
                self.inner.application.rediscover();
                return Err(Cause::Gone);
            }
            // An unreadable package cannot be acknowledged: it would come again for ever.
            if is_unreadable {
                return Err(Cause::Gone);
            }
        }
        time::sleep(self.inner.config.pause(self.failures, retry_after)).await;
        Ok(())
    }
}

/// Returns an address of the channel with the time-out of the session, which the server forgets
/// after a while.
fn first_path(inner: &Inner, application: &Application, href: &str) -> Result<String, Error> {
    let mut path = application.path(href)?;
    if let Some(seconds) = inner.config.event_timeout_parameter {
        path.push(if path.contains('?') { '&' } else { '?' });
        path.push_str(&format!("timeout={seconds}"));
    }
    Ok(path)
}

/// Reports activity as long as the user is available.
async fn stay_active(inner: &Inner, application: &Arc<Application>) -> Cause {
    loop {
        time::sleep(inner.config.activity_interval).await;
        if !inner.receivers.is_available() {
            continue;
        }
        match application.report_activity().await {
            Err(error) if error.is_application_gone() => return Cause::Gone,
            Err(error) if error.status() == Some(410) => {
                return if inner.config.recreate_expired {
                    Cause::Gone
                } else {
                    Cause::Over(error)
                };
            }
            // The next report makes up for it; a lasting failure shows on the event channel.
            _ => {}
        }
    }
}
