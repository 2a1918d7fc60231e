//! The pending GET: a request for events that is held until there are some.

use std::time::Instant;

use http::StatusCode;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::{
    services::ucwa::{
        applications::inactive,
        channel::{Arrival, Look, Style},
        faults::UcwaFault,
        hrefs,
        responses::{Reply, bad_parameter, no_application, refusal, resource},
        state::Ucwa,
        transaction::with_tx,
    },
    wire::{request::Request, response::Response},
};

/// How long a response waits for its events to be taken first, in seconds.
const EVENTS_FIRST: u64 = 30;

fn replaced() -> Box<Response> {
    let message = "The pending GET was replaced by another one.";
    refusal(StatusCode::CONFLICT, "PGetReplaced", message)
}

/// GET events.
pub(super) async fn events(
    service: &Ucwa,
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
        Some(UcwaFault::Resync) => return resync(service, application),
        Some(UcwaFault::Resume) => return resume(service, application),
        _ => {}
    }
    let priority = request.query.value("priority");
    let priority = priority
        .and_then(|text| text.trim().parse().ok())
        .unwrap_or(0);
    let (timeout, medium) = (number("timeout"), number("medium"));
    let arrived = with_tx(service, |tx| {
        let pget = tx.store.number();
        let found = tx.store.applications.get_mut(application)?;
        found.channel.configure(timeout, medium);
        let hold = tx.service.settings.seconds(found.channel.hold());
        let arrival = found.channel.arrive(ack, priority, pget);
        found.channel.in_flight += 1;
        let most = found.channel.max_at_once.max(found.channel.in_flight);
        found.channel.max_at_once = most;
        let changed = found.channel.changed.subscribe();
        tx.store.pgets_max_at_once = tx.store.pgets_max_at_once.max(most);
        let until = tx.service.clock.now() + hold;
        Some((pget, arrival, changed, until))
    });
    let Some((pget, arrival, changed, until)) = arrived else {
        return Err(gone(service, application));
    };
    let waiting = Waiting {
        service,
        application,
        pget,
    };
    match arrival {
        Arrival::Again(response) => Ok(events_response(&response)),
        Arrival::Resync(current) => Ok(events_response(&resync_body(application, current))),
        Arrival::Replaced => Err(replaced()),
        Arrival::Held => hold(&waiting, changed, until, style(fault)).await,
    }
}

fn style(fault: Option<&UcwaFault>) -> Style {
    match fault {
        Some(UcwaFault::LinkOnly) => Style::LinkOnly,
        Some(UcwaFault::SenderAbsent) => Style::SenderAbsent,
        _ => Style::Plain,
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
        let found = with_tx(waiting.service, |tx| {
            let now = tx.service.clock.now();
            let Some(found) = tx.store.applications.get(application) else {
                return Found::Gone;
            };
            match found.channel.look(waiting.pget, now) {
                Look::Replaced => Found::Replaced,
                Look::Wait(at) if now < until && !tx.store.is_ending => Found::Nothing(at),
                Look::Ready | Look::Wait(_) => tx
                    .take_events(application, style)
                    .map_or(Found::Gone, Found::Events),
            }
        });
        let again = match found {
            Found::Events(response) => return Ok(events_response(&response)),
            Found::Replaced => return Err(replaced()),
            Found::Gone => return Err(gone(waiting.service, application)),
            Found::Nothing(at) => at.map_or(until, |at| at.min(until)),
        };
        tokio::select! {
            // An error means that the application was removed; the next check finds that.
            _ = changed.changed() => {}
            () = tokio::time::sleep_until(waiting.service.clock.real(again).into()) => {}
        }
    }
}

/// The result of a check for a held request.
enum Found {
    Events(Value),
    /// Nothing; some that are held back may go out at this time.
    Nothing(Option<Instant>),
    Replaced,
    Gone,
}

/// A request in flight: counted, and its hold released when it ends in any way.
struct Waiting<'a> {
    service: &'a Ucwa,
    application: &'a str,
    pget: u64,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        with_tx(self.service, |tx| {
            if let Some(found) = tx.store.applications.get_mut(self.application) {
                found.channel.let_go(self.pget);
                found.channel.in_flight = found.channel.in_flight.saturating_sub(1);
                found.channel.last_released = self.service.clock.now();
            }
        });
    }
}

fn gone(service: &Ucwa, application: &str) -> Box<Response> {
    let is_remembered = with_tx(service, |tx| tx.store.gone.contains_key(application));
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

fn resync(service: &Ucwa, application: &str) -> Reply {
    let current = with_tx(service, |tx| {
        let found = tx.store.applications.get(application);
        found.map(|found| found.channel.current())
    });
    let current = current.ok_or_else(no_application)?;
    Ok(events_response(&resync_body(application, current)))
}

/// As after a long absence: conversations and invitations are removed without an event.
fn resume(service: &Ucwa, application: &str) -> Reply {
    let response = with_tx(service, |tx| {
        let found = tx.store.applications.get(application)?;
        let views: Vec<String> = found.conversations.keys().cloned().collect();
        for view in views {
            tx.quit(application, &view);
        }
        let found = tx.store.applications.get_mut(application)?;
        found.invitations.clear();
        found.completed.clear();
        found.channel.clear();
        tx.take_events(application, Style::Resume)
    });
    response
        .map(|response| events_response(&response))
        .ok_or_else(no_application)
}

/// Waits until the channel has taken all that is queued.
pub(super) async fn until_taken(service: &Ucwa, application: &str) {
    let limit = Instant::now() + service.settings.seconds(EVENTS_FIRST);
    loop {
        let pending = with_tx(service, |tx| {
            let found = tx.store.applications.get(application)?;
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
