//! A service that knows drives, as far as messages with files need them.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ms_messenger_core::{RetryPolicy, StaticToken};
use ms_messenger_testkit::{HttpDouble, ReceivedRequest, Reply};
use msgraph_chat::{GraphChatBuilder, GraphChatClient};
use serde_json::{Value, json};

pub(crate) const TEAM: &str = "fbe2bf47-16c8-47cf-b4a5-4b9b187c508b";
pub(crate) const CHANNEL: &str = "19:c@thread.tacv2";
pub(crate) const CHAT: &str = "19:a@thread.v2";
pub(crate) const OWN: &str = "8ea0e38b-efb3-4757-924a-5f94061cf8c2";
pub(crate) const SECRET: &str = "tempauth-hunter2";

/// What happens to a request instead of success.
pub(crate) enum Act {
    /// It is not executed.
    Refuse(Reply),
    /// It is executed, and this is the response.
    Lose(Reply),
    /// Another account takes the name first, and this is the response.
    Conflict(Reply),
}

#[derive(Default)]
struct State {
    files: HashMap<String, Vec<u8>>,
    session: Option<(String, Vec<u8>, usize)>,
    acts: HashMap<&'static str, VecDeque<Option<Act>>>,
    has_no_folder: bool,
    hash: Option<String>,
    messages: Vec<Value>,
    url: String,
}

pub(crate) struct Drive {
    pub(crate) double: HttpDouble,
    state: Arc<Mutex<State>>,
}

impl Drive {
    pub(crate) async fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let double = HttpDouble::start(move |request| shared.lock().unwrap().reply(request));
        let double = double.await.unwrap();
        state.lock().unwrap().url = double.url().to_owned();
        Self { double, state }
    }

    /// Lets the next requests of `step` go as in `acts`; `None` is a success.
    pub(crate) fn script(&self, step: &'static str, acts: impl IntoIterator<Item = Option<Act>>) {
        let mut state = self.state.lock().unwrap();
        state.acts.entry(step).or_default().extend(acts);
    }

    pub(crate) fn without_folder(&self) {
        self.state.lock().unwrap().has_no_folder = true;
    }

    pub(crate) fn with_hash(&self, hash: &str) {
        self.state.lock().unwrap().hash = Some(hash.to_owned());
    }

    /// Stores a file of another account.
    pub(crate) fn put(&self, name: &str, bytes: &[u8]) {
        let mut state = self.state.lock().unwrap();
        state.files.insert(name.to_owned(), bytes.to_vec());
    }

    pub(crate) fn files(&self) -> Vec<(String, Vec<u8>)> {
        let state = self.state.lock().unwrap();
        let mut files: Vec<_> = state.files.clone().into_iter().collect();
        files.sort();
        files
    }

    pub(crate) fn messages(&self) -> Vec<Value> {
        self.state.lock().unwrap().messages.clone()
    }

    /// The requests, each by its step.
    pub(crate) fn steps(&self) -> Vec<&'static str> {
        self.double.requests().iter().map(step).collect()
    }

    pub(crate) fn count(&self, wanted: &str) -> usize {
        self.steps().iter().filter(|step| **step == wanted).count()
    }

    pub(crate) fn request(&self, wanted: &str) -> ReceivedRequest {
        let requests = self.double.requests();
        requests.into_iter().find(|it| step(it) == wanted).unwrap()
    }

    pub(crate) fn builder(&self) -> GraphChatBuilder {
        let claims = json!({"scp": "ChatMessage.Send", "oid": OWN}).to_string();
        let token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims));
        let backoff = Duration::from_millis(1);
        GraphChatClient::builder(StaticToken::new(token))
            .with_base_url(self.double.url())
            .with_retry_policy(RetryPolicy::default().with_backoff(backoff, backoff))
            .with_settling_margin(Duration::ZERO)
    }

    pub(crate) fn client(&self) -> GraphChatClient {
        self.builder().build().unwrap()
    }
}

