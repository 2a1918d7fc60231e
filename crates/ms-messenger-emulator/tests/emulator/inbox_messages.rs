//! The messages of the inbox: pages, filters, and the parts of each kind of message.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    inbox::{inject, messages, numbers, of_bob, read},
    outside::Outside,
};

#[tokio::test]
async fn pages_go_back_and_forth_through_the_ledger() {
    let out = Outside::start().await;
    for n in 1..=7 {
        inject(&out, &of_bob(&out, &format!("text {n}")));
    }
    inject(
        &out,
        &json!({"platform": "acs-messages", "from": "+14255550199", "text": "other"}),
    );
    let thread = out.emulator.seed().acs.thread_id.replace(':', "%3A");
    for place in [
        String::new(),
        format!("&platform=acs-chat&conversation={thread}"),
    ] {
        let newest = read(&out, &format!("inbox/messages?limit=3{place}")).await;
        let expected = if place.is_empty() {
            [6, 7, 8]
        } else {
            [5, 6, 7]
        };
        assert_eq!(numbers(newest["messages"].as_array().unwrap()), expected);
        let next = newest["next"].as_u64().unwrap();
        let older = read(
            &out,
            &format!("inbox/messages?limit=99&before={next}{place}"),
        )
        .await;
        assert_eq!(older["next"], json!(null));
        assert_eq!(
            numbers(older["messages"].as_array().unwrap()).first(),
            Some(&1)
        );
        let later = read(&out, &format!("inbox/messages?limit=2&after=2{place}")).await;
        assert_eq!(numbers(later["messages"].as_array().unwrap()), [3, 4]);
        assert_eq!(later["next"], 4);
        let end = read(&out, &format!("inbox/messages?after=8{place}")).await;
        assert_eq!(
            (end["messages"].clone(), end["next"].clone()),
            (json!([]), json!(null))
        );
    }
}

#[tokio::test]
async fn messages_are_filtered_by_text_platform_sender_and_state() {
    let out = Outside::start().await;
    out.chat("Hello World").await;
    inject(&out, &of_bob(&out, "hello back"));
    out.graph(
        &out.graph_chat(),
        &json!({"body": {"content": "hello there"}}),
    )
    .await;
    let twice = || {
        out.chat_send("twice")
            .header("x-ms-client-request-id", "same")
            .send()
    };
    twice().await.unwrap();
    twice().await.unwrap();
    out.faults(json!({"rules": [{"match": {"operation": "send"}, "action": {"kind": "status_after_store", "status": 504}}]})).await;
    out.chat("stored, not told").await;
    for (query, expected) in [
        ("?search=HELLO", vec![1, 2, 3]),
        ("?search=hello&platform=acs-chat", vec![1, 2]),
        ("?sender=BOB", vec![2]),
        ("?sender=alice", vec![1, 3, 4, 5, 6]),
        ("?state=injected", vec![2]),
        ("?state=duplicate", vec![5]),
        ("?state=fault", vec![6]),
        ("?state=sent&search=hello", vec![1, 3]),
        ("?state=deleted", vec![]),
        ("?search=nothing", vec![]),
    ] {
        assert_eq!(numbers(&messages(&out, query).await), expected, "{query}");
    }
    let page = read(&out, "inbox/messages?state=sent&limit=2").await;
    assert_eq!(numbers(page["messages"].as_array().unwrap()), [5, 6]);
    let next = page["next"].as_u64().unwrap();
    assert_eq!(
        numbers(&messages(&out, &format!("?state=sent&before={next}")).await),
        [1, 3, 4]
    );
}

