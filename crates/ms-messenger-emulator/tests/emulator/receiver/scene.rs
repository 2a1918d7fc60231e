//! An emulated Graph whose subscriptions a receiver gets the notifications of.

use std::time::{Duration, SystemTime};

use reqwest::Method;
use serde_json::{Value, json};

use super::{Receiver, crypto};
use crate::outside::Outside;

/// A time so many minutes from now.
pub(crate) fn in_minutes(minutes: u64) -> String {
    let at = SystemTime::now() + Duration::from_secs(60 * minutes);
    let seconds = at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let days = seconds / 86_400 + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year + era * 400 + u64::from(month <= 2);
    let rest = seconds % 86_400;
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

pub(crate) struct Scene {
    pub(crate) outside: Outside,
    pub(crate) receiver: Receiver,
}

impl Scene {
    pub(crate) async fn start() -> Self {
        let scene = Self {
            outside: Outside::start().await,
            receiver: Receiver::start().await,
        };
        let pace = json!({"time_factor": 1000});
        let (status, _) = scene.admin(Method::PUT, "graph-notifications", pace).await;
        assert_eq!(status, 200);
        scene
    }

    pub(crate) async fn admin(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}/_emulator/{path}", self.outside.base);
        Outside::ask(self.outside.client.request(method, url).json(&body)).await
    }

    pub(crate) async fn call(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let token = self.outside.emulator.seed().graph.app_token.clone();
        let path = format!("/v1.0/subscriptions{path}");
        self.outside.bear(&token, method, &path, body).await
    }

    /// A subscription to the seeded chat, with `other` members.
    pub(crate) fn body(&self, other: &Value) -> Value {
        let mut body = json!({
            "changeType": "created,updated,deleted",
            "notificationUrl": self.receiver.url,
            "resource": format!("/chats/{}/messages", self.outside.emulator.seed().graph.chat_id),
            "expirationDateTime": in_minutes(30),
            "clientState": "s3cret",
        });
        for (name, value) in other.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    }

    pub(crate) async fn subscribe(&self, other: Value) -> Value {
        let (status, made) = self.call(Method::POST, "", self.body(&other)).await;
        assert_eq!(status, 201, "{made}");
        made
    }

    pub(crate) async fn send(&self, text: &str) -> String {
        let body = json!({"body": {"content": text}});
        let (status, sent) = self.outside.graph(&self.outside.graph_chat(), &body).await;
        assert_eq!(status, 201, "{sent}");
        sent["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn refused(&self, other: Value) -> (u16, String) {
        let (status, body) = self.call(Method::POST, "", self.body(&other)).await;
        let message = body["error"]["message"].as_str().unwrap_or_default();
        (status, message.to_owned())
    }

    pub(crate) async fn keys(&self) -> Value {
        self.outside
            .get("/common/discovery/keys")
            .await
            .json()
            .await
            .unwrap()
    }

    pub(crate) fn encrypted(&self) -> Value {
        json!({
            "includeResourceData": true,
            "encryptionCertificate": crypto::CERTIFICATE,
            "encryptionCertificateId": "cert-1",
        })
    }
}