pub(crate) fn step(request: &ReceivedRequest) -> &'static str {
    let path = request.target.split('?').next().unwrap();
    match request.method.as_str() {
        "GET" if path.ends_with("/filesFolder") => "folder",
        "GET" if path.ends_with("/members") => "members",
        "GET" if path == "/me" => "me",
        "GET" if path == "/session" => "status",
        "GET" if path.ends_with("/messages") => "list",
        "GET" => "look",
        "PUT" if path == "/session" => "piece",
        "PUT" if path.ends_with("/content") => "put",
        "PUT" => "commit",
        "DELETE" if path == "/session" => "cancel",
        "DELETE" => "delete",
        "POST" if path.ends_with("/invite") => "invite",
        "POST" if path.ends_with("/createUploadSession") => "session",
        "POST" if path.ends_with("/children") => "create",
        "POST" if path.contains("/messages") => "send",
        _ => "unknown",
    }
}

fn error(status: u16, code: &str) -> Reply {
    Reply::json(status, &json!({"error": {"code": code, "message": "no"}}))
}

fn decoded(name: &str) -> String {
    let name = percent_encoding::percent_decode_str(name);
    name.decode_utf8().unwrap().into_owned()
}

/// The name in `…/{name}:/content`.
fn name_of(path: &str) -> Option<String> {
    let mut segments = path.rsplit('/');
    let named = segments.find(|it| it.ends_with(':') && *it != "root:")?;
    Some(decoded(named.trim_end_matches(':')))
}

pub(crate) fn id_of(name: &str) -> String {
    format!("01{}", &guid_of(name)[24..])
}

pub(crate) fn guid_of(name: &str) -> String {
    let sum: u64 = name
        .bytes()
        .fold(7, |sum, b| sum.wrapping_mul(31).wrapping_add(b.into()));
    format!("5FF69C5F-1111-2222-3333-{:012X}", sum & 0xffff_ffff_ffff)
}

impl State {
    fn reply(&mut self, request: &ReceivedRequest) -> Reply {
        let step = step(request);
        let act = self.acts.get_mut(step).and_then(VecDeque::pop_front);
        match act.flatten() {
            Some(Act::Refuse(reply)) => reply,
            Some(Act::Conflict(reply)) => {
                self.take_name(step, request);
                reply
            }
            Some(Act::Lose(reply)) => {
                let _ = self.execute(step, request);
                reply
            }
            None => self.execute(step, request),
        }
    }

    fn execute(&mut self, step: &str, request: &ReceivedRequest) -> Reply {
        let path = request.target.split('?').next().unwrap();
        match step {
            "folder" => {
                let folder = json!({"id": "01FOLDER", "name": "General",
                    "webUrl": "https://contoso.sharepoint.com/General",
                    "parentReference": {"driveId": "b!team"}});
                Reply::json(200, &folder)
            }
            "members" => Reply::json(
                200,
                &json!({"value": [
                    {"id": "m1", "userId": OWN, "email": "me@contoso.com"},
                    {"id": "m2", "userId": "aaaa", "email": "lene@contoso.com"},
                    {"id": "m3", "userId": null, "email": "guest@example.org"},
                ]}),
            ),
            "me" => Reply::json(200, &json!({ "id": OWN })),
            "look" => match self.named(path) {
                Some(name) => Reply::json(200, &self.item(&name, true)),
                None => error(404, "itemNotFound"),
            },
            "put" => self.store(name_of(path).unwrap(), request.body.clone()),
            "session" => self.create_session(name_of(path).unwrap(), request),
            "piece" => self.piece(request),
            "commit" => self.commit(request),
            "status" => match &self.session {
                Some((_, bytes, _)) => wants(200, bytes.len()),
                None => error(404, "itemNotFound"),
            },
            "cancel" => {
                self.session = None;
                Reply::new(204, "")
            }
            "create" => {
                self.has_no_folder = false;
                Reply::json(201, &json!({"id": "01CHATFILES"}))
            }
            "invite" => Reply::json(200, &json!({"value": [{"id": "p1", "roles": ["read"]}]})),
            "delete" => match self.named(path) {
                Some(name) => {
                    self.files.remove(&name);
                    Reply::new(204, "")
                }
                None => error(404, "itemNotFound"),
            },
            "send" => {
                let mut message = request.json();
                if let Some(reply) = message.get("replyMessage") {
                    message = reply.clone();
                }
                message["id"] = "7".into();
                message["createdDateTime"] = "2026-03-29T03:53:52.035Z".into();
                self.messages.push(message.clone());
                Reply::json(201, &message)
            }
            "list" => Reply::json(200, &json!({ "value": self.messages })),
            _ => error(400, "BadRequest"),
        }
    }

