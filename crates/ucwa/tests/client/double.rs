//! A UCWA server under the control of a test: it responds correctly by default, and rules change
//! the response to a request. Loopback, HTTP/1.1.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test takes what it needs; a failed step fails the test"
)]

use std::{
    future::Future,
    sync::{Arc, Mutex},
    time::Duration,
};

use ms_messenger_core::SipUri;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::{Notify, watch},
};
use ucwa::{UcwaBuilder, UcwaCredential, UcwaSession};

pub const BOB: &str = "sip:bob@contoso.test";
pub const CONVERSATION: &str = "/apps/1/c/1";

/// One request, as it came.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub query: String,
    pub has_ticket: bool,
    /// The media type of the body; empty without one.
    pub content_type: String,
    pub body: String,
}

impl Request {
    pub fn is(&self, method: &str, path: &str) -> bool {
        self.method == method && self.path == path
    }

    /// The operation id, in the query or the body.
    pub fn operation(&self) -> String {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
        match (self.query.split_once("operationId="), &body["operationId"]) {
            (Some((_, id)), _) => id.to_owned(),
            (None, Value::String(id)) => id.clone(),
            _ => panic!("no operation id in {self:?}"),
        }
    }
}

/// The response to a request.
#[derive(Clone, Debug)]
pub enum Reply {
    Respond(u16, Vec<(&'static str, String)>, String),
    /// The connection is closed without a response.
    Close,
    /// No response.
    Hang,
    /// A response once it is let go.
    Later(Arc<Notify>, Box<Reply>),
}

pub fn status(status: u16) -> Reply {
    Reply::Respond(status, Vec::new(), String::new())
}

pub fn body(status: u16, body: Value) -> Reply {
    Reply::Respond(status, Vec::new(), body.to_string())
}

pub fn located(location: &str) -> Reply {
    Reply::Respond(201, vec![("Location", location.to_owned())], String::new())
}

impl Reply {
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        if let Self::Respond(_, headers, _) = &mut self {
            headers.push((name, value.into()));
        }
        self
    }
}

type Rule = Box<dyn FnMut(&Request) -> Option<Reply> + Send>;

struct Desk {
    host: String,
    requests: Mutex<Vec<Request>>,
    rules: Mutex<Vec<Rule>>,
    /// The packages of the event channel, from `ack=1`.
    packages: watch::Sender<Vec<Value>>,
}

#[derive(Clone)]
pub struct Double(Arc<Desk>);

/// How long a send without a verdict can still take effect.
pub(crate) const MARGIN: Duration = Duration::from_secs(33);

impl Double {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = format!("http://{}", listener.local_addr().unwrap());
        let double = Self(Arc::new(Desk {
            host,
            requests: Mutex::default(),
            rules: Mutex::default(),
            packages: watch::Sender::default(),
        }));
        let server = double.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(server.clone().serve(stream));
            }
        });
        double
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.0.host)
    }

    pub fn user(&self) -> UcwaBuilder {
        let credential = UcwaCredential::password("alice", "hunter2-very-secret");
        UcwaSession::builder("sip:alice@contoso.test", credential)
            .with_discovery_url(self.url("/"))
            .with_endpoint_id("double")
            .with_reconnect_backoff(Duration::from_millis(5))
            .with_send_timeout(Duration::from_secs(5))
            .with_settling_margin(MARGIN)
    }

    pub async fn signed_in(&self) -> UcwaSession {
        self.user().sign_in().await.unwrap()
    }

    /// Changes the response to requests; the newest rule applies first.
    pub fn rule(&self, rule: impl FnMut(&Request) -> Option<Reply> + Send + 'static) {
        self.0.rules.lock().unwrap().insert(0, Box::new(rule));
    }

    /// The same response to every request with this method and path.
    pub fn always(&self, method: &'static str, path: &'static str, reply: Reply) {
        self.rule(move |request| request.is(method, path).then(|| reply.clone()));
    }

    /// The same once.
    pub fn once(&self, method: &'static str, path: &'static str, reply: Reply) {
        let mut reply = Some(reply);
        self.rule(move |request| {
            let is_it = request.is(method, path);
            is_it.then(|| reply.take()).flatten()
        });
    }

    /// All requests with this method and path.
    pub fn requests(&self, method: &str, path: &str) -> Vec<Request> {
        let requests = self.0.requests.lock().unwrap();
        let own = requests.iter().filter(|request| request.is(method, path));
        own.cloned().collect()
    }

    /// Every request but those of the event channel, as `METHOD path?query type body`.
    pub fn wire(&self) -> Vec<String> {
        let requests = self.0.requests.lock().unwrap();
        let own = requests.iter().filter(|it| it.path != "/apps/1/events");
        let own = own.map(|it| {
            assert!(it.has_ticket || !it.path.starts_with("/apps"), "{it:?}");
            let sign = if it.query.is_empty() { "" } else { "?" };
            let (path, query) = (&it.path, &it.query);
            let line = format!("{} {path}{sign}{query}", it.method);
            let line = format!("{line} {} {}", it.content_type, it.body);
            line.trim_end().to_owned()
        });
        own.collect()
    }

    /// The texts that were posted, taken or not.
    pub fn posted(&self) -> Vec<String> {
        let posts = self.requests("POST", &format!("{CONVERSATION}/messages"));
        posts.into_iter().map(|request| request.body).collect()
    }

    pub async fn wait_for(&self, method: &str, path: &str, count: usize) {
        soon(async {
            while self.requests(method, path).len() < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
    }

    /// Puts a package on the event channel.
    pub fn push(&self, senders: Value) {
        self.0.packages.send_modify(|all| all.push(senders));
    }

    /// Events of the conversation.
    pub fn push_events(&self, events: Value) {
        self.push(json!([{"rel": "conversation", "href": CONVERSATION, "events": events}]));
    }

    async fn serve(self, stream: TcpStream) {
        let mut stream = BufReader::new(stream);
        while let Some(request) = read(&mut stream).await {
            self.0.requests.lock().unwrap().push(request.clone());
            let ruled = {
                let mut rules = self.0.rules.lock().unwrap();
                rules.iter_mut().find_map(|rule| rule(&request))
            };
            let reply = match ruled {
                Some(reply) => reply,
                None => self.right(&request).await,
            };
            let reply = match reply {
                Reply::Later(gate, reply) => {
                    gate.notified().await;
                    *reply
                }
                reply => reply,
            };
            let Reply::Respond(status, headers, body) = reply else {
                if matches!(reply, Reply::Hang) {
                    std::future::pending::<()>().await;
                }
                return;
            };
            let mut head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n", body.len());
            for (name, value) in headers {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
            let response = format!("{head}\r\n{body}");
            if stream.write_all(response.as_bytes()).await.is_err() {
                return;
            }
        }
    }

    /// The response of a correct server.
    async fn right(&self, request: &Request) -> Reply {
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/") => body(
                200,
                json!({"_links": {"user": {"href": self.url("/user")}}}),
            ),
            ("GET", "/user") if !request.has_ticket => status(401).with(
                "WWW-Authenticate",
                format!(
                    "MsRtcOAuth href=\"{}\",grant_type=\"password\"",
                    self.url("/token")
                ),
            ),
            ("GET", "/user") => body(
                200,
                json!({"_links": {"applications": {"href": self.url("/apps")}}}),
            ),
            ("POST", "/token") => body(
                200,
                json!({"access_token": "cwt=ticket", "expires_in": 28000, "token_type": "Bearer"}),
            ),
            ("POST", "/apps") => {
                // A new application has a new channel.
                self.0.packages.send_modify(Vec::clear);
                body(201, application())
            }
            ("GET", "/apps/1/events") => self.events(&request.query).await,
            ("GET", "/apps/1/me") => body(
                200,
                json!({"_links": {"self": {"href": "/apps/1/me"},
                "reportMyActivity": {"href": "/apps/1/me/active"}}}),
            ),
            ("POST", "/apps/1/me/available" | "/apps/1/me/active") => status(204),
            ("POST", "/apps/1/invitations") => {
                self.push(accepted(&request.operation()));
                located("/apps/1/invitations/1")
            }
            ("POST", "/apps/1/c/1/messages") => {
                let number = self.posted().len();
                let href = format!("{CONVERSATION}/messages/{number}");
                self.push_events(json!([completed(&href)]));
                located(&href)
            }
            ("POST", "/apps/1/c/1/stop") | ("DELETE", _) => status(204),
            ("GET", "/apps/1/c/1/messaging") => body(200, messaging()),
            _ => body(
                404,
                json!({"code": "NotFound", "subcode": "ResourceNotFound"}),
            ),
        }
    }

    async fn events(&self, query: &str) -> Reply {
        let ack: usize = query.rsplit('=').next().unwrap().parse().unwrap();
        let mut packages = self.0.packages.subscribe();
        let package = match packages.wait_for(|all| all.len() >= ack).await {
            Ok(all) => all[ack - 1].clone(),
            Err(_) => return Reply::Close,
        };
        let next = format!("/apps/1/events?ack={}", ack + 1);
        body(
            200,
            json!({"_links": {"next": {"href": next}}, "sender": package}),
        )
    }
}

