//! A message as it is printed, of any platform.

use std::time::SystemTime;

use ms_messenger::{msgraph_chat::NewChatMessage, ucwa::IncomingMessage};
use serde_json::{Value, json};

use crate::{
    outcome::moment,
    place::Place,
    terminal::{escaped, shown, shown_line},
    text,
};

/// Kinds of messages that a service writes itself: those of Teams, and of ACS.
const SYSTEM: [&str; 5] = [
    "systemEventMessage",
    "chatEvent",
    "topicUpdated",
    "participantAdded",
    "participantRemoved",
];

/// A message, in the form in which the service returns it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Item {
    pub(crate) raw: Value,
}

impl Item {
    /// Returns the message of Skype for Business, which has no form of its own.
    pub(super) fn of_skype(message: &IncomingMessage) -> Self {
        let raw = json!({
            "id": message.id.as_str(), "senderDisplayName": message.from.name,
            "sender": message.from.uri, "createdOn": message.sent_at.map(moment),
            "content": {"message": message.text}, "type": message.format.as_str(),
        });
        Self { raw }
    }

    fn at(&self, paths: &[&str]) -> Option<&str> {
        let found = paths
            .iter()
            .filter_map(|path| self.raw.pointer(path)?.as_str());
        // ACS returns empty texts, such as the name of a sender that gave none.
        found.into_iter().find(|text| !text.is_empty())
    }

    /// The id of the message.
    pub(crate) fn id(&self) -> &str {
        self.at(&["/id"]).unwrap_or_default()
    }

    /// When it was created, as the service writes it.
    pub(super) fn created(&self) -> &str {
        self.at(&["/createdDateTime", "/createdOn"])
            .unwrap_or_default()
    }

    /// The same as a time, if it is one.
    pub(super) fn created_at(&self) -> Option<SystemTime> {
        humantime::parse_rfc3339(self.created()).ok()
    }

    /// When it was created, edited or deleted, whichever was last.
    pub(super) fn changed_at(&self) -> Option<SystemTime> {
        let times = [Some(self.created()), self.edited(), self.deleted()];
        let times = times.into_iter().flatten();
        times
            .filter_map(|it| humantime::parse_rfc3339(it).ok())
            .max()
    }

    fn edited(&self) -> Option<&str> {
        self.at(&["/lastEditedDateTime", "/editedOn"])
    }

    fn deleted(&self) -> Option<&str> {
        self.at(&["/deletedDateTime", "/deletedOn"])
    }

    /// What tells one state of it from another. ACS writes times in whole seconds, and a version.
    pub(super) fn state(&self) -> [Option<&str>; 4] {
        let version = self.at(&["/version"]);
        [Some(self.id()), self.edited(), self.deleted(), version]
    }

    fn sender(&self) -> Option<&str> {
        self.at(&[
            "/from/user/displayName",
            "/from/application/displayName",
            "/from/device/displayName",
            "/senderDisplayName",
            "/from/user/id",
            "/from/application/id",
            "/from/device/id",
            "/senderCommunicationIdentifier/rawId",
            "/senderCommunicationIdentifier/communicationUser/id",
            "/senderCommunicationIdentifier",
            "/sender",
        ])
    }

    /// Who sent it, for a person.
    fn sender_or_kind(&self) -> &str {
        let kind = self.at(&["/messageType", "/type"]).unwrap_or_default();
        let is_system = self.raw["eventDetail"].is_object() || SYSTEM.contains(&kind);
        let nobody = if is_system {
            text::read::SYSTEM
        } else {
            text::read::UNKNOWN_SENDER
        };
        self.sender().unwrap_or(nobody)
    }

    /// The content, and whether it is HTML.
    fn content(&self) -> (Option<&str>, bool) {
        let content = self.at(&[
            "/body/content",
            "/content/message",
            "/message/content",
            "/message/caption",
            "/message/mediaUri",
            "/content/topic",
        ]);
        let kind = self.at(&["/body/contentType", "/type"]).unwrap_or_default();
        (content, kind.eq_ignore_ascii_case("html"))
    }

