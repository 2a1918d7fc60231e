//! A fifth service, which the emulator does not know: rooms that take texts and list them.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
};

use crate::outside::Outside;
use ms_messenger_emulator::{
    Emulator, FaultAction, FaultRule, Faults, InjectError, MessageMatcher, Platform, StartError,
    service::{
        Audience, Description, Engine, Exchange, FaultKind, Injection, Method, NewRow, Outcome,
        OwnFault, Rate, Request, Response, Routing, Service, ServiceFault, StatusCode, TokenGrant,
        TokenRequest, decode_segment,
    },
};
use serde_json::{Value, json};

const ROOMS: Platform = Platform::new("rooms");
const USERS: Audience = Audience::new("rooms");

#[derive(Debug, Default)]
pub(crate) struct Rooms {
    texts: Mutex<BTreeMap<String, Vec<String>>>,
}

#[derive(Debug)]
pub(crate) enum Call {
    Send(String),
    List(String),
}

/// The room is full: 409.
#[derive(Debug)]
struct RoomFull;

impl ServiceFault for RoomFull {
    fn to_json(&self) -> Value {
        json!({"kind": "room_full"})
    }

    fn fits(&self, operation: &str) -> bool {
        operation == "send"
    }
}

fn fault_kinds() -> Vec<FaultKind> {
    vec![FaultKind::new("room_full", &[], |_, _| {
        Ok(OwnFault::new(ROOMS, RoomFull))
    })]
}

impl Rooms {
    fn texts(&self) -> MutexGuard<'_, BTreeMap<String, Vec<String>>> {
        self.texts.lock().unwrap()
    }

    /// Stores a text with its row, under one lock. Returns the id of the message.
    fn store(&self, engine: &Engine, operation: &'static str, new: New<'_>) -> String {
        let mut texts = self.texts();
        let room = texts.entry(new.room.to_owned()).or_default();
        room.push(new.text.to_owned());
        let id = room.len().to_string();
        let row = NewRow::new(ROOMS, operation, new.room, &*id)
            .with_sender(new.sender)
            .with_text("text", new.text);
        engine.append(row, new.request);
        id
    }
}

struct New<'a> {
    room: &'a str,
    sender: &'a str,
    text: &'a str,
    request: &'a Request,
}

fn error(status: StatusCode, message: &str) -> Response {
    Response::json(status, &json!({"wrong": message}))
}

impl Service for Rooms {
    type Call = Call;

    fn description(&self) -> Description {
        Description::new(ROOMS, &["send", "list"])
            .with_pages(true)
            .with_bearer_tokens(60)
            .with_injections(true)
            .with_fault_kinds(fault_kinds)
    }

    fn route(&self, method: &Method, target: &str) -> Routing<Call> {
        let Some(room) = target.strip_prefix("/rooms/") else {
            return Routing::NotMine;
        };
        let Some(room) = decode_segment(room) else {
            return Routing::Unknown;
        };
        let routing = match *method {
            Method::POST => Routing::found("send", Call::Send(room)),
            Method::GET => Routing::found("list", Call::List(room)),
            _ => Routing::WrongMethod("GET, POST"),
        };
        routing.with_audience(USERS)
    }

    async fn serve(&self, exchange: &Exchange<'_>, call: &Call) -> Outcome {
        let (engine, request) = (exchange.engine(), exchange.request());
        let token = request.header("authorization").unwrap_or_default();
        let token = token.strip_prefix("Bearer ").unwrap_or_default();
        let Ok(claims) = engine.verify(USERS, token) else {
            return Outcome::new(error(StatusCode::UNAUTHORIZED, "token"), false);
        };
        match call {
            Call::Send(room) => {
                let rates = [Rate::new("rooms/send", room, 2, 86_400)];
                if let Err(throttled) = engine.admit(ROOMS, &rates) {
                    let response = error(StatusCode::TOO_MANY_REQUESTS, "too fast");
                    return Outcome::new(throttled.mark(response), false);
                }
                let new = New {
                    room,
                    sender: claims.text("sub").unwrap_or_default(),
                    text: std::str::from_utf8(request.body()).unwrap_or_default(),
                    request,
                };
                let id = self.store(engine, exchange.operation(), new);
                Outcome::new(
                    Response::json(StatusCode::CREATED, &json!({"id": id})),
                    true,
                )
            }
            Call::List(room) => {
                let texts = self.texts().get(room).cloned().unwrap_or_default();
                Outcome::new(
                    Response::json(StatusCode::OK, &json!({"value": texts})),
                    false,
                )
            }
        }
    }

    fn error(&self, _: &Engine, _: &Request, status: StatusCode, message: &str) -> Response {
        error(status, message)
    }

    fn fault_response(&self, _: &Exchange<'_>, fault: &OwnFault) -> Option<Response> {
        let RoomFull = fault.downcast_ref()?;
        Some(error(StatusCode::CONFLICT, "the room is full"))
    }