#[tokio::test]
async fn edits_deletions_and_reactions_are_shown_as_they_are_now() {
    let out = Outside::start().await;
    let path = out.graph_chat();
    let (_, message) = out
        .graph(&path, &json!({"body": {"content": "before"}}))
        .await;
    let id = message["id"].as_str().unwrap();
    let reacts = json!({"reactionType": "💯"});
    let (status, body) = out
        .as_user(1, "POST", &format!("{path}/{id}/setReaction"), Some(reacts))
        .await;
    assert_eq!(status, 204, "{body}");
    let edit = json!({"body": {"content": "after"}});
    assert_eq!(
        out.as_user(0, "PATCH", &format!("{path}/{id}"), Some(edit))
            .await
            .0,
        204
    );
    let shown = &messages(&out, "?state=edited").await[0];
    assert_eq!(shown["parts"], json!([{"type": "text", "text": "after"}]));
    assert_eq!(shown["reactions"], json!([{"emoji": "💯", "by": ["Bob"]}]));
    assert_eq!(shown["sender"]["name"], "Alice");
    let user = &out.emulator.seed().graph.users[0].id;
    let delete = format!(
        "/v1.0/users/{user}{}/{id}/softDelete",
        path.trim_start_matches("/v1.0")
    );
    assert_eq!(out.as_user(0, "POST", &delete, None).await.0, 204);
    let shown = read(&out, "inbox/message?seq=1").await;
    assert!(shown["deleted_at"].is_string());
    assert_eq!(
        (shown["parts"].clone(), shown["ledger"]["text"].clone()),
        (json!([]), json!("before"))
    );
    assert!(shown["stored"]["deletedDateTime"].is_string());

    out.chat("chat").await;
    let row = out.rows("?platform=acs-chat").await.remove(0);
    let thread = format!(
        "/{}/messages/{}",
        row["conversation"].as_str().unwrap(),
        row["message_id"].as_str().unwrap()
    );
    assert_eq!(
        out.chat_as(0, Method::PATCH, &thread, json!({"content": "changed"}))
            .await
            .0,
        204
    );
    let shown = &messages(&out, "?platform=acs-chat").await[0];
    assert_eq!(shown["parts"][0]["text"], "changed");
    assert!(shown["edited_at"].is_string());
}

