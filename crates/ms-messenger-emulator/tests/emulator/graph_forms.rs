//! What the service makes of a message that is sent, and what it refuses.

use crate::outside::Outside;
use crate::teams::{attached, html, image, patch, path_of, sent, text};
use serde_json::{Value, json};

const ADAPTIVE: &str = "application/vnd.microsoft.card.adaptive";
const THUMBNAIL: &str = "application/vnd.microsoft.card.thumbnail";

#[tokio::test]
async fn an_adaptive_card_is_rewritten() {
    let out = Outside::start().await;
    let card = r#"{
        "type": "AdaptiveCard", "version": "1.0",
        "body": [
            {"type": "Container", "items": [
                {"type": "TextBlock", "text": "Publish", "weight": "Bolder", "size": "Medium"},
                {"type": "ColumnSet", "columns": [{"type": "Column", "width": "Auto", "spacing": "Medium",
                    "items": [{"type": "Image", "url": "https://a.test/x.png", "size": "ExtraLarge"}]}]},
                {"type": "FactSet", "facts": [{"title": "On:", "value": "2019-08-31T19:30:00Z"}]}
            ]}
        ]
    }"#;
    let message = sent(
        &out,
        &out.graph_chat(),
        &attached(ADAPTIVE, &json!({"content": card})),
    )
    .await;
    let content = message["attachments"][0]["content"].as_str().unwrap();
    assert!(!content.contains('\n'), "{content}");
    let card: Value = serde_json::from_str(content).unwrap();
    let items = &card["body"][0]["items"];
    let block =
        json!({"type": "TextBlock", "text": "Publish", "weight": "bolder", "size": "medium"});
    assert_eq!(items[0], block);
    let column = &items[1]["columns"][0];
    assert_eq!(
        (&column["width"], &column["spacing"]),
        (&json!("auto"), &json!("Medium"))
    );
    let image = json!({"type": "Image", "url": "https://a.test/x.png", "size": "extraLarge", "height": "auto"});
    assert_eq!(column["items"][0], image);
    assert_eq!(items[2]["facts"][0]["value"], "08/31/2019 19:30:00");
}

#[tokio::test]
async fn another_card_loses_its_line_breaks_only() {
    let out = Outside::start().await;
    let card =
        "{\r\n  \"title\": \"A\",\r\n  \"text\": \"x <br>\\r\\ny\",\n  \"size\": \"Big\"\r\n}";
    let body = attached(
        THUMBNAIL,
        &json!({"content": card, "teamsAppId": "881b8843"}),
    );
    let message = sent(&out, &out.graph_channel(), &body).await;
    let attachment = &message["attachments"][0];
    let expected = "{  \"title\": \"A\",  \"text\": \"x <br>\\r\\ny\",  \"size\": \"Big\"}";
    assert_eq!(attachment["content"], expected);
    assert_eq!(attachment["teamsAppId"], "881b8843");
}

#[tokio::test]
async fn attachments_and_mentions_are_returned_with_all_their_members() {
    let out = Outside::start().await;
    let file = json!({"contentUrl": "https://a.test/sites/x/Shared%20Documents/b.docx", "name": "Budget.docx"});
    let message = sent(&out, &out.graph_channel(), &attached("reference", &file)).await;
    let expected = json!({"id": "1", "contentType": "reference", "contentUrl": file["contentUrl"],
        "content": null, "name": "Budget.docx", "thumbnailUrl": null, "teamsAppId": null});
    assert_eq!(message["attachments"], json!([expected]));

    let team = json!({"id": out.emulator.seed().graph.team_id, "displayName": "T",
        "conversationIdentityType": "team"});
    let mut body = html("<at id=\"0\">T</at>");
    body["mentions"] = json!([{"id": 0, "mentionText": "T", "mentioned": {"conversation": team}}]);
    body["reactions"] = json!([]);
    body["messageHistory"] = json!([]);
    let message = sent(&out, &out.graph_channel(), &body).await;
    let mentioned = json!({"application": null, "device": null, "user": null, "tag": null,
        "conversation": team});
    assert_eq!(message["mentions"][0]["mentioned"], mentioned);
    assert_eq!(message["reactions"], json!([]));
}

#[tokio::test]
async fn a_share_link_becomes_the_address_and_name_of_the_file() {
    let out = Outside::start().await;
    let link = json!({"contentUrl": "https://a-my.sharepoint.test/:w:/g/personal/test_a/Eah_j2YpgedNsyv?e=0H2Ibm"});
    let message = sent(&out, &out.graph_chat(), &attached("reference", &link)).await;
    let attachment = &message["attachments"][0];
    let address = "https://a-my.sharepoint.test/personal/test_a/Documents/Eah_j2YpgedNsyv.docx";
    assert_eq!(attachment["contentUrl"], address);
    assert_eq!(attachment["name"], "Eah_j2YpgedNsyv.docx");
    assert_eq!(attachment["content"], Value::Null);
}

