//! A receiver of events and notifications that records what it gets.

pub(crate) mod crypto;
pub(crate) mod events;
pub(crate) mod scene;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle, time::timeout};

/// A request that the receiver got.
#[derive(Clone, Debug)]
pub(crate) struct Got {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Got {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }

    /// The events of a delivery in either schema.
    pub(crate) fn events(&self) -> Vec<Value> {
        match self.json() {
            Value::Array(events) => events,
            event => vec![event],
        }
    }
}

/// What the receiver responds to deliveries, in their order; 200 afterwards.
#[derive(Clone, Debug)]
pub(crate) enum Say {
    Status(u16),
    /// Nothing, for ever.
    Nothing,
}

type Handshake = fn(&Got) -> Response;

#[derive(Debug)]
struct Shared {
    handshake: Handshake,
    got: Mutex<Vec<Got>>,
    says: Mutex<VecDeque<Say>>,
    changes: watch::Sender<usize>,
}

#[derive(Debug)]
pub(crate) struct Receiver {
    pub(crate) url: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        Self::with(agree).await
    }

    pub(crate) async fn with(handshake: Handshake) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook?key=s3cret", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            handshake,
            got: Mutex::default(),
            says: Mutex::default(),
            changes: watch::Sender::new(0),
        });
        let app = Router::new()
            .fallback(serve)
            .with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, shared, task }
    }

    pub(crate) fn say(&self, says: impl IntoIterator<Item = Say>) {
        self.shared.says.lock().unwrap().extend(says);
    }

    /// Everything so far, handshakes included.
    pub(crate) fn all(&self) -> Vec<Got> {
        self.shared.got.lock().unwrap().clone()
    }

    /// The deliveries so far.
    pub(crate) fn deliveries(&self) -> Vec<Got> {
        self.all()
            .into_iter()
            .filter(|got| !is_handshake(got))
            .collect()
    }

    /// Waits for so many deliveries.
    pub(crate) async fn wait(&self, count: usize) -> Vec<Got> {
        let mut changes = self.shared.changes.subscribe();
        let enough = async {
            while self.deliveries().len() < count {
                changes.changed().await.unwrap();
            }
        };
        let in_time = timeout(Duration::from_secs(20), enough).await;
        let got = self.deliveries();
        assert!(in_time.is_ok(), "{} of {count} came: {got:#?}", got.len());
        got
    }

    /// Waits for so many events, however they travel.
    pub(crate) async fn events(&self, count: usize) -> Vec<Value> {
        let mut changes = self.shared.changes.subscribe();
        let events = || -> Vec<Value> { self.deliveries().iter().flat_map(Got::events).collect() };
        let enough = async {
            while events().len() < count {
                changes.changed().await.unwrap();
            }
        };
        let in_time = timeout(Duration::from_secs(20), enough).await;
        let got = events();
        assert!(in_time.is_ok(), "{} of {count} came: {got:#?}", got.len());
        got
    }
}

fn is_handshake(got: &Got) -> bool {
    got.method == Method::OPTIONS
        || got.header("aeg-event-type") == "SubscriptionValidation"
        || got
            .uri
            .query()
            .is_some_and(|query| query.contains("validationToken="))
}

async fn serve(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let got = Got {
        method,
        uri,
        headers,
        body,
    };
    let is_handshake = is_handshake(&got);
    shared.got.lock().unwrap().push(got.clone());
    shared.changes.send_modify(|count| *count += 1);
    if is_handshake {
        return (shared.handshake)(&got);
    }
    let say = shared.says.lock().unwrap().pop_front();
    match say {
        None => StatusCode::OK.into_response(),
        Some(Say::Status(status)) => StatusCode::from_u16(status).unwrap().into_response(),
        Some(Say::Nothing) => std::future::pending().await,
    }
}

/// Agrees to every handshake, as it should be done.
pub(crate) fn agree(got: &Got) -> Response {
    if got.method == Method::OPTIONS {
        let headers = [
            ("WebHook-Allowed-Origin", "eventgrid.azure.net"),
            ("WebHook-Allowed-Rate", "*"),
            ("Allow", "POST"),
        ];
        return (headers, "").into_response();
    }
    let query = got.uri.query().unwrap_or_default();
    if let Some((_, token)) = query.split_once("validationToken=") {
        let token = token.replace('+', " ");
        let token = percent_encoding::percent_decode_str(&token);
        let token = token.decode_utf8().unwrap().into_owned();
        return ([("content-type", "text/plain")], token).into_response();
    }
    let code = got.json()[0]["data"]["validationCode"].clone();
    axum::Json(json!({"validationResponse": code})).into_response()
}
