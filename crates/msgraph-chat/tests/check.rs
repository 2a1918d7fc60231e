//! A message that is written by hand is checked, all problems at once.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use msgraph_chat::{NewChatMessage, Place};
use serde_json::{Value, json};

fn fields(message: Value, place: Place) -> Vec<String> {
    let message: NewChatMessage = serde_json::from_value(message).unwrap();
    match message.check(place) {
        Ok(()) => Vec::new(),
        Err(error) => error.problems().iter().map(|p| p.field.clone()).collect(),
    }
}

fn html(content: &str, more: Value) -> Value {
    let mut message = json!({"body": {"contentType": "html", "content": content}});
    message
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    message
}

fn user(id: i32, text: &str) -> Value {
    json!({"id": id, "mentionText": text, "mentioned": {"user":
        {"id": "8ea0e38b-efb3-4757-924a-5f94061cf8c2", "userIdentityType": "aadUser"}}})
}

#[test]
fn a_mention_says_what_its_marker_says() {
    let sound = html(
        "<at id=\"0\">Ada &amp; Bo</at>",
        json!({"mentions": [user(0, "Ada & Bo")]}),
    );
    assert!(fields(sound, Place::Chat).is_empty());
    let other = html(
        "<at id=\"0\">Ashok</at>",
        json!({"mentions": [user(0, "Ashok Subedi")]}),
    );
    assert_eq!(fields(other, Place::Chat), ["mentions[0]"]);
    let twice = html(
        "<at id=\"0\">A</at><at id=\"0\">A</at>",
        json!({"mentions": [user(0, "A")]}),
    );
    assert_eq!(fields(twice, Place::Chat), ["mentions[0]"]);
    let none = html("hi", json!({"mentions": [user(0, "A")]}));
    assert_eq!(fields(none, Place::Chat), ["mentions[0]"]);
    let raw = html("<at id=\"0\">A</at>", json!({}));
    assert_eq!(fields(raw, Place::Chat), ["body.content"]);
    let same = html(
        "<at id=\"0\">A</at>",
        json!({"mentions": [user(0, "A"), user(0, "A")]}),
    );
    assert_eq!(fields(same, Place::Chat), ["mentions[1].id"]);
}

#[test]
fn who_is_mentioned_is_one_and_fits_the_place() {
    let mention = |mentioned: Value| {
        html(
            "<at id=\"0\">A</at>",
            json!({"mentions": [{"id": 0, "mentionText": "A", "mentioned": mentioned}]}),
        )
    };
    let conversation = |kind: &str| {
        mention(json!({"conversation": {"id": "x", "conversationIdentityType": kind}}))
    };
    let kind = "mentions[0].mentioned.conversation.conversationIdentityType";
    assert_eq!(fields(conversation("team"), Place::Chat), [kind]);
    assert_eq!(fields(conversation("channel"), Place::Chat), [kind]);
    assert_eq!(fields(conversation("chat"), Place::Channel), [kind]);
    assert!(fields(conversation("team"), Place::Channel).is_empty());
    assert_eq!(
        fields(
            mention(json!({"conversation": {"id": "x"}})),
            Place::Channel
        ),
        [kind]
    );
    let user = json!({"user": {"id": "lene", "userIdentityType": "aadUser"}});
    assert_eq!(
        fields(mention(user), Place::Chat),
        ["mentions[0].mentioned.user.id"]
    );
    let both = json!({"tag": {"id": "t"}, "application": {"id": "b"}});
    assert_eq!(
        fields(mention(both), Place::Channel),
        ["mentions[0].mentioned"]
    );
}

#[test]
fn attachments_and_markers_belong_together() {
    let card =
        json!({"id": "1", "contentType": "application/vnd.microsoft.card.hero", "content": "{}"});
    let marker = "<attachment id=\"1\"></attachment>";
    assert!(fields(html(marker, json!({"attachments": [card]})), Place::Chat).is_empty());
    assert_eq!(
        fields(html("hi", json!({"attachments": [card]})), Place::Chat),
        ["attachments[0]"]
    );
    assert_eq!(
        fields(html(marker, json!({})), Place::Chat),
        ["body.content"]
    );
    let twice = html(marker, json!({"attachments": [card, card]}));
    assert_eq!(fields(twice, Place::Chat), ["attachments[1].id"]);
}

