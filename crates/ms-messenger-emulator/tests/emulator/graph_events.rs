//! System events, and who is told of them.

use crate::outside::Outside;
use crate::teams::{path_of, sent, text};
use serde_json::{Value, json};

async fn inject(out: &Outside, conversation: &str, event: Value) -> (u16, Value) {
    let sender = &out.emulator.seed().graph.users[0].id;
    let body = json!({"platform": "msgraph-chat", "conversation": conversation, "sender": sender,
        "event": event});
    Outside::ask(out.post("/_emulator/inject").json(&body)).await
}

#[tokio::test]
async fn an_event_is_a_message_without_a_sender_and_adds_no_row() {
    let out = Outside::start().await;
    let graph = out.emulator.seed().graph.clone();
    let members = json!({"@odata.type": "#microsoft.graph.membersAddedEventMessageDetail",
        "members": [{"id": graph.users[1].id}]});
    for (place, list) in [
        (&graph.chat_id, out.graph_chat()),
        (&graph.channel_id, out.graph_channel()),
    ] {
        sent(&out, &list, &text("x")).await;
        let (status, made) = inject(&out, place, members.clone()).await;
        assert_eq!(status, 200, "{made}");
        let page = out.graph_get(&list).await;
        let event = &page["value"][0];
        assert_eq!(event["id"], made["message_id"]);
        assert_eq!(event["from"], Value::Null);
        assert_eq!(
            event["body"],
            json!({"contentType": "html", "content": "<systemEventMessage/>"})
        );
        let detail = &event["eventDetail"];
        assert_eq!(detail["members"], members["members"]);
        assert_eq!(detail["initiator"]["user"]["id"], json!(graph.users[0].id));
    }
    assert_eq!(out.rows("").await.len(), 2);
}

#[tokio::test]
async fn later_members_are_shown_only_on_request() {
    let out = Outside::start().await;
    let graph = out.emulator.seed().graph.clone();
    let list = out.graph_chat();
    let (_, made) = inject(&out, &graph.chat_id, json!("chatRenamed")).await;
    let one = format!("{list}/{}", made["message_id"].as_str().unwrap());
    let delta = format!("{list}/delta");
    for target in [&list, &one, &delta] {
        for prefers in [false, true] {
            let mut request = out.read(target, &graph.token);
            if prefers {
                request = request.header(
                    "prefer",
                    "odata.maxpagesize=5, include-unknown-enum-members",
                );
            }
            let response = request.send().await.unwrap();
            let applied = response.headers().get("preference-applied").cloned();
            assert_eq!(applied.is_some(), prefers, "{target}");
            let body: Value = response.json().await.unwrap();
            let message = body.get("value").map_or(&body, |value| &value[0]);
            let expected = if prefers {
                "systemEventMessage"
            } else {
                "unknownFutureValue"
            };
            assert_eq!(message["messageType"], expected, "{target}");
            let kind = "#microsoft.graph.chatRenamedEventMessageDetail";
            assert_eq!(message["eventDetail"]["@odata.type"], kind);
        }
    }
}

#[tokio::test]
async fn an_event_is_the_own_message_of_no_user() {
    let out = Outside::start().await;
    let place = out.emulator.seed().graph.channel_id.clone();
    let (_, made) = inject(&out, &place, json!("teamRenamed")).await;
    let event = json!({"id": made["message_id"]});
    let path = path_of(&out.graph_channel(), &event);
    assert_eq!(crate::teams::patch(&out, &path, &text("x")).await.0, 403);
    assert_eq!(
        crate::teams::act(&out, &path, "softDelete", &Value::Null)
            .await
            .0,
        403
    );
}

#[tokio::test]
async fn a_quoted_event_has_no_sender() {
    let out = Outside::start().await;
    let place = out.emulator.seed().graph.chat_id.clone();
    let (_, made) = inject(&out, &place, json!("chatRenamed")).await;
    let body = json!({"messageIds": [made["message_id"]], "replyMessage": text("x")});
    let quote = format!("{}/replyWithQuote", out.graph_chat());
    let message = sent(&out, &quote, &body).await;
    let content = message["attachments"][0]["content"].as_str().unwrap();
    let content: Value = serde_json::from_str(content).unwrap();
    assert_eq!(content["messageSender"], Value::Null);
}

#[tokio::test]
async fn an_unknown_event_is_refused_with_the_known_ones() {
    let out = Outside::start().await;
    let place = out.emulator.seed().graph.chat_id.clone();
    for bad in [json!("partyStarted"), json!({}), json!(7)] {
        let (status, error) = inject(&out, &place, bad.clone()).await;
        assert_eq!(status, 400, "{bad}");
        assert!(error.to_string().contains("event: "), "{error}");
    }
}
