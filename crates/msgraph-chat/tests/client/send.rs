//! Requests on the wire, and the responses to them.

use mockito::{Matcher, Mock, Server, ServerGuard};
use ms_messenger_core::{Delivery, ErrorKind, InlineImage, StaticToken};
use msgraph_chat::{
    GraphChatClient, Mention, NewChatMessage,
    models::{ChatMessageAttachment, MessageImportance},
};
use serde_json::{Value, json};

const TEAM: &str = "fbe2bf47-16c8-47cf-b4a5-4b9b187c508b";
const CHANNEL: &str = "19:4a95f7d8db4c4e7fae857bcebe0623e6@thread.tacv2";
const CHAT: &str = "19:2da4c29f6d7041eca70b638b43d45437@thread.v2";
const USER: &str = "8ea0e38b-efb3-4757-924a-5f94061cf8c2";

fn client(server: &ServerGuard) -> GraphChatClient {
    GraphChatClient::builder(StaticToken::new("delegated"))
        .with_base_url(format!("{}/v1.0/", server.url()))
        .build()
        .unwrap()
}

fn response() -> String {
    json!({"@odata.context": "c", "id": "1616990032035", "etag": "1616990032035",
        "createdDateTime": "2026-03-29T03:53:52.035Z", "body": {"contentType": "text", "content": "x"},
        "from": {"user": {"id": USER, "userIdentityType": "aadUser"}}, "later": {"member": 1}})
    .to_string()
}

async fn mock(server: &mut ServerGuard, path: &str, body: Matcher) -> Mock {
    server
        .mock("POST", path)
        .match_header("authorization", "Bearer delegated")
        .match_header("content-type", "application/json")
        .match_header(
            "client-request-id",
            Matcher::Regex("^[0-9a-f-]{36}$".into()),
        )
        .match_body(body)
        .with_status(201)
        .with_header("request-id", "r1")
        .with_body(response())
        .create_async()
        .await
}

#[tokio::test]
async fn text_goes_to_a_channel_and_the_whole_message_comes_back() {
    let mut server = Server::new_async().await;
    let path = format!("/v1.0/teams/{TEAM}/channels/{CHANNEL}/messages");
    let body = r#"{"subject":"Greeting","importance":"high","body":{"contentType":"text","content":"hi"}}"#;
    let mock = mock(&mut server, &path, Matcher::Exact(body.into())).await;
    let message = NewChatMessage::text("hi")
        .with_subject("Greeting")
        .with_importance(MessageImportance::High);

    let posted = client(&server)
        .channel(TEAM, CHANNEL)
        .send(&message)
        .await
        .unwrap();

    mock.assert_async().await;
    assert_eq!(posted.id.as_str(), "1616990032035");
    assert_eq!(posted.request_id.as_deref(), Some("r1"));
    let message = posted.message().unwrap();
    assert!(
        message
            .created_date_time
            .unwrap()
            .to_system_time()
            .is_some()
    );
    assert_eq!(message.other["later"], json!({"member": 1}));
}

#[tokio::test]
async fn a_reply_a_chat_and_a_quote_have_paths_of_their_own() {
    let mut server = Server::new_async().await;
    let any = || Matcher::PartialJson(json!({}));
    let client = client(&server);
    let hi = NewChatMessage::text("hi");

    let path = format!("/v1.0/teams/{TEAM}/channels/{CHANNEL}/messages/161%23x/replies");
    let reply = mock(&mut server, &path, any()).await;
    client
        .channel(TEAM, CHANNEL)
        .reply("161#x", &hi)
        .await
        .unwrap();
    reply.assert_async().await;

    let chat = mock(&mut server, &format!("/v1.0/chats/{CHAT}/messages"), any()).await;
    client.chat(CHAT).send(&hi).await.unwrap();
    chat.assert_async().await;

    let body =
        r#"{"messageIds":["1","2"],"replyMessage":{"body":{"contentType":"text","content":"hi"}}}"#;
    let path = format!("/v1.0/chats/{CHAT}/messages/replyWithQuote");
    let quote = mock(&mut server, &path, Matcher::Exact(body.into())).await;
    client.chat(CHAT).quote(["1", "2"], &hi).await.unwrap();
    quote.assert_async().await;
}

