//! A webhook in a server of axum, as the README of the events crate shows it.

use std::{
    collections::BTreeSet,
    future::Future,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, SystemTime},
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::State,
    http::{Method, Request, Response, StatusCode},
};
use ms_messenger::{
    http::{Endpoint, HttpClient, HttpOptions, HttpRequest},
    msgraph_chat::LifecycleNotices,
};
use ms_messenger_events::{
    EventGrid, GraphNotifications, Incoming, Outcome, Rejection, Reply, graph::Notification,
};
use serde_json::Value;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle, time::timeout};

use crate::kept::{Kept, ids};

const MAX_BODY: usize = 4 << 20;
/// The secret in the address.
pub(crate) const KEY: &str = "hunter2";
pub(crate) const CLIENT_STATE: &str = "5b1f0a5e3f5b4a43";

/// A request and its response, noted outside of what is tested.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    path: String,
    pub(crate) ids: Vec<String>,
    pub(crate) status: u16,
}

#[derive(Debug)]
struct Shared {
    events: Mutex<EventGrid>,
    graph: Mutex<GraphNotifications>,
    notices: Mutex<Option<LifecycleNotices>>,
    kept: Mutex<Kept>,
    rejections: Mutex<Vec<Rejection>>,
    exchanges: Mutex<Vec<Exchange>>,
    /// How fast its clock is.
    clock_ahead: Mutex<Duration>,
    changes: watch::Sender<()>,
}

impl Shared {
    fn incoming<'a>(&self, request: &'a Request<Bytes>) -> Incoming<'a> {
        let ahead = *self.clock_ahead.lock().unwrap();
        Incoming::of(request).with_received_at(SystemTime::now() + ahead)
    }
}

