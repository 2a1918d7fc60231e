//! A client that knows nothing but the contract.
#![allow(dead_code, reason = "each test file uses a part of it")]

use ms_messenger_emulator::Emulator;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};

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
    let builder = Client::builder().no_proxy().retry(reqwest::retry::never());
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
        let answer = self.client.put(url).json(&rules).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    }

    pub(crate) fn chat_token(&self) -> &str {
        &self.emulator.world().acs.users[0].token
    }

    pub(crate) fn thread_path(&self) -> String {
        let thread = self
            .emulator
            .world()
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
            .bearer_auth(&self.emulator.world().graph.token)
            .json(body)
    }

    pub(crate) async fn graph_get(&self, path: &str) -> Value {
        let token = &self.emulator.world().graph.token;
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
