//! The comparison of everything other than the text.

use ms_messenger_core::{Importance, Message, Messenger as _, SendRequest, Target};
use serde_json::json;

use crate::settle::teams::*;

#[tokio::test]
async fn another_subject_importance_or_attachment_is_another_message_perhaps() {
    let teams = Teams::start([Post::StoredUnsaid]).await;
    let client = teams.client();
    let message = Message::text("ping")
        .with_subject("Release")
        .with_importance(Importance::High);
    let request = SendRequest::new(Target::channel(TEAM, "19:c@thread.tacv2"), message);
    let evidence = doubt(&client, &request).await;
    found(client.settle(&request, &evidence).await);
    for (member, value) in [
        ("subject", json!("Outage")),
        ("subject", json!(null)),
        ("importance", json!("normal")),
        ("attachments", json!([{"id": "7"}])),
    ] {
        let old = teams.world().messages[0][member].clone();
        teams.world().messages[0][member] = value;
        cannot_tell(client.settle(&request, &evidence).await, "may be it");
        teams.world().messages[0][member] = old;
    }
}

#[tokio::test]
async fn a_text_that_the_service_shows_as_html_is_found_or_left_open() {
    let teams = Teams::start([Post::StoredUnsaid]).await;
    let client = teams.client();
    let request = to_chat(Message::text("1 < 2 \u{1f440}"));
    let evidence = doubt(&client, &request).await;
    for (html, is_found) in [
        ("<p>1 &lt; 2 \u{1f440}</p>", true),
        (
            "<p>1 &lt; 2 <emoji id=\"eyes\" alt=\"\u{1f440}\" title=\"Eyes\"></emoji></p>",
            true,
        ),
        ("<p>1 &lt; 2 <emoji id=\"eyes\"></emoji></p>", false),
    ] {
        teams.world().messages[0]["body"] = json!({"contentType": "html", "content": html});
        let settled = client.settle(&request, &evidence).await;
        if is_found {
            found(settled);
        } else {
            cannot_tell(settled, "may be it");
        }
    }
    teams.world().messages[0]["body"]["content"] = json!("<p>3 &lt; 4</p>");
    not_found(client.settle(&request, &evidence).await);
}

#[tokio::test]
async fn a_text_of_several_lines_is_found() {
    let teams = Teams::start([Post::StoredUnsaid]).await;
    let client = teams.client();
    let request = to_chat(Message::text("a\r\n\tb & c"));
    let evidence = doubt(&client, &request).await;
    let sent = teams.world().messages[0]["body"]["content"].clone();
    assert!(sent.as_str().unwrap().contains("<br>"), "{sent}");
    found(client.settle(&request, &evidence).await);
}