    fn inject(&self, engine: &Engine, injection: &Injection<'_>) -> Result<Value, InjectError> {
        let fields = injection.fields(&["room", "text"], &["sender"])?;
        let new = New {
            room: fields.text("room"),
            sender: fields.optional("sender").unwrap_or("nobody"),
            text: fields.text("text"),
            request: injection.request,
        };
        Ok(json!({"message_id": self.store(engine, "inject", new)}))
    }

    fn grant_token(&self, _: &Engine, request: &TokenRequest<'_>) -> Result<TokenGrant, String> {
        let user = request.user.ok_or("user: is required")?;
        Ok(TokenGrant::new(json!(user), &[], json!({"sub": user})))
    }

    fn admin(&self, _: &Engine, path: &str, _: &Request) -> Option<Response> {
        let names = || self.texts().keys().cloned().collect::<Vec<_>>();
        (path == "rooms").then(|| Response::json(StatusCode::OK, &json!(names())))
    }

    fn forget(&self, room: &str, message_id: &str) {
        if let (Some(texts), Ok(n)) = (self.texts().get_mut(room), message_id.parse::<usize>()) {
            texts[n - 1] = "forgotten".to_owned();
        }
    }

    fn reset(&self, rest: &mut dyn FnMut()) {
        let mut texts = self.texts();
        texts.clear();
        rest();
    }

    fn add_stats(&self, counters: &mut Value) {
        counters["rooms"] = json!(self.texts().len());
    }

    fn add_ready(&self, line: &mut Value, _: Option<&str>) {
        line["rooms"] = json!("here");
    }
}

async fn start() -> (Outside, String) {
    let builder = Emulator::builder().with_service(Rooms::default());
    let outside = Outside::of(builder.start().await.unwrap());
    let token = token(&outside);
    (outside, token)
}

pub(crate) fn token(outside: &Outside) -> String {
    let request = json!({"platform": "rooms", "user": "ann"});
    let issued = outside.emulator.issue_token(&request).unwrap();
    issued["token"].as_str().unwrap().to_owned()
}

pub(crate) async fn send(outside: &Outside, token: &str, text: &'static str) -> u16 {
    let request = outside.post("/rooms/a%20b").bearer_auth(token).body(text);
    request.send().await.unwrap().status().as_u16()
}

async fn list(outside: &Outside, token: &str) -> Value {
    let url = format!("{}/rooms/a%20b", outside.base);
    let request = outside.client.get(url).bearer_auth(token);
    request.send().await.unwrap().json().await.unwrap()
}

async fn admin(outside: &Outside, path: &str) -> Value {
    outside.get(path).await.json().await.unwrap()
}