pub fn application() -> Value {
    json!({"_links": {"self": {"href": "/apps/1"}, "events": {"href": "/apps/1/events?ack=1"}},
        "_embedded": {
            "me": {"_links": {"self": {"href": "/apps/1/me"},
                              "makeMeAvailable": {"href": "/apps/1/me/available"}}},
            "communication": {"_links": {"self": {"href": "/apps/1/communication"},
                              "startMessaging": {"href": "/apps/1/invitations"}}}}})
}

pub fn messaging() -> Value {
    json!({"state": "Connected", "negotiatedMessageFormats": ["Plain"],
           "_links": {"self": {"href": "/apps/1/c/1/messaging"},
                      "sendMessage": {"href": "/apps/1/c/1/messages"},
                      "stopMessaging": {"href": "/apps/1/c/1/stop"}}})
}

/// The event of an invitation's end: `status` and the like are `members`.
pub fn invitation(operation: &str, members: Value) -> Value {
    let mut event = json!({
        "link": {"rel": "messagingInvitation", "href": "/apps/1/invitations/1"},
        "type": "completed",
        "_embedded": {"messagingInvitation": {
            "direction": "Outgoing", "operationId": operation,
            "_links": {"conversation": {"href": CONVERSATION},
                       "messaging": {"href": "/apps/1/c/1/messaging"}}}}});
    for (name, value) in members.as_object().unwrap() {
        event[name] = value.clone();
    }
    json!([{"rel": "communication", "href": "/apps/1/communication", "events": [event]}])
}

