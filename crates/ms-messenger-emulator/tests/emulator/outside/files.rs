//! Drives from outside.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::{Outside, graph::ALICE};

/// What pieces are a multiple of.
pub(crate) const STEP: usize = 327_680;

impl Outside {
    /// A request of the seeded user number `n`, redirects not followed.
    pub(crate) fn of_user(&self, n: usize, method: &str, path: &str) -> RequestBuilder {
        let token = &self.emulator.seed().graph.users[n].token;
        self.with_token(token, method, path)
    }

    pub(crate) fn with_token(&self, token: &str, method: &str, path: &str) -> RequestBuilder {
        let path = path.strip_prefix(&self.base).unwrap_or(path);
        let url = format!("{}{path}", self.base);
        let request = self.client.request(method.parse().unwrap(), url);
        request.bearer_auth(token)
    }

    /// A simple upload of alice's.
    pub(crate) async fn put_file(&self, path: &str, bytes: impl Into<Vec<u8>>) -> (u16, Value) {
        let path = format!("/v1.0/me/drive/root:/{path}:/content");
        Self::ask(self.of_user(ALICE, "PUT", &path).body(bytes.into())).await
    }

    /// A session of alice's; returns its address.
    pub(crate) async fn session(&self, path: &str, body: Value) -> String {
        let (status, session) = self.asked_session(path, body).await;
        assert_eq!(status, 200, "{session}");
        session["uploadUrl"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn asked_session(&self, path: &str, body: Value) -> (u16, Value) {
        let path = format!("/v1.0/me/drive/root:/{path}:/createUploadSession");
        Self::ask(self.of_user(ALICE, "POST", &path).json(&body)).await
    }

    /// The piece of `whole` between two offsets.
    pub(crate) fn piece(&self, url: &str, whole: &[u8], from: usize, to: usize) -> RequestBuilder {
        let range = format!("bytes {from}-{}/{}", to - 1, whole.len());
        let put = self.client.put(url).header("content-range", range);
        put.body(whole[from..to].to_vec())
    }

    pub(crate) async fn put_piece(
        &self,
        url: &str,
        whole: &[u8],
        from: usize,
        to: usize,
    ) -> (u16, Value) {
        Self::ask(self.piece(url, whole, from, to)).await
    }

    /// The bytes that a user reads by a path with `/content`: a redirect, then without a token.
    pub(crate) async fn read_file(&self, n: usize, path: &str) -> (u16, Vec<u8>) {
        let redirect = self.of_user(n, "GET", path).send().await.unwrap();
        if redirect.status() != 302 {
            return (redirect.status().as_u16(), Vec::new());
        }
        let link = redirect.headers()["location"].to_str().unwrap().to_owned();
        assert!(link.starts_with("http://localhost:"), "{link}");
        let response = self.client.get(link).send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.bytes().await.unwrap().to_vec())
    }

    /// A GET of an item of alice's drive by its path.
    pub(crate) async fn file(&self, path: &str) -> (u16, Value) {
        let path = format!("/v1.0/me/drive/root:/{path}");
        Self::ask(self.of_user(ALICE, "GET", &path)).await
    }
}

/// The path under which the address of a file is read.
pub(crate) fn shared(url: &str) -> String {
    let token = URL_SAFE_NO_PAD.encode(url);
    format!("/v1.0/shares/u!{token}/driveItem")
}

/// The code of an error body.
pub(crate) fn code(body: &Value) -> &str {
    body["error"]["code"].as_str().unwrap_or_default()
}

/// Bytes that differ from place to place.
pub(crate) fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|n| (n % 251) as u8).collect()
}

/// The body that asks for a session with that conflict behaviour.
pub(crate) fn asks(conflict: &str) -> Value {
    json!({"item": {"@microsoft.graph.conflictBehavior": conflict}})
}