    /// The stored file that a path names, by its name or its id.
    fn named(&self, path: &str) -> Option<String> {
        let by_name = name_of(path);
        let id = path.rsplit('/').next().unwrap();
        let by_id = || self.files.keys().find(|name| id_of(name) == id).cloned();
        by_name
            .filter(|name| self.files.contains_key(name))
            .or_else(by_id)
    }

    fn store(&mut self, name: String, bytes: Vec<u8>) -> Reply {
        if self.has_no_folder {
            return error(404, "itemNotFound");
        }
        if self.files.contains_key(&name) {
            return error(409, "nameAlreadyExists");
        }
        self.files.insert(name.clone(), bytes);
        Reply::json(201, &self.item(&name, false))
    }

    fn create_session(&mut self, name: String, request: &ReceivedRequest) -> Reply {
        if self.has_no_folder {
            return error(404, "itemNotFound");
        }
        if self.files.contains_key(&name) {
            return error(409, "nameAlreadyExists");
        }
        let total = request.json()["item"]["fileSize"].as_u64().unwrap();
        self.session = Some((name, Vec::new(), usize::try_from(total).unwrap()));
        let address = format!("{}/session?{SECRET}", self.url);
        let session = json!({"uploadUrl": address, "expirationDateTime": "2026-12-01T09:00:00Z",
            "nextExpectedRanges": ["0-"]});
        Reply::json(200, &session)
    }

    fn piece(&mut self, request: &ReceivedRequest) -> Reply {
        let Some((name, mut bytes, total)) = self.session.take() else {
            return error(404, "itemNotFound");
        };
        let range = request.header("content-range").unwrap();
        let expected = format!(
            "bytes {}-{}/{total}",
            bytes.len(),
            bytes.len() + request.body.len() - 1
        );
        let is_aligned =
            request.body.len().is_multiple_of(327_680) || bytes.len() + request.body.len() == total;
        if request.header("authorization").is_some() {
            return error(401, "unauthenticated");
        }
        if range != expected || !is_aligned {
            self.session = Some((name, bytes, total));
            return error(416, "invalidRange");
        }
        bytes.extend_from_slice(&request.body);
        if bytes.len() == total {
            return self.store(name, bytes);
        }
        let so_far = bytes.len();
        self.session = Some((name, bytes, total));
        wants(202, so_far)
    }

    /// Another account takes the name of a piece or commit; the bytes are kept.
    fn take_name(&mut self, step: &str, request: &ReceivedRequest) {
        let (name, bytes, _) = self.session.as_mut().unwrap();
        let mut name = name.clone();
        if step == "piece" {
            bytes.extend_from_slice(&request.body);
        } else {
            name = request.json()["name"].as_str().unwrap().to_owned();
        }
        self.files.insert(name, b"foo".to_vec());
    }

    /// Stores the bytes of the session under the name of the request.
    fn commit(&mut self, request: &ReceivedRequest) -> Reply {
        let body = request.json();
        let name = body["name"].as_str().unwrap().to_owned();
        let source = format!("{}/session?{SECRET}", self.url);
        let path = request.target.split('?').next().unwrap();
        if body["@microsoft.graph.sourceUrl"] != source || name_of(path).as_ref() != Some(&name) {
            return error(400, "invalidRequest");
        }
        match self.session.take() {
            Some((_, bytes, total)) if bytes.len() == total => self.store(name, bytes),
            _ => error(404, "itemNotFound"),
        }
    }

    fn item(&self, name: &str, is_whole: bool) -> Value {
        let mut item = json!({
            "id": id_of(name),
            "name": name,
            "size": self.files[name].len(),
            "eTag": format!("\"{{{}}},1\"", guid_of(name)),
            "webUrl": "https://contoso.sharepoint.com/_layouts/15/Doc.aspx?x=1",
            "parentReference": {"driveId": "b!x"},
            "file": {"mimeType": "text/plain"},
        });
        if is_whole {
            item["webDavUrl"] = format!("https://contoso.sharepoint.com/{}", name.len()).into();
        }
        if let Some(hash) = &self.hash {
            item["file"]["hashes"] = json!({ "quickXorHash": hash });
        }
        item
    }
}

fn wants(status: u16, from: usize) -> Reply {
    let ranges = json!({"expirationDateTime": "2026-12-01T09:00:00Z",
        "nextExpectedRanges": [format!("{from}-")]});
    Reply::json(status, &ranges)
}
