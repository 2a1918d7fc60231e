//! The three platforms, as a client sees them that was written from the contracts alone.

use crate::outside::Outside;
use ms_messenger_emulator::{AcsChatErrorStyle, Emulator};
use reqwest::Response;
use serde_json::{Value, json};

const VERSION: &str = "api-version=2025-04-01-preview";
const KEY: &str = "5b1f0a5e-3f5b-4a43-a8d9-93a57a7fc0a5";

fn conversation(out: &Outside) -> String {
    format!(
        "/messages/conversations/{}/messages:send?{VERSION}",
        out.emulator.seed().acs.conversation_id
    )
}

fn now() -> String {
    httpdate::fmt_http_date(std::time::SystemTime::now())
}

async fn keyed(out: &Outside, id: &str, first_sent: &str, text: &str) -> Response {
    out.post(&conversation(out))
        .bearer_auth(&out.emulator.seed().acs.entra_token)
        .header("repeatability-request-id", id)
        .header("repeatability-first-sent", first_sent)
        .json(&json!({"request": {"kind": "text", "content": text}}))
        .send()
        .await
        .unwrap()
}

#[tokio::test]
async fn a_retry_gets_the_stored_response_and_is_stored_once() {
    let out = Outside::start().await;
    let first_sent = now();
    let first = keyed(&out, KEY, &first_sent, "x").await;
    assert_eq!(
        (
            first.status().as_u16(),
            &first.headers()["repeatability-result"]
        ),
        (200, &"accepted".parse().unwrap())
    );
    let again = keyed(&out, KEY, &first_sent, "x").await;
    assert_eq!(first.text().await.unwrap(), again.text().await.unwrap());
    let rows = out.rows("").await;
    assert_eq!(
        (rows.len(), &rows[0]["replays"], &rows[0]["idempotency_key"]),
        (1, &json!(1), &json!(KEY))
    );
}

#[tokio::test]
async fn each_broken_key_is_rejected_by_its_own_rule() {
    let out = Outside::start().await;
    let first_sent = now();
    keyed(&out, KEY, &first_sent, "x").await;
    for (id, date, text, status) in [
        ("no-guid", first_sent.as_str(), "x", 400),
        (KEY, "yesterday", "x", 400),
        (
            "0f0eb78e-a576-1dfc-b414-0f0756de3338",
            "Tue, 01 Apr 2025 12:34:56 GMT",
            "x",
            412,
        ),
        (KEY, first_sent.as_str(), "another body", 400),
    ] {
        let response = keyed(&out, id, date, text).await;
        assert_eq!(response.status(), status, "{id} {date} {text}");
        assert_eq!(response.headers()["repeatability-result"], "rejected");
    }
    let alone = out
        .post(&conversation(&out))
        .bearer_auth(&out.emulator.seed().acs.entra_token)
        .header("repeatability-request-id", KEY)
        .json(&json!({"request": {"kind": "text", "content": "x"}}))
        .send()
        .await
        .unwrap();
    assert_eq!(alone.status(), 400);
    assert_eq!(out.rows("").await.len(), 1);
}

#[tokio::test]
async fn acs_messages_rejects_what_the_service_rejects() {
    let out = Outside::start().await;
    let token = out.emulator.seed().acs.entra_token.clone();
    let send = |body: Value| {
        out.post(&conversation(&out))
            .bearer_auth(&token)
            .json(&body)
            .send()
    };
    let empty = send(json!({"request": {"kind": "text", "content": ""}}))
        .await
        .unwrap();
    assert_eq!(empty.status(), 400);
    let body: Value = empty.json().await.unwrap();
    assert!(
        body["error"]["message"]
            .as_str()
            .unwrap()
            .contains("Content"),
        "{body}"
    );
    let long = send(json!({"request": {"kind": "text", "content": "x".repeat(4097)}}))
        .await
        .unwrap();
    let body: Value = long.json().await.unwrap();
    assert!(
        body["error"]["innererror"]["message"]
            .as_str()
            .unwrap()
            .contains("(#100)"),
        "{body}"
    );
    assert_eq!(
        send(json!({"request": {"kind": "sticker", "mediaUri": "https://a.com"}}))
            .await
            .unwrap()
            .status(),
        400
    );

    let unsigned = out
        .post(&conversation(&out))
        .header(
            "authorization",
            "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=AAAA",
        )
        .header("x-ms-date", now())
        .header("x-ms-content-sha256", "AAAA")
        .body("{}")
        .send()
        .await
        .unwrap();
    assert_eq!(unsigned.status(), 401);
    let body: Value = unsigned.json().await.unwrap();
    assert_eq!(body["error"]["code"], "Denied");
    assert!(
        body["error"]["message"]
            .as_str()
            .unwrap()
            .contains("content hash"),
        "{body}"
    );

    let path = "/messages/notifications:send?api-version=1999-01-01";
    let version = out
        .post(path)
        .bearer_auth(&token)
        .json(&json!({}))
        .send()
        .await
        .unwrap();
    assert!(
        version
            .text()
            .await
            .unwrap()
            .contains("does not support the API version")
    );
    assert_eq!(out.rows("").await.len(), 0);
}

