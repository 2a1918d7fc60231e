//! Ids that no service issues are not made on first use: those encoded twice, and those with blanks.

use crate::outside::Outside;
use reqwest::Method;
use serde_json::{Value, json};

/// The id as a path has it that was encoded once more than it should, or that a paste made longer.
fn spoilt(id: &str) -> [String; 2] {
    let twice = id.replace(':', "%253a").replace('@', "%2540");
    [twice, format!("{id}%20")]
}

#[tokio::test]
async fn ids_encoded_twice_and_ids_with_blanks_are_unknown() {
    let out = Outside::start().await;
    let world = out.emulator.seed().clone();
    let text = json!({"body": {"content": "x"}});
    for channel in spoilt(&world.graph.channel_id) {
        let path = format!(
            "/v1.0/teams/{}/channels/{channel}/messages",
            world.graph.team_id
        );
        assert_eq!(out.graph(&path, &text).await.0, 400, "{path}");
    }
    for chat in spoilt(&world.graph.chat_id) {
        let path = format!("/v1.0/chats/{chat}/messages");
        assert_eq!(out.graph(&path, &text).await.0, 400, "{path}");
    }
    for thread in spoilt(&world.acs.thread_id) {
        let path = format!("/{thread}/messages");
        let sent = out
            .chat_as(0, Method::POST, &path, json!({"content": "x"}))
            .await;
        assert_eq!(sent.0, 404, "{path}");
        assert_eq!(
            out.chat_as(0, Method::GET, &path, Value::Null).await.0,
            404,
            "{path}"
        );
    }
    for conversation in spoilt(&world.acs.conversation_id) {
        let path = format!(
            "/messages/conversations/{conversation}/messages:send?api-version=2025-04-01-preview"
        );
        let body = json!({"request": {"kind": "text", "content": "x"}});
        let sent = out
            .bear(&world.acs.entra_token, Method::POST, &path, body)
            .await;
        assert_eq!(sent.0, 404, "{path}");
    }
    assert_eq!(out.rows("").await.len(), 0);
}
