//! What a backend can carry, as plain data, and the check of a request against it.

use std::fmt;

use crate::{
    Address, Attachment, Body, ErrorKind, Importance, MediaKind, Message, Problems, Result,
    SendRequest, Target, target::encoded,
};

/// One thing that a request can ask for and a backend may or may not carry.
///
/// Whatever a new field of the model asks for comes with a new feature, so a backend written
/// before it refuses it instead of ignoring it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
#[non_exhaustive]
pub enum Capability {
    /// Sends to a conversation that exists.
    ToConversation,
    /// Sends to a channel of a team.
    ToChannel,
    /// Sends to a telephone number.
    ToPhone,
    /// Sends to a SIP address.
    ToSip,
    /// Sends to a person of a directory.
    ToUser,
    /// Carries plain text.
    Text,
    /// Carries HTML.
    Html,
    /// Sends the text alternative of an HTML body in its place.
    HtmlAsText,
    /// Carries a picture by URL.
    MediaImage,
    /// Carries a document by URL.
    MediaDocument,
    /// Carries a video by URL.
    MediaVideo,
    /// Carries a sound by URL.
    MediaAudio,
    /// Carries a template.
    Template,
    /// Carries bodies in its own JSON.
    Native,
    /// Carries a file reference.
    AttachmentFile,
    /// Carries a picture reference.
    AttachmentImage,
    /// Carries a card.
    AttachmentCard,
    /// Carries a picture within the message.
    AttachmentInlineImage,
    /// Carries a subject to a channel.
    SubjectInChannel,
    /// Carries a subject to a conversation or person.
    SubjectInConversation,
    /// Carries an importance other than normal.
    Importance,
    /// Carries a response within a channel.
    ReplyInChannel,
    /// Carries a response within a conversation.
    ReplyInConversation,
    /// Honours an idempotency key.
    Idempotency,
    /// Ends a send at its time-out or by its cancel handle, and says what is known then.
    Deadline,
    /// Sends to a WhatsApp user by business-scoped id.
    ToWhatsAppUser,
}

impl Capability {
    const fn bit(self) -> u32 {
        1 << (self as u8)
    }
}

/// What a messenger can carry: nothing, until it is named.
///
/// ```
/// use ms_messenger_core::{Capabilities, Capability, Message, SendRequest, Target};
///
/// let capabilities = Capabilities::of(&[Capability::ToConversation, Capability::Text]);
/// let request = SendRequest::new(Target::conversation("1"), Message::html("<b>hi</b>").with_subject("x"));
/// let error = capabilities.check("sms", &request).unwrap_err();
/// assert_eq!(error.problems().len(), 2);
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    features: u32,
    /// The most characters that a text may have; `None` when the platform names no limit.
    pub max_text_chars: Option<usize>,
}

