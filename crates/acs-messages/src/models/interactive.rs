//! Interactive messages of WhatsApp. The names are those of 2025-01-15-preview and later; a
//! branch of the specification (2024-11-15) has others, which were never released.

use std::fmt;

use ms_messenger_core::{Problem, Problems};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::{
    open::open_kinds,
    text::{check_url, is_longer},
};

const CONTENT_KINDS: &[&str] = &[
    "text",
    "image",
    "video",
    "document",
    "buttonSet",
    "group",
    "url",
];
const ACTION_KINDS: &[&str] = &[
    "whatsAppListAction",
    "whatsAppButtonAction",
    "whatsAppUrlAction",
];

/// A message that asks for a response by button, list or link.
///
/// ```
/// use acs_messages::{ActionBindings, InteractiveContent, InteractiveMessage, ReplyButton};
///
/// let buttons = [ReplyButton::new("keep", "Keep"), ReplyButton::new("move", "Move")];
/// let message = InteractiveMessage::new("Keep the slot?", ActionBindings::buttons(buttons))
///     .with_header(InteractiveContent::text("Tuesday, 9:30"))
///     .with_footer("Reply until Monday");
/// assert!(message.header.is_some() && message.footer.is_some());
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct InteractiveMessage {
    /// A text, image, video or document above the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<InteractiveContent>,
    /// The text.
    pub body: InteractiveContent,
    /// A text below the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub footer: Option<InteractiveContent>,
    /// The ways in which the recipient can respond.
    pub action: ActionBindings,
}

impl InteractiveMessage {
    /// The text `body` with `action` below it.
    pub fn new(body: impl Into<String>, action: ActionBindings) -> Self {
        Self {
            header: None,
            body: InteractiveContent::text(body),
            footer: None,
            action,
        }
    }

    /// Sets the text, image, video or document above the body.
    #[must_use]
    pub fn with_header(mut self, header: InteractiveContent) -> Self {
        self.header = Some(header);
        self
    }

    /// Sets the text below the body.
    #[must_use]
    pub fn with_footer(mut self, text: impl Into<String>) -> Self {
        self.footer = Some(InteractiveContent::text(text));
        self
    }

    pub(crate) fn find_problems(&self, field: &str, problems: &mut Problems) {
        use InteractiveContent::Text;
        let too_long = |content: &InteractiveContent, limit: usize| matches!(content, Text { text } if is_longer(text, limit));
        if let Some(header) = &self.header {
            let field = format!("{field}.header");
            problems.add_if(
                too_long(header, 60),
                &field,
                "must have at most 60 characters",
            );
            header.find_media_problems(&field, problems);
        }
        let body = format!("{field}.body");
        match &self.body {
            Text { text } => {
                let blank = text.trim().is_empty();
                problems.add_if(blank, &body, "must not be empty or blank");
                // Lists may have more in newer texts of Meta; the service decides above 1024.
                problems.add_if(
                    is_longer(text, 4096),
                    &body,
                    "must have at most 4096 characters",
                );
            }
            InteractiveContent::Other(_) => {}
            _ => problems.add(&body, "must be a text"),
        }
        if let Some(footer) = &self.footer {
            let field = format!("{field}.footer");
            let sound = matches!(footer, Text { .. } | InteractiveContent::Other(_));
            problems.add_if(!sound, &field, "must be a text");
            problems.add_if(
                too_long(footer, 60),
                &field,
                "must have at most 60 characters",
            );
        }
        self.action
            .find_problems(&format!("{field}.action"), problems);
    }

    /// The length of a body on which the sources differ.
    pub(crate) fn warning(&self, field: &str) -> Option<Problem> {
        let InteractiveContent::Text { text } = &self.body else {
            return None;
        };
        let rule = "has more than 1024 characters, which the service may refuse";
        is_longer(text, 1024).then(|| Problem::new(format!("{field}.body"), rule))
    }
}