    /// The text that a reader sees.
    fn visible(&self) -> String {
        match self.content() {
            (Some(html), true) => {
                let text = NewChatMessage::html(html).visible_text();
                with_pictures_named(text.trim_end())
            }
            (Some(text), false) => text.to_owned(),
            (None, _) => String::new(),
        }
    }

    /// Returns one line of JSON: what every platform has, and the message of the service.
    pub(crate) fn json(&self, place: &Place) -> String {
        let line = json!({
            "platform": place.platform().as_str(), "conversation": place.id(), "id": self.id(),
            "reply_to": self.at(&["/replyToId"]), "from": self.sender(),
            "created_at": self.created(), "edited_at": self.edited(),
            "deleted_at": self.deleted(), "text": self.visible(),
            "web_url": self.at(&["/webUrl"]), "message": &self.raw,
        });
        escaped(&line.to_string())
    }

    /// Returns the message for a person. Nothing of it reaches the terminal as a command.
    pub(super) fn text(&self) -> String {
        let sender = shown_line(self.sender_or_kind());
        let mut head = format!("{}  {sender}", shown_line(self.created()));
        if self.at(&["/replyToId"]).is_some() {
            head.push_str(&format!("  {}", text::read::REPLY));
        }
        if self.edited().is_some() {
            head.push_str(&format!("  {}", text::read::EDITED));
        }
        head.push_str(&format!("  [{}]", shown_line(self.id())));
        if self.deleted().is_some() {
            return format!("{head}\n  {}", text::read::DELETED);
        }
        let subject = self.at(&["/subject"]);
        let subject = subject.map(|it| format!("\n  ** {} **", shown_line(it)));
        let attached = self.raw["attachments"].as_array().into_iter().flatten();
        let attached = attached.filter_map(attachment);
        let attached: String = attached
            .map(|it| format!("\n  + {}", shown_line(it)))
            .collect();
        let mut body = shown(&self.visible());
        if body.is_empty() && subject.is_none() && attached.is_empty() {
            // Such as participantAdded of a thread.
            let kind = self.at(&["/eventDetail/@odata.type", "/type", "/message/kind"]);
            body = kind
                .map(|kind| format!("({})", shown_line(kind)))
                .unwrap_or_default();
        }
        let body: String = body.lines().map(|line| format!("\n  {line}")).collect();
        format!("{head}{}{body}{attached}", subject.unwrap_or_default())
    }
}

/// Names each picture, as a word of its own.
fn with_pictures_named(text: &str) -> String {
    let mut named = String::with_capacity(text.len());
    for c in text.chars() {
        let is_picture = c == '\u{fffc}';
        let is_joined = is_picture || named.ends_with(text::read::PICTURE);
        if is_joined
            && !c.is_whitespace()
            && !named.is_empty()
            && !named.ends_with(char::is_whitespace)
        {
            named.push(' ');
        }
        if is_picture {
            named.push_str(text::read::PICTURE);
        } else {
            named.push(c);
        }
    }
    named
}

