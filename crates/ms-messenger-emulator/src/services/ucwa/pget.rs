//! The pending GET: a request for events that is held until there are some.

use std::sync::Arc;
use std::time::Instant;

use http::StatusCode;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::applications::inactive;
use super::channel::{Arrival, Look, Style};
use super::desk::with_desk;
use super::hrefs;
use super::responses::{Reply, bad_parameter, no_application, refusal, resource};
use crate::engine::faults::UcwaFault;
use crate::engine::resources::Shared;
use crate::wire::request::Request;
use crate::wire::response::Response;

/// How long an answer waits for its events to be taken first, seconds.
const EVENTS_FIRST: u64 = 30;

fn replaced() -> Box<Response> {
    let message = "The pending GET was replaced by another one.";
    refusal(StatusCode::CONFLICT, "PGetReplaced", message)
}

/// GET events.
pub(super) async fn events(
    shared: &Arc<Shared>,
    application: &str,
    request: &Request,
    fault: Option<&UcwaFault>,
) -> Reply {
    let number = |name| {
        request
            .query
            .value(name)
            .and_then(|text| text.trim().parse().ok())
    };
    let Some(ack) = number("ack") else {
        return Err(bad_parameter(
            "ack",
            "is required and must be a whole number",
        ));
    };
    match fault {
        Some(UcwaFault::PgetReplaced) => return Err(replaced()),
        Some(UcwaFault::Resync) => return resync(shared, application),
        Some(UcwaFault::Resume) => return resume(shared, application),
        _ => {}
    }
    let style = match fault {
        Some(UcwaFault::LinkOnly) => Style::LinkOnly,
        Some(UcwaFault::SenderAbsent) => Style::SenderAbsent,
        _ => Style::Plain,
    };
    let priority = request.query.value("priority");
    let priority = priority
        .and_then(|text| text.trim().parse().ok())
        .unwrap_or(0);
    let (timeout, medium) = (number("timeout"), number("medium"));
    let arrived = with_desk(shared, |desk| {
        let pget = desk.store.number();
        let found = desk.store.applications.get_mut(application)?;
        found.channel.configure(timeout, medium);
        let hold = desk.shared.settings.ucwa.seconds(found.channel.hold());
        let arrival = found.channel.arrive(ack, priority, pget);
        found.channel.in_flight += 1;
        let most = found.channel.max_at_once.max(found.channel.in_flight);
        found.channel.max_at_once = most;
        let changed = found.channel.changed.subscribe();
        desk.store.pgets_max_at_once = desk.store.pgets_max_at_once.max(most);
        Some((pget, arrival, changed, Instant::now() + hold))
    });
    let Some((pget, arrival, changed, until)) = arrived else {
        return Err(gone(shared, application));
    };
    let waiting = Waiting {
        shared,
        application,
        pget,
    };
    match arrival {
        Arrival::Again(response) => Ok(events_response(&response)),
        Arrival::Resync(current) => Ok(events_response(&resync_body(application, current))),
        Arrival::Replaced => Err(replaced()),
        Arrival::Held => hold(&waiting, changed, until, style).await,
    }
}

async fn hold(
    waiting: &Waiting<'_>,
    mut changed: watch::Receiver<u64>,
    until: Instant,
    style: Style,
) -> Reply {
    let application = waiting.application;
    loop {
        changed.mark_unchanged();
        let found = with_desk(waiting.shared, |desk| {
            let now = Instant::now();
            let Some(found) = desk.store.applications.get(application) else {
                return Found::Gone;
            };
            match found.channel.look(waiting.pget, now) {
                Look::Replaced => Found::Replaced,
                Look::Wait(at) if now < until && !desk.store.is_ending => Found::Nothing(at),
                Look::Ready | Look::Wait(_) => desk
                    .take_events(application, style)
                    .map_or(Found::Gone, Found::Events),
            }
        });
        let again = match found {
            Found::Events(response) => return Ok(events_response(&response)),
            Found::Replaced => return Err(replaced()),
            Found::Gone => return Err(gone(waiting.shared, application)),
            Found::Nothing(at) => at.map_or(until, |at| at.min(until)),
        };
        tokio::select! {
            // An error means that the application is gone, which the next look finds.
            _ = changed.changed() => {}
            () = tokio::time::sleep_until(again.into()) => {}
        }
    }
}

/// What a held request finds when it looks.
enum Found {
    Events(Value),
    /// Nothing; some that are held back may go out at this time.
    Nothing(Option<Instant>),
    Replaced,
    Gone,
}

/// A request in flight; counts, and lets its hold go when it ends, however it ends.
struct Waiting<'a> {
    shared: &'a Shared,
    application: &'a str,
    pget: u64,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        with_desk(self.shared, |desk| {
            if let Some(found) = desk.store.applications.get_mut(self.application) {
                found.channel.let_go(self.pget);
                found.channel.in_flight = found.channel.in_flight.saturating_sub(1);
                found.channel.last_released = Instant::now();
            }
        });
    }
}

fn gone(shared: &Shared, application: &str) -> Box<Response> {
    let is_remembered = with_desk(shared, |desk| desk.store.gone.contains_key(application));
    if is_remembered {
        inactive()
    } else {
        no_application()
    }
}

fn events_response(body: &Value) -> Response {
    let mut response = resource(body);
    let plain = http::HeaderValue::from_static("application/json");
    response.headers.insert(http::header::CONTENT_TYPE, plain);
    response
}

fn resync_body(application: &str, current: u64) -> Value {
    let href = format!("{}/events?ack={current}", hrefs::base(application));
    json!({"_links": {"resync": {"href": href}}})
}

fn resync(shared: &Shared, application: &str) -> Reply {
    let current = with_desk(shared, |desk| {
        let found = desk.store.applications.get(application);
        found.map(|found| found.channel.current())
    });
    let current = current.ok_or_else(no_application)?;
    Ok(events_response(&resync_body(application, current)))
}

/// As after a long absence: conversations and invitations are gone, and nothing tells of it.
fn resume(shared: &Shared, application: &str) -> Reply {
    let response = with_desk(shared, |desk| {
        let found = desk.store.applications.get(application)?;
        let views: Vec<String> = found.conversations.keys().cloned().collect();
        for view in views {
            desk.quit(application, &view);
        }
        let found = desk.store.applications.get_mut(application)?;
        found.invitations.clear();
        found.completed.clear();
        found.channel.clear();
        desk.take_events(application, Style::Resume)
    });
    response
        .map(|response| events_response(&response))
        .ok_or_else(no_application)
}

/// Waits until the channel has taken all that is queued.
pub(super) async fn until_taken(shared: &Shared, application: &str) {
    let limit = Instant::now() + shared.settings.ucwa.seconds(EVENTS_FIRST);
    loop {
        let pending = with_desk(shared, |desk| {
            let found = desk.store.applications.get(application)?;
            let changed = found.channel.changed.subscribe();
            (!found.channel.is_empty()).then_some(changed)
        });
        let Some(mut changed) = pending else {
            return;
        };
        tokio::select! {
            _ = changed.changed() => {}
            () = tokio::time::sleep_until(limit.into()) => return,
        }
    }
}
