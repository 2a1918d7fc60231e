//! The conversations of a session as the server has them: their list, their state, their
//! participants.

use std::sync::Arc;

use ms_messenger_core::{Deadline, Delivery, ErrorKind, Result, open_enum};
use ms_messenger_http::Operation;

use crate::{
    application::Application,
    conversation::UcwaConversation,
    error::{PLATFORM, not_allowed},
    inner::Inner,
    operations::{
        CONVERSATION_GET, CONVERSATION_LIST, MESSAGING_GET, PARTICIPANT_GET, PARTICIPANT_LIST,
        TYPING_LIST,
    },
    resource::{Link, Resource},
    sender::Sender,
    session::UcwaSession,
    state::{ConversationState, key},
};

/// The most entries of a list of the server that are read.
const MAX_LISTED: usize = 1024;

open_enum! {
    /// The phase that a conversation is in. Source: "ConversationState".
    pub enum ConversationPhase {
        /// A meeting.
        Conferenced = "Conferenced",
        /// It becomes a meeting.
        Conferencing = "Conferencing",
        /// Open.
        Connected = "Connected",
        /// It is being opened.
        Connecting = "Connecting",
        /// Ended.
        Disconnected = "Disconnected",
        /// It is being ended.
        Disconnecting = "Disconnecting",
        /// The user is invited.
        Incoming = "Incoming",
        /// The user waits to be admitted.
        InLobby = "InLobby",
    }
}

/// What the server reports of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConversationDetails {
    /// Its phase, if the server reports it.
    pub phase: Option<ConversationPhase>,
    /// The subject.
    pub subject: Option<String>,
    /// The thread, by which a later conversation continues it.
    pub thread_id: Option<String>,
    /// What is in use, e.g. `Messaging` or `PhoneAudio`.
    pub active_modalities: Vec<String>,
}

impl UcwaSession {
    /// Lists the conversations of the session that the server has. One that the session did not know
    /// is known from now on, and can be sent to once its [`details`](UcwaConversation::details)
    /// were read.
    ///
    /// # Errors
    ///
    /// The error of the server, or the end of the session.
    pub async fn conversations(&self) -> Result<Vec<UcwaConversation>> {
        let inner = self.inner();
        inner.lifecycle.check()?;
        let application = inner.application.get();
        let href = application.conversations();
        let href = href.ok_or_else(|| not_allowed("conversations to be listed"))?;
        let list = inner.read(&application, &CONVERSATION_LIST, &href).await?;
        let mut all = Vec::new();
        for link in listed(&list, "conversation") {
            application.path(&link.href)?;
            inner
                .conversations
                .state()
                .adopt(application.id, &link.href);
            let key = key(&link.href).to_owned();
            all.push(UcwaConversation::new(self.handle().clone(), key));
        }
        Ok(all)
    }
}

impl UcwaConversation {
    /// Reads its state from the server.
    ///
    /// # Errors
    ///
    /// `NotFound` if the conversation has ended; otherwise the error of the server.
    pub async fn details(&self) -> Result<ConversationDetails> {
        let inner = self.session.inner();
        let (application, known) = self.current()?;
        let found = inner
            .read(&application, &CONVERSATION_GET, &known.href)
            .await?;
        if known.state.is_empty() {
            self.learn(&application, &found).await;
        }
        let text = |name| {
            let text = found.short_text(name).filter(|text| !text.is_empty());
            text.map(str::to_owned)
        };
        Ok(ConversationDetails {
            phase: text("state").map(ConversationPhase::from),
            subject: text("subject"),
            thread_id: text("threadId"),
            active_modalities: found.texts("activeModalities"),
        })
    }

    /// Takes what was read of a conversation that no event has reported.
    async fn learn(&self, application: &Arc<Application>, found: &Resource) {
        let messaging = match found.address("messaging") {
            Some(href) => application.read(&MESSAGING_GET, &href).await,
            None => None,
        };
        let conversations = &self.session.inner().conversations;
        let mut state = conversations.state();
        if state.application != application.id {
            return;
        }
        // An event that came meanwhile is newer.
        if let Some(known) = state.conversations.get_mut(self.key())
            && known.state.is_empty()
        {
            known.take(found);
            if let Some(messaging) = messaging {
                known.take_messaging(&messaging);
            }
        }
        drop(state);
        conversations.notify_waiters();
    }

    /// Lists the other participants.
    ///
    /// # Errors
    ///
    /// `NotFound` if the conversation has ended, `Unsupported` while it is not connected; otherwise
    /// the error of the server.
    pub async fn participants(&self) -> Result<Vec<Sender>> {
        let (application, known) = self.current()?;
        let inner = self.session.inner();
        let found = inner
            .read(&application, &CONVERSATION_GET, &known.href)
            .await?;
        let href = found.address("participants");
        let href = href.ok_or_else(|| not_allowed("participants to be listed"))?;
        self.list(&PARTICIPANT_LIST, &href).await
    }

    /// Lists the participants that are typing.
    ///
    /// # Errors
    ///
    /// As [`participants`](Self::participants).
    pub async fn typing_participants(&self) -> Result<Vec<Sender>> {
        let (_, known) = self.current()?;
        let href = known.messaging.typists;
        let href = href.ok_or_else(|| not_allowed("typing participants to be listed"))?;
        self.list(&TYPING_LIST, &href).await
    }

    async fn list(&self, operation: &'static Operation, href: &str) -> Result<Vec<Sender>> {
        let (application, known) = self.current()?;
        let inner = self.session.inner();
        let list = inner.read(&application, operation, href).await?;
        let embedded = list.all_embedded("participant");
        let mut all: Vec<Sender> = embedded.map(Sender::read).take(MAX_LISTED).collect();
        if !all.is_empty() {
            return Ok(all);
        }
        let deadline = inner.deadline();
        for link in listed(&list, "participant") {
            let found = match known.sender_at(&link.href) {
                Some(known) => Some(known),
                None => read(inner, &application, link, &deadline).await?,
            };
            all.extend(found);
        }
        Ok(all)
    }

    fn current(&self) -> Result<(Arc<Application>, ConversationState)> {
        let known = self.known()?;
        Ok((self.session.inner().application.get(), known))
    }
}

/// Reads a participant; `None` for one that has left meanwhile.
async fn read(
    inner: &Inner,
    application: &Arc<Application>,
    link: &Link,
    deadline: &Deadline,
) -> Result<Option<Sender>> {
    let reading = inner.read(application, &PARTICIPANT_GET, &link.href);
    match deadline.limit(reading).await {
        Ok(Ok(participant)) => Ok(Some(Sender::read(&participant))),
        Ok(Err(error)) if error.kind() == ErrorKind::NotFound => Ok(None),
        Ok(Err(error)) => Err(error),
        Err(reached) => {
            let error = reached.into_error().with_platform(PLATFORM);
            Err(error.with_delivery(Delivery::NotSent))
        }
    }
}

fn listed<'a>(list: &'a Resource, rel: &'a str) -> impl Iterator<Item = &'a Link> {
    list.links(rel).take(MAX_LISTED)
}