impl Capabilities {
    /// Nothing at all.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            features: 0,
            max_text_chars: None,
        }
    }

    /// The given features and nothing else.
    #[must_use]
    pub const fn of(features: &[Capability]) -> Self {
        let mut capabilities = Self::none();
        let mut i = 0;
        while i < features.len() {
            capabilities.features |= features[i].bit();
            i += 1;
        }
        capabilities
    }

    /// Adds a feature.
    #[must_use]
    pub const fn with(mut self, feature: Capability) -> Self {
        self.features |= feature.bit();
        self
    }

    /// Limits the characters of a text.
    #[must_use]
    pub const fn with_max_text_chars(mut self, limit: usize) -> Self {
        self.max_text_chars = Some(limit);
        self
    }

    /// Whether `feature` is carried.
    #[must_use]
    pub const fn supports(&self, feature: Capability) -> bool {
        self.features & feature.bit() != 0
    }

    /// Checks `request` for a messenger named `platform`, without any I/O.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` when ids or bodies are empty or too long, else `Unsupported` when the
    /// request asks for more than is carried; [`Error::problems`](crate::Error::problems) names
    /// everything at once, both sorts.
    pub fn check(&self, platform: &str, request: &SendRequest) -> Result<()> {
        let mut invalid = Problems::new();
        self.find_invalid(request, &mut invalid);
        let mut check = Check {
            capabilities: self,
            platform,
            problems: Problems::new(),
        };
        check.target(&request.to);
        check.body(&request.message.body);
        check.extras(request);
        let kind = if invalid.is_empty() {
            ErrorKind::Unsupported
        } else {
            ErrorKind::InvalidRequest
        };
        let mut problems = invalid;
        problems.append(check.problems);
        problems
            .into_result(kind)
            .map_err(|error| error.with_platform(platform.to_owned()))
    }

    fn find_invalid(&self, request: &SendRequest, problems: &mut Problems) {
        let empty = "must not be empty";
        match &request.to {
            Target::Conversation(id) => problems.add_if(id.as_str().is_empty(), "to", empty),
            Target::Channel { team, channel } => {
                problems.add_if(team.as_str().is_empty(), "to.team", empty);
                problems.add_if(channel.as_str().is_empty(), "to.channel", empty);
            }
            Target::Person(Address::User(id)) => {
                problems.add_if(id.as_str().is_empty(), "to", empty);
            }
            Target::Person(_) => {}
        }
        for (field, id) in ids(&request.to) {
            if let Some(plain) = encoded(id) {
                problems.add(field, format!("is percent-encoded: write it as {plain}"));
            }
        }
        if let Some(id) = &request.reply_to {
            problems.add_if(id.as_str().is_empty(), "reply_to", empty);
        }
        let never = request.timeout.is_some_and(|timeout| timeout.is_zero());
        problems.add_if(never, "timeout_ms", "must be longer than zero");
        find_invalid_body(&request.message, self.max_text_chars, problems);
    }
}

/// The ids of a target that a link may have been taken apart for.
fn ids(target: &Target) -> Vec<(&'static str, &str)> {
    match target {
        Target::Conversation(id) => vec![("to", id.as_str())],
        Target::Channel { team, channel } => {
            vec![("to.team", team.as_str()), ("to.channel", channel.as_str())]
        }
        Target::Person(Address::User(id)) => vec![("to", id.as_str())],
        Target::Person(_) => Vec::new(),
    }
}

fn find_invalid_body(message: &Message, max_text_chars: Option<usize>, problems: &mut Problems) {
    let (field, content) = match &message.body {
        Body::Text(text) => ("message.body.text", text),
        Body::Html { html, .. } => ("message.body.html", html),
        Body::Media(_) | Body::Template(_) | Body::Native { .. } => return,
    };
    // An attachment alone is a message on some platforms; those that need text say so themselves.
    let lone = content.is_empty() && message.attachments.is_empty();
    problems.add_if(lone, field, "must not be empty");
    if let (Body::Text(text), Some(limit)) = (&message.body, max_text_chars)
        && text.chars().count() > limit
    {
        problems.add(field, format!("must have at most {limit} characters"));
    }
}

/// The features that one request asks for, held against those that are carried.
struct Check<'a> {
    capabilities: &'a Capabilities,
    platform: &'a str,
    problems: Problems,
}

