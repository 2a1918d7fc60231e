//! A UCWA client that knows nothing but the wire.

use std::time::Duration;

use crate::outside::Outside;
use ms_messenger_emulator::{Emulator, UcwaUser};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};

pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// An emulator whose UCWA clock runs that many times faster.
pub(crate) async fn fast(factor: f64) -> Outside {
    let builder = Emulator::builder().with_ucwa_time_scale(factor);
    Outside::of(builder.start().await.unwrap())
}

pub(crate) fn user(out: &Outside, name: &str) -> UcwaUser {
    let users = &out.emulator.seed().ucwa.users;
    let sip = format!("sip:{name}@contoso.test");
    users.iter().find(|u| u.sip == sip).unwrap().clone()
}

/// Asks for a ticket with a form.
pub(crate) async fn ticket(out: &Outside, form: &[(&str, &str)]) -> Response {
    let encode = |text: &str| {
        percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
    };
    let body: Vec<String> = form
        .iter()
        .map(|(name, value)| format!("{name}={}", encode(value)))
        .collect();
    out.post("/WebTicket/oauthtoken")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body.join("&"))
        .send()
        .await
        .unwrap()
}

pub(crate) async fn token_of(out: &Outside, name: &str) -> String {
    let user = user(out, name);
    let form = [
        ("grant_type", "password"),
        ("username", user.username.as_str()),
        ("password", user.password.as_str()),
    ];
    let response: Value = ticket(out, &form).await.json().await.unwrap();
    response["access_token"].as_str().unwrap().to_owned()
}

/// A signed-in endpoint.
pub(crate) struct Endpoint {
    client: Client,
    origin: String,
    pub(crate) token: String,
    pub(crate) application: Value,
    pub(crate) next: String,
    /// Events that were fetched and not looked at yet.
    pub(crate) pending: Vec<Value>,
}

impl Endpoint {
    /// An application that is not available.
    pub(crate) async fn lurk(out: &Outside, name: &str) -> Self {
        Self::with_token(out, token_of(out, name).await, name).await
    }

    pub(crate) async fn with_token(out: &Outside, token: String, name: &str) -> Self {
        let identity = json!({"UserAgent": "test", "EndpointId": name, "Culture": "en-US"});
        let request = out
            .post("/ucwa/oauth/v1/applications")
            .bearer_auth(&token)
            .json(&identity);
        let (status, application) = Outside::ask(request).await;
        assert_eq!(status, 201, "{application}");
        Self {
            client: out.client.clone(),
            origin: out.base.clone(),
            token,
            next: text(&application["_links"]["events"]["href"]),
            application,
            pending: Vec::new(),
        }
    }

    /// An application that receives plain text and HTML, its first events already read.
    pub(crate) async fn online(out: &Outside, name: &str) -> Self {
        let mut endpoint = Self::lurk(out, name).await;
        let available = json!({
            "signInAs": "Online",
            "supportedMessageFormats": ["Plain", "Html"],
            "supportedModalities": ["Messaging"],
        });
        let path = endpoint.path("/me/makeMeAvailable");
        assert_eq!(endpoint.post(&path, &available).await.0, 204);
        endpoint.until("communication", "updated").await;
        endpoint
    }

    /// A path under the application.
    pub(crate) fn path(&self, rest: &str) -> String {
        format!(
            "{}{rest}",
            text(&self.application["_links"]["self"]["href"])
        )
    }

