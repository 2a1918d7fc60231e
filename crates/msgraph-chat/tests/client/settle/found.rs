//! What is found, and by what.

use std::time::Duration;

use ms_messenger_core::{
    Attachment, Card, CardKind, FileReference, Message, Messenger as _, MessengerExt as _,
    SendRequest, SettlePolicy, Target,
};
use msgraph_chat::PLATFORM;
use serde_json::json;

use crate::settle::teams::*;

#[tokio::test]
async fn a_text_in_a_chat_is_found_by_the_sender_and_by_another_process() {
    let teams = Teams::start([Post::Stored, Post::StoredUnsaid]).await;
    let client = teams.client();
    // Its response shows the service's clock.
    client.send(&to_chat(Message::text("hello"))).await.unwrap();
    let evidence = doubt(&client, &ping()).await;
    let id = teams.world().messages[1]["id"].as_str().unwrap().to_owned();
    for _ in 0..2 {
        assert_eq!(found(client.settle(&ping(), &evidence).await), id);
    }
    let fresh = teams.client();
    for _ in 0..2 {
        let settled = fresh.settle(&ping(), &elsewhere(&evidence)).await;
        assert_eq!(found(settled), id);
    }
    assert_eq!(teams.posted(), 2);
    let reads = teams.reads();
    assert_eq!(reads.len(), 4);
    let wanted = format!(
        "/chats/{CHAT}/messages?$top=50&$orderby=lastModifiedDateTime%20desc&$filter=lastModifiedDateTime%20gt%20"
    );
    for read in reads {
        let since = read
            .strip_prefix(&wanted)
            .unwrap_or_else(|| panic!("{read}"));
        let since = since.replace("%3A", ":");
        let since = humantime::parse_rfc3339(&since).unwrap();
        assert!(since < evidence.began_at);
        assert!(since > evidence.began_at - Duration::from_secs(30));
    }
}

#[tokio::test]
async fn a_reply_is_looked_for_among_the_replies_and_a_root_among_the_roots() {
    let teams = Teams::start([Post::StoredUnsaid, Post::Lost]).await;
    let client = teams.client();
    let root = SendRequest::new(
        Target::channel(TEAM, "19:c@thread.tacv2"),
        Message::text("ping"),
    );
    let reply = root.clone().with_reply_to("1616990032035");
    let in_doubt = doubt(&client, &reply).await;
    let id = found(client.settle(&reply, &in_doubt).await);
    assert_eq!(id, teams.world().messages[0]["id"].as_str().unwrap());
    let place = format!("/teams/{TEAM}/channels/19:c@thread.tacv2/messages");
    assert_eq!(
        teams.reads(),
        [format!("{place}/1616990032035/replies?$top=50")]
    );
    // A list of roots that shows the reply shows no root.
    let in_doubt = doubt(&client, &root).await;
    teams.world().messages[0]["replyToId"] = json!("1616990032035");
    teams.world().messages[0]["createdDateTime"] = json!(rfc3339(in_doubt.ended_at.unwrap()));
    not_found(client.settle(&root, &in_doubt).await);
    assert_eq!(teams.reads(), [format!("{place}?$top=50")]);
}

#[tokio::test]
async fn a_quote_is_found_among_the_messages_of_its_chat_as_the_service_writes_it() {
    let teams = Teams::start([Post::StoredUnsaid]).await;
    let client = teams.client();
    let request = ping().with_reply_to("1616990032035");
    let evidence = doubt(&client, &request).await;
    {
        let mut world = teams.world();
        let quote = &mut world.messages[0];
        quote["body"] = json!({"contentType": "html", "content":
            "<p></p>\n<attachment id=\"1616990032035\"></attachment>\nping\n<p></p>"});
        quote["attachments"] = json!([{"id": "1616990032035", "contentType": "messageReference"}]);
    }
    found(client.settle(&request, &evidence).await);
    assert!(teams.reads()[0].starts_with(&format!("/chats/{CHAT}/messages?")));
    // One that quotes another message is another.
    teams.world().messages[0]["attachments"][0]["id"] = json!("7");
    cannot_tell(client.settle(&request, &evidence).await, "may be it");
}

#[tokio::test]
async fn a_message_to_a_person_is_looked_for_in_the_chat_without_making_one() {
    let teams = Teams::start([Post::StoredUnsaid]).await;
    let build = || {
        teams
            .builder(OWN)
            .with_one_on_one_chats(OWN)
            .build()
            .unwrap()
    };
    let request = SendRequest::new(Target::user(OTHER), Message::text("ping"));
    let evidence = elsewhere(&doubt(&build(), &request).await);
    found(build().settle(&request, &evidence).await);
    assert_eq!(teams.reads().len(), 1);
    let mut unsaid = evidence;
    unsaid.conversation = None;
    cannot_tell(
        build().settle(&request, &unsaid).await,
        "does not name the chat",
    );
    assert_eq!(teams.reads().len(), 1);
}

#[tokio::test]
async fn html_that_the_service_rewrote_is_found_by_what_is_seen() {
    let teams = Teams::start([Post::StoredUnsaid]).await;
    let client = teams.client();
    let html =
        "<p>Gr&uuml;&#223;e <b>all</b>&nbsp;&amp; more <emoji alt=\"\u{1f440}\"></emoji></p>";
    let request = to_chat(Message::html(html));
    let evidence = doubt(&client, &request).await;
    teams.world().messages[0]["body"]["content"] = json!(
        "<div>\n<p>Gr\u{fc}\u{df}e <strong>all</strong> &amp; more <emoji id=\"eyes\" alt=\"\u{1f440}\" title=\"Eyes\"></emoji></p></div>"
    );
    found(client.settle(&request, &evidence).await);
    // Anything else of the own user may be what the service made of it.
    teams.world().messages[0]["body"]["content"] = json!("<p>Hello</p>");
    cannot_tell(client.settle(&request, &evidence).await, "may be it");
}

