//! A message that is written by hand is checked, all problems at once.

use msgraph_chat::{NewChatMessage, Place};
use serde_json::{Value, json};

fn fields(message: Value, place: Place) -> Vec<String> {
    let message: NewChatMessage = serde_json::from_value(message).unwrap();
    match message.check(place) {
        Ok(_) => Vec::new(),
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
fn a_mention_has_the_text_of_its_marker() {
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
fn a_mention_names_one_identity_that_fits_the_place() {
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

fn warnings(message: Value) -> Vec<String> {
    let message: NewChatMessage = serde_json::from_value(message).unwrap();
    let warnings = message.check(Place::Chat).unwrap();
    warnings.into_iter().map(|w| w.field).collect()
}

#[test]
fn the_type_that_a_sender_names_is_sent_as_it_is_at_every_level() {
    let mut message = html(
        "<at id=\"0\">A</at><attachment id=\"1\"></attachment>",
        json!({"@odata.type": "#microsoft.graph.chatMessage", "mentions": [user(0, "A")],
            "attachments": [{"@odata.type": "#microsoft.graph.chatMessageAttachment", "id": "1",
                "contentType": "application/vnd.microsoft.card.hero", "content": "{}"}]}),
    );
    message["body"]["@odata.type"] = json!("#microsoft.graph.itemBody");
    message["mentions"][0]["@odata.type"] = json!("#microsoft.graph.chatMessageMention");
    let mentioned = &mut message["mentions"][0]["mentioned"];
    mentioned["@odata.type"] = json!("#microsoft.graph.chatMessageMentionedIdentitySet");
    mentioned["user"]["@odata.type"] = json!("#microsoft.graph.teamworkUserIdentity");
    assert!(fields(message.clone(), Place::Chat).is_empty());
    let read: NewChatMessage = serde_json::from_value(message.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), message);
}

#[test]
fn annotations_are_sent_as_they_are_and_other_members_are_refused() {
    let mut message = html(
        "x",
        json!({"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#chats('1')/messages/$entity",
            "attachments@odata.type": "#Collection(microsoft.graph.chatMessageAttachment)",
            "mentions@odata.type": "#Collection(microsoft.graph.chatMessageMention)",
            "body@odata.type": "#microsoft.graph.itemBody", "replies@odata.count": 7,
            "@microsoft.graph.tips": "use $select"}),
    );
    message["body"]["contentType@odata.type"] = json!("#microsoft.graph.bodyType");
    assert!(fields(message.clone(), Place::Chat).is_empty());
    let read: NewChatMessage = serde_json::from_value(message.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), message);
    for (pointer, name) in [
        ("", "hologram"),
        ("", "attachments@client.note"),
        ("", "@odata"),
        ("/body", "hologram"),
    ] {
        let mut refused = message.clone();
        refused.pointer_mut(pointer).unwrap()[name] = json!(1);
        assert!(
            serde_json::from_value::<NewChatMessage>(refused).is_err(),
            "{name}"
        );
    }
}

fn with_card(card: &Value, more: Value) -> Value {
    let attachment = json!({"id": "1", "contentType": "application/vnd.microsoft.card.adaptive",
        "content": card.to_string()});
    let mut message = html("<attachment id=\"1\"></attachment>", more);
    message["attachments"] = json!([attachment]);
    message
}

fn card(text: &str, entity: &str) -> Value {
    json!({"type": "AdaptiveCard", "version": "1.4",
        "body": [{"type": "Container", "items": [{"type": "TextBlock", "text": text}]}],
        "msteams": {"entities": [{"type": "mention", "text": entity,
            "mentioned": {"id": "8ea0e38b-efb3-4757-924a-5f94061cf8c2", "name": "Ada"}}]}})
}

#[test]
fn a_mention_may_be_marked_in_an_adaptive_card_alone() {
    let marked = card("Hello <at>Ada &amp; Bo</at>", "<at>Ada &amp; Bo</at>");
    let mentions = json!({"mentions": [user(0, "Ada & Bo")]});
    let message = with_card(&marked, mentions.clone());
    assert!(fields(message.clone(), Place::Chat).is_empty());
    assert!(warnings(message).is_empty());
    let by_id = card("Hello <at id=\"0\">A.</at>", "<at id=\"0\">A.</at>");
    assert!(fields(with_card(&by_id, mentions.clone()), Place::Chat).is_empty());
    assert!(fields(with_card(&marked, json!({})), Place::Chat).is_empty());

    let unmarked = with_card(&card("Hello Ada", "<at>Ada &amp; Bo</at>"), mentions);
    assert_eq!(fields(unmarked, Place::Chat), ["mentions[0]"]);
    let unnamed = with_card(&card("<at>Ada</at>", "<at>Bo</at>"), json!({}));
    assert_eq!(warnings(unnamed), ["attachments[0].content"]);
}

#[test]
fn a_picture_is_no_attachment_and_the_rule_says_how_to_show_it() {
    for kind in ["image/png", "image/*", "IMAGE/JPEG"] {
        let message = html(
            "<attachment id=\"1\"></attachment>",
            json!({"attachments": [{"id": "1", "contentType": kind, "contentUrl": "https://contoso.com/a.png"}]}),
        );
        let message: NewChatMessage = serde_json::from_value(message).unwrap();
        let error = message.check(Place::Channel).unwrap_err();
        assert_eq!(error.problems().len(), 1, "{error}");
        assert_eq!(error.problems()[0].field, "attachments[0].contentType");
        assert!(
            error.problems()[0].rule.contains("hostedContents"),
            "{error}"
        );
    }
    let video = html(
        "<attachment id=\"1\"></attachment>",
        json!({"attachments": [{"id": "1", "contentType": "video/mp4", "contentUrl": "https://contoso.com/a"}]}),
    );
    assert_eq!(warnings(video), ["attachments[0].contentType"]);
}

#[test]
fn what_a_reader_would_miss_is_a_warning() {
    let body = "body.content";
    assert_eq!(
        warnings(html("<a href=\"www.contoso.com\">x</a>", json!({}))),
        [body]
    );
    assert_eq!(
        warnings(html("<a href='//contoso.com/'>x</a>", json!({}))),
        [body]
    );
    assert_eq!(warnings(html("<img src=a.png>", json!({}))), [body]);
    assert_eq!(warnings(html("<b>\u{1b}[31mred", json!({}))), [body]);
    assert_eq!(warnings(html("\u{feff}x", json!({}))), [body]);
    assert_eq!(warnings(json!({"body": {"content": "a\nb"}})), [body]);
    let link = json!({"type": "AdaptiveCard", "version": "1.4",
        "actions": [{"type": "Action.OpenUrl", "title": "x", "url": "www.contoso.com"}]});
    assert_eq!(
        warnings(with_card(&link, json!({}))),
        ["attachments[0].content"]
    );
    for sound in [
        "<a href=\"https://contoso.com\">x</a><a href=\"mailto:a@contoso.com\">y</a>",
        "<img src=\"https://contoso.com/a.png\">",
        "a\nb\tc",
    ] {
        assert!(warnings(html(sound, json!({}))).is_empty(), "{sound}");
    }
}

#[test]
fn blank_and_impossible_bodies_are_refused() {
    for content in ["", " ", "<p>&nbsp;</p><br>"] {
        assert_eq!(
            fields(html(content, json!({})), Place::Chat),
            ["body.content"],
            "{content}"
        );
    }
    let blank = NewChatMessage::text("\n \r\n")
        .check(Place::Chat)
        .unwrap_err();
    assert_eq!(blank.problems()[0].field, "body.content");
    assert_eq!(
        fields(html("a\0b", json!({})), Place::Chat),
        ["body.content"]
    );
    assert_eq!(
        fields(json!({"body": {"content": "a\0b"}}), Place::Chat),
        ["body.content"]
    );
}

#[test]
fn an_error_shows_ids_that_are_short_and_counts_the_rest() {
    let secret = "attack at dawn".repeat(100);
    let markers = format!("<at id=\"{secret}\">x</at>").repeat(1000);
    let message: NewChatMessage = serde_json::from_value(html(&markers, json!({}))).unwrap();
    let error = message.check(Place::Chat).unwrap_err();
    assert_eq!(error.problems().len(), 1);
    assert!(error.message().contains("nor have 999 more"), "{error}");
    assert!(!format!("{error}{error:?}").contains("dawn"), "{error}");
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
