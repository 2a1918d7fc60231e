//! The server, and what it makes of each request.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::State,
    http::{Request, Response, StatusCode},
};
use ms_messenger::events::{
    Batch, EventGrid, GraphNotifications, Incoming, Outcome, Reply, SeenEvents, StatusReport,
    event_grid::Event, graph::Notification,
};
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    sync::{Notify, mpsc},
};

use super::{kept::Kept, statuses::Statuses};
use crate::{print, text};

/// The largest body that is read; the receivers have limits of their own below it.
const MAX_BODY: usize = 4 << 20;

/// How long a body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(30);

/// The pause between two reports of what waits.
const PAUSE: Duration = Duration::from_secs(1);

/// What receives requests, and keeps what it acknowledges.
pub(super) struct Receiver {
    events: Option<EventGrid>,
    notifications: Option<GraphNotifications>,
    kept: Arc<Mutex<Kept>>,
    seen: Mutex<SeenEvents>,
    statuses: Option<Statuses>,
    lines: mpsc::UnboundedSender<String>,
    end: Notify,
}

impl Receiver {
    pub(super) fn new(
        (events, notifications): (Option<EventGrid>, Option<GraphNotifications>),
        (kept, seen): (Kept, SeenEvents),
        statuses: Option<Statuses>,
        lines: mpsc::UnboundedSender<String>,
    ) -> Self {
        Self {
            events,
            notifications,
            kept: Arc::new(Mutex::new(kept)),
            seen: Mutex::new(seen),
            statuses,
            lines,
            end: Notify::new(),
        }
    }

    /// Lets the server end after the requests that have begun.
    pub(super) fn end(&self) {
        self.end.notify_one();
    }

    /// Reports statuses whose messages the outbox did not have yet, from time to time.
    pub(super) async fn report_waiting(&self) {
        let Some(statuses) = &self.statuses else {
            return;
        };
        loop {
            tokio::time::sleep(PAUSE).await;
            // What fails waits for the next time.
            let _ = statuses.report_waiting().await;
        }
    }

    async fn receive(&self, path: &str, request: &Request<Bytes>) -> Option<Reply> {
        let incoming = Incoming::of(request);
        match path {
            "/events" => match self.events.as_ref()?.receive(&incoming) {
                Outcome::Events(batch) => Some(self.keep_events(batch).await),
                other => Some(replied(other)),
            },
            "/notifications" => match self.notifications.as_ref()?.receive(&incoming) {
                Outcome::Events(batch) => Some(self.keep_notifications(batch).await),
                other => Some(replied(other)),
            },
            _ => None,
        }
    }

    async fn keep_events(&self, batch: Batch<Event>) -> Reply {
        note_rejected(&batch);
        let lines: Vec<String> = batch.events().iter().map(|it| one_line(it.raw())).collect();
        if !self.keep(lines).await {
            return batch.not_kept();
        }
        if let Some(statuses) = &self.statuses {
            for event in batch.events() {
                if let Err(error) = statuses.report(event).await {
                    print::note(text::listen::no_status(error.message()));
                    return batch.not_kept();
                }
            }
        }
        for event in batch.events() {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            let is_new = seen.insert(event, SystemTime::now());
            let _ = self.lines.send(event_line(event, !is_new));
        }
        batch.kept()
    }

    async fn keep_notifications(&self, batch: Batch<Notification>) -> Reply {
        note_rejected(&batch);
        let items: Vec<Value> = batch.events().iter().map(|it| json!(it)).collect();
        if !self
            .keep(items.iter().map(Value::to_string).collect())
            .await
        {
            return batch.not_kept();
        }
        for (notification, item) in batch.events().iter().zip(items) {
            let is_change = matches!(notification, Notification::Change(_));
            let line = json!({
                "event": if is_change { "notification" } else { "lifecycle" },
                "subscription_id": notification.subscription_id(), "data": item,
            });
            let _ = self.lines.send(line.to_string());
        }
        batch.kept()
    }

    /// Writes lines to the disk, on a thread of its own; returns whether they are there.
    async fn keep(&self, lines: Vec<String>) -> bool {
        let kept = Arc::clone(&self.kept);
        let written = tokio::task::spawn_blocking(move || {
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.keep(&lines)
        });
        match written.await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                print::note(text::listen::not_kept(error.kind()));
                false
            }
            Err(_) => false,
        }
    }
}

/// Notes the items of a request that are not kept, while the others are.
fn note_rejected<T>(batch: &Batch<T>) {
    for reason in batch.rejected() {
        print::note(text::listen::rejected_item(reason));
    }
}

/// The reply of an outcome without events.
fn replied<T>(outcome: Outcome<T>) -> Reply {
    match outcome {
        Outcome::Reply(handshake) => handshake,
        Outcome::Events(batch) => batch.not_kept(),
        Outcome::Rejected(rejected) => {
            print::note(text::listen::rejected(rejected.reason()));
            rejected.into_reply()
        }
    }
}

fn event_line(event: &Event, is_duplicate: bool) -> String {
    let data: Value = serde_json::from_str(event.raw()).unwrap_or_default();
    let status = StatusReport::of(event).map(|status| {
        json!({
            "message_id": status.message_id.as_str(), "status": status.status.as_str(),
            "code": status.failure.and_then(|failure| failure.code),
        })
    });
    let line = json!({
        "event": "event", "id": event.id, "type": event.event_type, "subject": event.subject,
        "duplicate": is_duplicate, "status": status, "data": data,
    });
    line.to_string()
}

/// Returns JSON in one line: white space between its members may hold line breaks.
fn one_line(json: &str) -> String {
    json.replace(['\n', '\r'], " ")
}

/// Serves until the end is asked for.
pub(super) async fn serve(listener: TcpListener, receiver: Arc<Receiver>) {
    let app = Router::new()
        .fallback(handle)
        .with_state(Arc::clone(&receiver));
    let ended = async move { receiver.end.notified().await };
    let served = axum::serve(listener, app)
        .with_graceful_shutdown(ended)
        .await;
    if let Err(error) = served {
        print::note(text::listen::ended(error.kind()));
    }
}

/// A failure is a 503: after a 413 or another 4xx, events would be dropped.
async fn handle(State(receiver): State<Arc<Receiver>>, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let body = tokio::time::timeout(BODY_TIME, to_bytes(body, MAX_BODY)).await;
    let reply = match body {
        Ok(Ok(body)) => {
            let request = Request::from_parts(parts, body);
            let reply = receiver.receive(&path, &request).await;
            reply.unwrap_or_else(|| Reply::new(StatusCode::NOT_FOUND))
        }
        _ => {
            print::note(text::listen::rejected(text::listen::NO_WHOLE_BODY));
            Reply::new(StatusCode::SERVICE_UNAVAILABLE)
        }
    };
    reply.into_response().map(Body::from)
}
