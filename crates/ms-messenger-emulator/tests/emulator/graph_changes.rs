//! Graph's messages after they were sent: edits, deletions, reactions.

use crate::outside::Outside;
use crate::teams::{
    FAR, act, attached, call, contents, html, own_chat, patch, path_of, sent, text,
};
use ms_messenger_emulator::Emulator;
use reqwest::Method;
use serde_json::{Value, json};

const HEART: &str = "💘";

#[tokio::test]
async fn an_edit_changes_the_message_and_its_times_and_leaves_no_row() {
    let out = Outside::start().await;
    for list in [out.graph_chat(), out.graph_channel()] {
        let first = sent(&out, &list, &text("frist")).await;
        let path = path_of(&list, &first);
        let (status, nothing) = patch(&out, &path, &html("<b>first</b>")).await;
        assert_eq!((status, nothing), (204, Value::Null));
        let now = out.graph_get(&path).await;
        assert_eq!(now["body"], html("<b>first</b>")["body"]);
        assert_eq!(now["lastEditedDateTime"], now["lastModifiedDateTime"]);
        assert_eq!(now["createdDateTime"], first["createdDateTime"]);
        for changed in ["etag", "lastModifiedDateTime"] {
            assert_ne!(now[changed], first[changed], "{changed}");
        }
        assert_eq!(first["lastEditedDateTime"], Value::Null);
    }
    assert_eq!(out.rows("").await.len(), 2);
}

#[tokio::test]
async fn a_reply_is_edited_at_its_own_path() {
    let out = Outside::start().await;
    let channel = out.graph_channel();
    let root = sent(&out, &channel, &text("root")).await;
    let replies = format!("{}/replies", path_of(&channel, &root));
    let reply = sent(&out, &replies, &text("reply")).await;
    assert_eq!(
        patch(&out, &path_of(&channel, &reply), &text("x")).await.0,
        404
    );
    let path = path_of(&replies, &reply);
    assert_eq!(patch(&out, &path, &text("better")).await.0, 204);
    assert_eq!(out.graph_get(&path).await["body"]["content"], "better");
}

#[tokio::test]
async fn an_edited_chat_message_comes_first_and_an_edited_channel_message_stays() {
    let out = Outside::start().await;
    for (list, expected) in [
        (out.graph_chat(), ["a", "b"]),
        (out.graph_channel(), ["b", "a"]),
    ] {
        let first = sent(&out, &list, &text("x")).await;
        sent(&out, &list, &text("b")).await;
        patch(&out, &path_of(&list, &first), &text("a")).await;
        assert_eq!(contents(&out.graph_get(&list).await), expected);
    }
    let by_creation = format!("{}?$orderby=createdDateTime%20desc", out.graph_chat());
    assert_eq!(contents(&out.graph_get(&by_creation).await), ["b", "a"]);
}

#[tokio::test]
async fn an_edit_is_validated_like_a_send() {
    let out = Outside::of(
        Emulator::builder()
            .with_graph_message_limit(600)
            .start()
            .await
            .unwrap(),
    );
    let list = out.graph_chat();
    let path = path_of(&list, &sent(&out, &list, &text("x")).await);
    let unmarked = json!({"mentions": [{"id": 0, "mentionText": "Bob",
        "mentioned": {"user": {"id": out.emulator.seed().graph.users[1].id}}}]});
    let (status, error) = patch(&out, &path, &unmarked).await;
    let message = "Body does not contain marker for mention with Id '0'. Add 'Bob' to the body.";
    assert_eq!((status, &error["error"]["message"]), (400, &json!(message)));
    assert_eq!(patch(&out, &path, &text("")).await.0, 400);
    assert_eq!(patch(&out, &path, &text(&"x".repeat(600))).await.0, 413);
    assert_eq!(
        patch(&out, &path, &html("<attachment id=\"1\">")).await.0,
        400
    );
    let mut importance = json!({"importance": "extreme"});
    assert_eq!(patch(&out, &path, &importance).await.0, 400);
    importance["importance"] = json!("high");
    assert_eq!(patch(&out, &path, &importance).await.0, 204);
    let now = out.graph_get(&path).await;
    assert_eq!(
        (&now["importance"], &now["body"]["content"]),
        (&json!("high"), &json!("x"))
    );
}