/// A part of an interactive message. A kind that this version does not know survives a round
/// trip.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    remote = "Self",
    tag = "kind",
    deny_unknown_fields,
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
#[non_exhaustive]
pub enum InteractiveContent {
    /// Text.
    #[non_exhaustive]
    Text {
        /// The text.
        text: String,
    },
    /// An image.
    #[non_exhaustive]
    Image {
        /// Its address: https, and reachable for the service.
        media_uri: Url,
    },
    /// A video.
    #[non_exhaustive]
    Video {
        /// Its address: https, and reachable for the service.
        media_uri: Url,
    },
    /// A document.
    #[non_exhaustive]
    Document {
        /// Its address: https, and reachable for the service.
        media_uri: Url,
    },
    /// Reply buttons.
    #[non_exhaustive]
    ButtonSet {
        /// The buttons, one to three.
        buttons: Vec<ReplyButton>,
    },
    /// A list in sections.
    #[non_exhaustive]
    Group {
        /// The label that opens the list.
        title: String,
        /// The sections.
        groups: Vec<ActionGroup>,
    },
    /// A link.
    #[non_exhaustive]
    Url {
        /// The label.
        title: String,
        /// The address that it opens.
        url: Url,
    },
    /// A kind that this version does not know, as it is on the wire.
    #[serde(skip)]
    Other(Value),
}

/// Prints the kind alone.
impl fmt::Debug for InteractiveContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Text { .. } => "Text",
            Self::Image { .. } => "Image",
            Self::Video { .. } => "Video",
            Self::Document { .. } => "Document",
            Self::ButtonSet { .. } => "ButtonSet",
            Self::Group { .. } => "Group",
            Self::Url { .. } => "Url",
            Self::Other(_) => "Other",
        };
        f.debug_struct(kind).finish_non_exhaustive()
    }
}

impl InteractiveContent {
    /// Text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into() }
    }

    /// An image, by its https address.
    #[must_use]
    pub fn image(media_uri: Url) -> Self {
        Self::Image { media_uri }
    }

    /// A video, by its https address.
    #[must_use]
    pub fn video(media_uri: Url) -> Self {
        Self::Video { media_uri }
    }

    /// A document, by its https address.
    #[must_use]
    pub fn document(media_uri: Url) -> Self {
        Self::Document { media_uri }
    }

    fn find_media_problems(&self, field: &str, problems: &mut Problems) {
        match self {
            Self::Image { media_uri }
            | Self::Video { media_uri }
            | Self::Document { media_uri } => {
                check_url(media_uri, &format!("{field}.mediaUri"), problems);
            }
            Self::ButtonSet { .. } | Self::Group { .. } | Self::Url { .. } => {
                problems.add(field, "must be a text, image, video or document");
            }
            Self::Text { .. } | Self::Other(_) => {}
        }
    }
}

open_kinds!(InteractiveContent, CONTENT_KINDS);

/// A reply button.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ReplyButton {
    /// The value that is returned when it is pressed; at most 256 characters.
    pub id: String,
    /// Its label; at most 20 characters.
    pub title: String,
}

/// Does not print its contents.
impl fmt::Debug for ReplyButton {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplyButton")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl ReplyButton {
    /// A button labelled `title` that returns `id`.
    pub fn new(id: impl Into<String>, title: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            title: title.into(),
        }
    }
}

/// A section of a list.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ActionGroup {
    /// Its title; at most 24 characters.
    pub title: String,
    /// Its rows; at most ten in all sections together.
    pub items: Vec<ActionGroupItem>,
}

/// Does not print its contents.
impl fmt::Debug for ActionGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActionGroup")
            .field("items", &self.items)
            .finish_non_exhaustive()
    }
}

impl ActionGroup {
    /// A section with `items`.
    pub fn new(title: impl Into<String>, items: impl Into<Vec<ActionGroupItem>>) -> Self {
        Self {
            title: title.into(),
            items: items.into(),
        }
    }
}

/// A row of a list.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ActionGroupItem {
    /// The value that is returned when it is chosen; at most 200 characters.
    pub id: String,
    /// Its title; at most 24 characters.
    pub title: String,
    /// More about it; at most 72 characters.
    pub description: String,
}

/// Does not print its contents.
impl fmt::Debug for ActionGroupItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActionGroupItem")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl ActionGroupItem {
    /// A row that returns `id`.
    pub fn new(
        id: impl Into<String>,
        title: impl Into<String>,
        description: impl Into<String>,
    ) -> Self {
        Self {
            id: id.into(),
            title: title.into(),
            description: description.into(),
        }
    }
}

