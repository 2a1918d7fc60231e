//! Compares listed messages with the one that is looked for.

use ms_messenger_core::Window;

use crate::{
    models::{BodyType, ChatMessage, ChatMessageType, MessageImportance},
    sends::Rivals,
    write::{
        NewChatMessage,
        markup::{self, IMAGE, Markup},
    },
};

/// The message that is looked for.
pub(super) struct Wanted {
    pub(super) message: NewChatMessage,
    /// The text that a reader sees.
    text: String,
    /// The id of an attachment that only this message has.
    pub(super) mark: Option<String>,
    /// The ids of the attachments, which other messages may have too.
    attachments: Vec<String>,
    /// The account that sent; a message with a mark is found without it.
    own: Option<String>,
    /// Whether the service may have rewritten the content.
    is_rewritten: bool,
    pub(super) window: Option<Window>,
    pub(super) rivals: Rivals,
}

/// The result of comparing one listed message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Match {
    /// It is the message, unless another is equal too.
    Equal,
    /// It may be the message, edited or from a moment that the clocks leave open.
    Perhaps,
    /// It is another message.
    No,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sender {
    Own,
    Other,
    Unknown,
}

impl Wanted {
    pub(super) fn new(
        message: NewChatMessage,
        quoted: Option<&str>,
        mark: Option<String>,
        own: Option<String>,
        window: Option<Window>,
        rivals: Rivals,
    ) -> Self {
        let ids = message.attachments.iter().filter_map(|it| it.id.as_deref());
        let mut attachments: Vec<_> = ids.chain(quoted).map(normal_id).collect();
        attachments.sort_unstable();
        Self {
            text: one_spaced(&message.visible_text()),
            is_rewritten: message.body.content_type == BodyType::Html || quoted.is_some(),
            message,
            mark,
            attachments,
            own,
            window,
            rivals,
        }
    }

    /// Whether it has nothing to compare: pictures look the same in a list.
    pub(super) fn is_invisible(&self) -> bool {
        self.message.attachments.is_empty()
            && self.text.chars().all(|c| c == IMAGE || c.is_whitespace())
    }

    pub(super) fn compare(&self, listed: &ChatMessage) -> Match {
        if let Some(mark) = &self.mark {
            let mark = normal_id(mark);
            if listed_ids(listed).any(|id| id == mark) {
                return Match::Equal;
            }
        }
        let is_claimed = listed.id.as_deref().is_some_and(|id| self.rivals.claim(id));
        let sender = self.sender(listed);
        let within = self.within(listed);
        if is_claimed || !is_message(listed) || sender == Sender::Other || within == Some(false) {
            return Match::No;
        }
        let is_changed =
            listed.deleted_date_time.is_some() || listed.last_edited_date_time.is_some();
        let is_like = match &self.mark {
            // A deleted message has no attachments any more, an edited one may have others.
            Some(_) => is_changed,
            None => {
                let likeness = self.likeness(listed, sender);
                if likeness == Match::Equal
                    && !is_changed
                    && sender == Sender::Own
                    && within == Some(true)
                {
                    return Match::Equal;
                }
                is_changed || likeness != Match::No
            }
        };
        if is_like { Match::Perhaps } else { Match::No }
    }

    /// Compares the contents.
    fn likeness(&self, listed: &ChatMessage, sender: Sender) -> Match {
        let text = seen(listed);
        if text == self.text {
            return if self.has_equal_rest(listed) {
                Match::Equal
            } else {
                Match::Perhaps
            };
        }
        // The service rewrites HTML and may return a text as HTML, but it keeps the letters.
        let is_html = body_type(listed) == BodyType::Html;
        let may_be_rewritten = self.is_rewritten && is_html && sender == Sender::Own;
        if may_be_rewritten || letters(&text).eq(letters(&self.text)) {
            Match::Perhaps
        } else {
            Match::No
        }
    }

    /// Whether subject, importance and attachments are equal.
    fn has_equal_rest(&self, listed: &ChatMessage) -> bool {
        let mut ids: Vec<_> = listed_ids(listed).collect();
        ids.sort_unstable();
        let message = &self.message;
        let importance = |it: &Option<MessageImportance>| match it {
            Some(it) => it.clone(),
            None => MessageImportance::Normal,
        };
        let subject = |it: &Option<String>| one_spaced(it.as_deref().unwrap_or_default());
        ids == self.attachments
            && subject(&listed.subject) == subject(&message.subject)
            && importance(&listed.importance) == importance(&message.importance)
    }

    fn sender(&self, listed: &ChatMessage) -> Sender {
        let from = listed.from.as_ref();
        let user = from.and_then(|from| from.user.as_ref());
        match (user.and_then(|user| user.id.as_deref()), &self.own) {
            (Some(id), Some(own)) if id.eq_ignore_ascii_case(own) => Sender::Own,
            (Some(_), Some(_)) => Sender::Other,
            (Some(_), None) => Sender::Unknown,
            (None, _) if from.is_some_and(|from| from.application.is_some()) => Sender::Other,
            // A deleted message may not name its sender.
            (None, _) => Sender::Unknown,
        }
    }

    /// Whether a message was created in the window; `None` where the clocks leave it open.
    fn within(&self, listed: &ChatMessage) -> Option<bool> {
        let created = listed.created_date_time.as_ref()?.to_system_time()?;
        self.window?.contains(created)
    }
}

/// Whether it is a message of a user or application, not an event of the service.
fn is_message(listed: &ChatMessage) -> bool {
    let kind = listed.message_type.as_ref();
    kind.is_none_or(|kind| *kind == ChatMessageType::Message)
}

fn body_type(listed: &ChatMessage) -> BodyType {
    let kind = listed.body.as_ref().and_then(|it| it.content_type.clone());
    kind.unwrap_or(BodyType::Text)
}

fn seen(listed: &ChatMessage) -> String {
    let content = listed.body.as_ref().and_then(|it| it.content.as_deref());
    let content = content.unwrap_or_default();
    match body_type(listed) {
        BodyType::Text => one_spaced(content),
        _ => one_spaced(&Markup::read(content).text),
    }
}

fn listed_ids(listed: &ChatMessage) -> impl Iterator<Item = String> {
    let ids = listed.attachments.iter().filter_map(|it| it.id.as_deref());
    ids.map(normal_id)
}

/// An id for comparison: GUIDs are written with and without hyphens, in either case.
fn normal_id(id: &str) -> String {
    let kept = id.chars().filter(|c| !matches!(c, '-' | '{' | '}'));
    kept.map(|c| c.to_ascii_lowercase()).collect()
}

fn one_spaced(text: &str) -> String {
    markup::one_spaced(text).collect()
}

fn letters(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|c| c.is_alphanumeric())
}
