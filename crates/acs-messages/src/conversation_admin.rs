//! Reads, ends and changes one conversation.

use ms_messenger_core::{Deadline, ErrorKind, Problems, Result};
use ms_messenger_http::{Call, Operation, Pages, Response, check_id, encode_path_segment};

use crate::{
    ChangedParticipants, Conversation, ConversationMessage, ConversationParticipant,
    ConversationThread, ListOptions,
    client::Ready,
    error::PLATFORM,
    key::Key,
    models::participant::{
        self, AddParticipants, Analysis, ParticipantsResult, RemoveParticipants,
    },
    operations::{
        CONVERSATION_ANALYZE, CONVERSATION_DELETE, CONVERSATION_GET, CONVERSATION_TERMINATE,
        MESSAGE_LIST, PARTICIPANT_ADD, PARTICIPANT_REMOVE,
    },
};

impl ConversationThread {
    /// Returns the conversation: `GET /messages/conversations/{id}`. Source: "Conversation
    /// Administration Operations - Get Conversation", 2025-04-01-preview.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O for an id that no conversation has; `NotFound`,
    /// `PermissionDenied` and the other errors of the service.
    pub async fn get(&self) -> Result<Conversation> {
        let path = self.checked_path("", Problems::new())?;
        let call = Call::of(&CONVERSATION_GET, path);
        let response = self.client().pipeline().call(call).await?;
        response.expect_status(200)?;
        response.json()
    }

