//! What the inbox shows of Graph: messages with their cards, files and pictures, and places.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::{
    engine::{
        inspect::{Button, Inspect, Part, Person, Reaction, Scene, Shown},
        ledger::row::LedgerRow,
    },
    services::graph::{
        messages::{render::message_path, store::Hosted, template::BASE},
        place::Place,
        state::Graph,
        store::GraphStore,
    },
};

const CARD: &str = "application/vnd.microsoft.card.adaptive";

impl Inspect for Graph {
    fn message(&self, row: &LedgerRow) -> Shown {
        let store = self.store();
        let place = store.directory.place_of(&self.seed, &row.conversation);
        let found = row.message_id.parse().ok().and_then(|id| {
            let root = store.messages.root_of(&place, id)?;
            let message = store.messages.template(&place, root, id)?.value();
            Some((id, root, message))
        });
        let Some((id, root, mut message)) = found else {
            return Shown::of_row(row);
        };
        let hosted = store.messages.hosted(&place, id);
        point_to_media(&mut message, &message_path(&place, root, id), hosted);
        let body = text(&message["body"]["content"]).unwrap_or_default();
        let edit = json!({"content_type": message["body"]["contentType"]});
        let is_event = message["messageType"] != "message";
        let shown = Shown {
            parts: parts(&message),
            reactions: self.reactions(&message),
            reply_to: text(&message["replyToId"]),
            edited_at: text(&message["lastEditedDateTime"]),
            deleted_at: text(&message["deletedDateTime"]),
            stored: Some(message),
            ..Shown::default()
        };
        if is_event {
            return shown;
        }
        shown.changeable(row, &body, &edit)
    }

    fn conversation(&self, id: &str) -> Scene {
        let store = self.store();
        let place = store.directory.place_of(&self.seed, id);
        let member = |id: String| Person {
            name: self.name(&id).unwrap_or_default(),
            id,
        };
        let members = store.directory.members(&place).into_iter();
        let people: Vec<Person> = members.map(member).collect();
        Scene {
            title: title(&store, &place, &people),
            people,
            inject: Some(json!({"platform": "msgraph-chat", "conversation": id})),
            sender_member: "sender",
        }
    }

    fn name(&self, id: &str) -> Option<String> {
        let user = self.seed.graph_user(id)?;
        Some(user.display_name.clone())
    }

    fn media(&self, conversation: &str, message_id: &str, id: &str) -> Option<(String, Bytes)> {
        let store = self.store();
        let place = store.directory.place_of(&self.seed, conversation);
        let hosted = store.messages.hosted(&place, message_id.parse().ok()?);
        let found = hosted.iter().find(|hosted| hosted.id == id)?;
        Some((found.content_type.clone(), found.content.clone()))
    }
}