#[tokio::test]
async fn acs_chat_stores_in_order_and_lists_newest_first() {
    let out = Outside::start().await;
    let sent = out.chat("one").await;
    assert!(
        sent.headers()["location"]
            .to_str()
            .unwrap()
            .contains("/chat/threads/19%3A")
    );
    out.chat("two").await;
    let url = format!("{}{}&maxPageSize=1", out.base, out.thread_path());
    let page: Value = out
        .client
        .get(url)
        .bearer_auth(out.chat_token())
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(page["value"][0]["content"]["message"], "two");
    assert_eq!(page["value"][0]["sequenceId"], "4");
    let next = page["nextLink"].as_str().unwrap();
    let page: Value = out
        .client
        .get(next)
        .bearer_auth(out.chat_token())
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(page["value"][0]["content"]["message"], "one");
}

#[tokio::test]
async fn acs_chat_rejects_in_every_style() {
    for (style, code) in [
        (AcsChatErrorStyle::Spec, "/error/code"),
        (AcsChatErrorStyle::Pascal, "/CommunicationError/Code"),
        (AcsChatErrorStyle::Camel, "/communicationError/code"),
        (AcsChatErrorStyle::Empty, ""),
    ] {
        let out = Outside::of(
            Emulator::builder()
                .with_error_style(style)
                .start()
                .await
                .unwrap(),
        );
        let response = out
            .post(&out.thread_path())
            .json(&json!({"content": "x"}))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 401);
        let body = response.text().await.unwrap();
        if code.is_empty() {
            assert_eq!(body, "");
        } else {
            let body: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(body.pointer(code).unwrap(), "Unauthorized");
        }
        let custom = out
            .post(&out.thread_path())
            .bearer_auth(out.chat_token())
            .json(&json!({"content": "x", "type": "cake"}));
        assert_eq!(custom.send().await.unwrap().status(), 400);
        let voice = out.emulator.seed().acs_token(
            &out.emulator.seed().acs.users[0].id,
            &["voip"],
            4_102_444_800,
        );
        let forbidden = out
            .post(&out.thread_path())
            .bearer_auth(voice)
            .json(&json!({"content": "x"}));
        assert_eq!(forbidden.send().await.unwrap().status(), 403);
    }
}