    /// Deletes the conversation: `DELETE /messages/conversations/{id}`. Source: "Conversation
    /// Administration Operations - Delete Conversation", 2025-04-01-preview.
    ///
    /// The call has a key, so that a retry after a lost response gets the response of the first
    /// attempt. `NotFound` after more than one attempt
    /// ([`Error::attempts`](ms_messenger_core::Error::attempts)) can still mean that an earlier one
    /// deleted the conversation, where that one ended in a failure of the service.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn delete(&self) -> Result<()> {
        let response = self.once(&CONVERSATION_DELETE, "", Problems::new(), Ok, 204);
        response.await.map(drop)
    }

    /// Ends the conversation: `POST /messages/conversations/{id}:terminate`. Source: "Conversation
    /// Administration Operations - Terminate Conversation", 2025-04-01-preview. It can still be
    /// read.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn terminate(&self) -> Result<()> {
        let response = self.once(
            &CONVERSATION_TERMINATE,
            ":terminate",
            Problems::new(),
            Ok,
            200,
        );
        response.await.map(drop)
    }

    /// Returns a summary of the conversation, which a language model writes:
    /// `POST /messages/conversations/{id}:analyze`. Source: "Conversation Thread Operations -
    /// Analyze Conversation", 2025-04-01-preview.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn analyze(&self) -> Result<String> {
        let response = self.once(&CONVERSATION_ANALYZE, ":analyze", Problems::new(), Ok, 200);
        let analysis: Analysis = response.await?.json()?;
        Ok(analysis.summary)
    }

    /// Lists all messages: [`messages_with`](Self::messages_with) without options.
    pub fn messages(&self) -> Pages<ConversationMessage> {
        self.messages_with(&ListOptions::default())
    }

    /// Lists messages, the newest first: `GET /messages/conversations/{id}/messages`. Source:
    /// "Conversation Thread Operations - List Messages", 2025-04-01-preview.
    ///
    /// ```
    /// use acs_messages::{AcsMessagesBuilder, ConversationContent, ListOptions};
    /// use ms_messenger_emulator::Emulator;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let acs = &emulator.seed().acs;
    /// let client = AcsMessagesBuilder::from_connection_string(&acs.connection_string)?.build()?;
    /// let conversation = client.conversation(acs.conversation_id.as_str());
    /// conversation.send(&ConversationContent::text("hello")).await?;
    ///
    /// let mut pages = conversation.messages_with(&ListOptions::default().with_page_size(10));
    /// let newest = pages.next_page().await?.unwrap_or_default();
    /// assert_eq!(newest[0].content, ConversationContent::text("hello"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn messages_with(&self, options: &ListOptions) -> Pages<ConversationMessage> {
        let mut problems = Problems::new();
        let query = options.query(false, &mut problems);
        let path = self.checked_path("/messages", problems);
        let first = path.map(|path| Call::of(&MESSAGE_LIST, format!("{path}{query}")));
        Pages::new(self.client().pipeline(), first)
    }

    /// Adds participants: `POST /messages/conversations/{id}/participants:add`. Source:
    /// "Conversation Thread Operations - Add Participants", 2025-04-01-preview.
    ///
    /// A success can leave some of them out: the result names them. The call has a key, so it is
    /// retried after a lost response and still executed once.
    ///
    /// ```
    /// use acs_messages::{AcsMessagesBuilder, ConversationContact, ConversationParticipant};
    /// use ms_messenger_emulator::Emulator;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let acs = &emulator.seed().acs;
    /// let client = AcsMessagesBuilder::from_connection_string(&acs.connection_string)?.build()?;
    /// let conversation = client.conversation(acs.conversation_id.as_str());
    ///
    /// let customer = ConversationContact::whatsapp("+14255550199");
    /// let customer = ConversationParticipant::external([customer]).with_display_name("Customer");
    /// let added = conversation.add_participants([customer]).await?;
    /// assert!(added.rejected.is_empty());
    /// let removed = conversation.remove_participants(["8:acs:stranger"]).await?;
    /// assert_eq!(removed.rejected[0].id, "8:acs:stranger");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O, with every problem; then as [`get`](Self::get).
    /// [`Error::delivery`](ms_messenger_core::Error::delivery) reports whether it was executed.
    pub async fn add_participants(
        &self,
        participants: impl IntoIterator<Item = ConversationParticipant>,
    ) -> Result<ChangedParticipants> {
        let participants: Vec<ConversationParticipant> = participants.into_iter().collect();
        let mut problems = Problems::new();
        let is_empty = participants.is_empty();
        problems.add_if(is_empty, "participants", "must not be empty");
        participant::find_problems(&participants, "participants", &mut problems);
        let body = |call: Call| {
            let participants = &participants;
            call.with_json(&AddParticipants { participants })
        };
        let response = self.once(&PARTICIPANT_ADD, "/participants:add", problems, body, 207);
        changed(&response.await?)
    }

    /// Removes participants by their ids: `POST /messages/conversations/{id}/participants:remove`.
    /// Source: "Conversation Thread Operations - Remove Participants", 2025-04-01-preview.
    ///
    /// A success can leave some of them in: the result names them. The call has a key, so it is
    /// retried after a lost response and still executed once.
    ///
    /// # Errors
    ///
    /// As [`add_participants`](Self::add_participants).
    pub async fn remove_participants<I>(&self, ids: I) -> Result<ChangedParticipants>
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let ids: Vec<String> = ids.into_iter().map(Into::into).collect();
        let mut problems = Problems::new();
        problems.add_if(ids.is_empty(), "participantIds", "must not be empty");
        for (i, id) in ids.iter().enumerate() {
            check_id(id, &format!("participantIds[{i}]"), &mut problems);
        }
        let body = |call: Call| {
            let participant_ids = &ids;
            call.with_json(&RemoveParticipants { participant_ids })
        };
        let response = self.once(
            &PARTICIPANT_REMOVE,
            "/participants:remove",
            problems,
            body,
            207,
        );
        changed(&response.await?)
    }

    /// Makes a call under a new key.
    async fn once(
        &self,
        operation: &'static Operation,
        rest: &str,
        problems: Problems,
        body: impl FnOnce(Call) -> Result<Call>,
        expected: u16,
    ) -> Result<Response> {
        let path = self.checked_path(rest, problems)?;
        let ready = Ready::new(Key::random(), body(Call::of(operation, path))?)?;
        let client = self.client();
        client.call_once(ready, Deadline::default(), expected).await
    }

    /// Returns the path of a call below this conversation.
    fn checked_path(&self, rest: &str, others: Problems) -> Result<String> {
        let mut problems = Problems::for_platform(PLATFORM);
        check_id(self.id().as_str(), "conversation", &mut problems);
        problems.append(others);
        problems.into_result(ErrorKind::InvalidRequest)?;
        let version = &self.client().inner().conversation_version;
        let id = encode_path_segment(self.id().as_str());
        Ok(format!(
            "/messages/conversations/{id}{rest}?api-version={version}"
        ))
    }
}

fn changed(response: &Response) -> Result<ChangedParticipants> {
    let result: ParticipantsResult = response.json()?;
    Ok(ChangedParticipants {
        rejected: result.rejected(),
        request_id: response.request_id().map(str::to_owned),
    })
}