impl Graph {
    fn reactions(&self, message: &Value) -> Vec<Reaction> {
        let mut all = Vec::new();
        for reaction in list(&message["reactions"]) {
            let user = &reaction["user"]["user"];
            let id = user["id"].as_str().unwrap_or_default();
            let name = text(&user["displayName"]).or_else(|| self.name(id));
            let emoji = reaction["reactionType"].as_str().unwrap_or_default();
            Reaction::add(&mut all, emoji, name.unwrap_or_else(|| id.to_owned()));
        }
        all
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The name of a place: a chat without a topic has those of its members.
fn title(store: &GraphStore, place: &Place, people: &[Person]) -> Option<String> {
    match place {
        Place::Channel { team, channel } => {
            let team = store.directory.team(team)?;
            let channel = team.channel(channel)?;
            Some(format!("{} / {}", team.name, channel.name))
        }
        Place::Chat { chat } => {
            let topic = store.directory.chat(chat)?.topic.clone();
            let names = || {
                let names = people.iter().map(|person| person.name.as_str());
                names.filter(|name| !name.is_empty()).collect::<Vec<_>>()
            };
            topic.or_else(|| Some(names().join(", ")).filter(|names| !names.is_empty()))
        }
    }
}

/// Replaces the addresses of hosted contents by `cid:` and their ids, in the body and in cards.
fn point_to_media(message: &mut Value, path: &str, hosted: &[Hosted]) {
    let point = |text: &str| {
        let mut text = text.to_owned();
        for hosted in hosted {
            let link = format!("{BASE}/{path}/hostedContents/{}/$value", hosted.id);
            text = text.replace(&link, &format!("cid:{}", hosted.id));
        }
        text.replace(BASE, "")
    };
    if let Some(content) = message["body"]["content"].as_str().map(point) {
        message["body"]["content"] = content.into();
    }
    for attachment in message["attachments"].as_array_mut().into_iter().flatten() {
        if let Some(content) = attachment["content"].as_str().map(point) {
            attachment["content"] = content.into();
        }
    }
}

/// The parts of a message in its order: quotes, the body, and what is attached.
fn parts(message: &Value) -> Vec<Part> {
    let attachments = list(&message["attachments"]);
    let is_quote = |attachment: &&Value| attachment["contentType"] == "messageReference";
    let mut parts: Vec<Part> = attachments.iter().filter(is_quote).map(quote).collect();
    let body = &message["body"];
    let content = body["content"].as_str().unwrap_or_default();
    if !content.is_empty() {
        parts.push(Part::of(
            body["contentType"].as_str().unwrap_or_default(),
            content,
        ));
    }
    for attachment in attachments.iter().filter(|a| !is_quote(a)) {
        attached(attachment, &mut parts);
    }
    parts
}

fn quote(attachment: &Value) -> Part {
    let content = attachment["content"].as_str().unwrap_or_default();
    let reference: Value = serde_json::from_str(content).unwrap_or_default();
    Part::Quote {
        sender: text(&reference["messageSender"]["user"]["displayName"]).unwrap_or_default(),
        text: text(&reference["messagePreview"]).unwrap_or_default(),
    }
}

fn attached(attachment: &Value, parts: &mut Vec<Part>) {
    let kind = attachment["contentType"].as_str().unwrap_or_default();
    let name = text(&attachment["name"]);
    let content = attachment["content"].as_str().unwrap_or_default();
    let content: Value = serde_json::from_str(content).unwrap_or_default();
    match kind {
        CARD => parts.push(Part::Card { card: content }),
        "reference" => parts.push(Part::File {
            name: name.unwrap_or_else(|| "file".to_owned()),
            media_type: None,
            media: None,
            url: text(&attachment["contentUrl"]),
        }),
        _ if kind.starts_with("application/vnd.microsoft.card.") && content.is_object() => {
            simple_card(&content, parts);
            let name = kind.rsplit('.').next().unwrap_or_default();
            if !["hero", "thumbnail"].contains(&name) {
                let text = format!("the rest of the {name} card is not drawn");
                parts.push(Part::Note { text });
            }
        }
        _ => parts.push(Part::Note {
            text: name.map_or_else(|| kind.to_owned(), |name| format!("{name} ({kind})")),
        }),
    }
}

/// A hero or thumbnail card: title, subtitle, text, pictures, buttons and what a press does.
fn simple_card(card: &Value, parts: &mut Vec<Part>) {
    if let Some(text) = text(&card["title"]) {
        parts.push(Part::Heading { text });
    }
    if let Some(text) = text(&card["subtitle"]) {
        parts.push(Part::Small { text });
    }
    if let Some(html) = text(&card["text"]) {
        parts.push(Part::Html { html });
    }
    parts.extend(list(&card["images"]).iter().map(card_picture));
    let tap = Some(&card["tap"]).filter(|tap| tap.is_object());
    let all = list(&card["buttons"]).iter().map(|button| (button, None));
    let all = all.chain(tap.map(|tap| (tap, Some("when pressed".to_owned()))));
    let buttons = all.map(|(button, detail)| Button {
        title: text(&button["title"])
            .or_else(|| text(&button["type"]))
            .unwrap_or_default(),
        detail,
        url: text(&button["value"]).filter(|_| button["type"] == "openUrl"),
    });
    let buttons: Vec<Button> = buttons.collect();
    if !buttons.is_empty() {
        parts.push(Part::Buttons { buttons });
    }
}

/// A picture of a card, which a message holds or which is elsewhere.
fn card_picture(image: &Value) -> Part {
    let name = text(&image["alt"]).unwrap_or_else(|| "picture".to_owned());
    let url = text(&image["url"]);
    match url.as_deref().and_then(|url| url.strip_prefix("cid:")) {
        Some(id) => Part::Picture {
            media: id.to_owned(),
            alt: name,
        },
        None => Part::File {
            name,
            media_type: None,
            media: None,
            url,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_attachment_has_its_part() {
        let message = json!({
            "body": {"contentType": "html", "content": "<b>x</b>"},
            "attachments": [
                {"contentType": "reference", "contentUrl": "https://a.test/f", "name": "f.txt"},
                {"contentType": CARD, "content": "{\"type\":\"AdaptiveCard\"}"},
                {"contentType": "messageReference", "content": json!({
                    "messagePreview": "before", "messageSender": {"user": {"displayName": "Bob"}},
                }).to_string()},
                {"contentType": "application/vnd.microsoft.card.hero", "content": json!({
                    "title": "T", "text": "t", "buttons": [{"type": "openUrl", "title": "Go", "value": "https://b.test"}],
                }).to_string()},
                {"contentType": "application/vnd.other", "name": "n"},
                {"contentType": CARD, "content": "no JSON"},
            ],
        });
        let parts = parts(&message);
        let file = Part::File {
            name: "f.txt".to_owned(),
            media_type: None,
            media: None,
            url: Some("https://a.test/f".to_owned()),
        };
        assert!(
            matches!(&parts[0], Part::Quote { sender, text } if sender == "Bob" && text == "before")
        );
        assert_eq!(parts[1], Part::of("html", "<b>x</b>"));
        assert_eq!(parts[2], file);
        assert!(matches!(&parts[3], Part::Card { card } if card["type"] == "AdaptiveCard"));
        assert!(matches!(&parts[4], Part::Heading { text } if text == "T"));
        assert!(matches!(&parts[6], Part::Buttons { buttons } if buttons.len() == 1));
        assert!(matches!(&parts[7], Part::Note { text } if text == "n (application/vnd.other)"));
        assert!(matches!(&parts[8], Part::Card { card } if card.is_null()));
    }

    #[test]
    fn all_of_a_card_is_drawn_or_said_not_to_be() {
        let card = json!({
            "images": [{"url": "https://a.test/p.png", "alt": "plan"}, {"url": "cid:1"}],
            "tap": {"type": "openUrl", "value": "https://b.test"},
        });
        let attachment = |kind: &str| json!({"contentType": format!("application/vnd.microsoft.card.{kind}"), "content": card.to_string()});
        let drawn = |kind: &str| {
            let mut parts = Vec::new();
            attached(&attachment(kind), &mut parts);
            parts
        };
        let hero = drawn("hero");
        assert!(
            matches!(&hero[0], Part::File { name, url: Some(url), .. } if name == "plan" && url == "https://a.test/p.png")
        );
        assert!(matches!(&hero[1], Part::Picture { media, .. } if media == "1"));
        let tap = Button {
            title: "openUrl".to_owned(),
            detail: Some("when pressed".to_owned()),
            url: Some("https://b.test".to_owned()),
        };
        assert_eq!(hero[2], Part::Buttons { buttons: vec![tap] });
        assert_eq!(hero.len(), 3);
        assert_eq!(drawn("thumbnail"), hero);
        let text = "the rest of the receipt card is not drawn".to_owned();
        assert_eq!(drawn("receipt")[3..], [Part::Note { text }]);
    }
}