#[tokio::test]
async fn pictures_mentions_cards_and_files_of_graph_are_parts() {
    let out = Outside::start().await;
    let user = &out.emulator.seed().graph.users[1];
    let pixel = b"\x89PNG\r\n\x1a\nnot really";
    let body = json!({
        "subject": "Plan",
        "body": {"contentType": "html", "content": "<p>Hi <at id=\"0\">Bob</at><img src=\"../hostedContents/1/$value\" alt=\"plan\"></p><attachment id=\"card\"></attachment>"},
        "mentions": [{"id": 0, "mentionText": "Bob", "mentioned": {"user": {"id": user.id, "displayName": "Bob", "userIdentityType": "aadUser"}}}],
        "attachments": [{"id": "card", "contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": null,
            "content": "{\"type\":\"AdaptiveCard\",\"version\":\"1.4\",\"body\":[{\"type\":\"TextBlock\",\"text\":\"Due\"}]}"}],
        "hostedContents": [{"@microsoft.graph.temporaryId": "1", "contentBytes": STANDARD.encode(pixel), "contentType": "image/png"}],
    });
    let (status, sent) = out.graph(&out.graph_channel(), &body).await;
    assert_eq!(status, 201, "{sent}");
    let shown = &messages(&out, "").await[0];
    assert_eq!(shown["subject"], "Plan");
    let html = shown["parts"][0]["html"].as_str().unwrap();
    assert!(
        html.contains("<at id=\"0\">Bob</at>") && html.contains("alt=\"plan\""),
        "{html}"
    );
    assert_eq!(shown["parts"][1]["card"]["body"][0]["text"], "Due");
    let source = html
        .split("src=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let picture = out.get(&source.replace("&amp;", "&")).await;
    assert_eq!(picture.status(), 200);
    assert_eq!(picture.headers()["content-type"], "image/png");
    assert_eq!(
        picture.headers()["content-security-policy"],
        "default-src 'none'; sandbox"
    );
    assert_eq!(picture.bytes().await.unwrap(), &pixel[..]);
}

#[tokio::test]
async fn templates_are_filled_in_and_interactive_messages_have_their_buttons() {
    let out = Outside::start().await;
    let send = async |body: Value| {
        let target = "/messages/notifications:send?api-version=2025-04-01-preview";
        let (status, sent) = out
            .keyed(Method::POST, target, out.notification(&body))
            .await;
        assert_eq!(status, 202, "{sent}");
    };
    send(json!({"kind": "template", "template": {
        "name": "appointment_reminder", "language": "en_US",
        "values": [{"kind": "text", "name": "day", "text": "Monday"}, {"kind": "text", "name": "time", "text": "9:00"}],
        "bindings": {"kind": "whatsApp", "body": [{"refValue": "day"}, {"refValue": "time"}]},
    }}))
    .await;
    send(json!({"kind": "interactive", "interactiveMessage": {
        "header": {"kind": "text", "text": "Head"}, "body": {"kind": "text", "text": "Choose"}, "footer": {"kind": "text", "text": "Foot"},
        "action": {"kind": "whatsAppButtonAction", "content": {"kind": "buttonSet", "buttons": [{"id": "1", "title": "Yes"}, {"id": "2", "title": "No"}]}},
    }}))
    .await;
    send(json!({"kind": "image", "mediaUri": "https://contoso.test/a.png", "caption": "A"})).await;
    let shown = messages(&out, "").await;
    assert_eq!(
        shown[0]["parts"],
        json!([{"type": "text", "text": "Your appointment is on Monday at 9:00."}])
    );
    let types: Vec<&Value> = shown[1]["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| &part["type"])
        .collect();
    assert_eq!(types, ["heading", "text", "small", "buttons"]);
    assert_eq!(shown[1]["parts"][3]["buttons"][1]["title"], "No");
    assert_eq!(shown[2]["parts"][0]["url"], "https://contoso.test/a.png");
    assert_eq!(shown[2]["parts"][1]["text"], "A");
    let content = STANDARD.encode(b"GIF89a");
    inject(
        &out,
        &json!({"platform": "acs-messages", "from": "+14255550199", "text": "from me", "media_type": "image/gif", "media": content}),
    );
    inject(
        &out,
        &json!({"platform": "acs-messages", "from": "+14255550199", "text": "vector", "media_type": "image/svg+xml", "media": content}),
    );
    let shown = messages(&out, "?state=injected").await;
    assert_eq!(shown[0]["parts"][0]["type"], "picture", "{}", shown[0]);
    let picture = out
        .get(shown[0]["parts"][0]["media"].as_str().unwrap())
        .await;
    assert_eq!(picture.headers()["content-type"], "image/gif");
    assert_eq!(shown[1]["parts"][0]["media_type"], "image/svg+xml");
    assert_eq!(shown[1]["parts"][0]["type"], "file");
}

#[tokio::test]
async fn a_message_of_skype_says_how_its_delivery_went() {
    let out = crate::skype::fast(100.0).await;
    let mut alice = crate::skype::Endpoint::lurk(&out, "alice").await;
    alice
        .start_with(
            json!({"to": "sip:bob@contoso.test", "operationId": "op", "subject": "Lunch",
            "_links": {"message": {"href": "data:text/plain;charset=utf-8,first"}}}),
        )
        .await;
    let conversation = alice.connected().await;
    alice.send(&conversation, "second").await;
    let shown = messages(&out, "").await;
    assert_eq!(shown.len(), 2);
    assert_eq!(shown[1]["delivery"], "Succeeded");
    assert_eq!(
        shown[1]["parts"],
        json!([{"type": "text", "text": "second"}])
    );
    let page = read(&out, "conversations").await;
    assert_eq!(page["conversations"][0]["title"], "Alice with Bob: Lunch");
    let told = read(&out, "inbox/message?seq=1").await;
    assert_eq!(told["exchange"]["operation"], "start", "{told}");
}
