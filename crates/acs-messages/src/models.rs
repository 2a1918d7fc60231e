//! What goes over the wire. Sources: Azure Communication Services Messages REST API,
//! "Conversation Thread Operations - Send Message" (2025-04-01-preview) and "Notification
//! Messages - Send" (2024-08-30, 2025-01-15-preview).

mod conversation;
mod interactive;
mod notification;
mod open;
mod template;

use ms_messenger_core::{Problem, Problems, open_enum};
use url::Url;

pub use conversation::ConversationContent;
pub(crate) use conversation::{SendConversationMessage, SendConversationMessageResult};
pub use interactive::{
    ActionBindings, ActionGroup, ActionGroupItem, Button, InteractiveContent, InteractiveMessage,
};
pub use notification::{NotificationContent, NotificationKind, NotificationReceipt};
pub(crate) use notification::{SendMessageResult, recipient_problem};
pub use template::{
    ButtonBinding, ButtonSubType, MessageTemplate, Reference, TemplateBindings, TemplateValue,
    TemplateValueKind, WhatsAppBindings,
};

open_enum! {
    /// Whom a message of a conversation reaches.
    ///
    /// The text of the reference calls the second value `allChannels`; its enum table, its
    /// sample and the official SDK say `allParticipants`, which is what is sent here.
    pub enum OutboundDeliveryStrategy {
        /// The participants inside ACS only.
        InternalOnly = "internalOnly",
        /// All participants, over their channels.
        AllParticipants = "allParticipants",
    }
}

/// The most characters of a text; confirmed by the live service.
pub(crate) const MAX_TEXT_CHARS: usize = 4096;

/// The platform fetches media itself, so only an address that is public will do.
pub(crate) fn check_url(url: &Url, field: &str, problems: &mut Problems) {
    let sound = url.scheme() == "https" && url.host().is_some();
    problems.add_if(!sound, field, "must be an https address");
}

pub(crate) fn check_text(text: &str, field: &str, problems: &mut Problems) {
    let blank = text.trim().is_empty();
    problems.add_if(blank, field, "must not be empty or blank");
    let long = is_longer(text, MAX_TEXT_CHARS);
    problems.add_if(long, field, "must have at most 4096 characters");
}

/// Whether `text` has more than `limit` characters; looks at no more than those.
pub(crate) fn is_longer(text: &str, limit: usize) -> bool {
    text.chars().nth(limit).is_some()
}

/// What the service may take but a recipient does not see as it was meant.
pub(crate) fn text_warning(text: &str, field: &str) -> Option<Problem> {
    let is_control = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    let rule = "has control characters, e.g. of a terminal's colours, which are not shown";
    text.contains(is_control).then(|| Problem::new(field, rule))
}
