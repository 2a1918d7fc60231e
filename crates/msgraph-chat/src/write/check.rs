//! The rules of a message, checked before it is sent, in one pass over each part. Texts in
//! quotes are the service's own.

mod attachments;
mod cards;
mod mentions;

use std::{borrow::Cow, collections::HashSet};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ms_messenger_core::{Problem, Problems};

use super::{
    NewChatMessage, Place,
    attachment::BANNER,
    markup::{self, Markup},
    text,
};
use crate::models::BodyType;
use cards::Cards;

/// What was found: rules that are broken, and what the service takes but a reader would miss.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) problems: Problems,
    pub(crate) warnings: Vec<Problem>,
}

impl Found {
    fn warn_if(&mut self, seen: bool, field: &str, rule: &str) {
        if seen {
            self.warnings.push(Problem::new(field, rule));
        }
    }
}

pub(super) fn check(message: &NewChatMessage, place: Place) -> Found {
    let markup = if is_marked(message) {
        markup::read(&message.body.content)
    } else {
        Markup::default()
    };
    let mut check = Check {
        message,
        place,
        markup,
        cards: Cards::default(),
        found: Found::default(),
    };
    check.body();
    check.characters();
    check.attachments();
    check.mentions();
    check.hosted_contents();
    check.found
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
    markup: Markup,
    cards: Cards,
    found: Found,
}

impl Check<'_> {
    fn body(&mut self) {
        let message = self.message;
        let body = &message.body;
        let is_visible = if is_marked(message) {
            self.markup.is_visible
        } else {
            !body.content.trim().is_empty()
        };
        let problems = &mut self.found.problems;
        let lone = !is_visible && message.attachments.is_empty();
        problems.add_if(lone, "body.content", "must not be empty or blank");
        if let BodyType::Other(_) = body.content_type {
            problems.add("body.contentType", "must be text or html");
        }
        let marked = !message.mentions.is_empty()
            || !message.attachments.is_empty()
            || !message.hosted_contents.is_empty();
        if !is_marked(message) && marked {
            let rule =
                "must be html, because mentions, attachments and pictures have markers in it";
            problems.add("body.contentType", rule);
        }
        if self.place == Place::Chat {
            let only = "is for channels only";
            problems.add_if(message.subject.is_some(), "subject", only);
            problems.add_if(message.summary.is_some(), "summary", only);
        }
    }

    /// What cannot be carried, and what is carried but not shown as it was meant.
    fn characters(&mut self) {
        let body = &self.message.body;
        let rule = "must not have the character U+0000: HTML cannot hold it";
        let has_nul = body.content.contains('\0');
        self.found.problems.add_if(has_nul, "body.content", rule);
        let is_lost = body.content_type == BodyType::Text && !text::is_one_line(&body.content);
        let rule = "line breaks of a text are not shown: use html with <br>";
        self.found.warn_if(is_lost, "body.content", rule);
        let is_control = |c: char| c.is_control() && !matches!(c, '\0' | '\t' | '\n' | '\r');
        let has_controls = body.content.contains(is_control);
        let rule = "has control characters, e.g. of a terminal's colours, which are not shown";
        self.found.warn_if(has_controls, "body.content", rule);
        let has_mark = body.content.starts_with('\u{feff}');
        let rule = "begins with a byte order mark, which is sent";
        self.found.warn_if(has_mark, "body.content", rule);
        let rule = "a link has no scheme, so it leads nowhere: write https://…";
        let bare = self.markup.has_bare_link;
        self.found.warn_if(bare, "body.content", rule);
        let rule =
            "a picture has neither a scheme nor ../hostedContents/ID/$value, so it is not shown";
        let bare = self.markup.has_bare_picture;
        self.found.warn_if(bare, "body.content", rule);
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
            .flat_map(markup::hosted_references)
            .collect();
        let problems = &mut self.found.problems;
        let mut ids = HashSet::new();
        for (i, hosted) in message.hosted_contents.iter().enumerate() {
            let field = format!("hostedContents[{i}]");
            let id = hosted.temporary_id.as_deref().unwrap_or_default();
            let name = format!("{field}.@microsoft.graph.temporaryId");
            problems.add_if(id.is_empty(), &name, "must not be empty");
            problems.add_if(!ids.insert(id), &name, "must not stand twice");
            let rule = "no ../hostedContents/ID/$value in body or card refers to it";
            problems.add_if(!id.is_empty() && !used.contains(id), &field, rule);
            let bytes = hosted.content_bytes.as_deref().unwrap_or_default();
            let sound = !bytes.is_empty() && STANDARD.decode(bytes).is_ok();
            let rule = "must be standard Base64 with its padding, and not empty";
            problems.add_if(!sound, &format!("{field}.contentBytes"), rule);
            let kind = hosted.content_type.as_deref().unwrap_or_default();
            let rule = "must be a media type, e.g. image/png";
            problems.add_if(!kind.contains('/'), &format!("{field}.contentType"), rule);
        }
        let mut missing: Vec<&str> = used.into_iter().filter(|id| !ids.contains(id)).collect();
        missing.sort_unstable();
        if let [first, rest @ ..] = missing.as_slice() {
            let first = shown(first);
            let rule = format!(
                "../hostedContents/{first}/$value has no hosted content{}",
                and_more(rest.len())
            );
            problems.add("body.content", rule);
        }
    }
}

/// An id out of the message, as an error may show it: short, and of letters that no log minds.
fn shown(id: &str) -> Cow<'_, str> {
    let is_plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '{' | '}');
    if id.len() <= 64 && id.chars().all(is_plain) {
        Cow::Borrowed(id)
    } else {
        Cow::Borrowed("…")
    }
}

fn and_more(count: usize) -> Cow<'static, str> {
    match count {
        0 => Cow::Borrowed(""),
        count => Cow::Owned(format!(", nor have {count} more")),
    }
}