/// The events of an accepted invitation.
pub fn accepted(operation: &str) -> Value {
    let mut senders = invitation(operation, json!({"status": "Success"}));
    let connected = json!({"rel": "conversation", "href": CONVERSATION, "events": [
        {"link": {"rel": "messaging", "href": "/apps/1/c/1/messaging"}, "type": "updated",
         "_embedded": {"messaging": messaging()}}]});
    senders.as_array_mut().unwrap().push(connected);
    senders
}

/// The event of a message of ours that was delivered.
pub fn completed(href: &str) -> Value {
    json!({"link": {"rel": "message", "href": href}, "type": "completed", "status": "Success",
           "_embedded": {"message": {"direction": "Outgoing", "timeStamp": "/Date(1364327898968)/",
                                     "_links": {"self": {"href": href}}}}})
}

/// The event of a message that names no more than its address.
pub fn link_only(href: &str) -> Value {
    json!({"link": {"rel": "message", "href": href}, "type": "completed", "status": "Success"})
}

/// The address of a user.
pub fn sip(address: &str) -> SipUri {
    address.parse().unwrap()
}

/// Waits for a step, and fails the test when it hangs.
pub async fn soon<T>(step: impl Future<Output = T>) -> T {
    let limit = Duration::from_secs(30);
    tokio::time::timeout(limit, step).await.expect("it hangs")
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut first = String::new();
    stream.read_line(&mut first).await.ok()?;
    let mut words = first.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (mut length, mut has_ticket, mut content_type) = (0, false, String::new());
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if let Some(value) = line.strip_prefix("content-type:") {
            value.trim().clone_into(&mut content_type);
        }
        has_ticket |= line.starts_with("authorization:");
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    Some(Request {
        method,
        path: path.to_owned(),
        query: query.to_owned(),
        has_ticket,
        content_type,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}
