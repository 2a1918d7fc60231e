//! The neutral model on top of the typed client.

use async_trait::async_trait;
use ms_messenger_core::{
    Acceptance, Attachment, Body, Capabilities, Capability, ConversationId, Error, ErrorKind,
    Evidence, FileReference, Messenger, Problem, Receipt, Result, SendRequest, Settled, Target,
    json,
};
use ms_messenger_http::Preview;
use serde_json::Value;

use crate::{
    AcsChatClient, ChatAttachment, ChatAttachmentType, SendChatMessageRequest, error::PLATFORM,
};

const CAPABILITIES: Capabilities = Capabilities::new(&[
    Capability::ToConversation,
    Capability::Text,
    Capability::Html,
    Capability::Native,
    Capability::Deadline,
    Capability::Journal,
]);

#[async_trait]
impl Messenger for AcsChatClient {
    fn platform(&self) -> &str {
        PLATFORM
    }

    /// Attachments are supported in [`ChatApiVersion::V2024_03_15Preview`](crate::ChatApiVersion)
    /// only.
    fn capabilities(&self) -> Capabilities {
        if self.api_version().supports_attachments() {
            CAPABILITIES
                .with(Capability::AttachmentFile)
                .with(Capability::AttachmentImage)
        } else {
            CAPABILITIES
        }
    }

    async fn send(&self, request: &SendRequest) -> Result<Receipt> {
        let deadline = request.deadline();
        let (thread, message) = self.prepare(request)?;
        let journal = request.journal.clone();
        let sent = self.post(thread, &message, deadline, journal).await?;
        let mut receipt = Receipt::new(Acceptance::Posted)
            .with_message_id(sent.id)
            .with_conversation(thread.clone());
        receipt.request_id = sent.request_id;
        Ok(receipt)
    }

    /// Lists the thread from the send on and looks for the id that the client wrote into the
    /// message. For that the client must be set up
    /// [`with_client_message_ids`](crate::AcsChatBuilder::with_client_message_ids), which changes
    /// what is sent. `NotFound` is returned only after
    /// [`with_settling_margin`](crate::AcsChatBuilder::with_settling_margin) since the last
    /// attempt. `CannotTell` without the id, when the thread cannot be listed to the end, and
    /// where a message of that time was edited or deleted and may have lost the id.
    async fn settle(&self, request: &SendRequest, evidence: &Evidence) -> Settled {
        self.look(request, evidence).await
    }
}

impl AcsChatClient {
    /// Runs every check of [`send`](Messenger::send) that needs no I/O: capabilities, the id,
    /// native bodies, the size, and the token that is at hand. `send` refuses a request with the
    /// same error.
    ///
    /// Returns warnings: what the service accepts but a reader does not see as it was meant.
    ///
    /// ```
    /// use acs_chat::AcsChatClient;
    /// use ms_messenger_core::{Message, SendRequest, StaticToken, Target};
    ///
    /// let token = StaticToken::new("eyJ0eXAi");
    /// let client = AcsChatClient::builder("https://contoso.communication.azure.com", token).build()?;
    /// let to_thread = |text| SendRequest::new(Target::conversation("19:a@thread.v2"), Message::text(text));
    /// assert!(client.check(&to_thread("hello"))?.is_empty());
    /// assert_eq!(client.check(&to_thread("")).unwrap_err().problems()[0].field, "message.body.text");
    /// # Ok::<(), ms_messenger_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`send`](Messenger::send), before any I/O.
    pub fn check(&self, request: &SendRequest) -> Result<Vec<Problem>> {
        let (thread, message) = self.prepare(request)?;
        let call = self.send_call(thread, &message)?;
        self.pipeline().check(&call)?;
        Ok(message.warnings())
    }

    /// Runs every check of [`check`](Self::check), and returns the request that a send would make,
    /// without its credential.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check).
    ///
    /// ```
    /// use acs_chat::AcsChatClient;
    /// use ms_messenger_core::{SendRequest, StaticToken, Target};
    ///
    /// let token = StaticToken::new("eyJ0eXAi");
    /// let client = AcsChatClient::builder("https://contoso.communication.azure.com", token).build()?;
    /// let preview = client.preview(&SendRequest::new(Target::conversation("19:a"), "hello"))?;
    /// assert_eq!(preview.method, "POST");
    /// assert!(preview.headers.get("authorization").is_none());
    /// # Ok::<_, ms_messenger_core::Error>(())
    /// ```
    pub fn preview(&self, request: &SendRequest) -> Result<Preview> {
        let (thread, message) = self.prepare(request)?;
        let call = self.send_call(thread, &message)?;
        self.pipeline().preview(&call)
    }

    fn prepare<'a>(
        &self,
        request: &'a SendRequest,
    ) -> Result<(&'a ConversationId, SendChatMessageRequest)> {
        self.capabilities().check(PLATFORM, request)?;
        let Target::Conversation(thread) = &request.to else {
            return Err(unsupported());
        };
        Ok((thread, self.native(request)?))
    }

    fn native(&self, request: &SendRequest) -> Result<SendChatMessageRequest> {
        let message = &request.message;
        let mut native = match &message.body {
            Body::Text(text) => SendChatMessageRequest::text(text.as_str()),
            Body::Html { html, .. } => SendChatMessageRequest::html(html.as_str()),
            Body::Native { payload, .. } => from_payload(payload)?,
            _ => return Err(unsupported()),
        };
        if native.sender_display_name.is_none() {
            native.sender_display_name = self.sender_display_name().map(str::to_owned);
        }
        for attachment in &message.attachments {
            native.attachments.push(match attachment {
                Attachment::File(file) => reference(ChatAttachmentType::File, file),
                Attachment::Image(image) => reference(ChatAttachmentType::Image, image),
                _ => return Err(unsupported()),
            });
        }
        Ok(native)
    }
}

fn from_payload(payload: &Value) -> Result<SendChatMessageRequest> {
    json::from_value(payload).map_err(|error| {
        let problem = error.into_problem_within("message.body.native.payload");
        let refused = problem.into_error(ErrorKind::InvalidRequest);
        refused.with_platform(PLATFORM)
    })
}

fn reference(kind: ChatAttachmentType, file: &FileReference) -> ChatAttachment {
    let id = file.id.clone();
    let id = id.unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
    let mut attachment = ChatAttachment::new(kind, id).with_url(file.url.as_str());
    attachment.name = file.name.clone();
    attachment
}

/// The error of a request that the check of the capabilities has refused already.
fn unsupported() -> Error {
    Error::new(ErrorKind::Unsupported, "acs-chat does not support this").with_platform(PLATFORM)
}
