//! Graph from outside, as one of its users.

use serde_json::{Value, json};

use super::Outside;

pub(crate) const ALICE: usize = 0;
pub(crate) const BOB: usize = 1;
pub(crate) const CAROL: usize = 2;
/// An end of tokens in the year 2096.
pub(crate) const FAR: u64 = 4_000_000_000;

/// A member of that id or principal name, with the role that chats want.
pub(crate) fn member(out: &Outside, user: &str) -> Value {
    json!({
        "@odata.type": "#microsoft.graph.aadUserConversationMember",
        "roles": ["owner"],
        "user@odata.bind": format!("{}/v1.0/users('{user}')", out.base),
    })
}

/// The ids of a page.
pub(crate) fn ids(page: &Value) -> Vec<String> {
    let entries = page["value"].as_array().into_iter().flatten();
    let id = |entry: &Value| entry["id"].as_str().unwrap().to_owned();
    entries.map(id).collect()
}

/// Sends a text as alice and returns the message.
pub(crate) async fn sends(out: &Outside, path: &str, text: &str) -> Value {
    let (status, message) = out.graph(path, &json!({"body": {"content": text}})).await;
    assert_eq!(status, 201, "{message}");
    message
}

impl Outside {
    /// A request of the seeded user number `n`.
    pub(crate) async fn as_user(
        &self,
        n: usize,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        let token = &self.emulator.seed().graph.users[n].token;
        let method = method.parse().unwrap();
        let request = self.client.request(method, format!("{}{path}", self.base));
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        Self::ask(request.bearer_auth(token)).await
    }

    /// A chat of seeded users, made by alice.
    pub(crate) async fn new_chat(
        &self,
        kind: &str,
        users: &[usize],
        topic: Option<&str>,
    ) -> (u16, Value) {
        let graph = &self.emulator.seed().graph;
        let members = users.iter().map(|n| member(self, &graph.users[*n].id));
        let mut body = json!({"chatType": kind, "members": members.collect::<Vec<_>>()});
        if let Some(topic) = topic {
            body["topic"] = json!(topic);
        }
        self.graph("/v1.0/chats", &body).await
    }
}