#[tokio::test]
async fn an_edited_body_comes_with_all_its_attachments() {
    let out = Outside::start().await;
    let list = out.graph_chat();
    let card = attached(
        "application/vnd.microsoft.card.hero",
        &json!({"content": "{}"}),
    );
    let path = path_of(&list, &sent(&out, &list, &card).await);
    assert_eq!(patch(&out, &path, &card).await.0, 204);
    assert_eq!(
        out.graph_get(&path).await["attachments"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(patch(&out, &path, &text("plain")).await.0, 204);
    assert_eq!(out.graph_get(&path).await["attachments"], json!([]));
}

#[tokio::test]
async fn only_an_own_message_is_edited_or_deleted() {
    let out = Outside::start().await;
    let bob = out.emulator.seed().graph.users[1].token.clone();
    let (chat, channel) = (out.graph_chat(), out.graph_channel());
    let in_chat = sent(&out, &chat, &text("x")).await;
    let in_channel = path_of(&channel, &sent(&out, &channel, &text("x")).await);
    for path in [path_of(&chat, &in_chat), in_channel.clone()] {
        let (status, error) = call(&out, Method::PATCH, &path, &bob, &text("y")).await;
        assert_eq!(
            (status, &error["error"]["code"]),
            (403, &json!("Forbidden"))
        );
    }
    let deletion = format!("{in_channel}/softDelete");
    assert_eq!(
        call(&out, Method::POST, &deletion, &bob, &Value::Null)
            .await
            .0,
        403
    );
    // Nor is another user's name in the path a way around it.
    let of_alice = format!("{}/softDelete", path_of(&own_chat(&out), &in_chat));
    assert_eq!(
        call(&out, Method::POST, &of_alice, &bob, &Value::Null)
            .await
            .0,
        403
    );
    assert_eq!(out.graph_get(&in_channel).await["body"]["content"], "x");
}

#[tokio::test]
async fn a_deleted_message_is_empty_until_the_deletion_is_undone() {
    let out = Outside::start().await;
    let card = attached(
        "application/vnd.microsoft.card.hero",
        &json!({"content": "{}"}),
    );
    for (list, deletions) in [
        (out.graph_channel(), out.graph_channel()),
        (out.graph_chat(), own_chat(&out)),
    ] {
        let message = sent(&out, &list, &card).await;
        let (path, at) = (path_of(&list, &message), path_of(&deletions, &message));
        // What is so already stays so.
        for _ in 0..2 {
            assert_eq!(
                act(&out, &at, "softDelete", &Value::Null).await,
                (204, Value::Null)
            );
        }
        let deleted = out.graph_get(&path).await;
        assert_eq!(
            deleted["body"],
            json!({"contentType": "html", "content": ""})
        );
        assert_eq!(deleted["attachments"], json!([]));
        assert!(deleted["deletedDateTime"].is_string());
        assert_eq!(out.graph_get(&list).await["@odata.count"], 1);
        assert_eq!(patch(&out, &path, &text("x")).await.0, 400);
        let reaction = json!({"reactionType": HEART});
        assert_eq!(act(&out, &path, "setReaction", &reaction).await.0, 400);

        for _ in 0..2 {
            assert_eq!(act(&out, &at, "undoSoftDelete", &Value::Null).await.0, 204);
        }
        let back = out.graph_get(&path).await;
        assert_eq!(back["deletedDateTime"], Value::Null);
        for same in ["body", "attachments", "from", "createdDateTime"] {
            assert_eq!(back[same], message[same], "{same}");
        }
        assert_ne!(back["etag"], message["etag"]);
        assert_eq!(patch(&out, &path, &text("x")).await.0, 204);
    }
}

#[tokio::test]
async fn a_reaction_stays_until_it_is_removed() {
    let out = Outside::start().await;
    let users = out.emulator.seed().graph.users.clone();
    for list in [out.graph_chat(), out.graph_channel()] {
        let message = sent(&out, &list, &text("x")).await;
        let path = path_of(&list, &message);
        let body = json!({"reactionType": HEART});
        assert_eq!(
            act(&out, &path, "setReaction", &body).await,
            (204, Value::Null)
        );
        let once = out.graph_get(&path).await;
        assert_eq!(act(&out, &path, "setReaction", &body).await.0, 204);
        assert_eq!(out.graph_get(&path).await, once, "the same reaction again");
        let reaction = &once["reactions"][0];
        assert_eq!(reaction["reactionType"], HEART);
        assert_eq!(reaction["displayName"], "Heart with arrow");
        assert_eq!(reaction["user"]["user"]["id"], json!(users[0].id));
        assert_eq!(once["messageHistory"][0]["actions"], "reactionAdded");
        assert_eq!(once["messageHistory"][0]["reaction"], *reaction);
        assert_ne!(
            once["lastModifiedDateTime"],
            message["lastModifiedDateTime"]
        );
        assert_eq!(once["lastEditedDateTime"], Value::Null);

        let bobs = format!("{path}/setReaction");
        assert_eq!(
            call(&out, Method::POST, &bobs, &users[1].token, &body)
                .await
                .0,
            204
        );
        assert_eq!(act(&out, &path, "unsetReaction", &body).await.0, 204);
        let after = out.graph_get(&path).await;
        assert_eq!(after["reactions"].as_array().unwrap().len(), 1);
        assert_eq!(
            after["reactions"][0]["user"]["user"]["id"],
            json!(users[1].id)
        );
        assert_eq!(after["messageHistory"][2]["actions"], "reactionRemoved");
        for classic in ["like", "heart", "", "x", "custom"] {
            let body = json!({"reactionType": classic});
            assert_eq!(
                act(&out, &path, "setReaction", &body).await.0,
                400,
                "{classic}"
            );
        }
    }
}

#[tokio::test]
async fn each_change_has_the_path_and_permission_that_is_documented() {
    let out = Outside::start().await;
    let world = out.emulator.seed().clone();
    let token = |scope: &str| world.graph_token(&world.graph.users[0], &[scope], FAR);
    let (chat, channel) = (out.graph_chat(), out.graph_channel());
    let in_chat = sent(&out, &chat, &text("x")).await;
    let in_channel = path_of(&channel, &sent(&out, &channel, &text("x")).await);
    let by_user = path_of(&own_chat(&out), &in_chat);
    let in_chat = path_of(&chat, &in_chat);
    let heart = json!({"reactionType": HEART});
    for (method, path, scope, body, status) in [
        ("PATCH", in_chat.clone(), "Chat.ReadWrite", text("y"), 204),
        ("PATCH", in_chat.clone(), "ChatMessage.Send", text("y"), 403),
        (
            "PATCH",
            in_channel.clone(),
            "ChannelMessage.ReadWrite",
            text("y"),
            204,
        ),
        (
            "PATCH",
            in_channel.clone(),
            "ChannelMessage.Send",
            text("y"),
            403,
        ),
        (
            "POST",
            format!("{in_chat}/setReaction"),
            "ChatMessage.Send",
            heart.clone(),
            204,
        ),
        (
            "POST",
            format!("{by_user}/setReaction"),
            "ChatMessage.Send",
            heart.clone(),
            404,
        ),
        (
            "POST",
            format!("{in_channel}/setReaction"),
            "ChannelMessage.Send",
            heart,
            204,
        ),
        (
            "POST",
            format!("{by_user}/softDelete"),
            "Chat.ReadWrite",
            Value::Null,
            204,
        ),
        (
            "POST",
            format!("{by_user}/undoSoftDelete"),
            "Chat.ReadWrite",
            Value::Null,
            204,
        ),
        (
            "POST",
            format!("{in_chat}/softDelete"),
            "Chat.ReadWrite",
            Value::Null,
            404,
        ),
        (
            "POST",
            format!("{in_channel}/softDelete"),
            "ChannelMessage.Send",
            Value::Null,
            403,
        ),
        (
            "POST",
            format!("{in_channel}/softDelete"),
            "ChannelMessage.ReadWrite",
            Value::Null,
            204,
        ),
        (
            "DELETE",
            in_channel.clone(),
            "ChannelMessage.ReadWrite",
            Value::Null,
            405,
        ),
    ] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let got = call(&out, method.clone(), &path, &token(scope), &body).await;
        assert_eq!(got.0, status, "{method} {path} {scope}: {}", got.1);
    }
}

#[tokio::test]
async fn an_app_sets_the_policy_violation_and_nothing_else() {
    let out = Outside::start().await;
    let app = out.emulator.seed().graph.app_token.clone();
    let list = out.graph_channel();
    let path = path_of(&list, &sent(&out, &list, &text("4111 1111")).await);
    let violation = json!({"policyViolation": {
        "policyTip": {"generalText": "Blocked.", "matchedConditionDescriptions": ["Card"]},
        "verdictDetails": "AllowOverrideWithoutJustification,AllowFalsePositiveOverride",
        "dlpAction": "BlockAccess"}});
    let (status, message) = call(&out, Method::PATCH, &path, &app, &violation).await;
    assert_eq!(status, 200, "{message}");
    let read = out.graph_get(&path).await;
    assert_eq!(read["policyViolation"], message["policyViolation"]);
    let found = &read["policyViolation"];
    assert_eq!(found["dlpAction"], "blockAccess");
    assert_eq!(found["userAction"], "none");
    let verdicts = "allowOverrideWithoutJustification,allowFalsePositiveOverride";
    assert_eq!(found["verdictDetails"], verdicts);
    assert_eq!(read["lastEditedDateTime"], Value::Null);

    assert_eq!(
        call(&out, Method::PATCH, &path, &app, &text("x")).await.0,
        400
    );
    let mut wrong = violation.clone();
    wrong["policyViolation"]["dlpAction"] = json!("explode");
    assert_eq!(call(&out, Method::PATCH, &path, &app, &wrong).await.0, 400);
    assert_eq!(patch(&out, &path, &violation).await.0, 403);
}
