//! The participants of a thread.

use ms_messenger_core::Result;
use ms_messenger_http::Pages;

use crate::{
    ChatParticipant, ChatThread, CommunicationIdentifier, ListOptions, RejectedParticipant,
    list_options::Start,
    models::{
        check::Check,
        participant::{self, AddChatParticipants, AddChatParticipantsResult},
    },
    operations::{PARTICIPANT_ADD, PARTICIPANT_LIST, PARTICIPANT_REMOVE},
};

impl ChatThread {
    /// Lists all participants: [`participants_with`](Self::participants_with) without options.
    pub fn participants(&self) -> Pages<ChatParticipant> {
        self.participants_with(&ListOptions::default())
    }

    /// Lists participants: `GET /chat/threads/{id}/participants`. Source: "Chat Thread - List Chat
    /// Participants".
    pub fn participants_with(&self, options: &ListOptions) -> Pages<ChatParticipant> {
        self.list(&PARTICIPANT_LIST, "/participants", Start::Skip, options)
    }

    /// Adds participants, at most 200 in one call: `POST /chat/threads/{id}/participants/:add`.
    /// Source: "Chat Thread - Add Chat Participants".
    ///
    /// A success can leave some of them out: the result names them. One that takes part already
    /// changes nothing, so the call is retried like a read.
    ///
    /// ```
    /// use acs_chat::{AcsChatClient, ChatParticipant};
    /// use ms_messenger_core::StaticToken;
    /// use ms_messenger_emulator::Emulator;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let acs = &emulator.seed().acs;
    /// let token = StaticToken::new(acs.users[0].token.as_str());
    /// let thread = AcsChatClient::builder(&acs.endpoint, token).build()?.thread(acs.thread_id.as_str());
    ///
    /// let user = ChatParticipant::new(acs.users[1].id.as_str()).with_display_name("Bo");
    /// let phone = ChatParticipant::new("4:+14255550123");
    /// let added = thread.add_participants([user, phone]).await?;
    /// assert_eq!(added.rejected[0].target, "4:+14255550123");
    /// thread.remove_participant(acs.users[1].id.as_str()).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `InvalidRequest` and `Unsupported` before any I/O (no participant, more than 200, an empty
    /// id, more than 1 KB of metadata); `PermissionDenied` (the caller does not take part),
    /// `NotFound`, and the other errors of the service.
    pub async fn add_participants(
        &self,
        participants: impl IntoIterator<Item = ChatParticipant>,
    ) -> Result<AddedParticipants> {
        let participants: Vec<ChatParticipant> = participants.into_iter().collect();
        let mut check = Check::new(self.client().api_version());
        let is_empty = participants.is_empty();
        check
            .broken
            .add_if(is_empty, "participants", "must not be empty");
        participant::find_problems(&participants, &mut check);
        let call = self.call(&PARTICIPANT_ADD, "/participants/:add", check)?;
        let participants = &participants;
        let call = call.with_json(&AddChatParticipants { participants })?;
        let response = self.client().call(call, 201).await?;
        let result: AddChatParticipantsResult = response.json()?;
        Ok(AddedParticipants {
            rejected: result.invalid_participants.unwrap_or_default(),
            request_id: response.request_id().map(str::to_owned),
        })
    }

    /// Removes a participant: `POST /chat/threads/{id}/participants/:remove`. Source: "Chat Thread -
    /// Remove Chat Participant".
    ///
    /// One that does not take part changes nothing, so the call is retried like a read.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O (an empty id); then as
    /// [`add_participants`](Self::add_participants).
    pub async fn remove_participant(
        &self,
        participant: impl Into<CommunicationIdentifier>,
    ) -> Result<()> {
        let participant = participant.into();
        let mut check = Check::new(self.client().api_version());
        participant.find_problems("participant", &mut check.broken);
        let call = self.call(&PARTICIPANT_REMOVE, "/participants/:remove", check)?;
        // The body is the identifier itself.
        self.client()
            .call(call.with_json(&participant)?, 204)
            .await
            .map(drop)
    }
}

/// What became of participants that were to be added (201).
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "the service can have left participants out"]
#[non_exhaustive]
pub struct AddedParticipants {
    /// Those that the service did not add; all others take part now.
    pub rejected: Vec<RejectedParticipant>,
    /// The id that the service gave the request (`MS-CV`).
    pub request_id: Option<String>,
}