#[tokio::test]
async fn line_breaks_of_html_are_dropped_and_those_of_text_stay() {
    let out = Outside::start().await;
    let list = out.graph_chat();
    let message = sent(&out, &list, &html("<p>a</p>\r\n<p>b</p>\n")).await;
    assert_eq!(message["body"]["content"], "<p>a</p><p>b</p>");
    let message = sent(&out, &list, &text("a\n<b>")).await;
    assert_eq!(
        message["body"],
        json!({"contentType": "text", "content": "a\n<b>"})
    );
}

#[tokio::test]
async fn an_emoji_gains_its_id_and_title() {
    let out = Outside::start().await;
    let list = out.graph_chat();
    let clouds = "\u{1F636}\u{200D}\u{1F32B}\u{FE0F}";
    let body = html(&format!("<p>x <emoji alt=\"{clouds}\"></emoji></p>"));
    let expected = format!(
        "<p>x <emoji id=\"faceinclouds\" alt=\"{clouds}\" title=\"Face in clouds\"></emoji></p>"
    );
    let message = sent(&out, &list, &body).await;
    assert_eq!(message["body"]["content"], expected);
    let edited = path_of(&list, &sent(&out, &list, &text("y")).await);
    assert_eq!(patch(&out, &edited, &body).await.0, 204);
    assert_eq!(out.graph_get(&edited).await["body"]["content"], expected);
}

#[tokio::test]
async fn hosted_contents_are_not_returned_with_the_message() {
    let out = Outside::start().await;
    let message = sent(&out, &out.graph_channel(), &image("aGk=")).await;
    assert_eq!(message.get("hostedContents"), None);
    let path = path_of(&out.graph_channel(), &message);
    assert_eq!(out.graph_get(&path).await.get("hostedContents"), None);
}

#[tokio::test]
async fn rejections_use_the_words_of_the_service() {
    let out = Outside::start().await;
    let invalid = "Invalid request body was sent.";
    let failed = "Failed to process content in attachment with Id '1'.";
    let mut typed = image("aGk=");
    typed["hostedContents"][0]["@odata.type"] = json!("microsoft.graph.chatMessageHostedContent");
    let mut both = attached(ADAPTIVE, &json!({"content": "{}"}));
    both["attachments"][0]["contentUrl"] = json!("https://a.test/x");
    let mut twice = image("aGk=");
    let item = twice["hostedContents"][0].clone();
    twice["hostedContents"].as_array_mut().unwrap().push(item);
    let mut eleven = html("");
    let (mut markers, mut files) = (String::new(), Vec::new());
    for n in 0..11 {
        markers.push_str(&format!("<attachment id=\"{n}\"></attachment>"));
        files.push(json!({"id": n.to_string(), "contentType": "reference",
            "contentUrl": format!("https://a.test/{n}")}));
    }
    eleven["body"]["content"] = json!(markers);
    eleven["attachments"] = json!(files);
    let mut unmarked = html("x");
    unmarked["attachments"] = json!([{"id": "9", "contentType": ADAPTIVE, "content": "{}"}]);
    for (body, message) in [
        (json!({}), invalid),
        (json!({"body": "x"}), invalid),
        (attached(ADAPTIVE, &json!({"content": "not JSON"})), failed),
        (
            attached(
                ADAPTIVE,
                &json!({"content": "{}", "contentUrl": "https://a.test"}),
            ),
            failed,
        ),
        (both, failed),
        (
            attached("reference", &json!({"contentUrl": "http://a.test"})),
            failed,
        ),
        (
            unmarked,
            "Body does not contain marker for attachment with Id '9'.",
        ),
        (
            typed,
            "The request is malformed or incorrect: expected a string for ODataType value.",
        ),
        (twice, invalid),
        (eleven, "A message has at most 10 file attachments."),
    ] {
        let (status, error) = out.graph(&out.graph_channel(), &body).await;
        assert_eq!(
            (status, &error["error"]["message"]),
            (400, &json!(message)),
            "{body}"
        );
    }
    let token = out.emulator.seed().graph.token.clone();
    let not_json = out
        .post(&out.graph_chat())
        .bearer_auth(token)
        .body("{\"body\"");
    let (status, error) = Outside::ask(not_json).await;
    let message = error["error"]["message"].as_str().unwrap();
    assert!(status == 400 && message.starts_with("Unable to read JSON request payload."));
    assert!(out.rows("").await.is_empty());
}

#[tokio::test]
async fn a_quote_has_at_most_ten_messages() {
    let out = Outside::start().await;
    let list = out.graph_chat();
    let quoted = sent(&out, &list, &text("x")).await;
    let body = |n: usize| json!({"messageIds": vec![&quoted["id"]; n], "replyMessage": text("y")});
    let quote = format!("{list}/replyWithQuote");
    assert_eq!(out.graph(&quote, &body(11)).await.0, 400);
    assert_eq!(out.graph(&quote, &body(10)).await.0, 201);
    let in_channel = format!("{}/replyWithQuote", out.graph_channel());
    assert_ne!(out.graph(&in_channel, &body(1)).await.0, 201);
}
