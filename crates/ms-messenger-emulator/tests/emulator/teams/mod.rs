//! Bodies and requests of Graph's messages.

use reqwest::Method;
use serde_json::{Value, json};

use crate::outside::Outside;

/// Far in the future, Unix seconds.
pub(crate) const FAR: u64 = 4_000_000_000;

pub(crate) fn text(content: &str) -> Value {
    json!({"body": {"content": content}})
}

pub(crate) fn html(content: &str) -> Value {
    json!({"body": {"contentType": "html", "content": content}})
}

/// A message with one attachment, whose marker is its whole content.
pub(crate) fn attached(content_type: &str, members: &Value) -> Value {
    let mut body = html("<attachment id=\"1\"></attachment>");
    let mut attachment = json!({"id": "1", "contentType": content_type});
    for (name, value) in members.as_object().unwrap() {
        attachment[name] = value.clone();
    }
    body["attachments"] = json!([attachment]);
    body
}

/// A message with an image of these bytes (Base64).
pub(crate) fn image(bytes: &str) -> Value {
    let mut body = html("<img src=\"../hostedContents/1/$value\">");
    body["hostedContents"] = json!([{"@microsoft.graph.temporaryId": "1",
        "contentBytes": bytes, "contentType": "image/png"}]);
    body
}

pub(crate) fn contents(page: &Value) -> Vec<&str> {
    let messages = page["value"].as_array().unwrap().iter();
    messages
        .map(|m| m["body"]["content"].as_str().unwrap())
        .collect()
}

/// Sends a message that is accepted.
pub(crate) async fn sent(out: &Outside, path: &str, body: &Value) -> Value {
    let (status, message) = out.graph(path, body).await;
    assert_eq!(status, 201, "{message}");
    message
}

/// The path of a message in the list at `path`.
pub(crate) fn path_of(path: &str, message: &Value) -> String {
    format!("{path}/{}", message["id"].as_str().unwrap())
}

/// A request with any method and token.
pub(crate) async fn call(
    out: &Outside,
    method: Method,
    path: &str,
    token: &str,
    body: &Value,
) -> (u16, Value) {
    let request = out.client.request(method, format!("{}{path}", out.base));
    let request = request.bearer_auth(token);
    let request = if body.is_null() {
        request
    } else {
        request.json(body)
    };
    Outside::ask(request).await
}

/// The first user edits.
pub(crate) async fn patch(out: &Outside, path: &str, body: &Value) -> (u16, Value) {
    let token = &out.emulator.seed().graph.token;
    call(out, Method::PATCH, path, token, body).await
}

/// The first user does something to a message, `setReaction` for example.
pub(crate) async fn act(out: &Outside, path: &str, action: &str, body: &Value) -> (u16, Value) {
    let token = &out.emulator.seed().graph.token;
    call(out, Method::POST, &format!("{path}/{action}"), token, body).await
}

/// The seeded chat as it is called where deletions are.
pub(crate) fn own_chat(out: &Outside) -> String {
    let graph = &out.emulator.seed().graph;
    format!(
        "/v1.0/users/{}/chats/{}/messages",
        graph.users[0].id, graph.chat_id
    )
}