/// The name of an attachment of Teams; of one that has none, such as a card, what it is.
fn attachment(attachment: &Value) -> Option<&str> {
    let name = attachment["name"].as_str().filter(|it| !it.is_empty());
    name.or_else(|| match attachment["contentType"].as_str()? {
        "application/vnd.microsoft.card.adaptive" => Some(text::read::CARD),
        "messageReference" => Some(text::read::QUOTED_MESSAGE),
        other => Some(other),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_each_platform_is_shown() {
        for (raw, text) in [
            (
                json!({"id": "1", "createdDateTime": "2026-01-02T03:04:05Z", "subject": "News",
                    "from": {"user": {"displayName": "Lene"}}, "replyToId": "0",
                    "body": {"contentType": "html", "content": "<p>a &lt; b</p><p>c</p>"},
                    "attachments": [{"name": "a.pdf"}]}),
                "2026-01-02T03:04:05Z  Lene  (reply)  [1]\n  ** News **\n  a < b\n  c\n  + a.pdf",
            ),
            (
                json!({"id": "2", "createdOn": "2026-01-02T03:04:05Z", "type": "text",
                    "senderDisplayName": "Bob", "content": {"message": "x\ny"}}),
                "2026-01-02T03:04:05Z  Bob  [2]\n  x\n  y",
            ),
            (
                json!({"id": "4", "createdDateTime": "2026-01-02T03:04:05Z",
                "from": {"user": {"displayName": "Lene"}},
                "body": {"contentType": "html", "content": "<attachment id=\"1\"></attachment>"},
                "attachments": [
                    {"id": "1", "contentType": "application/vnd.microsoft.card.adaptive"},
                    {"contentType": "messageReference", "name": null}, {"contentType": "\u{1b}x"},
                ]}),
                "2026-01-02T03:04:05Z  Lene  [4]\n  + Adaptive Card\n  + quoted message\n  + \u{fffd}x",
            ),
            (
                json!({"id": "3", "createdOn": "2026-01-02T03:04:05Z", "deletedOn": "x",
                    "senderCommunicationIdentifier": "8:acs:1", "message": {"content": "x"}}),
                "2026-01-02T03:04:05Z  8:acs:1  [3]\n  (deleted)",
            ),
        ] {
            assert_eq!(Item { raw }.text(), text);
        }
    }

    #[test]
    fn a_picture_is_a_word_of_its_own() {
        let img = "<img src=\"https://a.com/x.png\">";
        for (html, text) in [
            (format!("see{img}here"), "see [picture] here"),
            (format!("{img}{img} x"), "[picture] [picture] x"),
            (format!("<p>a</p>{img}"), "a\n[picture]"),
        ] {
            let raw = json!({"body": {"contentType": "html", "content": html}});
            assert_eq!(Item { raw }.visible(), text);
        }
    }

    #[test]
    fn a_sender_without_a_name_is_shown_by_its_id_and_only_the_system_as_itself() {
        let id = "8:acs:1";
        for (raw, sender) in [
            (
                json!({"type": "text", "senderDisplayName": "",
                    "senderCommunicationIdentifier": {"rawId": id}}),
                Some(id),
            ),
            (
                json!({"senderDisplayName": "", "senderCommunicationIdentifier": id}),
                Some(id),
            ),
            (
                json!({"senderDisplayName": "", "sender": "sip:a@b.c", "type": "Plain"}),
                Some("sip:a@b.c"),
            ),
            (
                json!({"from": {"user": {"displayName": null, "id": "u"}}}),
                Some("u"),
            ),
            (
                json!({"from": {"application": {"displayName": "", "id": "a"}}}),
                Some("a"),
            ),
            (
                json!({"from": {"device": {"displayName": "Room"}}}),
                Some("Room"),
            ),
            (json!({"type": "text", "senderDisplayName": ""}), None),
            (json!({"messageType": "message", "from": null}), None),
        ] {
            let item = Item { raw };
            assert_eq!(item.sender(), sender, "{item:?}");
            assert_eq!(item.sender_or_kind(), sender.unwrap_or("(unknown)"));
        }
        for raw in [
            json!({"type": "participantAdded", "senderDisplayName": ""}),
            json!({"messageType": "systemEventMessage", "from": null}),
            json!({"messageType": "unknownFutureValue", "eventDetail": {}}),
        ] {
            assert_eq!(Item { raw }.sender_or_kind(), "(system)");
        }
    }

    #[test]
    fn no_member_of_a_message_reaches_the_terminal_as_a_command() {
        let evil = "\u{1b}]0;x\u{7}\u{9b}31m\u{202e}";
        let raw = json!({"id": evil, "createdDateTime": evil, "subject": evil,
            "from": {"user": {"displayName": evil}}, "attachments": [{"name": evil}],
            "body": {"contentType": "text", "content": evil}});
        let text = Item { raw }.text();
        let is_harmless = |c: char| !c.is_control() || c == '\n';
        assert!(
            text.chars().all(|c| is_harmless(c) && c != '\u{202e}'),
            "{text:?}"
        );
        assert_eq!(Item { raw: json!([]) }.text(), "  (unknown)  []");
    }
}
