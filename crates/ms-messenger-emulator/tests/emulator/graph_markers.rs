//! Markers of attachments and mentions in Graph messages.

use crate::outside::Outside;
use serde_json::{Value, json};

fn html(content: &str) -> Value {
    json!({"body": {"contentType": "html", "content": content}})
}

async fn refused(out: &Outside, body: Value) -> String {
    let (status, error) = out.graph(&out.graph_chat(), &body).await;
    assert_eq!(
        (status, &error["error"]["code"]),
        (400, &json!("BadRequest")),
        "{error}"
    );
    error["error"]["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn attachments_and_markers_match_one_to_one() {
    let out = Outside::start().await;
    let card = |content: Value| {
        let mut body = html("<attachment id=\"1\"></attachment>");
        body["attachments"] = json!([{"id": "1", "content": content,
            "contentType": "application/vnd.microsoft.card.adaptive"}]);
        body
    };
    let invalid = "Invalid request body was sent.";
    assert_eq!(
        refused(&out, card(json!({"type": "AdaptiveCard"}))).await,
        invalid
    );
    let failed = "Failed to process content in attachment with Id '1'.";
    assert_eq!(refused(&out, card(json!("[]"))).await, failed);
    let unknown = "Body contains marker for unknown attachment with Id '1'.";
    assert_eq!(
        refused(&out, html("<attachment id='1'></attachment>")).await,
        unknown
    );
    let mut twice = card(json!("{}"));
    twice["body"]["content"] = json!("<attachment id=\"1\"><attachment id=\"1\">");
    assert!(
        refused(&out, twice)
            .await
            .contains("marker for attachment with Id '1'")
    );

    let (status, message) = out
        .graph(&out.graph_chat(), &card(json!("{\n \"a\": 1\n}")))
        .await;
    let attachment = &message["attachments"][0];
    assert_eq!((status, &attachment["content"]), (201, &json!("{\"a\":1}")));
    assert_eq!(attachment.as_object().unwrap().len(), 7);
}

#[tokio::test]
async fn a_mention_needs_its_marker_text_and_fitting_target() {
    let out = Outside::start().await;
    let user = out.emulator.seed().graph.users[1].id.clone();
    let mention = |content: &str, mentioned: Value| {
        let mut body = html(content);
        body["mentions"] = json!([{"id": 0, "mentionText": "Bob & Co", "mentioned": mentioned}]);
        body
    };
    let bob = json!({"user": {"id": user, "displayName": "Bob", "userIdentityType": "aadUser"}});
    assert_eq!(
        refused(&out, mention("<at id=\"0\">Bob</at>", bob.clone())).await,
        "Body does not contain marker for mention with Id '0'. Add 'Bob & Co' to the body."
    );
    let marked = "Hi\n<at id=\"0\">Bob &amp; Co</at>";
    let (status, message) = out.graph(&out.graph_chat(), &mention(marked, bob)).await;
    assert_eq!(
        (status, &message["body"]["content"]),
        (201, &json!(marked.replace('\n', "")))
    );
    let mentioned = &message["mentions"][0]["mentioned"];
    assert_eq!(
        (&mentioned["tag"], &mentioned["user"]["id"]),
        (&Value::Null, &json!(user))
    );

    let place = |kind: &str| json!({"conversation": {"id": "x", "conversationIdentityType": kind}});
    assert_eq!(
        out.graph(&out.graph_chat(), &mention(marked, place("channel")))
            .await
            .0,
        400
    );
    assert_eq!(
        out.graph(&out.graph_channel(), &mention(marked, place("channel")))
            .await
            .0,
        201
    );
    assert_eq!(
        out.graph(&out.graph_chat(), &mention(marked, json!({})))
            .await
            .0,
        400
    );
    assert_eq!(
        refused(
            &out,
            mention(
                "<at id=\"7\">Bob &amp; Co</at>",
                json!({"user": {"id": user}})
            )
        )
        .await,
        "Body does not contain marker for mention with Id '0'. Add 'Bob & Co' to the body."
    );
    let mut plain = mention(
        "<at id=\"0\">Bob &amp; Co</at>",
        json!({"user": {"id": user}}),
    );
    plain["body"]["contentType"] = json!("text");
    refused(&out, plain).await;
}

#[tokio::test]
async fn a_mention_is_compared_with_what_its_marker_shows() {
    let out = Outside::start().await;
    let named = |content: &str, text: &str| {
        let mut body = html(content);
        body["mentions"] = json!([{"id": 0, "mentionText": text,
            "mentioned": {"user": {"id": "x", "userIdentityType": "aadUser"}}}]);
        body
    };
    for (marker, text) in [
        ("<at id=\"0\"><b>Jo</b></at>", "Jo"),
        ("<at id=\"0\">&lt;Alex&gt;</at>", "<Alex>"),
        ("<at id=\"0\">J&#246;rg</at>", "Jörg"),
    ] {
        let (status, message) = out.graph(&out.graph_chat(), &named(marker, text)).await;
        assert_eq!(status, 201, "{message}");
        assert_eq!(message["body"]["content"], marker);
    }
    for (marker, text) in [
        ("<at id=\"0\"><Alex></at>", "<Alex>"),
        ("<at id=\"0\"><b>Jo</b></at>", "<b>Jo</b>"),
        ("<at id=\"0\">&amp;lt;b&gt;</at>", "<b>"),
    ] {
        let expected = format!("Add '{text}' to the body.");
        assert!(
            refused(&out, named(marker, text))
                .await
                .ends_with(&expected)
        );
    }
}

#[tokio::test]
async fn a_marker_without_a_mention_is_stored_without_its_tag() {
    let out = Outside::start().await;
    for (sent, stored) in [
        ("Hi <at id=\"7\">Jo</at>!", "Hi Jo!"),
        ("<at>Jo</at> <b>x</b>", "Jo <b>x</b>"),
    ] {
        let (status, message) = out.graph(&out.graph_chat(), &html(sent)).await;
        assert_eq!((status, &message["body"]["content"]), (201, &json!(stored)));
        let id = message["id"].as_str().unwrap();
        let read = out.graph_get(&format!("{}/{id}", out.graph_chat())).await;
        assert_eq!(read["body"]["content"], stored);
        assert_eq!(read["mentions"], json!([]));
        assert_eq!(out.rows("").await.last().unwrap()["text"], sent, "as sent");
    }
}

#[tokio::test]
async fn a_mention_of_any_id_is_stored_and_may_be_marked_in_a_card_alone() {
    let out = Outside::start().await;
    for id in [
        "bob@contoso.test",
        "00000000-1111-4222-8333-444444444444",
        "x",
    ] {
        let mut body = html("<at id=\"0\">Bob</at>");
        body["mentions"] = json!([{"id": 0, "mentionText": "Bob",
            "mentioned": {"user": {"id": id, "userIdentityType": "aadUser"}}}]);
        let (status, message) = out.graph(&out.graph_chat(), &body).await;
        assert_eq!(status, 201, "{message}");
        assert_eq!(message["mentions"][0]["mentioned"]["user"]["id"], id);
        let card = json!({"type": "AdaptiveCard", "version": "1.4",
            "body": [{"type": "TextBlock", "text": "Hi <at id=\"0\">Bob</at>"}]});
        body["body"]["content"] = json!("<attachment id=\"1\"></attachment>");
        body["attachments"] = json!([{"id": "1", "content": card.to_string(),
            "contentType": "application/vnd.microsoft.card.adaptive"}]);
        let (status, message) = out.graph(&out.graph_chat(), &body).await;
        assert_eq!(status, 201, "{message}");
    }
    let mut nobody = html("<at id=\"0\">Bob</at>");
    nobody["mentions"] =
        json!([{"id": 0, "mentionText": "Bob", "mentioned": {"user": {"id": ""}}}]);
    refused(&out, nobody).await;
}

#[tokio::test]
async fn an_image_is_no_attachment() {
    let out = Outside::start().await;
    for (kind, name, value) in [
        ("image/png", "contentUrl", "https://contoso.test/a.png"),
        (" image/png", "content", "iVBORw0KGgo="),
        (
            "image/*",
            "contentUrl",
            "data:image/png;base64,iVBORw0KGgo=",
        ),
        ("IMAGE/JPEG", "name", "a.jpg"),
    ] {
        let mut body = html("<attachment id=\"1\"></attachment>");
        body["attachments"] = json!([{"id": "1", "contentType": kind, name: value}]);
        assert_eq!(
            refused(&out, body).await,
            "Failed to process content in attachment with Id '1'."
        );
    }
}
