//! What the tests of the ACS services share: requests as one user, and by access key.

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::Outside;

/// Status and JSON of a response.
pub(crate) type Answered = (u16, Value);

/// The end of every target of Chat.
pub(crate) const CHAT: &str = "api-version=2025-03-15";

impl Outside {
    /// A request with a bearer token; `body` null means none.
    pub(crate) async fn bear(
        &self,
        token: &str,
        method: Method,
        target: &str,
        body: Value,
    ) -> Answered {
        let path = target.strip_prefix(&self.base).unwrap_or(target);
        let request = self.client.request(method, format!("{}{path}", self.base));
        let request = request.bearer_auth(token);
        let request = if body.is_null() {
            request
        } else {
            request.json(&body)
        };
        Self::ask(request).await
    }

    /// The seeded user `n` calls Chat, newest version; the path is below `/chat/threads`.
    pub(crate) async fn chat_as(
        &self,
        n: usize,
        method: Method,
        path: &str,
        body: Value,
    ) -> Answered {
        let token = self.emulator.seed().acs.users[n].token.clone();
        let mark = if path.contains('?') { '&' } else { '?' };
        let target = format!("/chat/threads{path}{mark}{CHAT}");
        self.bear(&token, method, &target, body).await
    }

    /// A request signed with the access key; `body` null means none.
    pub(crate) async fn keyed(&self, method: Method, target: &str, body: Value) -> Answered {
        let world = self.emulator.seed();
        let key = STANDARD.decode(&world.acs.access_key).unwrap();
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let host = self.base.trim_start_matches("http://");
        let date = httpdate::fmt_http_date(SystemTime::now());
        let hash = STANDARD.encode(Sha256::digest(&body));
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(format!("{method}\n{target}\n{date};{host};{hash}").as_bytes());
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        let headers = "SignedHeaders=x-ms-date;host;x-ms-content-sha256";
        let request = self
            .client
            .request(method, format!("{}{target}", self.base))
            .header("x-ms-date", date)
            .header("x-ms-content-sha256", hash)
            .header(
                "authorization",
                format!("HMAC-SHA256 {headers}&Signature={signature}"),
            );
        let request = if body.is_empty() {
            request
        } else {
            request
                .header("content-type", "application/json")
                .body(body)
        };
        Self::ask(request).await
    }

    /// Raw id of the seeded user `n`.
    pub(crate) fn acs_user(&self, n: usize) -> String {
        self.emulator.seed().acs.users[n].id.clone()
    }

    /// A thread that user 0 makes with `others`; the path of it below `/chat/threads`.
    pub(crate) async fn thread_with(&self, topic: &str, others: &[usize]) -> String {
        let others: Vec<Value> = others.iter().map(|n| self.participant(*n)).collect();
        let body = json!({"topic": topic, "participants": others});
        let (status, made) = self.chat_as(0, Method::POST, "", body).await;
        assert_eq!(status, 201, "{made}");
        format!("/{}", made["chatThread"]["id"].as_str().unwrap())
    }

    /// The seeded user `n` as a participant.
    pub(crate) fn participant(&self, n: usize) -> Value {
        json!({"communicationIdentifier": {"communicationUser": {"id": self.acs_user(n)}}})
    }
}
