//! Adds to a message that is written already.

use super::{markup::escape, message::NewChatMessage, text};
use crate::models::{BodyType, ChatMessageAttachment};

impl NewChatMessage {
    /// Adds an attachment and its marker after the content, which becomes HTML. One without an id
    /// gets a new GUID.
    ///
    /// ```
    /// use msgraph_chat::{NewChatMessage, models::ChatMessageAttachment};
    ///
    /// let link = "https://contoso.sharepoint.com/plan.docx".parse()?;
    /// let plan = ChatMessageAttachment::share_link(&link).with_id("plan");
    /// let message = NewChatMessage::text("1 < 2 ").with_attachment(plan);
    /// assert_eq!(message.body.content, r#"1 &lt; 2 <attachment id="plan"></attachment>"#);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_attachment(mut self, mut attachment: ChatMessageAttachment) -> Self {
        let id = attachment
            .id
            .get_or_insert_with(|| uuid::Uuid::new_v4().to_string());
        let marker = format!(r#"<attachment id="{}"></attachment>"#, escape(id));
        if self.body.content_type == BodyType::Text {
            let mut html = String::with_capacity(self.body.content.len() + marker.len());
            text::push(&mut html, &self.body.content);
            self.body.content = html;
            self.body.content_type = BodyType::Html;
        }
        self.body.content.push_str(&marker);
        self.attachments.push(attachment);
        self
    }
}