#[tokio::test]
async fn what_a_send_returns_is_enough_for_a_reply() {
    let mut server = Server::new_async().await;
    let any = || Matcher::PartialJson(json!({}));
    let messages = format!("/v1.0/teams/{TEAM}/channels/{CHANNEL}/messages");
    let sent = mock(&mut server, &messages, any()).await;
    let body = Matcher::Exact(r#"{"body":{"contentType":"text","content":"on it"}}"#.into());
    let reply = mock(
        &mut server,
        &format!("{messages}/1616990032035/replies"),
        body,
    )
    .await;

    let channel = client(&server).channel(TEAM, CHANNEL);
    assert_eq!(
        (channel.team().as_str(), channel.id().as_str()),
        (TEAM, CHANNEL)
    );
    let posted = channel.send("the build is red".to_owned()).await.unwrap();
    channel
        .reply(posted.id, NewChatMessage::compose().text("on it"))
        .await
        .unwrap();

    sent.assert_async().await;
    reply.assert_async().await;
}

#[tokio::test]
async fn each_marker_is_written_with_what_it_stands_for() {
    let mut server = Server::new_async().await;
    let image = InlineImage::new("image/png", *b"png").with_alt("a \"plan\"");
    let mut compose = NewChatMessage::compose().text("1 < 2\n");
    let src = compose.host_image(&image);
    let card =
        json!({"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "Image", "url": src}]});
    let message = compose
        .mention(Mention::user(USER, "Ada & Bo"))
        .mention(Mention::bot("bot-1", "Bot"))
        .mention(Mention::channel(CHANNEL, "General"))
        .mention(Mention::team(TEAM, "Ops"))
        .mention(Mention::tag("tag-1", "Oncall"))
        .emoji("😶‍🌫️")
        .inline_image(&image)
        .attach(
            ChatMessageAttachment::adaptive_card(card.clone())
                .with_id("card")
                .with_teams_app_id("app-1"),
        )
        .attach(ChatMessageAttachment::file(
            "file",
            &"https://a.com/f.docx".parse().unwrap(),
            "f.docx",
        ))
        .attach(ChatMessageAttachment::announcement_banner("News").with_id("banner"))
        .build();
    let name = |kind: &str, id: &str, name: &str, members: Value| {
        let mut identity = json!({"id": id, "displayName": name});
        identity
            .as_object_mut()
            .unwrap()
            .extend(members.as_object().unwrap().clone());
        json!({kind: identity})
    };
    let conversation = |kind: &str| json!({"conversationIdentityType": kind});
    let body = json!({
        "body": {"contentType": "html", "content": concat!(
            "1 &lt; 2<br><at id=\"0\">Ada &amp; Bo</at><at id=\"1\">Bot</at><at id=\"2\">General</at>",
            "<at id=\"3\">Ops</at><at id=\"4\">Oncall</at><emoji alt=\"😶‍🌫️\"></emoji>",
            "<img src=\"../hostedContents/2/$value\" alt=\"a &quot;plan&quot;\">",
            "<attachment id=\"card\"></attachment><attachment id=\"file\"></attachment>",
            "<attachment id=\"banner\"></attachment>")},
        "attachments": [
            {"id": "card", "contentType": "application/vnd.microsoft.card.adaptive", "content": card.to_string(), "teamsAppId": "app-1"},
            {"id": "file", "contentType": "reference", "contentUrl": "https://a.com/f.docx", "name": "f.docx"},
            {"id": "banner", "contentType": "application/vnd.microsoft.teams.messaging-announcementBanner",
                "content": json!({"title": "News", "cardImageType": "colorTheme"}).to_string()},
        ],
        "mentions": [
            {"id": 0, "mentionText": "Ada & Bo", "mentioned": name("user", USER, "Ada & Bo", json!({"userIdentityType": "aadUser"}))},
            {"id": 1, "mentionText": "Bot", "mentioned": name("application", "bot-1", "Bot", json!({"applicationIdentityType": "bot"}))},
            {"id": 2, "mentionText": "General", "mentioned": name("conversation", CHANNEL, "General", conversation("channel"))},
            {"id": 3, "mentionText": "Ops", "mentioned": name("conversation", TEAM, "Ops", conversation("team"))},
            {"id": 4, "mentionText": "Oncall", "mentioned": name("tag", "tag-1", "Oncall", json!({}))},
        ],
        "hostedContents": [
            {"@microsoft.graph.temporaryId": "1", "contentBytes": "cG5n", "contentType": "image/png"},
            {"@microsoft.graph.temporaryId": "2", "contentBytes": "cG5n", "contentType": "image/png"},
        ],
    });
    let path = format!("/v1.0/teams/{TEAM}/channels/{CHANNEL}/messages");
    let mock = mock(&mut server, &path, Matcher::Json(body)).await;
    client(&server)
        .channel(TEAM, CHANNEL)
        .send(&message)
        .await
        .unwrap();
    mock.assert_async().await;
}

#[tokio::test]
async fn everyone_in_a_chat_is_mentioned_by_the_chat() {
    let mut server = Server::new_async().await;
    let message = NewChatMessage::compose()
        .mention(Mention::everyone(CHAT))
        .text(" hi")
        .build();
    let body = Matcher::PartialJson(json!({"mentions": [{"id": 0, "mentionText": "Everyone",
        "mentioned": {"conversation": {"id": CHAT, "conversationIdentityType": "chat"}}}]}));
    let mock = mock(&mut server, &format!("/v1.0/chats/{CHAT}/messages"), body).await;
    client(&server).chat(CHAT).send(&message).await.unwrap();
    mock.assert_async().await;
}

#[tokio::test]
async fn the_guards_of_size_refuse_before_any_io_and_can_be_moved() {
    let mut server = Server::new_async().await;
    let mock = mock(
        &mut server,
        &format!("/v1.0/chats/{CHAT}/messages"),
        Matcher::Any,
    )
    .await;
    let client = client(&server);
    let large = NewChatMessage::text("x".repeat(29 * 1024));
    let error = client.chat(CHAT).send(&large).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::InvalidRequest, 0)
    );
    assert_eq!(error.problems()[0].field, "body");
    let picture = InlineImage::new("image/png", vec![0; 3 << 20]);
    let heavy = NewChatMessage::compose()
        .inline_image(&picture)
        .inline_image(&picture)
        .build();
    let error = client.chat(CHAT).send(&heavy).await.unwrap_err();
    assert_eq!(error.problems()[0].field, "hostedContents");

    let open = GraphChatClient::builder(StaticToken::new("delegated"))
        .with_base_url(format!("{}/v1.0", server.url()))
        .with_max_message_bytes(None)
        .build()
        .unwrap();
    open.chat(CHAT).send(&large).await.unwrap();
    mock.assert_async().await;
}

#[tokio::test]
async fn a_token_of_an_application_without_a_user_is_refused_with_the_reason_before_any_io() {
    let mut server = Server::new_async().await;
    let mock = server
        .mock("POST", Matcher::Any)
        .expect(0)
        .create_async()
        .await;
    // {"roles":["Teamwork.Migrate.All"]}
    let token = StaticToken::new("e30.eyJyb2xlcyI6WyJUZWFtd29yay5NaWdyYXRlLkFsbCJdfQ.c2ln");
    let client = GraphChatClient::builder(token)
        .with_base_url(server.url())
        .build()
        .unwrap();
    let error = client.chat(CHAT).send("hi").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert_eq!((error.delivery(), error.attempts()), (Delivery::NotSent, 0));
    assert!(error.message().contains("for users only"), "{error}");
    mock.assert_async().await;
}

#[tokio::test]
async fn a_success_that_cannot_be_read_is_sent() {
    for (status, body) in [(201, "{"), (202, "{}")] {
        let mut server = Server::new_async().await;
        server
            .mock("POST", Matcher::Any)
            .with_status(status)
            .with_body(body)
            .create_async()
            .await;
        let error = client(&server).chat(CHAT).send("hi").await.unwrap_err();
        assert_eq!(
            (error.kind(), error.delivery()),
            (ErrorKind::Protocol, Delivery::Sent)
        );
    }
}

#[tokio::test]
async fn a_refusal_has_code_message_and_request_id_and_after_a_504_the_delivery_is_unknown() {
    let mut server = Server::new_async().await;
    let body = r#"{"error":{"code":"BadRequest","message":"Invalid request body was sent.","innerError":{"date":"2026-07-02T01:40:19","request-id":"x"}}}"#;
    server
        .mock("POST", Matcher::Any)
        .with_status(400)
        .with_header("request-id", "r2")
        .with_body(body)
        .create_async()
        .await;
    let error = client(&server).chat(CHAT).send("hi").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.delivery()),
        (ErrorKind::InvalidRequest, Delivery::NotSent)
    );
    assert_eq!(
        (error.code(), error.request_id()),
        (Some("BadRequest"), Some("r2"))
    );
    assert_eq!(error.message(), "Invalid request body was sent.");

    let mut server = Server::new_async().await;
    let mock = server
        .mock("POST", Matcher::Any)
        .with_status(504)
        .with_body("<html>")
        .expect(1)
        .create_async()
        .await;
    let error = client(&server).chat(CHAT).send("hi").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.delivery(), error.attempts()),
        (ErrorKind::Service, Delivery::Unknown, 1)
    );
    mock.assert_async().await;
}
