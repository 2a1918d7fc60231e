//! A client that knows nothing but the contract.

pub(crate) mod acs;
pub(crate) mod files;
pub(crate) mod graph;
pub(crate) mod http2;
pub(crate) mod wire;

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use ms_messenger_emulator::Emulator;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

pub(crate) struct Outside {
    pub(crate) emulator: Emulator,
    pub(crate) base: String,
    pub(crate) client: Client,
}

/// A plain client. Where the workspace is built as a whole, reqwest wants a TLS provider even for
/// plain HTTP.
pub(crate) fn client() -> Client {
    // A second call finds it installed already, which is no failure.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never());
    builder.build().unwrap()
}

impl Outside {
    pub(crate) async fn start() -> Self {
        Self::of(Emulator::start().await.unwrap())
    }

    pub(crate) fn of(emulator: Emulator) -> Self {
        let base = emulator.http_url().to_owned();
        let client = client();
        Self {
            emulator,
            base,
            client,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.client
            .get(format!("{}{path}", self.base))
            .send()
            .await
            .unwrap()
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.base))
    }

    pub(crate) async fn rows(&self, query: &str) -> Vec<Value> {
        self.get(&format!("/_emulator/messages{query}"))
            .await
            .json()
            .await
            .unwrap()
    }

    pub(crate) async fn faults(&self, rules: Value) {
        let url = format!("{}/_emulator/faults", self.base);
        let response = self.client.put(url).json(&rules).send().await.unwrap();
        assert_eq!(response.status(), 200, "{}", response.text().await.unwrap());
    }

    pub(crate) fn chat_token(&self) -> &str {
        &self.emulator.seed().acs.users[0].token
    }

    pub(crate) fn thread_path(&self) -> String {
        let thread = self
            .emulator
            .seed()
            .acs
            .thread_id
            .replace(':', "%3A")
            .replace('@', "%40");
        format!("/chat/threads/{thread}/messages?api-version=2025-03-15")
    }

    pub(crate) fn chat_send(&self, text: &str) -> RequestBuilder {
        self.post(&self.thread_path())
            .bearer_auth(self.chat_token())
            .json(&json!({"content": text, "type": "text"}))
    }

    pub(crate) async fn chat(&self, text: &str) -> Response {
        self.chat_send(text).send().await.unwrap()
    }

    pub(crate) fn graph_send(&self, path: &str, body: &Value) -> RequestBuilder {
        self.post(path)
            .bearer_auth(&self.emulator.seed().graph.token)
            .json(body)
    }

    /// Sends a request and returns its status and JSON (null for an empty body).
    pub(crate) async fn ask(request: RequestBuilder) -> (u16, Value) {
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        (status, if body == "" { Value::Null } else { body })
    }

    pub(crate) async fn graph(&self, path: &str, body: &Value) -> (u16, Value) {
        Self::ask(self.graph_send(path, body)).await
    }

    pub(crate) fn graph_chat(&self) -> String {
        format!(
            "/v1.0/chats/{}/messages",
            self.emulator.seed().graph.chat_id
        )
    }

    pub(crate) fn graph_channel(&self) -> String {
        let graph = &self.emulator.seed().graph;
        format!(
            "/v1.0/teams/{}/channels/{}/messages",
            graph.team_id, graph.channel_id
        )
    }

    /// A GET of a path or of a link of the emulator's own.
    pub(crate) fn read(&self, target: &str, token: &str) -> RequestBuilder {
        let path = target.strip_prefix(&self.base).unwrap_or(target);
        self.client
            .get(format!("{}{path}", self.base))
            .bearer_auth(token)
    }

    /// A notification with the seeded channel and a recipient, unless `body` has its own.
    pub(crate) fn notification(&self, body: &Value) -> Value {
        let mut message = json!({
            "channelRegistrationId": self.emulator.seed().acs.channel_registration_id,
            "to": ["+14255550123"],
        });
        for (name, value) in body.as_object().unwrap() {
            message[name] = value.clone();
        }
        message
    }

    /// A POST with an access-key signature of `at`.
    pub(crate) fn signed(&self, at: SystemTime, target: &str, body: &str) -> RequestBuilder {
        let key = STANDARD
            .decode(&self.emulator.seed().acs.access_key)
            .unwrap();
        let host = self.base.trim_start_matches("http://");
        let date = httpdate::fmt_http_date(at);
        let hash = STANDARD.encode(Sha256::digest(body.as_bytes()));
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(format!("POST\n{target}\n{date};{host};{hash}").as_bytes());
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        let signed = "SignedHeaders=x-ms-date;host;x-ms-content-sha256";
        self.post(target)
            .header("x-ms-date", date)
            .header("x-ms-content-sha256", hash)
            .header(
                "authorization",
                format!("HMAC-SHA256 {signed}&Signature={signature}"),
            )
            .header("content-type", "application/json")
            .body(body.to_owned())
    }

    pub(crate) async fn graph_get(&self, path: &str) -> Value {
        let token = &self.emulator.seed().graph.token;
        let url = format!("{}{path}", self.base);
        self.client
            .get(url)
            .bearer_auth(token)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }
}