#[test]
fn cards_are_json_and_references_are_addresses() {
    let one = |attachment: Value| {
        let mut attachment = attachment;
        attachment["id"] = json!("1");
        fields(
            html(
                "<attachment id=\"1\"></attachment>",
                json!({"attachments": [attachment]}),
            ),
            Place::Chat,
        )
    };
    let adaptive = "application/vnd.microsoft.card.adaptive";
    let content = "attachments[0].content";
    assert!(one(json!({"contentType": adaptive, "content": "{\"type\":\"AdaptiveCard\",\"version\":\"1.4\"}"})).is_empty());
    assert_eq!(
        one(json!({"contentType": adaptive, "content": "{\"type\":\"Card\"}"})),
        [content, content]
    );
    assert_eq!(
        one(json!({"contentType": adaptive, "content": "[]"})),
        [content]
    );
    assert_eq!(one(json!({"contentType": adaptive})), [content]);
    assert_eq!(
        one(json!({"contentType": "reference", "contentUrl": "http://a.com"})),
        ["attachments[0].contentUrl"]
    );
    let both = json!({"contentType": "reference", "contentUrl": "https://a.com", "content": "x"});
    assert_eq!(one(both), ["attachments[0]"]);
    assert_eq!(one(json!({})), ["attachments[0].contentType"]);
}

#[test]
fn pictures_are_referred_to_and_are_base64() {
    let picture = |id: &str, bytes: &str| json!({"@microsoft.graph.temporaryId": id, "contentBytes": bytes, "contentType": "image/png"});
    let body = "<img src=\"../hostedContents/1/$value\">";
    assert!(
        fields(
            html(body, json!({"hostedContents": [picture("1", "cG5n")]})),
            Place::Chat
        )
        .is_empty()
    );
    assert_eq!(fields(html(body, json!({})), Place::Chat), ["body.content"]);
    assert_eq!(
        fields(
            html("x", json!({"hostedContents": [picture("1", "")]})),
            Place::Chat
        ),
        ["hostedContents[0]", "hostedContents[0].contentBytes"]
    );
    let card = json!({"attachments": [{"id": "c", "contentType": "application/vnd.microsoft.card.hero",
        "content": "{\"images\":[{\"url\":\"../hostedContents/1/$value\"}]}"}], "hostedContents": [picture("1", "cG5n")]});
    assert!(
        fields(
            html("<attachment id=\"c\"></attachment>", card),
            Place::Chat
        )
        .is_empty()
    );
}

#[test]
fn what_a_place_or_a_form_cannot_hold_is_named() {
    let chat = json!({"subject": "s", "summary": "s", "body": {"content": ""}});
    assert_eq!(
        fields(chat, Place::Chat),
        ["body.content", "subject", "summary"]
    );
    let text = json!({"body": {"contentType": "text", "content": "<at id=\"0\">A</at>"}, "mentions": [user(0, "A")]});
    assert_eq!(
        fields(text, Place::Chat),
        ["body.contentType", "mentions[0]"]
    );
    let plain = json!({"body": {"contentType": "text", "content": "a <at id=\"0\"> b"}});
    assert!(fields(plain, Place::Chat).is_empty());
    let plain = json!({"body": {"contentType": "text", "content": "<attachment id=\"x\"> ../hostedContents/1/$value"}});
    assert!(fields(plain, Place::Chat).is_empty());
}

#[test]
fn read_only_members_are_refused_by_name() {
    for member in [
        "id",
        "etag",
        "webUrl",
        "reactions",
        "from",
        "createdDateTime",
    ] {
        let mut message = json!({"body": {"content": "x"}});
        message[member] = json!("x");
        let error = serde_json::from_value::<NewChatMessage>(message).unwrap_err();
        assert!(error.to_string().contains(member), "{error}");
    }
}
