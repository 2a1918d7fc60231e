//! One message: read, edited, deleted, restored, reacted to, and its pictures.

use ms_messenger_core::{ErrorKind, InlineImage};
use ms_messenger_testkit::Reply;
use msgraph_chat::{MessageHandle, NewChatMessage, models::PolicyViolation};
use serde_json::json;

use crate::operations::double::{
    CHANNEL, CHAT, TEAM, USER, assert_invalid, emulated, http, of_user, own_client, refusal,
    replying, seen, with_token,
};

#[tokio::test]
async fn each_change_has_its_bytes_in_each_place() {
    let channel = format!("/teams/{TEAM}/channels/{CHANNEL}/messages/1");
    let of_user = format!("/users/{USER}/chats/{CHAT}/messages/1");
    for (n, path, of_user) in [
        (0, channel.clone(), channel.clone()),
        (
            1,
            format!("{channel}/replies/2"),
            format!("{channel}/replies/2"),
        ),
        (2, format!("/chats/{CHAT}/messages/1"), of_user),
    ] {
        let (double, _) = replying(Reply::new(204, "")).await;
        let client = own_client(&double, &http());
        let channel = client.channel(TEAM, CHANNEL);
        let message: MessageHandle = match n {
            0 => channel.message("1"),
            1 => channel.reply_message("1", "2"),
            _ => client.chat(CHAT).message("1"),
        };
        message.edit("better").await.unwrap();
        message.delete().await.unwrap();
        message.undo_delete().await.unwrap();
        message.react("💘").await.unwrap();
        message.unreact("💘").await.unwrap();
        let violation: PolicyViolation =
            serde_json::from_value(json!({"dlpAction": "BlockAccess"})).unwrap();
        message.mark_violation(&violation).await.unwrap();

        assert_eq!(
            seen(&double),
            [
                format!("PATCH {path}"),
                format!("POST {of_user}/softDelete"),
                format!("POST {of_user}/undoSoftDelete"),
                format!("POST {path}/setReaction"),
                format!("POST {path}/unsetReaction"),
                format!("PATCH {path}"),
            ]
        );
        let bodies: Vec<String> = double
            .requests()
            .into_iter()
            .map(|it| String::from_utf8(it.body).unwrap())
            .collect();
        assert_eq!(
            bodies,
            [
                r#"{"body":{"contentType":"text","content":"better"}}"#,
                "",
                "",
                r#"{"reactionType":"💘"}"#,
                r#"{"reactionType":"💘"}"#,
                r#"{"policyViolation":{"dlpAction":"BlockAccess"}}"#,
            ]
        );
    }
}

#[tokio::test]
async fn bad_input_is_refused_before_any_request() {
    let (double, _) = replying(Reply::new(204, "")).await;
    let client = own_client(&double, &http());
    let message = client.chat(CHAT).message("1");
    for reaction in ["", "like", ":)", &"👍".repeat(20)] {
        let error = message.react(reaction).await.unwrap_err();
        assert_invalid(&double, &error, "reaction");
    }
    let error = message
        .edit(NewChatMessage::text("x").with_subject("s"))
        .await
        .unwrap_err();
    assert_invalid(&double, &error, "subject");
    let error = client.chat(CHAT).message("").get().await.unwrap_err();
    assert_invalid(&double, &error, "message");
    let reply = client.channel(TEAM, CHANNEL).reply_message("", "1");
    let error = reply.delete().await.unwrap_err();
    assert_invalid(&double, &error, "root");
    let error = message.download("").await.unwrap_err();
    assert_invalid(&double, &error, "hosted_content");
}

#[tokio::test]
async fn a_picture_is_streamed_with_a_cap_and_by_its_own_address_only() {
    let reply = Reply::new(200, *b"picture").with_header("content-type", "image/png");
    let (double, client) = replying(reply).await;
    let path = format!("/chats/{CHAT}/messages/1/hostedContents/aWQ9/$value");
    let address = format!("{}/v1.0{path}", double.url());

    let picture = client.download_hosted(&address).await.unwrap();
    assert_eq!(picture.content_type(), Some("image/png"));
    assert_eq!(picture.bytes(7).await.unwrap(), &b"picture"[..]);
    let error = client
        .chat(CHAT)
        .message("1")
        .download("aWQ9")
        .await
        .unwrap();
    let error = error.bytes(6).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert_eq!(
        seen(&double),
        [format!("GET {path}"), format!("GET {path}")]
    );

    let (double, client) = replying(Reply::new(200, "")).await;
    let origin = double.url();
    for address in [
        format!("https://contoso.test/v1.0{path}"),
        format!("{origin}/beta{path}"),
        format!("{origin}/v1.0/me/messages/1/hostedContents/1/$value"),
        format!("{origin}/v1.0/chats/{CHAT}/messages/1?/hostedContents/1"),
        format!("{origin}/v1.0/chats/{CHAT}/messages/1/hostedContents/1"),
        format!("{origin}/v1.0/chats/{CHAT}/members"),
        "javascript:alert(1)".to_owned(),
        String::new(),
    ] {
        let error = client.download_hosted(&address).await.unwrap_err();
        assert_invalid(&double, &error, "address");
    }
}