/// A webhook that runs.
#[derive(Debug)]
pub(crate) struct Hook {
    origin: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Drop for Hook {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Hook {
    /// A webhook that recognises its callers by the secret in its address and by `clientState`.
    pub(crate) async fn start() -> Self {
        let events = EventGrid::builder().with_secret("key", KEY).build();
        let graph = GraphNotifications::builder().with_client_state(CLIENT_STATE);
        let graph = graph.with_secret("key", KEY).build();
        let shared = Arc::new(Shared {
            events: Mutex::new(events.unwrap()),
            graph: Mutex::new(graph.unwrap()),
            notices: Mutex::default(),
            kept: Mutex::default(),
            rejections: Mutex::default(),
            exchanges: Mutex::default(),
            clock_ahead: Mutex::default(),
            changes: watch::Sender::new(()),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(serve);
        let app = app.with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self {
            origin,
            shared,
            task,
        }
    }

    /// The address for a path, with the secret.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}/{path}?key={KEY}", self.origin)
    }

    /// Posts a document, as anybody can who knows the address; returns the status.
    pub(crate) async fn post(&self, path: &str, document: &Value) -> u16 {
        let http = HttpClient::new(&HttpOptions::default()).unwrap();
        let endpoint = Endpoint::parse(&self.origin).unwrap();
        let address = endpoint.address(&format!("/{path}?key={KEY}")).unwrap();
        let request = HttpRequest::new(Method::POST, address, document.to_string().into());
        http.exchange(request).await.unwrap().status().as_u16()
    }

    /// Replaces the receiver of events, as a new version of the program would.
    pub(crate) fn set_events(&self, events: EventGrid) {
        *self.shared.events.lock().unwrap() = events;
    }

    pub(crate) fn set_graph(&self, graph: GraphNotifications) {
        *self.shared.graph.lock().unwrap() = graph;
    }

    pub(crate) fn set_clock_ahead(&self, ahead: Duration) {
        *self.shared.clock_ahead.lock().unwrap() = ahead;
    }

    /// Passes lifecycle events on to a keeper.
    pub(crate) fn notify(&self, notices: LifecycleNotices) {
        *self.shared.notices.lock().unwrap() = Some(notices);
    }

    pub(crate) fn kept(&self) -> MutexGuard<'_, Kept> {
        self.shared.kept.lock().unwrap()
    }

    pub(crate) fn rejections(&self) -> Vec<Rejection> {
        self.shared.rejections.lock().unwrap().clone()
    }

    /// Everything but the handshakes.
    pub(crate) fn exchanges(&self) -> Vec<Exchange> {
        let exchanges = self.shared.exchanges.lock().unwrap().clone();
        let has_items = |it: &Exchange| !it.ids.is_empty();
        exchanges.into_iter().filter(has_items).collect()
    }

    /// The statuses of the responses to lifecycle events.
    pub(crate) fn lifecycle_statuses(&self) -> Vec<u16> {
        let exchanges = self.shared.exchanges.lock().unwrap();
        let life = exchanges.iter().filter(|it| it.path == "/lifecycle");
        life.map(|it| it.status).collect()
    }

    /// The ids of what was acknowledged by a success.
    pub(crate) fn acknowledged(&self) -> BTreeSet<String> {
        let exchanges = self.exchanges().into_iter();
        let successes = exchanges.filter(|it| (200..300).contains(&it.status));
        successes.flat_map(|it| it.ids).collect()
    }

    /// Waits until something is true of what the webhook has.
    pub(crate) async fn until(&self, is_true: impl Fn(&Self) -> bool + Send + Sync) {
        let mut changes = self.shared.changes.subscribe();
        let wait = async {
            while !is_true(self) {
                changes.changed().await.unwrap();
            }
        };
        let rejections = || (self.rejections(), self.exchanges());
        in_time(wait)
            .await
            .unwrap_or_else(|| panic!("{:?}", rejections()));
    }
}

/// What a future is, unless it takes too long.
pub(crate) async fn in_time<T>(future: impl Future<Output = T>) -> Option<T> {
    timeout(Duration::from_secs(30), future).await.ok()
}

async fn serve(State(shared): State<Arc<Shared>>, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY).await else {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        return response;
    };
    let request = Request::from_parts(parts, body);
    let reply = match request.uri().path() {
        "/events" => receive_events(&shared, &request),
        _ => receive_graph(&shared, &request),
    };
    let response = reply.into_response().map(Body::from);
    if *request.method() == Method::POST && !request.body().is_empty() {
        shared.exchanges.lock().unwrap().push(Exchange {
            path: request.uri().path().to_owned(),
            ids: ids(request.body()),
            status: response.status().as_u16(),
        });
    }
    shared.changes.send_replace(());
    response
}

fn receive_events(shared: &Shared, request: &Request<Bytes>) -> Reply {
    let outcome = shared
        .events
        .lock()
        .unwrap()
        .receive(&shared.incoming(request));
    match outcome {
        Outcome::Reply(handshake) => handshake,
        Outcome::Events(batch) => match shared.kept.lock().unwrap().keep(batch.events()) {
            Ok(()) => batch.kept(),
            Err(_) => batch.not_kept(),
        },
        Outcome::Rejected(rejected) => {
            let reason = rejected.reason().clone();
            shared.rejections.lock().unwrap().push(reason);
            rejected.into_reply()
        }
    }
}

fn receive_graph(shared: &Shared, request: &Request<Bytes>) -> Reply {
    let outcome = shared
        .graph
        .lock()
        .unwrap()
        .receive(&shared.incoming(request));
    match outcome {
        Outcome::Reply(handshake) => handshake,
        Outcome::Events(batch) => {
            let mut rejections = shared.rejections.lock().unwrap();
            rejections.extend_from_slice(batch.rejected());
            drop(rejections);
            let kept = shared
                .kept
                .lock()
                .unwrap()
                .keep_notifications(batch.events());
            if kept.is_err() {
                return batch.not_kept();
            }
            for notification in batch.events() {
                pass_on(shared, notification);
            }
            batch.kept()
        }
        Outcome::Rejected(rejected) => {
            let reason = rejected.reason().clone();
            shared.rejections.lock().unwrap().push(reason);
            rejected.into_reply()
        }
    }
}

fn pass_on(shared: &Shared, notification: &Notification) {
    let notices = shared.notices.lock().unwrap();
    if let (Notification::Lifecycle(it), Some(notices)) = (notification, &*notices) {
        notices.note(&it.subscription_id, &it.lifecycle_event.as_str().into());
    }
}
