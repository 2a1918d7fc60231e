//! The rules of a message, checked before it is sent. Texts in quotes are the service's own.

use std::collections::HashSet;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ms_messenger_core::{ErrorKind, Problems, Result};
use serde_json::Value;
use uuid::Uuid;

use super::{
    NewChatMessage, Place,
    attachment::{BANNER, CARD, REFERENCE},
    markers::{self, Marker},
};
use crate::models::{
    BodyType, ChatMessageAttachment, ChatMessageMention, ConversationIdentityType, UserIdentityType,
};

pub(super) fn check(message: &NewChatMessage, place: Place) -> Result<()> {
    let mut check = Check {
        message,
        place,
        markers: match is_marked(message) {
            true => markers::find(&message.body.content),
            false => Vec::new(),
        },
        problems: Problems::new(),
    };
    check.body();
    check.attachments();
    check.mentions();
    check.hosted_contents();
    check.problems.into_result(ErrorKind::InvalidRequest)
}

/// Whether the body has markers at all: plain text has none, whatever it looks like, save that
/// announcements are sent as text by the service's own sample.
fn is_marked(message: &NewChatMessage) -> bool {
    message.body.content_type != BodyType::Text || has_banner(message)
}

fn has_banner(message: &NewChatMessage) -> bool {
    let mut attachments = message.attachments.iter();
    attachments.any(|attachment| attachment.content_type.as_deref() == Some(BANNER))
}

struct Check<'a> {
    message: &'a NewChatMessage,
    place: Place,
    markers: Vec<Marker<'a>>,
    problems: Problems,
}

impl Check<'_> {
    fn body(&mut self) {
        let message = self.message;
        let body = &message.body;
        let lone = body.content.trim().is_empty() && message.attachments.is_empty();
        self.problems
            .add_if(lone, "body.content", "must not be empty");
        if let BodyType::Other(_) = body.content_type {
            self.problems
                .add("body.contentType", "must be text or html");
        }
        let marked = !message.mentions.is_empty()
            || !message.attachments.is_empty()
            || !message.hosted_contents.is_empty();
        if !is_marked(message) && marked {
            let rule =
                "must be html, because mentions, attachments and pictures have markers in it";
            self.problems.add("body.contentType", rule);
        }
        if self.place == Place::Chat {
            let only = "is for channels only";
            self.problems
                .add_if(message.subject.is_some(), "subject", only);
            self.problems
                .add_if(message.summary.is_some(), "summary", only);
        }
    }

    /// "Body does not contain marker for attachment with Id '...'."
    fn attachments(&mut self) {
        let mut ids = HashSet::new();
        for (i, attachment) in self.message.attachments.iter().enumerate() {
            let field = format!("attachments[{i}]");
            let id = attachment.id.as_deref().unwrap_or_default();
            self.problems
                .add_if(id.is_empty(), &format!("{field}.id"), "must not be empty");
            let twice = !id.is_empty() && !ids.insert(id);
            self.problems
                .add_if(twice, &format!("{field}.id"), "must not stand twice");
            let marked =
                self.count(|m| matches!(m, Marker::Attachment { id: marker } if marker == id));
            if marked != 1 && !twice {
                let rule =
                    format!("needs exactly one <attachment id=\"{id}\"> in the body, has {marked}");
                self.problems.add(&field, rule);
            }
            find_attachment_problems(attachment, &field, &mut self.problems);
        }
        for marker in &self.markers {
            if let Marker::Attachment { id } = marker
                && !ids.contains(&**id)
            {
                let rule = format!("the marker <attachment id=\"{id}\"> has no attachment");
                self.problems.add("body.content", rule);
            }
        }
    }

    /// "Body does not contain marker for mention with Id '0'. Add 'NAME' to the body."
    fn mentions(&mut self) {
        let mut ids = HashSet::new();
        for (i, mention) in self.message.mentions.iter().enumerate() {
            let field = format!("mentions[{i}]");
            let Some(id) = mention.id else {
                self.problems.add(format!("{field}.id"), "must be there");
                continue;
            };
            if !ids.insert(id.to_string()) {
                self.problems
                    .add(format!("{field}.id"), "must not stand twice");
                continue;
            }
            self.mention_marker(mention, id, &field);
            self.mentioned(mention, &field);
        }
        for marker in &self.markers {
            if let Marker::At { id, .. } = marker
                && !ids.contains(&**id)
            {
                let rule = format!("the marker <at id=\"{id}\"> has no mention");
                self.problems.add("body.content", rule);
            }
        }
    }

    fn mention_marker(&mut self, mention: &ChatMessageMention, id: i32, field: &str) {
        let text = mention.mention_text.as_deref().unwrap_or_default();
        self.problems.add_if(
            text.is_empty(),
            &format!("{field}.mentionText"),
            "must not be empty",
        );
        let id = id.to_string();
        let texts: Vec<&str> = self
            .markers
            .iter()
            .filter_map(|marker| match marker {
                Marker::At { id: marker, text } if *marker == id => Some(text.as_str()),
                _ => None,
            })
            .collect();
        match texts.as_slice() {
            [shown] if *shown == text => {}
            [_] => self
                .problems
                .add(field, "mentionText must be what its marker says"),
            _ => {
                let rule = format!(
                    "needs exactly one <at id=\"{id}\"> in the body, has {}",
                    texts.len()
                );
                self.problems.add(field, rule);
            }
        }
    }

    fn mentioned(&mut self, mention: &ChatMessageMention, field: &str) {
        let field = format!("{field}.mentioned");
        let Some(mentioned) = &mention.mentioned else {
            self.problems.add(field, "must be there");
            return;
        };
        let named = [
            mentioned.user.is_some(),
            mentioned.application.is_some(),
            mentioned.device.is_some(),
            mentioned.conversation.is_some(),
            mentioned.tag.is_some(),
        ];
        let one = named.iter().filter(|there| **there).count() == 1;
        self.problems.add_if(!one, &field, "must name exactly one");
        if let Some(user) = &mentioned.user {
            let id = user.id.as_deref().unwrap_or_default();
            let aad = user
                .user_identity_type
                .as_ref()
                .is_none_or(|t| *t == UserIdentityType::AadUser);
            let sound = !aad || Uuid::parse_str(id).is_ok();
            self.problems
                .add_if(!sound, &format!("{field}.user.id"), "must be a GUID");
        }
        if let Some(conversation) = &mentioned.conversation {
            let field = format!("{field}.conversation");
            let id = conversation.id.as_deref().unwrap_or_default();
            self.problems
                .add_if(id.is_empty(), &format!("{field}.id"), "must not be empty");
            let field = format!("{field}.conversationIdentityType");
            use ConversationIdentityType::{Channel, Chat, Team};
            match (&conversation.conversation_identity_type, self.place) {
                (None, _) => self.problems.add(field, "must be there"),
                (Some(Team | Channel), Place::Chat) => {
                    self.problems.add(field, "is for channels only")
                }
                (Some(Chat), Place::Channel) => self.problems.add(field, "is for chats only"),
                _ => {}
            }
        }
    }

    fn hosted_contents(&mut self) {
        let message = self.message;
        let contents = message
            .attachments
            .iter()
            .filter_map(|a| a.content.as_deref());
        let body = is_marked(message).then_some(message.body.content.as_str());
        let used: HashSet<&str> = contents
            .chain(body)
            .flat_map(markers::hosted_references)
            .collect();
        let mut ids = HashSet::new();
        for (i, hosted) in message.hosted_contents.iter().enumerate() {
            let field = format!("hostedContents[{i}]");
            let id = hosted.temporary_id.as_deref().unwrap_or_default();
            let name = format!("{field}.@microsoft.graph.temporaryId");
            self.problems
                .add_if(id.is_empty(), &name, "must not be empty");
            self.problems
                .add_if(!ids.insert(id), &name, "must not stand twice");
            let rule = "no ../hostedContents/ID/$value in body or card refers to it";
            self.problems
                .add_if(!id.is_empty() && !used.contains(id), &field, rule);
            let bytes = hosted.content_bytes.as_deref().unwrap_or_default();
            let sound = !bytes.is_empty() && STANDARD.decode(bytes).is_ok();
            let rule = "must be standard Base64 with its padding, and not empty";
            self.problems
                .add_if(!sound, &format!("{field}.contentBytes"), rule);
            let kind = hosted.content_type.as_deref().unwrap_or_default();
            let rule = "must be a media type, e.g. image/png";
            self.problems
                .add_if(!kind.contains('/'), &format!("{field}.contentType"), rule);
        }
        let mut missing: Vec<&str> = used.into_iter().filter(|id| !ids.contains(id)).collect();
        missing.sort_unstable();
        for id in missing {
            let rule = format!("../hostedContents/{id}/$value has no hosted content");
            self.problems.add("body.content", rule);
        }
    }

    fn count(&self, is_it: impl Fn(&Marker<'_>) -> bool) -> usize {
        self.markers.iter().filter(|marker| is_it(marker)).count()
    }
}