#[tokio::test]
async fn a_message_has_its_row_and_is_found_in_the_inbox_and_the_statistics() {
    let (outside, token) = start().await;
    assert_eq!(send(&outside, &token, "hello").await, 201);
    assert_eq!(list(&outside, &token).await, json!({"value": ["hello"]}));
    let rows = admin(&outside, "/_emulator/messages?platform=rooms").await;
    assert_eq!(rows[0]["conversation"], "a b");
    assert_eq!(rows[0]["sender"], "ann");
    assert_eq!(rows[0]["request"]["body"], "hello");
    assert_eq!(rows[0]["request"]["headers"]["authorization"], "[removed]");
    let found = outside
        .emulator
        .expect(MessageMatcher::new().with_platform(ROOMS));
    let row = found
        .within(std::time::Duration::from_secs(5))
        .await
        .unwrap();
    assert_eq!((row.operation, &*row.text), ("send", "hello"));
    let stats = admin(&outside, "/_emulator/stats").await;
    let rooms = &stats["platforms"]["rooms"];
    assert_eq!(
        (&rooms["stored"], &rooms["requests"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(rooms["rooms"], 1);
    assert_eq!(outside.emulator.ready_line()["rooms"], "here");
    assert_eq!(admin(&outside, "/_emulator/rooms").await, json!(["a b"]));
}

#[tokio::test]
async fn a_repeated_client_request_id_is_a_duplicate() {
    let (outside, token) = start().await;
    for _ in 0..2 {
        let request = outside.post("/rooms/a").bearer_auth(&token).body("twice");
        let request = request.header("client-request-id", "7");
        assert_eq!(request.send().await.unwrap().status(), 201);
    }
    let rows = outside.emulator.messages();
    assert_eq!(
        (rows[0].duplicate_of, rows[1].duplicate_of),
        (None, Some(1))
    );
}

#[tokio::test]
async fn faults_of_every_service_and_of_its_own_are_applied() {
    let (outside, token) = start().await;
    let emulator = &outside.emulator;
    emulator
        .fail_next(ROOMS, "send", FaultAction::status(503))
        .unwrap();
    assert_eq!(send(&outside, &token, "a").await, 503);
    emulator
        .fail_next(ROOMS, "send", OwnFault::new(ROOMS, RoomFull).into())
        .unwrap();
    assert_eq!(send(&outside, &token, "b").await, 409);
    assert!(
        emulator
            .fail_next(ROOMS, "read", FaultAction::status(503))
            .is_err()
    );
    assert!(emulator.messages().is_empty());

    let rule =
        |kind: &str| json!({"rules": [{"match": {"platform": "rooms"}, "action": {"kind": kind}}]});
    let full = emulator.parse_faults(&rule("room_full")).unwrap();
    assert_eq!(full.to_json(), rule("room_full"));
    assert!(Faults::from_json(&rule("room_full")).is_err());
    assert!(
        emulator.parse_faults(&rule("busy")).is_err(),
        "a fault of another service"
    );
    let put = outside
        .client
        .put(format!("{}/_emulator/faults", outside.base));
    assert_eq!(
        put.json(&rule("room_full")).send().await.unwrap().status(),
        200
    );
    assert_eq!(send(&outside, &token, "c").await, 409);
    assert_eq!(list(&outside, &token).await, json!({"value": []}));

    let empty = FaultRule::new(FaultAction::EmptyPage).with_platform(ROOMS);
    emulator.set_faults(Faults::new().with_rule(empty.with_times(1)));
    assert_eq!(send(&outside, &token, "d").await, 201);
    let page = list(&outside, &token).await;
    assert_eq!(page["value"], json!([]));
    assert!(
        page["nextLink"]
            .as_str()
            .unwrap()
            .contains("/rooms/a%20b?page=")
    );
}

#[tokio::test]
async fn expired_and_wrong_tokens_are_rejected() {
    let (outside, old) = start().await;
    assert_eq!(send(&outside, "garbled", "a").await, 401);
    outside
        .emulator
        .fail_next(ROOMS, "send", FaultAction::TokenExpiry)
        .unwrap();
    assert_eq!(send(&outside, &old, "a").await, 401);
    assert_eq!(send(&outside, &old, "a").await, 401);
    assert_eq!(send(&outside, &token(&outside), "a").await, 201);
}

#[tokio::test]
async fn documented_limits_are_kept() {
    let builder = Emulator::builder().with_service(Rooms::default());
    let emulator = builder.with_documented_limits(true).start().await.unwrap();
    let outside = Outside::of(emulator);
    let token = token(&outside);
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(send(&outside, &token, "x").await);
    }
    assert_eq!(statuses, [201, 201, 429]);
    let stats = outside.emulator.stats();
    assert_eq!(stats["throttled_by"], json!({"rooms/send": 1}));
    assert_eq!(stats["platforms"]["rooms"]["throttled"], 1);
}

#[tokio::test]
async fn unknown_paths_get_an_error_in_the_form_of_the_service() {
    let (outside, _) = start().await;
    let response = outside.get("/rooms/%20").await;
    assert_eq!(response.status(), 404);
    let body: Value = response.json().await.unwrap();
    assert!(
        body["wrong"].as_str().unwrap().contains("No operation"),
        "{body}"
    );
    let delete = outside.client.delete(format!("{}/rooms/a", outside.base));
    let response = delete.send().await.unwrap();
    assert_eq!(response.status(), 405);
    assert_eq!(response.headers()["allow"], "GET, POST");
}

#[tokio::test]
async fn the_other_side_can_send_and_a_reset_forgets_it() {
    let (outside, token) = start().await;
    let said = json!({"platform": "rooms", "room": "a b", "text": "hi"});
    let made = outside.emulator.inject(&said).unwrap();
    assert_eq!(made, json!({"platform": "rooms", "message_id": "1"}));
    assert_eq!(list(&outside, &token).await, json!({"value": ["hi"]}));
    assert_eq!(outside.emulator.messages()[0].operation, "inject");
    let wrong = outside
        .emulator
        .inject(&json!({"platform": "rooms", "text": "", "x": 1}));
    assert_eq!(wrong.unwrap_err().problems.len(), 3);
    outside.emulator.reset();
    assert!(outside.emulator.messages().is_empty());
    assert_eq!(list(&outside, &token).await, json!({"value": []}));
    assert_eq!(send(&outside, &token, "again").await, 201);
    assert_eq!(outside.emulator.messages()[0].seq, 1);
}

#[tokio::test]
async fn a_dropped_row_is_forgotten_by_the_service() {
    let builder = Emulator::builder()
        .with_service(Rooms::default())
        .with_keep(1);
    let outside = Outside::of(builder.start().await.unwrap());
    let token = token(&outside);
    assert_eq!(send(&outside, &token, "one").await, 201);
    assert_eq!(send(&outside, &token, "two").await, 201);
    assert_eq!(
        list(&outside, &token).await,
        json!({"value": ["forgotten", "two"]})
    );
}

#[tokio::test]
async fn two_services_of_one_name_are_refused_at_the_start() {
    let builder = Emulator::builder().with_service(Rooms::default());
    let started = builder.with_service(Rooms::default()).start().await;
    assert!(matches!(started, Err(StartError::MountedTwice("rooms"))));
}