#[tokio::test]
async fn a_card_and_a_file_without_an_id_are_found_by_their_mark_by_any_client() {
    let card = Card::new(
        CardKind::Adaptive,
        json!({"type": "AdaptiveCard", "version": "1.4"}),
    );
    let file = FileReference::new("https://contoso.com/a.pdf".parse().unwrap());
    for attachment in [Attachment::Card(card), Attachment::File(file)] {
        let teams = Teams::start([Post::Lost, Post::StoredUnsaid]).await;
        let client = teams.client();
        let request = to_chat(Message::text("see").with_attachment(attachment));
        let lost = doubt(&client, &request).await;
        let stored = doubt(&client, &request).await;
        let mark = stored.mark.clone().unwrap().value;
        assert_eq!(
            teams.world().messages[0]["attachments"][0]["id"],
            json!(mark)
        );
        // The service may write a GUID otherwise.
        let other_form = mark.replace('-', "").to_uppercase();
        teams.world().messages[0]["attachments"][0]["id"] = json!(other_form);
        let opaque =
            msgraph_chat::GraphChatClient::builder(ms_messenger_core::StaticToken::new("opaque"))
                .with_base_url(teams.url.as_str())
                .build()
                .unwrap();
        for looker in [&client, &teams.client(), &opaque] {
            found(looker.settle(&request, &elsewhere(&stored)).await);
            not_found(looker.settle(&request, &elsewhere(&lost)).await);
        }
        assert_eq!(teams.reads().len(), 6);
    }
}

#[tokio::test]
async fn an_own_attachment_that_lost_its_marks_leaves_it_open() {
    let card = Card::new(
        CardKind::Adaptive,
        json!({"type": "AdaptiveCard", "version": "1.4"}),
    );
    let teams = Teams::start([Post::StoredUnsaid]).await;
    let client = teams.client();
    let request = to_chat(Message::text("see").with_attachment(Attachment::Card(card)));
    let evidence = doubt(&client, &request).await;
    teams.world().messages[0]["attachments"] = json!([]);
    for member in ["deletedDateTime", "lastEditedDateTime"] {
        teams.world().messages[0][member] = json!("2026-01-01T00:00:00Z");
        cannot_tell(client.settle(&request, &evidence).await, "edited since");
        teams.world().messages[0]["from"] = json!({"user": {"id": OTHER}});
        not_found(client.settle(&request, &evidence).await);
        teams.world().messages[0]["from"] = json!({"user": {"id": OWN}});
        teams.world().messages[0][member] = json!(null);
    }
}

#[tokio::test]
async fn a_card_whose_evidence_has_no_mark_is_neither_found_nor_called_absent() {
    let card = Card::new(
        CardKind::Adaptive,
        json!({"type": "AdaptiveCard", "version": "1.4"}),
    );
    let teams = Teams::start([Post::StoredUnsaid]).await;
    let client = teams.client();
    let request = to_chat(Message::text("see").with_attachment(Attachment::Card(card)));
    let mut evidence = doubt(&client, &request).await;
    evidence.mark = None;
    cannot_tell(client.settle(&request, &evidence).await, "may be it");
}

#[tokio::test]
async fn a_native_body_sent_twice_with_one_attachment_id_is_found_once() {
    let payload = json!({"body": {"contentType": "html", "content": "<attachment id=\"1\"></attachment>"},
        "attachments": [{"id": "1", "contentType": "reference", "contentUrl": "https://contoso.com/a.pdf"}]});
    let file = FileReference::new("https://contoso.com/a.pdf".parse().unwrap()).with_id("1");
    for message in [
        Message::native(PLATFORM, payload),
        Message::text("see").with_attachment(Attachment::File(file)),
    ] {
        let teams = Teams::start([Post::Stored, Post::Lost, Post::StoredUnsaid]).await;
        let client = teams.client();
        let request = to_chat(message);
        client.send(&request).await.unwrap();
        let lost = doubt(&client, &request).await;
        assert_eq!(lost.mark, None);
        not_found(client.settle(&request, &lost).await);
        let stored = doubt(&client, &request).await;
        let id = teams.world().messages[1]["id"].as_str().unwrap().to_owned();
        assert_eq!(found(client.settle(&request, &stored).await), id);
        assert_eq!(
            found(teams.client().settle(&request, &elsewhere(&stored)).await),
            id
        );
    }
}

#[tokio::test]
async fn a_message_that_is_stored_after_the_time_out_is_found_late() {
    let teams = Teams::start([Post::Silent]).await;
    let mut looks = 0;
    teams.show(move |world, _| {
        looks += 1;
        if looks == 2 {
            let body = world.seen[0].json();
            world.store(OWN, &body);
        }
        json!({"value": world.newest_first()})
    });
    let client = teams
        .builder(OWN)
        .with_settling_margin(Duration::from_secs(60))
        .build()
        .unwrap();
    let policy =
        SettlePolicy::default().with_pauses(Duration::from_millis(10), Duration::from_millis(10));
    let request = ping().with_timeout(Duration::from_millis(50));
    let receipt = client.send_settled_with(&request, &policy).await.unwrap();
    assert_eq!(
        receipt.message_id.unwrap().as_str(),
        teams.world().messages[0]["id"]
    );
    assert_eq!((teams.posted(), teams.reads().len()), (1, 2));
}