#[tokio::test]
async fn a_refused_change_names_its_permission() {
    let (_double, client) = replying(refusal(403, "Forbidden", "Not yours.")).await;
    let error = client.chat(CHAT).message("1").edit("x").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert!(error.message().contains("Not yours"), "{error}");
    assert!(error.message().contains("Chat.ReadWrite"), "{error}");
}

#[tokio::test]
async fn a_message_lives_in_a_channel_a_thread_and_a_chat() {
    let (emulator, client) = emulated(0).await;
    let graph = emulator.seed().graph.clone();
    let channel = client.channel(graph.team_id.as_str(), graph.channel_id.as_str());
    let chat = client.chat(graph.chat_id.as_str());
    let root = channel.send("root").await.unwrap().id;
    let reply = channel.reply(root.clone(), "reply").await.unwrap().id;
    let other = of_user(&emulator, 1);
    for (message, theirs) in [
        (
            channel.message(root.clone()),
            other
                .channel(graph.team_id.as_str(), graph.channel_id.as_str())
                .message(root.clone()),
        ),
        (
            channel.reply_message(root.clone(), reply.clone()),
            other
                .channel(graph.team_id.as_str(), graph.channel_id.as_str())
                .reply_message(root.clone(), reply.clone()),
        ),
        {
            let id = chat.send("in a chat").await.unwrap().id;
            (
                chat.message(id.clone()),
                other.chat(graph.chat_id.as_str()).message(id),
            )
        },
    ] {
        let content = async || message.get().await.unwrap().body.unwrap().content.unwrap();
        message.edit("edited").await.unwrap();
        assert_eq!(content().await, "edited");
        assert!(message.get().await.unwrap().last_edited_date_time.is_some());

        message.react("🎉").await.unwrap();
        theirs.react("🎉").await.unwrap();
        assert_eq!(message.get().await.unwrap().reactions.len(), 2);
        message.unreact("🎉").await.unwrap();
        assert_eq!(message.get().await.unwrap().reactions.len(), 1);

        let error = theirs.edit("not mine").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");

        message.delete().await.unwrap();
        let deleted = message.get().await.unwrap();
        assert!(deleted.deleted_date_time.is_some());
        assert_eq!(deleted.body.unwrap().content.as_deref(), Some(""));
        message.undo_delete().await.unwrap();
        assert_eq!(content().await, "edited");
    }
    let gone = chat.message("1").get().await.unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn pictures_come_back_as_they_were_sent() {
    let (emulator, client) = emulated(0).await;
    let graph = emulator.seed().graph.clone();
    let channel = client.channel(graph.team_id.as_str(), graph.channel_id.as_str());
    let image = InlineImage::new("image/gif", *b"GIF89a");
    let posted = channel
        .send(NewChatMessage::compose().inline_image(&image))
        .await
        .unwrap();
    let message = channel.message(posted.id);
    let pictures = message
        .hosted_contents()
        .next_page()
        .await
        .unwrap()
        .unwrap();
    let id = pictures[0].id.clone().unwrap();
    assert_eq!(
        message.hosted_content(&id).await.unwrap().content_bytes,
        None
    );
    let picture = message.download(&id).await.unwrap();
    assert_eq!(picture.content_type(), Some("image/gif"));
    assert_eq!(picture.bytes(100).await.unwrap(), &b"GIF89a"[..]);

    let body = message.get().await.unwrap().body.unwrap().content.unwrap();
    let start = body.find("http").unwrap();
    let address = &body[start..start + body[start..].find('"').unwrap()];
    let mut file = Vec::new();
    let picture = client.download_hosted(address).await.unwrap();
    assert_eq!(picture.write_to(&mut file, 100).await.unwrap(), 6);
    assert_eq!(file, b"GIF89a");
}

#[tokio::test]
async fn an_application_marks_a_violation_and_exports_all_messages() {
    let (emulator, client) = emulated(0).await;
    let graph = emulator.seed().graph.clone();
    let posted = client
        .chat(graph.chat_id.as_str())
        .send("4111 1111")
        .await
        .unwrap();
    client
        .channel(graph.team_id.as_str(), graph.channel_id.as_str())
        .send("in a channel")
        .await
        .unwrap();

    let app = with_token(&emulator, &graph.app_token);
    let message = app.chat(graph.chat_id.as_str()).message(posted.id);
    let violation: PolicyViolation = serde_json::from_value(json!({
        "dlpAction": "BlockAccess", "verdictDetails": "AllowOverrideWithoutJustification",
    }))
    .unwrap();
    message.mark_violation(&violation).await.unwrap();
    let marked = message.get().await.unwrap().policy_violation.unwrap();
    assert!(marked.dlp_action.unwrap().contains("blockAccess"));

    let query = msgraph_chat::MessageQuery::new().with_page_size(1);
    let user = graph.users[0].id.as_str();
    let all = app
        .all_chat_messages(user, &query)
        .next_page()
        .await
        .unwrap();
    assert_eq!(all.unwrap().len(), 1);
    let all = app.team(graph.team_id.as_str()).all_messages(&query);
    assert_eq!(all.clone().next_page().await.unwrap().unwrap().len(), 1);
}