#[tokio::test]
async fn graph_returns_the_whole_message_and_lists_it() {
    let out = Outside::start().await;
    let world = out.emulator.seed().graph.clone();
    let messages = format!(
        "/v1.0/teams/{}/channels/{}/messages",
        world.team_id, world.channel_id
    );
    let user = &world.users[1];
    let body = json!({"subject": "s", "body": {"contentType": "html", "content": format!("<at id=\"0\">{}</at>\n<attachment id=\"c\"></attachment><img src=\"../hostedContents/1/$value\">", user.display_name)},
        "mentions": [{"id": 0, "mentionText": user.display_name, "mentioned": {"user": {"id": user.id, "userIdentityType": "aadUser"}}}],
        "attachments": [{"id": "c", "contentType": "application/vnd.microsoft.card.adaptive", "content": "{}"}],
        "hostedContents": [{"@microsoft.graph.temporaryId": "1", "contentBytes": "cG5n", "contentType": "image/png"}]});
    let response = out
        .graph_send(&messages, &body)
        .header("client-request-id", "c1")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 201);
    assert_eq!(response.headers()["client-request-id"], "c1");
    let posted: Value = response.json().await.unwrap();
    assert_eq!(
        (&posted["etag"], &posted["importance"], &posted["chatId"]),
        (&posted["id"], &json!("normal"), &json!(null))
    );
    assert!(!posted["body"]["content"].as_str().unwrap().contains('\n'));
    assert!(
        posted["body"]["content"]
            .as_str()
            .unwrap()
            .contains(&format!(
                "/messages/{}/hostedContents/",
                posted["id"].as_str().unwrap()
            ))
    );
    assert!(
        posted["body"]["content"]
            .as_str()
            .unwrap()
            .contains("src=\"http://")
    );
    assert!(posted.get("hostedContents").is_none());
    let id = posted["id"].as_str().unwrap();
    assert_eq!(
        out.graph_get(&format!("{messages}/{id}")).await["subject"],
        "s"
    );
    let reply = out
        .graph_send(
            &format!("{messages}/{id}/replies"),
            &json!({"body": {"content": "r"}}),
        )
        .send()
        .await
        .unwrap();
    let reply: Value = reply.json().await.unwrap();
    assert_eq!(reply["replyToId"], id);
    assert_eq!(
        out.graph_get(&format!("{messages}/{id}/replies")).await["value"][0]["id"],
        reply["id"]
    );
    assert_eq!(
        out.graph_get(&messages).await["value"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let list = out.graph_get(&format!("{messages}?$top=51")).await;
    assert_eq!(list["error"]["code"], "BadRequest");
}

#[tokio::test]
async fn graph_rejects_in_its_own_words() {
    let out = Outside::start().await;
    let world = out.emulator.seed().graph.clone();
    let chat = format!("/v1.0/chats/{}/messages", world.chat_id);
    for (body, status, words) in [
        (
            json!({"body": {"contentType": "html", "content": "x"}, "attachments": [{"id": "1", "contentType": "reference"}]}),
            400,
            "marker for attachment with Id '1'",
        ),
        (
            json!({"body": {"contentType": "html", "content": "<attachment id=\"1\"></attachment>"}, "attachments": [{"id": "1", "contentType": "application/vnd.microsoft.card.hero", "content": "{"}]}),
            400,
            "Failed to process content in attachment with Id '1'.",
        ),
        (
            json!({"body": {"contentType": "html", "content": "<at id=\"0\">A</at>"}, "mentions": [{"id": 0, "mentionText": "A B", "mentioned": {"user": {"id": "u"}}}]}),
            400,
            "Add 'A B' to the body.",
        ),
        (
            json!({"body": {"content": "x".repeat(29 * 1024)}}),
            413,
            "too large",
        ),
        (json!({"nothing": 1}), 400, "Invalid request body"),
    ] {
        let response = out.graph_send(&chat, &body).send().await.unwrap();
        assert_eq!(response.status(), status, "{words}");
        let error: Value = response.json().await.unwrap();
        assert!(
            error["error"]["message"].as_str().unwrap().contains(words),
            "{error}"
        );
        assert!(error["error"]["innerError"]["request-id"].is_string());
    }
    let app = out
        .post(&chat)
        .bearer_auth(&world.app_token)
        .json(&json!({"body": {"content": "x"}}))
        .send()
        .await
        .unwrap();
    assert_eq!(app.status(), 412);
    let expired = out
        .emulator
        .seed()
        .graph_token(&world.users[0], &["ChatMessage.Send"], 1);
    let expired = out
        .post(&chat)
        .bearer_auth(expired)
        .json(&json!({"body": {"content": "x"}}))
        .send()
        .await
        .unwrap();
    assert_eq!(expired.status(), 401);
    assert_eq!(
        expired.json::<Value>().await.unwrap()["error"]["code"],
        "InvalidAuthenticationToken"
    );
    let reading = out
        .emulator
        .seed()
        .graph_token(&world.users[0], &["Chat.Read"], 4_102_444_800);
    let reading = out
        .post(&chat)
        .bearer_auth(reading)
        .json(&json!({"body": {"content": "x"}}))
        .send()
        .await
        .unwrap();
    assert_eq!(reading.status(), 403);
    assert_eq!(out.rows("").await.len(), 0);
}

#[tokio::test]
async fn graph_quotes_and_finds_the_chat_of_two_again() {
    let out = Outside::start().await;
    let world = out.emulator.seed().graph.clone();
    let chat = format!("/v1.0/chats/{}/messages", world.chat_id);
    let first: Value = out
        .graph_send(&chat, &json!({"body": {"content": "x"}}))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let quote = json!({"messageIds": [first["id"]], "replyMessage": {"body": {"content": "y"}}});
    let quoted = out
        .graph_send(&format!("{chat}/replyWithQuote"), &quote)
        .send()
        .await
        .unwrap();
    assert_eq!(quoted.status(), 201);
    let quoted: Value = quoted.json().await.unwrap();
    assert_eq!(quoted["attachments"][0]["contentType"], "messageReference");
    let member = |id: &str| {
        json!({"@odata.type": "#microsoft.graph.aadUserConversationMember", "roles": ["owner"],
        "user@odata.bind": format!("{}/users('{id}')", world.base)})
    };
    let make =
        |a: &str, b: &str| json!({"chatType": "oneOnOne", "members": [member(a), member(b)]});
    let mut ids = Vec::new();
    for (a, b) in [
        (&world.users[0].id, &world.users[1].upn),
        (&world.users[1].id, &world.users[0].id),
    ] {
        let chat: Value = out
            .graph_send("/v1.0/chats", &make(a, b))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        ids.push(chat["id"].clone());
    }
    assert_eq!(ids[0], ids[1]);
}

#[tokio::test]
async fn strict_mode_rejects_ids_outside_the_seed() {
    let out = Outside::of(Emulator::builder().with_strict(true).start().await.unwrap());
    assert_eq!(out.chat("x").await.status(), 201);
    let unknown = "/chat/threads/19%3Anobody%40thread.v2/messages?api-version=2025-03-15";
    let send = |path: &str| {
        out.post(path)
            .bearer_auth(out.chat_token())
            .json(&json!({"content": "x"}))
            .send()
    };
    assert_eq!(send(unknown).await.unwrap().status(), 404);
    let graph = out.graph_send(
        "/v1.0/chats/19:nobody@thread.v2/messages",
        &json!({"body": {"content": "x"}}),
    );
    assert_eq!(graph.send().await.unwrap().status(), 404);
}
