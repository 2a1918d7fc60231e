//! Checks take time in proportion to the message, whatever it holds.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::time::Duration;

use cpu_time::ThreadTime;
use ms_messenger_core::{Message, SendRequest, StaticToken, Target};
use msgraph_chat::{GraphChatClient, NewChatMessage, Place};
use serde_json::{Value, json};

const SMALL: usize = 8 << 10;
/// How much larger the large message is: a quadratic check takes 256 times as long.
const TIMES: usize = 16;

/// The least time that this thread computes, which other load on the machine does not lengthen.
fn best(run: impl Fn()) -> Duration {
    let time = || {
        let start = ThreadTime::now();
        run();
        start.elapsed()
    };
    (0..3).map(|_| time()).min().unwrap()
}

fn is_linear(what: &str, message: impl Fn(usize) -> NewChatMessage) {
    let (small, large) = (message(SMALL), message(SMALL * TIMES));
    let small = best(|| drop(small.check(Place::Channel)));
    let large = best(|| drop(large.check(Place::Channel)));
    // Eight times slower than in proportion is noise; sixteen times is a square.
    let limit = small.max(Duration::from_micros(20)) * 8 * u32::try_from(TIMES).unwrap();
    assert!(large < limit, "{what}: {small:?} and {large:?}");
}

fn body(piece: &str, bytes: usize) -> String {
    piece.repeat(bytes / piece.len())
}

#[test]
fn no_body_takes_more_than_its_length() {
    for piece in [
        "<at id=0>",
        "<at id=0>x</at>",
        "<at>",
        "</at>",
        "<a ",
        "<a \"",
        "<a href=\"",
        "<a b='",
        "<img src=../hostedContents/",
        "../hostedContents/",
        "../hostedContents/1/$value",
        "<attachment id=1>",
        "<!--",
        "<!-- --",
        "<![CDATA[",
        "<?",
        "<!DOCTYPE ",
        "&#",
        "&#x1F600",
        "&",
        "&amp",
        "<",
        "\r",
        "\n",
        " ",
        "\0",
        "é",
    ] {
        is_linear(piece, |bytes| NewChatMessage::html(body(piece, bytes)));
        is_linear(piece, |bytes| NewChatMessage::text(body(piece, bytes)));
    }
}

fn native(message: Value) -> NewChatMessage {
    serde_json::from_value(message).unwrap()
}

#[test]
fn no_number_of_parts_takes_more_than_its_length() {
    is_linear("mentions", |bytes| {
        let count = bytes / 64;
        let markers: String = (0..count)
            .map(|i| format!("<at id=\"{i}\">A</at>"))
            .collect();
        let mentions: Vec<Value> = (0..count)
            .map(|i| json!({"id": i, "mentionText": "A", "mentioned": {"tag": {"id": "t"}}}))
            .collect();
        native(json!({"body": {"contentType": "html", "content": markers}, "mentions": mentions}))
    });
    is_linear("attachments", |bytes| {
        let count = bytes / 64;
        let markers: String = (0..count)
            .map(|i| format!("<attachment id=\"{i}\">"))
            .collect();
        let attachments: Vec<Value> = (0..count)
            .map(|i| json!({"id": i.to_string(), "contentType": "reference", "contentUrl": "https://a.com"}))
            .collect();
        native(
            json!({"body": {"contentType": "html", "content": markers}, "attachments": attachments}),
        )
    });
    is_linear("pictures", |bytes| {
        let count = bytes / 64;
        let markers: String = (0..count)
            .map(|i| format!("<img src=\"../hostedContents/{i}/$value\">"))
            .collect();
        let hosted: Vec<Value> = (0..count)
            .map(|i| json!({"@microsoft.graph.temporaryId": i.to_string(), "contentBytes": "cG5n", "contentType": "image/png"}))
            .collect();
        native(
            json!({"body": {"contentType": "html", "content": markers}, "hostedContents": hosted}),
        )
    });
    is_linear("a card", |bytes| {
        let texts: Vec<Value> = (0..bytes / 64)
            .map(|i| json!({"type": "TextBlock", "text": format!("<at>{i}</at>")}))
            .collect();
        let entities: Vec<Value> = (0..bytes / 64)
            .map(|i| json!({"type": "mention", "text": format!("<at>{i}</at>")}))
            .collect();
        let card = json!({"type": "AdaptiveCard", "version": "1.4", "body": texts,
            "msteams": {"entities": entities}});
        native(
            json!({"body": {"contentType": "html", "content": "<attachment id=\"1\">"},
            "attachments": [{"id": "1", "contentType": "application/vnd.microsoft.card.adaptive",
                "content": card.to_string()}]}),
        )
    });
}

#[test]
fn a_message_that_is_too_large_is_refused_for_that_alone() {
    let client = GraphChatClient::builder(StaticToken::new("t"))
        .build()
        .unwrap();
    let html = body("<at id=0>", 4 << 20);
    let request = SendRequest::new(Target::conversation("c"), Message::html(html));
    let error = client.check(&request).unwrap_err();
    let fields: Vec<&str> = error.problems().iter().map(|p| p.field.as_str()).collect();
    assert_eq!(fields, ["body", "hostedContents"]);
}
