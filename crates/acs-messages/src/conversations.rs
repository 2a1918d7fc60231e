//! Creates and lists conversations.

use ms_messenger_core::{ErrorKind, Problems, Result};
use ms_messenger_http::{Call, Pages};

use crate::{
    AcsMessagesClient, Conversation, CreateConversationRequest, ListOptions,
    error::PLATFORM,
    operations::{CONVERSATION_CREATE, CONVERSATION_LIST},
};

impl AcsMessagesClient {
    /// Creates a conversation: `POST /messages/conversations`. Source: "Conversation Administration
    /// Operations - Create Conversation", 2025-04-01-preview.
    ///
    /// The service does not remove duplicates of a creation, so it is not retried when it is unknown
    /// whether it was executed. Look for the conversation then, among those of a participant:
    /// [`conversations_with`](Self::conversations_with).
    ///
    /// ```
    /// use acs_messages::{
    ///     AcsMessagesBuilder, ConversationContact, ConversationParticipant, CreateConversationRequest,
    /// };
    /// use ms_messenger_emulator::Emulator;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let acs = &emulator.seed().acs;
    /// let client = AcsMessagesBuilder::from_connection_string(&acs.connection_string)?.build()?;
    ///
    /// let customer = ConversationParticipant::external([ConversationContact::whatsapp("+14255550123")]);
    /// let support = ConversationParticipant::internal(ConversationContact::user(&acs.users[0].id));
    /// let request = CreateConversationRequest::default()
    ///     .with_topic("Order 4711")
    ///     .with_channel(acs.channel_registration_id.parse()?)
    ///     .with_participant(customer)
    ///     .with_participant(support)
    ///     .with_initial_message("How can we help?");
    /// let conversation = client.create_conversation(&request).await?;
    /// assert_eq!(conversation.participants.len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O, with every problem; the errors of the service.
    /// [`Error::delivery`](ms_messenger_core::Error::delivery) reports whether the conversation was
    /// created.
    pub async fn create_conversation(
        &self,
        request: &CreateConversationRequest,
    ) -> Result<Conversation> {
        let mut problems = Problems::for_platform(PLATFORM);
        request.find_problems(&mut problems);
        problems.into_result(ErrorKind::InvalidRequest)?;
        let version = &self.inner().conversation_version;
        let path = format!("/messages/conversations?api-version={version}");
        let call = Call::of(&CONVERSATION_CREATE, path).with_json(&request.to_wire())?;
        let response = self.pipeline().call(call).await?;
        response.expect_status(201)?;
        let conversation: Conversation = response.json()?;
        if conversation.id.as_str().is_empty() {
            return Err(response.unusable("the response names no conversation"));
        }
        Ok(conversation)
    }

    /// Lists all conversations of the caller: [`conversations_with`](Self::conversations_with)
    /// without options.
    pub fn conversations(&self) -> Pages<Conversation> {
        self.conversations_with(&ListOptions::default())
    }

    /// Lists conversations: `GET /messages/conversations`. Source: "Conversation Thread Operations -
    /// List Conversations", 2025-04-01-preview.
    ///
    /// ```
    /// use acs_messages::{AcsMessagesBuilder, ListOptions};
    /// use ms_messenger_emulator::Emulator;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let acs = &emulator.seed().acs;
    /// let client = AcsMessagesBuilder::from_connection_string(&acs.connection_string)?.build()?;
    ///
    /// let of_user = ListOptions::default().with_participant(&acs.users[0].id);
    /// let page = client.conversations_with(&of_user).next_page().await?.unwrap_or_default();
    /// assert_eq!(page[0].id.as_str(), acs.conversation_id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn conversations_with(&self, options: &ListOptions) -> Pages<Conversation> {
        let mut problems = Problems::for_platform(PLATFORM);
        let query = options.query(true, &mut problems);
        let first = problems.into_result(ErrorKind::InvalidRequest).map(|()| {
            let version = &self.inner().conversation_version;
            let path = format!("/messages/conversations?api-version={version}{query}");
            Call::of(&CONVERSATION_LIST, path)
        });
        Pages::new(self.pipeline(), first)
    }
}