/// The ways in which a recipient can respond. A kind that this version does not know survives a round trip.
///
/// ```
/// use acs_messages::{ActionBindings, ActionGroup, ActionGroupItem};
///
/// let items = [ActionGroupItem::new("9", "9:00", "first"), ActionGroupItem::new("10", "10:00", "")];
/// let list = ActionBindings::list("Times", [ActionGroup::new("Tuesday", items)]);
/// assert!(matches!(list, ActionBindings::List { .. }));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    remote = "Self",
    tag = "kind",
    deny_unknown_fields,
    rename_all_fields = "camelCase"
)]
#[non_exhaustive]
pub enum ActionBindings {
    /// A list menu.
    #[serde(rename = "whatsAppListAction")]
    #[non_exhaustive]
    List {
        /// An [`InteractiveContent::Group`].
        content: InteractiveContent,
    },
    /// Up to three reply buttons.
    #[serde(rename = "whatsAppButtonAction")]
    #[non_exhaustive]
    Buttons {
        /// An [`InteractiveContent::ButtonSet`].
        content: InteractiveContent,
    },
    /// A button that opens a link.
    #[serde(rename = "whatsAppUrlAction")]
    #[non_exhaustive]
    Url {
        /// An [`InteractiveContent::Url`].
        content: InteractiveContent,
    },
    /// A kind that this version does not know, as it is on the wire.
    #[serde(skip)]
    Other(Value),
}

impl ActionBindings {
    /// Reply buttons, one to three.
    pub fn buttons(buttons: impl Into<Vec<ReplyButton>>) -> Self {
        Self::Buttons {
            content: InteractiveContent::ButtonSet {
                buttons: buttons.into(),
            },
        }
    }

    /// A list menu that `title` opens.
    pub fn list(title: impl Into<String>, groups: impl Into<Vec<ActionGroup>>) -> Self {
        Self::List {
            content: InteractiveContent::Group {
                title: title.into(),
                groups: groups.into(),
            },
        }
    }

    /// A button that opens `url`.
    pub fn url(title: impl Into<String>, url: Url) -> Self {
        Self::Url {
            content: InteractiveContent::Url {
                title: title.into(),
                url,
            },
        }
    }

    fn find_problems(&self, field: &str, problems: &mut Problems) {
        use InteractiveContent::{ButtonSet, Group, Other, Url};
        let field = format!("{field}.content");
        match self {
            Self::Buttons {
                content: ButtonSet { buttons },
            } => {
                let sound = (1..=3).contains(&buttons.len());
                problems.add_if(!sound, &format!("{field}.buttons"), "must be one to three");
                for (i, button) in buttons.iter().enumerate() {
                    let field = format!("{field}.buttons[{i}]");
                    check_length(&button.id, 256, &format!("{field}.id"), problems);
                    check_length(&button.title, 20, &format!("{field}.title"), problems);
                }
            }
            Self::List {
                content: Group { title, groups },
            } => {
                check_length(title, 20, &format!("{field}.title"), problems);
                find_group_problems(groups, &field, problems);
            }
            Self::Url {
                content: Url { title, url },
            } => {
                check_length(title, 20, &format!("{field}.title"), problems);
                check_url(url, &format!("{field}.url"), problems);
            }
            Self::Other(_)
            | Self::Buttons { content: Other(_) }
            | Self::List { content: Other(_) }
            | Self::Url { content: Other(_) } => {}
            Self::Buttons { .. } => problems.add(field, "must be a buttonSet"),
            Self::List { .. } => problems.add(field, "must be a group"),
            Self::Url { .. } => problems.add(field, "must be a url"),
        }
    }
}

fn find_group_problems(groups: &[ActionGroup], field: &str, problems: &mut Problems) {
    let sections = (1..=10).contains(&groups.len());
    problems.add_if(!sections, &format!("{field}.groups"), "must be one to ten");
    let rows: usize = groups.iter().map(|group| group.items.len()).sum();
    let rule = "must have one to ten items in all groups together";
    problems.add_if(!(1..=10).contains(&rows), &format!("{field}.groups"), rule);
    for (i, group) in groups.iter().enumerate() {
        check_length(
            &group.title,
            24,
            &format!("{field}.groups[{i}].title"),
            problems,
        );
        for (j, item) in group.items.iter().enumerate() {
            let field = format!("{field}.groups[{i}].items[{j}]");
            check_length(&item.id, 200, &format!("{field}.id"), problems);
            check_length(&item.title, 24, &format!("{field}.title"), problems);
            let long = is_longer(&item.description, 72);
            problems.add_if(
                long,
                &format!("{field}.description"),
                "must have at most 72 characters",
            );
        }
    }
}

fn check_length(text: &str, limit: usize, field: &str, problems: &mut Problems) {
    let sound = !text.is_empty() && !is_longer(text, limit);
    if !sound {
        problems.add(field, format!("must have 1 to {limit} characters"));
    }
}

open_kinds!(ActionBindings, ACTION_KINDS);
