//! Changes since the last look, and the token that survives a restart.

use std::time::{Duration, SystemTime};

use ms_messenger_core::ErrorKind;
use ms_messenger_testkit::Reply;
use msgraph_chat::{DeltaToken, MessageQuery};
use serde_json::json;

use crate::operations::double::{
    CHANNEL, CHAT, TEAM, assert_invalid, emulated, of_user, refusal, replying, scripted, seen,
};

#[tokio::test]
async fn a_token_is_given_after_the_last_page_and_used_to_the_letter() {
    let messages = format!(
        "/teams/{TEAM}/channels/19%3a4A95f7d8db4c4e7fae857bcebe0623e6@thread.tacv2/messages"
    );
    let (double, client) = scripted({
        let messages = messages.clone();
        move |request| {
            let (_, query) = request.target.split_once('?').unwrap();
            let host = request.header("host").unwrap();
            let link = |token| format!("http://{host}/v1.0{messages}/delta()?{token}");
            let mut page =
                json!({"value": [{"id": "1", "@odata.type": "#microsoft.graph.chatMessage"}]});
            if query.starts_with("$top") {
                page["@odata.nextLink"] = link("$skiptoken=a%2Fb").into();
            } else {
                page["@odata.deltaLink"] = link("$deltatoken=c%2Fd").into();
            }
            Reply::json(200, &page)
        }
    })
    .await;
    let channel = client.channel(TEAM, CHANNEL);
    let since = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
    let query = MessageQuery::new()
        .with_changed_after(since)
        .with_replies(true);

    let mut changes = channel.changes_with(&query);
    assert!(changes.next_page().await.unwrap().is_some());
    assert_eq!(changes.token(), None);
    assert!(changes.next_page().await.unwrap().is_some());
    assert!(changes.next_page().await.unwrap().is_none());
    let token = changes.token().unwrap();
    assert_eq!(format!("{token:?}"), "DeltaToken");

    let stored = serde_json::to_string(&token).unwrap();
    let token: DeltaToken = serde_json::from_str(&stored).unwrap();
    assert_eq!(token.to_string().parse::<DeltaToken>().unwrap(), token);
    channel.changes_since(&token).next_page().await.unwrap();

    assert_eq!(
        seen(&double),
        [
            format!(
                "GET /teams/{TEAM}/channels/{CHANNEL}/messages/delta?$top=50&$expand=replies\
                 &$filter=lastModifiedDateTime%20gt%201970-01-01T00:00:01.000Z"
            ),
            format!("GET {messages}/delta()?$skiptoken=a%2Fb"),
            format!("GET {messages}/delta()?$deltatoken=c%2Fd"),
        ]
    );
}

#[tokio::test]
async fn a_token_of_elsewhere_is_refused_before_any_request() {
    let (double, client) = replying(Reply::json(200, &json!({"value": []}))).await;
    let channel = client.channel(TEAM, CHANNEL);
    let own = format!("{}/v1.0/teams/{TEAM}/channels", double.url());
    for link in [
        format!(
            "https://contoso.test/v1.0/teams/{TEAM}/channels/{CHANNEL}/messages/delta?$deltatoken=1"
        ),
        format!("{own}/19:other@thread.tacv2/messages/delta?$deltatoken={CHANNEL}"),
        format!("{own}/{CHANNEL}/messages?$deltatoken=1"),
        format!(
            "{}/beta/teams/{TEAM}/channels/{CHANNEL}/messages/delta",
            double.url()
        ),
        format!("http://user:hunter2@{}/v1.0", &double.url()[7..]),
    ] {
        let token: DeltaToken = link.parse().unwrap();
        let error = channel.changes_since(&token).next_page().await.unwrap_err();
        assert_invalid(&double, &error, "delta_token");
        assert!(!error.to_string().contains("hunter2"));
    }
    for text in [
        "",
        "delta",
        &"x".repeat(20_000),
        &format!("http://a/{}", "x".repeat(20_000)),
    ] {
        let error = text.parse::<DeltaToken>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.to_string().len() < 200, "{error}");
        assert!(serde_json::from_value::<DeltaToken>(json!(text)).is_err());
    }
}

#[tokio::test]
async fn what_changes_cannot_show_is_refused_and_an_old_token_is_gone() {
    let (double, client) = replying(refusal(410, "syncStateNotFound", "Too old.")).await;
    let channel = client.channel(TEAM, CHANNEL);
    let query = MessageQuery::new().with_created_before(SystemTime::now());
    let error = channel.changes_with(&query).next_page().await.unwrap_err();
    assert_invalid(&double, &error, "query.created_before");
    let query = MessageQuery::new().with_replies(true);
    let error = client
        .chat(CHAT)
        .changes_with(&query)
        .next_page()
        .await
        .unwrap_err();
    assert_invalid(&double, &error, "query.replies");

    let error = channel.changes().next_page().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::NotFound, Some(410))
    );
    assert_eq!(error.code(), Some("syncStateNotFound"));
}

#[tokio::test]
async fn a_restarted_program_reads_what_changed_meanwhile_and_nothing_else() {
    let (emulator, client) = emulated(0).await;
    let graph = emulator.seed().graph.clone();
    let channel = client.channel(graph.team_id.as_str(), graph.channel_id.as_str());
    let chat = client.chat(graph.chat_id.as_str());
    channel.send("before").await.unwrap();
    let before = chat.send("before").await.unwrap();

    let mut changes = channel.changes();
    while changes.next_page().await.unwrap().is_some() {}
    let of_channel = changes.token().unwrap().to_string();
    let mut changes = chat.changes();
    while changes.next_page().await.unwrap().is_some() {}
    let of_chat = changes.token().unwrap();

    // Another process, which knows the text only.
    let client = of_user(&emulator, 0);
    let channel = client.channel(graph.team_id.as_str(), graph.channel_id.as_str());
    let sent = channel.send("after").await.unwrap();
    let mut changes = channel.changes_since(&of_channel.parse().unwrap());
    let page = changes.next_page().await.unwrap().unwrap();
    let ids: Vec<_> = page.iter().map(|it| it.id.clone().unwrap()).collect();
    assert_eq!(ids, [sent.id.as_str()]);
    assert!(changes.next_page().await.unwrap().is_none());
    assert_ne!(changes.token().unwrap().to_string(), of_channel);

    let page = chat
        .changes_since(&of_chat)
        .next_page()
        .await
        .unwrap()
        .unwrap();
    assert!(page.is_empty(), "{before:?}");
}
