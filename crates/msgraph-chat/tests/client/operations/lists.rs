//! Lists of messages: requests, options, pages and their links.

use std::{
    pin::pin,
    time::{Duration, SystemTime},
};

use futures_util::TryStreamExt as _;
use ms_messenger_core::{Delivery, ErrorKind};
use ms_messenger_testkit::Reply;
use msgraph_chat::MessageQuery;
use serde_json::json;

use crate::operations::double::{
    CHANNEL, CHAT, TEAM, assert_invalid, emulated, list, losing_the_first, refusal, replying,
    scripted, seen,
};

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

#[tokio::test]
async fn each_list_has_its_path_and_the_largest_page() {
    let (double, client) = replying(list(json!([{"id": "1", "new": 7}]))).await;
    let channel = client.channel(TEAM, CHANNEL);

    let page = channel.messages().next_page().await.unwrap().unwrap();
    channel.replies("161#x").next_page().await.unwrap();
    client.chat(CHAT).messages().next_page().await.unwrap();

    assert_eq!(page[0].other["new"], 7);
    let of_channel = format!("GET /teams/{TEAM}/channels/{CHANNEL}/messages");
    assert_eq!(
        seen(&double),
        [
            format!("{of_channel}?$top=50"),
            format!("{of_channel}/161%23x/replies?$top=50"),
            format!("GET /chats/{CHAT}/messages?$top=50"),
        ]
    );
    for request in double.requests() {
        let prefer = request.header("prefer");
        assert_eq!(prefer, Some("include-unknown-enum-members"));
        assert_eq!(request.header("authorization"), Some("Bearer delegated"));
    }
}

#[tokio::test]
async fn a_filter_has_the_order_of_its_property() {
    let (double, client) = replying(list(json!([]))).await;
    let chat = client.chat(CHAT);
    let changed = MessageQuery::new()
        .with_page_size(5)
        .with_changed_after(at(1))
        .with_changed_before(at(2));
    let created = MessageQuery::new().with_created_before(at(3));
    let replies = MessageQuery::new().with_replies(true);

    chat.messages_with(&changed).next_page().await.unwrap();
    chat.messages_with(&created).next_page().await.unwrap();
    let channel = client.channel(TEAM, CHANNEL);
    channel.messages_with(&replies).next_page().await.unwrap();

    let messages = format!("GET /chats/{CHAT}/messages");
    assert_eq!(
        seen(&double),
        [
            format!(
                "{messages}?$top=5&$orderby=lastModifiedDateTime%20desc&$filter=\
                 lastModifiedDateTime%20gt%201970-01-01T00:00:01.000Z%20and%20\
                 lastModifiedDateTime%20lt%201970-01-01T00:00:02.000Z"
            ),
            format!(
                "{messages}?$top=50&$orderby=createdDateTime%20desc&$filter=\
                 createdDateTime%20lt%201970-01-01T00:00:03.000Z"
            ),
            format!("GET /teams/{TEAM}/channels/{CHANNEL}/messages?$top=50&$expand=replies"),
        ]
    );
}

#[tokio::test]
async fn what_a_list_does_not_support_is_refused_before_any_request() {
    let (double, client) = replying(list(json!([]))).await;
    let (chat, channel) = (client.chat(CHAT), client.channel(TEAM, CHANNEL));
    let query = MessageQuery::new;
    for (mut pages, field) in [
        (
            chat.messages_with(&query().with_page_size(0)),
            "query.page_size",
        ),
        (
            chat.messages_with(&query().with_page_size(51)),
            "query.page_size",
        ),
        (
            chat.messages_with(&query().with_replies(true)),
            "query.replies",
        ),
        (
            chat.messages_with(&query().with_created_before(at(1)).with_changed_after(at(1))),
            "query.created_before",
        ),
        (
            channel.messages_with(&query().with_changed_after(at(1))),
            "query.changed_after",
        ),
        (
            channel.replies_with("1", &query().with_created_before(at(1))),
            "query.created_before",
        ),
        (channel.replies(""), "message"),
        (client.chat("").messages(), "chat"),
        (client.chat("19%3Aa").messages(), "chat"),
        (client.channel("no guid", CHANNEL).messages(), "team"),
    ] {
        let error = pages.next_page().await.unwrap_err();
        assert_invalid(&double, &error, field);
        // The list is over then, and says no more.
        assert!(pages.next_page().await.unwrap().is_none());
    }
}

#[tokio::test]
async fn links_are_followed_within_the_endpoint_only() {
    for (link, rule) in [
        ("https://graph.contoso.test/v1.0/chats", "another origin"),
        ("/beta/chats", "outside its base path"),
        ("/v1.0/chats/CHAT/messages?$top=50", "read already"),
    ] {
        let link = link.replace("CHAT", CHAT);
        let page = json!({"value": [{"id": "1"}], "@odata.nextLink": link});
        let (double, client) = replying(Reply::json(200, &page)).await;
        let mut pages = client.chat(CHAT).messages();
        assert_eq!(pages.next_page().await.unwrap().unwrap().len(), 1);
        let error = pages.next_page().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
        assert!(error.message().contains(rule), "{error}");
        assert_eq!(double.requests().len(), 1, "{link}");
    }
}

#[tokio::test]
async fn a_list_without_an_end_is_bounded() {
    let (double, client) = scripted(|request| {
        let next = format!("{}&more", request.target);
        Reply::json(
            200,
            &json!({"value": [{"id": "1"}], "@odata.nextLink": next}),
        )
    })
    .await;
    let pages = client.chat(CHAT).messages().with_max_pages(3);
    let error = pages
        .into_stream()
        .try_collect::<Vec<_>>()
        .await
        .unwrap_err();
    assert!(error.message().contains("more than 3 pages"), "{error}");
    assert_eq!(double.requests().len(), 3);
}

#[tokio::test]
async fn a_lost_page_is_read_again_and_a_refused_one_says_what_it_needs() {
    let (double, client) = losing_the_first(list(json!([]))).await;
    client.chat(CHAT).messages().next_page().await.unwrap();
    assert_eq!(double.requests().len(), 2);

    let (double, client) = replying(refusal(403, "Forbidden", "No.")).await;
    let channel = client.channel(TEAM, CHANNEL);
    let error = channel.messages().next_page().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(error.request_id(), Some("r1"));
    assert!(
        error.message().contains("ChannelMessage.Read.All"),
        "{error}"
    );
    assert_eq!(double.requests().len(), 1);
}

#[tokio::test]
async fn the_messages_of_a_chat_are_read_in_pages_and_by_time() {
    let (emulator, client) = emulated(0).await;
    let chat = client.chat(emulator.seed().graph.chat_id.as_str());
    for n in 0..5 {
        chat.send(format!("message {n}")).await.unwrap();
    }

    let query = MessageQuery::new().with_page_size(2);
    let messages = pin!(chat.messages_with(&query).into_stream());
    let messages: Vec<_> = messages.try_collect().await.unwrap();
    let texts: Vec<_> = messages
        .iter()
        .map(|it| it.body.clone().unwrap().content.unwrap())
        .collect();
    let newest_first = [4, 3, 2, 1, 0].map(|n| format!("message {n}"));
    assert_eq!(texts, newest_first);

    let created = messages[2].created_date_time.as_ref().unwrap();
    let before = MessageQuery::new().with_created_before(created.to_system_time().unwrap());
    let page = chat.messages_with(&before).next_page().await.unwrap();
    assert_eq!(page.unwrap().len(), 2);
}