impl Check<'_> {
    fn need(&mut self, feature: Capability, field: impl Into<String>, what: &str) {
        if !self.capabilities.supports(feature) {
            let rule = format!("{} does not carry {what}", self.platform);
            self.problems.add(field, rule);
        }
    }

    fn target(&mut self, target: &Target) {
        let (feature, what) = match target {
            Target::Conversation(_) => (Capability::ToConversation, "messages to a conversation"),
            Target::Channel { .. } => (Capability::ToChannel, "messages to a channel"),
            Target::Person(Address::Phone(_)) => {
                (Capability::ToPhone, "messages to a telephone number")
            }
            Target::Person(Address::WhatsApp(_)) => (
                Capability::ToWhatsAppUser,
                "messages to a WhatsApp user by id",
            ),
            Target::Person(Address::Sip(_)) => (Capability::ToSip, "messages to a SIP address"),
            Target::Person(Address::User(_)) => {
                (Capability::ToUser, "messages to a person of a directory")
            }
        };
        self.need(feature, "to", what);
    }

    fn body(&mut self, body: &Body) {
        match body {
            Body::Text(_) => self.need(Capability::Text, "message.body.text", "text"),
            Body::Html { text: Some(_), .. }
                if self.capabilities.supports(Capability::HtmlAsText) => {}
            Body::Html { .. } => {
                let what = if self.capabilities.supports(Capability::HtmlAsText) {
                    "HTML without a text alternative"
                } else {
                    "HTML"
                };
                self.need(Capability::Html, "message.body.html", what);
            }
            Body::Media(media) => {
                let (feature, what) = match media.kind {
                    MediaKind::Image => (Capability::MediaImage, "pictures by URL"),
                    MediaKind::Document => (Capability::MediaDocument, "documents by URL"),
                    MediaKind::Video => (Capability::MediaVideo, "videos by URL"),
                    MediaKind::Audio => (Capability::MediaAudio, "sounds by URL"),
                };
                self.need(feature, "message.body.media", what);
            }
            Body::Template(_) => {
                self.need(Capability::Template, "message.body.template", "templates")
            }
            Body::Native { platform, .. } => self.native(platform),
        }
    }

    fn native(&mut self, platform: &str) {
        if platform == self.platform {
            self.need(Capability::Native, "message.body.native", "native bodies");
        } else {
            let rule = format!("is a body for {platform}, not for {}", self.platform);
            self.problems.add("message.body.native.platform", rule);
        }
    }

    fn extras(&mut self, request: &SendRequest) {
        let message = &request.message;
        let in_channel = matches!(request.to, Target::Channel { .. });
        if message.subject.is_some() {
            let (feature, what) = if in_channel {
                (Capability::SubjectInChannel, "a subject in a channel")
            } else {
                (
                    Capability::SubjectInConversation,
                    "a subject outside channels",
                )
            };
            self.need(feature, "message.subject", what);
        }
        if message.importance != Importance::Normal {
            self.need(
                Capability::Importance,
                "message.importance",
                "an importance",
            );
        }
        for (i, attachment) in message.attachments.iter().enumerate() {
            let (feature, what) = match attachment {
                Attachment::File(_) => (Capability::AttachmentFile, "file references"),
                Attachment::Image(_) => (Capability::AttachmentImage, "picture references"),
                Attachment::Card(_) => (Capability::AttachmentCard, "cards"),
                Attachment::InlineImage(_) => {
                    (Capability::AttachmentInlineImage, "inline pictures")
                }
            };
            self.need(feature, format!("message.attachments[{i}]"), what);
        }
        if request.reply_to.is_some() {
            let (feature, what) = if in_channel {
                (Capability::ReplyInChannel, "answers in a channel")
            } else {
                (Capability::ReplyInConversation, "answers in a conversation")
            };
            self.need(feature, "reply_to", what);
        }
        if request.idempotency.is_some() {
            let what = "an idempotency key: it cannot remove duplicates";
            self.need(Capability::Idempotency, "idempotency", what);
        }
        for (field, is_set) in [
            ("timeout_ms", request.timeout.is_some()),
            ("cancel", request.cancel.is_some()),
        ] {
            if is_set {
                self.need(Capability::Deadline, field, "an end before the outcome");
            }
        }
    }
}

impl fmt::Debug for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let carried = ALL.iter().filter(|feature| self.supports(**feature));
        f.debug_struct("Capabilities")
            .field("features", &carried.collect::<Vec<_>>())
            .field("max_text_chars", &self.max_text_chars)
            .finish()
    }
}

impl Capabilities {
    /// Every feature that this version knows; for tests and tables.
    #[must_use]
    pub const fn all_features() -> &'static [Capability] {
        ALL
    }
}

const ALL: &[Capability] = &[
    Capability::ToConversation,
    Capability::ToChannel,
    Capability::ToPhone,
    Capability::ToSip,
    Capability::ToUser,
    Capability::Text,
    Capability::Html,
    Capability::HtmlAsText,
    Capability::MediaImage,
    Capability::MediaDocument,
    Capability::MediaVideo,
    Capability::MediaAudio,
    Capability::Template,
    Capability::Native,
    Capability::AttachmentFile,
    Capability::AttachmentImage,
    Capability::AttachmentCard,
    Capability::AttachmentInlineImage,
    Capability::SubjectInChannel,
    Capability::SubjectInConversation,
    Capability::Importance,
    Capability::ReplyInChannel,
    Capability::ReplyInConversation,
    Capability::Idempotency,
    Capability::Deadline,
    Capability::ToWhatsAppUser,
];
