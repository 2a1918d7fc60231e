//! Hostile content in every field that the inbox shows.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    inbox::{inject, messages, of_bob, read},
    outside::Outside,
};

const ATTACKS: [&str; 6] = [
    "<script>window.pwned=1</script>",
    "<img src=x onerror=\"window.pwned=1\">",
    "<svg onload=\"window.pwned=1\"></svg>",
    "<a href=\"javascript:window.pwned=1\">x</a>",
    "\u{202e}\u{1b}[31m\u{0}\"><b>",
    "{{1}} </textarea><iframe srcdoc=\"<script>window.pwned=1</script>\">",
];

/// The HTML parts of all messages; everything else is text by its type.
fn html(all: &[Value]) -> Vec<String> {
    let parts = all.iter().flat_map(|one| one["parts"].as_array().unwrap());
    let html = parts.filter_map(|part| part["html"].as_str());
    html.map(str::to_owned).collect()
}

#[tokio::test]
async fn html_of_every_platform_is_sanitised() {
    let out = Outside::start().await;
    let graph = out.emulator.seed().graph.clone();
    for attack in ATTACKS {
        let clean = attack.replace('\0', "");
        let message = json!({"body": {"contentType": "html", "content": clean}});
        assert_eq!(
            out.graph(&out.graph_chat(), &message).await.0,
            201,
            "{attack}"
        );
        let sent = out
            .chat_send(attack)
            .json(&json!({"content": attack, "type": "html"}));
        assert_eq!(sent.send().await.unwrap().status(), 201);
        inject(
            &out,
            &json!({"platform": "msgraph-chat", "conversation": graph.chat_id, "sender": graph.users[1].id, "text": attack, "content_type": "html"}),
        );
    }
    let shown = messages(&out, "?limit=200").await;
    assert_eq!(shown.len(), 18);
    let html = html(&shown);
    assert_eq!(html.len(), 18, "all of them are HTML");
    for html in html {
        for bad in [
            "<script",
            "onerror",
            "onload",
            "javascript:",
            "<svg",
            "<iframe",
            "srcdoc",
        ] {
            assert!(!html.contains(bad), "{html}");
        }
    }
}

#[tokio::test]
async fn attacks_in_other_fields_stay_text() {
    let out = Outside::start().await;
    for attack in ATTACKS {
        let (status, made) = out
            .chat_as(0, Method::POST, "", json!({"topic": attack}))
            .await;
        assert_eq!(status, 201, "{made}");
        let thread = made["chatThread"]["id"].as_str().unwrap().to_owned();
        let body = json!({"content": attack, "senderDisplayName": attack, "type": "text"});
        let (status, sent) = out
            .chat_as(0, Method::POST, &format!("/{thread}/messages"), body)
            .await;
        assert_eq!(status, 201, "{sent}");
        inject(
            &out,
            &json!({"platform": "acs-messages", "from": "+14255550100", "text": attack}),
        );
        let card = json!({"type": "AdaptiveCard", "version": "1.4", "body": [{"type": attack, "text": attack, "url": attack}]});
        let message = json!({
            "subject": attack.replace('\0', ""),
            "body": {"contentType": "html", "content": "<attachment id=\"c\"></attachment>"},
            "attachments": [{"id": "c", "name": attack, "contentType": "application/vnd.microsoft.card.adaptive", "content": card.to_string()}],
        });
        assert_eq!(
            out.graph(&out.graph_channel(), &message).await.0,
            201,
            "{attack}"
        );
    }
    let shown = messages(&out, "?limit=200").await;
    assert_eq!(shown.len(), 18);
    for seq in 1..=18 {
        read(&out, &format!("inbox/message?seq={seq}")).await;
    }
    let page = read(&out, "conversations?limit=200").await;
    let titles = page["conversations"].as_array().unwrap().iter();
    let titles: Vec<&Value> = titles.map(|one| &one["title"]).collect();
    assert!(titles.contains(&&json!(ATTACKS[0])), "{titles:?}");
    for response in ["conversations", "inbox/messages", "inbox/exchanges"] {
        let response = out.get(&format!("/_emulator/{response}")).await;
        let kind = response.headers()["content-type"].to_str().unwrap();
        assert!(
            kind.starts_with("application/json"),
            "no browser shows it as a page"
        );
    }
}

#[tokio::test]
async fn uploaded_pictures_that_are_none_are_downloads() {
    let out = Outside::start().await;
    let content = "PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+";
    for kind in [
        "image/svg+xml",
        "text/html",
        "text/javascript",
        "image/png; charset=utf-7",
    ] {
        let made = inject(
            &out,
            &json!({"platform": "acs-messages", "from": "+14255550100", "text": "x", "media_type": kind, "media": content}),
        );
        let id = made["media_id"].as_str().unwrap();
        let path = format!(
            "/_emulator/inbox/media?platform=acs-messages&conversation=c&message=1&id={id}"
        );
        let media = out.get(&path).await;
        assert_eq!(
            media.headers()["content-type"],
            "application/octet-stream",
            "{kind}"
        );
        assert_eq!(media.headers()["content-disposition"], "attachment");
        assert_eq!(media.headers()["x-content-type-options"], "nosniff");
    }
}

#[tokio::test]
async fn an_id_that_no_query_can_name_is_not_injected() {
    let out = Outside::start().await;
    let id = "x".repeat(1000);
    for (platform, member) in [
        ("acs-messages", "from"),
        ("acs-chat", "conversation"),
        ("msgraph-chat", "sender"),
        ("ucwa", "to"),
    ] {
        let mut message = json!({"platform": platform, "text": "hello"});
        message[member] = json!(format!("{id}x"));
        let (status, refused) = Outside::ask(out.post("/_emulator/inject").json(&message)).await;
        let details = refused["error"]["details"].to_string();
        let rule = format!("{member}: must have 1000 bytes at most");
        assert!(status == 400 && details.contains(&rule), "{refused}");
    }
    let mut message = of_bob(&out, "hello");
    message["conversation"] = json!(id);
    inject(&out, &message);
    let query = format!("?platform=acs-chat&conversation={id}");
    assert_eq!(messages(&out, &query).await.len(), 1);
}
