//! The background of a session: the event channel, the activity reports, and a new application
//! when the server lost the old one.

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
/// An application that lived so long was not lost at once.
const STABLE: Duration = Duration::from_secs(300);

/// Why the channel stopped.
enum Cause {
    /// A new application is needed.
    Gone,
    /// Nothing helps.
    Over(Error),
    /// The session shall end.
    Stop,
}

/// Runs until the session ends: listens, and replaces the application when it is lost.
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
    // Whatever ended the session: what is left at the server is taken away if it can be.
    let _ = time::timeout(FAREWELL, application.end()).await;
    drop(arrivals);
    processor.abort();
    let _ = processor.await;
    inner.finish(end);
}

/// Makes a new application, with patience where the server or the way to it fails. The first
/// loss is made good at once; one soon after the other waits ever longer.
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

/// The event channel: one GET at a time, the next one before the events of the last are looked
/// at. After a failure the same address is asked for again, because asking for the next one
/// would acknowledge what was never seen.
async fn listen(
    inner: &Inner,
    application: &Arc<Application>,
    arrivals: &mpsc::Sender<Arrival>,
) -> Cause {
    let mut path = match first_path(inner, application, &application.events) {
        Ok(path) => path,
        Err(error) => return Cause::Over(error),
    };
    let (mut failures, mut replaced) = (0, false);
    let mut pace = Pace::new(Instant::now());
    loop {
        let asked = Instant::now();
        let response = application.poll(&path, poll_timeout(inner)).await;
        let package = response.and_then(|response| {
            Package::read(response.body())
                .ok_or_else(|| protocol("the event channel answered what cannot be acknowledged"))
        });
        let error = match package {
            Ok(package) => {
                (failures, replaced) = (0, false);
                let next = match &package.next {
                    Next::Resume(href) => first_path(inner, application, href),
                    other => application.path(other.href()),
                };
                path = match next {
                    Ok(path) => path,
                    Err(error) => return Cause::Over(error),
                };
                let rest = pace.answered(
                    Instant::now(),
                    asked.elapsed(),
                    package.fingerprint,
                    inner.conversations.state().is_awaited(),
                );
                // Waits for the events before to be looked at, which waits for nothing.
                let application = Arc::clone(application);
                let arrival = Arrival {
                    application,
                    package,
                };
                let _ = arrivals.send(arrival).await;
                match rest {
                    Rest::None => {}
                    Rest::For(rest) => time::sleep(rest).await,
                    Rest::AsAfter(failures, at_most) => {
                        time::sleep(inner.config.pause(failures, None).min(at_most)).await;
                    }
                }
                continue;
            }
            Err(error) => error,
        };
        match judge(inner, &error, &mut replaced) {
            Some(cause) => return cause(error),
            None => failures += 1,
        }
        if failures % FAILURES_BEFORE_REDISCOVERY == 0 {
            // The pool may have moved. The same identity finds the same application again.
            if is_stale(&error) {
                inner.application.rediscover();
                return Cause::Gone;
            }
            // What cannot be read cannot be acknowledged either: it would come for ever.
            if error.kind() == ErrorKind::Protocol {
                return Cause::Gone;
            }
        }
        time::sleep(inner.config.pause(failures, error.retry_after())).await;
    }
}

/// What a failure of the channel means; `None` when the same address is asked for again.
fn judge(inner: &Inner, error: &Error, replaced: &mut bool) -> Option<fn(Error) -> Cause> {
    let gone: fn(Error) -> Cause = |_| Cause::Gone;
    match (error.kind(), error.status()) {
        // The first time it may be this channel's own earlier GET that the server still held.
        (ErrorKind::Conflict, Some(409)) if !*replaced => {
            *replaced = true;
            None
        }
        (ErrorKind::Conflict, _) => Some(|_| {
            Cause::Over(Error::new(
                ErrorKind::Conflict,
                "another process uses the same endpoint id: give each its own",
            ))
        }),
        (_, Some(404)) => Some(gone),
        (_, Some(410)) => {
            let expired = error.says(&ErrorSubcode::InactiveApplicationExpired);
            (expired && inner.config.recreate_expired)
                .then_some(gone)
                .or(Some(Cause::Over))
        }
        _ if error.is_passing() => None,
        _ => Some(Cause::Over),
    }
}

/// The server holds the GET; the rest is for the way.
fn poll_timeout(inner: &Inner) -> Duration {
    inner.config.event_timeout + Duration::from_secs(30)
}

/// An address of the channel with what the caller may add: the server forgets it after a while.
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
                return match inner.config.recreate_expired {
                    true => Cause::Gone,
                    false => Cause::Over(error),
                };
            }
            // The next report makes up for it; the event channel sees what does not pass.
            _ => {}
        }
    }
}
