//! The background of a session: the event channel, the activity reports, and what follows from
//! what they bring.

use std::{sync::Arc, time::Duration};

use ms_messenger_core::{Error, ErrorKind};
use tokio::{sync::mpsc, time};

use crate::{
    application::Application,
    error::{Says as _, protocol},
    events::{Event, Next, Package},
    hosts::is_stale,
    incoming::{AcceptPolicy, Happened, Sender},
    reason::ErrorSubcode,
    session::{End, Inner},
};

/// How often in a row the channel may fail before the server is looked for anew.
const FAILURES_BEFORE_REDISCOVERY: u32 = 5;
/// How long the farewell may take.
const FAREWELL: Duration = Duration::from_secs(10);

/// Why the channel stopped.
enum Cause {
    /// A new application is needed.
    Gone,
    /// Nothing helps.
    Over(Error),
    /// The session shall end.
    Stop,
}

type Arrival = (Arc<Application>, Package);

/// Runs until the session ends: listens, and replaces the application when it is lost.
pub(crate) async fn supervise(inner: Arc<Inner>, mut application: Arc<Application>) {
    let (arrivals, queue) = mpsc::unbounded_channel();
    let processor = tokio::spawn(process(Arc::clone(&inner), queue));
    let end = loop {
        let cause = tokio::select! {
            () = stopped(&inner) => Cause::Stop,
            cause = listen(&inner, &application, &arrivals) => cause,
            cause = stay_active(&inner, &application) => cause,
            () = lost(&inner, &application) => Cause::Gone,
        };
        match cause {
            Cause::Stop => break End::signed_out(),
            Cause::Over(error) => break End::of(&error),
            Cause::Gone => {}
        }
        inner.forget("the application ended before the verdict came");
        let renewed = tokio::select! {
            () = stopped(&inner) => break End::signed_out(),
            renewed = renew(&inner) => renewed,
        };
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

async fn stopped(inner: &Inner) {
    let mut stop = inner.stop.subscribe();
    // The sender lives as long as `inner` does.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Waits until a call finds this application gone.
async fn lost(inner: &Inner, application: &Application) {
    let mut lost = inner.lost.subscribe();
    let _ = lost.wait_for(|id| *id == application.id).await;
}

/// Makes a new application, with patience where the server or the way to it fails.
async fn renew(inner: &Inner) -> Result<Arc<Application>, Error> {
    let mut failures = 0;
    loop {
        match inner.renew().await {
            Ok(application) => return Ok(application),
            Err(error) if is_passing(&error) => {
                failures += 1;
                if failures % FAILURES_BEFORE_REDISCOVERY == 0 && is_stale(&error) {
                    inner.rediscover();
                }
                time::sleep(inner.config.pause(failures, error.retry_after())).await;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Whether waiting can help.
fn is_passing(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Connect
            | ErrorKind::Timeout
            | ErrorKind::Transport
            | ErrorKind::Service
            | ErrorKind::RateLimited
            | ErrorKind::Protocol
    )
}

/// The event channel: one GET at a time, the next one before the events of the last are looked
/// at. After a failure the same address is asked for again, because asking for the next one
/// would acknowledge what was never seen.
async fn listen(
    inner: &Inner,
    application: &Arc<Application>,
    arrivals: &mpsc::UnboundedSender<Arrival>,
) -> Cause {
    let mut path = match first_path(inner, application, &application.events) {
        Ok(path) => path,
        Err(error) => return Cause::Over(error),
    };
    let (mut failures, mut replaced) = (0, false);
    loop {
        let answer = application.poll(&path, inner.poll_timeout()).await;
        let package = answer.and_then(|answer| {
            Package::read(answer.body())
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
                // Never waits: a message that is not fetched in 30 seconds is lost.
                let _ = arrivals.send((Arc::clone(application), package));
                continue;
            }
            Err(error) => error,
        };
        match judge(inner, &error, &mut replaced) {
            Some(cause) => return cause(error),
            None => failures += 1,
        }
        if failures % FAILURES_BEFORE_REDISCOVERY == 0 && is_stale(&error) {
            // The pool may have moved. The same identity finds the same application again.
            inner.rediscover();
            return Cause::Gone;
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
        _ if is_passing(error) => None,
        _ => Some(Cause::Over),
    }
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
        if !inner.is_receiving() {
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

/// Looks at the events, in order.
async fn process(inner: Arc<Inner>, mut queue: mpsc::UnboundedReceiver<Arrival>) {
    while let Some((application, package)) = queue.recv().await {
        // What an application said that is gone by now is of no use.
        if !Arc::ptr_eq(&application, &inner.application()) {
            continue;
        }
        match &package.next {
            Next::Resume(_) => inner.forget("the event channel was interrupted for too long"),
            Next::Resync(_) => refresh(&inner, &application).await,
            Next::Package(_) => {}
        }
        for sender in &package.senders {
            for event in &sender.events.0 {
                take(&inner, &application, &sender.href, event).await;
            }
        }
        inner.announce();
    }
}

/// After a `resync` what is known may be out of date: each conversation is read anew.
async fn refresh(inner: &Inner, application: &Application) {
    let known: Vec<(String, Option<String>)> = {
        let state = inner.state();
        let conversations = state.conversations.iter();
        conversations
            .map(|(key, c)| (key.clone(), c.messaging.href.clone()))
            .collect()
    };
    for (key, messaging) in known {
        let Some(href) = messaging else { continue };
        match application.get(&href).await {
            Ok(messaging) => inner.state().take_messaging(&key, &messaging),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let mut state = inner.state();
                state.conversations.remove(&key);
                state
                    .flights
                    .lose(&key, "the conversation ended before the verdict came");
            }
            Err(_) => {}
        }
    }
}

async fn take(inner: &Arc<Inner>, application: &Arc<Application>, sender: &str, event: &Event) {
    let fetched = match needs_fetching(event) {
        true => application.get(&event.link.href).await.ok(),
        false => None,
    };
    let resource = event.resource().or(fetched.as_ref());
    match (event.link.rel.as_str(), resource) {
        ("communication", Some(communication)) => application.take_communication(communication),
        ("me", Some(me)) => application.take_me(me),
        _ => {}
    }
    let happened = inner.state().apply(sender, event, resource);
    if let Some(happened) = happened {
        follow_up(inner, application, happened).await;
    }
}

/// A link-only event of something that matters is looked up. A completed message is not, when
/// its address is known already: the verdict is in the event.
fn needs_fetching(event: &Event) -> bool {
    let matters = matches!(
        event.link.rel.as_str(),
        "messagingInvitation"
            | "onlineMeetingInvitation"
            | "participantInvitation"
            | "conversation"
            | "messaging"
            | "communication"
            | "me"
    ) || (event.link.rel == "message" && event.kind == "completed");
    matters && event.kind != "deleted" && event.resource().is_none()
}

/// What something from others leads to, before it is told.
async fn follow_up(inner: &Arc<Inner>, application: &Arc<Application>, mut happened: Happened) {
    if let Happened::Received {
        from, participant, ..
    } = &mut happened
        && let (None, Some(href)) = (&from, participant)
    {
        let participant = application.get(href).await;
        *from = participant
            .ok()
            .map(|participant| Sender::read(&participant));
    }
    if let Happened::Invited {
        conversation,
        from,
        accept,
        decline,
        meeting,
        ..
    } = &happened
    {
        let Some(policy) = inner.policy() else { return };
        let answer = match policy {
            AcceptPolicy::Ask => None,
            AcceptPolicy::Everyone => Some(true),
            AcceptPolicy::Only(list) => Some(list.iter().any(|sip| is_same(sip, &from.uri))),
        };
        if let Some(accepts) = answer {
            // On a task of its own: it waits for events that come after this one. It ends with
            // the session at the latest.
            let inner = Arc::clone(inner);
            let (conversation, meeting) = (conversation.clone(), *meeting);
            let (accept, decline) = (accept.clone(), decline.clone());
            tokio::spawn(async move {
                let answered = async {
                    if accepts {
                        inner
                            .accept(&conversation, accept.as_deref(), meeting)
                            .await
                    } else if let Some(decline) = decline {
                        inner.decline(&decline).await
                    } else {
                        Ok(())
                    }
                };
                // A failure shows as an invitation that ends; there is nobody to tell.
                tokio::select! {
                    _ = answered => {}
                    () = stopped(&inner) => {}
                }
            });
            return;
        }
    }
    inner.tell(&happened);
}

/// SIP addresses, with or without their scheme, whatever their case.
fn is_same(one: &str, other: &str) -> bool {
    let bare = |sip: &str| {
        let lower = sip.trim().to_ascii_lowercase();
        lower
            .strip_prefix("sip:")
            .map_or(lower.clone(), str::to_owned)
    };
    bare(one) == bare(other)
}
