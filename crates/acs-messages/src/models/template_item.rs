//! Templates as a channel lists them.

use std::fmt;

use ms_messenger_core::{ErrorKind, Problems, Result, open_enum};
use serde::Deserialize;
use serde_json::Value;

use super::{template::MessageTemplate, template_needs::TemplateNeeds};
use crate::error::PLATFORM;

open_enum! {
    /// Whether a template can be sent.
    pub enum TemplateStatus {
        /// It can.
        Approved = "approved",
        /// Meta rejected it.
        Rejected = "rejected",
        /// Meta has not decided yet.
        Pending = "pending",
        /// Meta paused it.
        Paused = "paused",
    }
}

open_enum! {
    /// The messaging platform of a template.
    pub enum TemplateChannel {
        /// WhatsApp.
        WhatsApp = "whatsApp",
    }
}

/// A template of a channel in one language. `Debug` does not show its words.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct MessageTemplateItem {
    /// The name, which all languages of the template share.
    pub name: String,
    /// The language, e.g. `en_US`.
    #[serde(default)]
    pub language: String,
    /// Whether it can be sent.
    pub status: TemplateStatus,
    /// The messaging platform.
    #[serde(rename = "kind")]
    pub channel: TemplateChannel,
    /// The components, as the messaging platform describes them.
    #[serde(default)]
    pub content: Value,
}

impl MessageTemplateItem {
    /// Returns what the template asks for.
    #[must_use]
    pub fn needs(&self) -> TemplateNeeds {
        TemplateNeeds::read(&self.content)
    }

    /// Checks that `template` is this template with every value that it asks for, each where it
    /// suits, and that it can be sent.
    ///
    /// ```
    /// use acs_messages::{MessageTemplate, MessageTemplateItem, TemplateValueKind};
    /// use serde_json::json;
    ///
    /// let item: MessageTemplateItem = serde_json::from_value(json!({
    ///     "name": "parcel", "language": "en", "status": "approved", "kind": "whatsApp",
    ///     "content": [
    ///         {"type": "BODY", "text": "Your parcel {{1}} is on its way."},
    ///         {"type": "BUTTONS", "buttons": [
    ///             {"type": "URL", "text": "Track", "url": "https://contoso.com/{{1}}"}]},
    ///     ],
    /// }))?;
    /// let parcel = MessageTemplate::new("parcel", "en").bind_body(TemplateValueKind::text("7"));
    /// let error = item.check(&parcel).unwrap_err();
    /// assert_eq!(error.problems()[0].field, "template.bindings.buttons[0]");
    /// assert!(item.check(&parcel.bind_url("7")).is_ok());
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `InvalidRequest` with every problem.
    pub fn check(&self, template: &MessageTemplate) -> Result<()> {
        let mut problems = Problems::for_platform(PLATFORM);
        template.find_problems("template", &mut problems);
        let is_it = template.name == self.name;
        problems.add_if(
            !is_it,
            "template.name",
            "is not that of the listed template",
        );
        let is_it = template.language == self.language;
        let rule = "is not that of the listed template";
        problems.add_if(!is_it, "template.language", rule);
        if self.status != TemplateStatus::Approved {
            let rule = match &self.status {
                TemplateStatus::Other(_) => "has an unknown status, and is not approved".to_owned(),
                status => format!("is {status}, so that it cannot be sent"),
            };
            problems.add("template.name", rule);
        }
        self.needs()
            .find_problems(template, "template", &mut problems);
        problems.into_result(ErrorKind::InvalidRequest)
    }
}

impl fmt::Debug for MessageTemplateItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageTemplateItem")
            .field("name", &self.name)
            .field("language", &self.language)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}