/// "Failed to process content in attachment with Id '1'."
fn find_attachment_problems(
    attachment: &ChatMessageAttachment,
    field: &str,
    problems: &mut Problems,
) {
    let kind = attachment.content_type.as_deref().unwrap_or_default();
    problems.add_if(
        kind.is_empty(),
        &format!("{field}.contentType"),
        "must not be empty",
    );
    let (content, url) = (
        attachment.content.as_deref(),
        attachment.content_url.as_deref(),
    );
    let both = content.is_some() && url.is_some();
    problems.add_if(both, field, "must not have both content and contentUrl");
    if kind == REFERENCE {
        let sound =
            url.is_some_and(|url| url::Url::parse(url).is_ok_and(|url| url.scheme() == "https"));
        problems.add_if(
            !sound,
            &format!("{field}.contentUrl"),
            "must be an https address",
        );
    } else if kind.starts_with(CARD) || kind == BANNER {
        let json: Option<Value> = content.and_then(|content| serde_json::from_str(content).ok());
        let field = format!("{field}.content");
        match json {
            Some(Value::Object(card)) if kind == "application/vnd.microsoft.card.adaptive" => {
                let adaptive = card.get("type").and_then(Value::as_str) == Some("AdaptiveCard");
                problems.add_if(!adaptive, &field, "must have the type AdaptiveCard");
                let version = card.get("version").is_some_and(Value::is_string);
                problems.add_if(!version, &field, "must have a version");
            }
            Some(Value::Object(_)) => {}
            _ => problems.add(field, "must be a text that holds a JSON object"),
        }
    }
}