    pub(crate) fn request(&self, method: Method, href: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}{href}", self.origin))
            .bearer_auth(&self.token)
            .header("accept", "application/json")
    }

    pub(crate) async fn get(&self, href: &str) -> (u16, Value) {
        Outside::ask(self.request(Method::GET, href)).await
    }

    pub(crate) async fn delete(&self, href: &str) -> u16 {
        Outside::ask(self.request(Method::DELETE, href)).await.0
    }

    pub(crate) async fn post(&self, href: &str, body: &Value) -> (u16, Value) {
        let request = self.request(Method::POST, href);
        let request = if body.is_null() {
            request
        } else {
            request.json(body)
        };
        Outside::ask(request).await
    }

    /// A POST with the response 201; returns its location.
    pub(crate) async fn create(&self, href: &str, body: &Value) -> String {
        let request = self.request(Method::POST, href).json(body);
        location(request.send().await.unwrap())
    }

    pub(crate) async fn start(&self, to: &str) -> String {
        self.start_with(json!({"to": to, "operationId": "op-1"}))
            .await
    }

    pub(crate) async fn start_with(&self, body: Value) -> String {
        let href = self.path("/communication/messagingInvitations");
        self.create(&href, &body).await
    }

    /// Asks for events once and keeps them.
    pub(crate) async fn poll(&mut self) -> Value {
        let next = self.next.clone();
        let (status, response) = tokio::time::timeout(LIMIT, self.get(&next))
            .await
            .expect("events in time");
        assert_eq!(status, 200, "{response}");
        self.take(&response);
        response
    }

    pub(crate) fn take(&mut self, response: &Value) {
        for onward in ["next", "resume", "resync"] {
            if let Some(href) = response["_links"][onward]["href"].as_str() {
                href.clone_into(&mut self.next);
            }
        }
        self.pending.extend(events_of(response));
    }

    /// Reads on until an event of that resource and type; returns it and forgets those before.
    pub(crate) async fn until(&mut self, rel: &str, kind: &str) -> Value {
        loop {
            while !self.pending.is_empty() {
                let event = self.pending.remove(0);
                if event["link"]["rel"] == rel && event["type"] == kind {
                    return event;
                }
            }
            self.poll().await;
        }
    }

    /// Calls a user and waits until the conversation is connected; returns its address.
    pub(crate) async fn talk_to(&mut self, to: &str) -> String {
        self.start(to).await;
        self.connected().await
    }

    /// Waits until an invitation of one's own has succeeded; returns the conversation's address.
    pub(crate) async fn connected(&mut self) -> String {
        let done = self.until("messagingInvitation", "completed").await;
        assert_eq!(done["status"], "Success", "{done}");
        link(&done["_embedded"]["messagingInvitation"], "conversation")
    }

    pub(crate) fn say(&self, conversation: &str, text: &str) -> RequestBuilder {
        self.request(Method::POST, &format!("{conversation}/messaging/messages"))
            .header("content-type", "text/plain; charset=utf-8")
            .body(text.to_owned())
    }

    /// Sends a message; returns its address.
    pub(crate) async fn send(&self, conversation: &str, text: &str) -> String {
        location(self.say(conversation, text).send().await.unwrap())
    }

    /// Waits for an invitation and accepts it; returns the conversation's address.
    pub(crate) async fn accept(&mut self) -> String {
        let started = self.until("messagingInvitation", "started").await;
        let invitation = &started["_embedded"]["messagingInvitation"];
        assert_eq!(invitation["direction"], "Incoming");
        let accept = link(invitation, "accept");
        assert_eq!(self.post(&accept, &Value::Null).await.0, 204);
        link(invitation, "conversation")
    }
}

pub(crate) fn location(response: Response) -> String {
    assert_eq!(response.status(), 201);
    assert_eq!(response.headers()["content-length"], "0");
    response.headers()["location"].to_str().unwrap().to_owned()
}

pub(crate) fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("no text: {value}"))
        .to_owned()
}

pub(crate) fn link(resource: &Value, rel: &str) -> String {
    let href = &resource["_links"][rel]["href"];
    assert!(href.is_string(), "no link {rel}: {resource}");
    text(href)
}

/// The events of a response, in order.
pub(crate) fn events_of(response: &Value) -> Vec<Value> {
    let senders = response["sender"].as_array().cloned().unwrap_or_default();
    let of = |sender: Value| sender["events"].as_array().cloned().unwrap_or_default();
    senders.into_iter().flat_map(of).collect()
}

/// `rel type` of each event.
pub(crate) fn names(events: &[Value]) -> Vec<String> {
    let name = |event: &Value| format!("{} {}", text(&event["link"]["rel"]), text(&event["type"]));
    events.iter().map(name).collect()
}

/// A rule for a UCWA operation.
pub(crate) fn rule(operation: &str, action: Value) -> Value {
    json!({"rules": [{
        "match": {"platform": "ucwa", "operation": operation, "nth": [1]},
        "action": action,
    }]})
}

/// Waits until the emulator's own counters satisfy a condition.
pub(crate) async fn until_stats(
    out: &Outside,
    condition: impl Fn(&Value) -> bool + Send + Sync,
) -> Value {
    let waiting = async {
        loop {
            let stats: Value = out.get("/_emulator/stats").await.json().await.unwrap();
            if condition(&stats["platforms"]["ucwa"]) {
                return stats["platforms"]["ucwa"].clone();
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(LIMIT, waiting)
        .await
        .expect("the counters in time")
}
