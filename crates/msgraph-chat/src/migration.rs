//! The import of messages of other times and users, for an application without a user.

use std::time::{SystemTime, UNIX_EPOCH};

use ms_messenger_core::{Delivery, Error, MessageId, Result, UserId, clause};
use ms_messenger_http::Call;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    channel::Channel,
    chat::Chat,
    client::GraphChatClient,
    content::Text,
    destination::Destination,
    messages::MessageHandle,
    models::{BodyType, ChatMessage},
    operations::{
        CHANNEL_IMPORT, CHANNEL_MIGRATION_COMPLETE, CHANNEL_MIGRATION_START, CHAT_IMPORT,
        CHAT_MIGRATION_COMPLETE, CHAT_MIGRATION_START, REPLY_IMPORT, TEAM_MIGRATION_COMPLETE,
    },
    paths::CheckedPath,
    posted::{PostedMessage, read_id},
    teams::Team,
    times::rfc3339,
    write::{NewChatMessage, markup::Markup},
};

/// A message to be imported: its content, its sender and the time at which it was written.
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// use msgraph_chat::ImportedMessage;
///
/// let written = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
/// let message = ImportedMessage::new("8ea0e38b-efb3-4757-924a-5f94061cf8c2", "Good morning")
///     .with_display_name("Robin Kline")
///     .with_created(written);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a message does nothing until it is imported"]
pub struct ImportedMessage {
    user: UserId,
    display_name: Option<String>,
    created: Option<SystemTime>,
    message: NewChatMessage,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    created_date_time: Option<String>,
    from: Value,
    #[serde(flatten)]
    message: &'a NewChatMessage,
}

impl ImportedMessage {
    /// Returns a message of `user`, by id, that is imported with the current time.
    pub fn new(user: impl Into<UserId>, message: impl Into<NewChatMessage>) -> Self {
        Self {
            user: user.into(),
            display_name: None,
            created: None,
            message: message.into(),
        }
    }

    /// Sets the name of the user.
    pub fn with_display_name(mut self, name: impl Into<String>) -> Self {
        self.display_name = Some(name.into());
        self
    }

    /// Sets the time of creation, whose milliseconds become the id of the message. It is later than
    /// that of the channel or chat, not in the future, and of no other message there. An import with
    /// a time can be repeated: it never leaves two messages.
    pub fn with_created(mut self, time: SystemTime) -> Self {
        self.created = Some(time);
        self
    }

    /// The id that the message gets, where it has a time.
    fn id(&self) -> Option<MessageId> {
        let since = self.created?.duration_since(UNIX_EPOCH).ok()?;
        Some(MessageId::new(since.as_millis().to_string()))
    }

    fn body(&self) -> Body<'_> {
        let mut user = json!({"id": self.user, "userIdentityType": "aadUser"});
        if let Some(name) = &self.display_name {
            user["displayName"] = name.as_str().into();
        }
        Body {
            created_date_time: self.created.map(rfc3339),
            from: json!({"user": user}),
            message: &self.message,
        }
    }

    /// Whether `stored` has the sender and the visible text of this message.
    fn is(&self, stored: &ChatMessage) -> bool {
        let user = stored.from.as_ref().and_then(|it| it.user.as_ref());
        let user = user.and_then(|it| it.id.as_deref());
        let is_sender = user.is_some_and(|id| id.eq_ignore_ascii_case(self.user.as_str()));
        let Some(body) = stored.body.as_ref().filter(|_| is_sender) else {
            return false;
        };
        let content = body.content.as_deref().unwrap_or_default();
        let stored = match body.content_type {
            Some(BodyType::Html) => Text::of(&Markup::read(content).text),
            _ => Text::of(content),
        };
        Text::of(self.message.seen(&self.message.markup())) == stored
    }
}

impl Channel {
    /// Starts the import into the channel, until it is completed: `POST …/startMigration`. `since`
    /// moves its time of creation back, so that older messages can be imported. Source: "channel:
    /// startMigration", which the global cloud alone has.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` when it was started already, among others; else the error of the service.
    /// When it is unknown whether it was started, the
    /// [migration mode](crate::models::ChannelInfo::migration_mode) of [`get`](Self::get) shows it.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    ///
    /// use ms_messenger_core::StaticToken;
    /// use ms_messenger_emulator::Emulator;
    /// use msgraph_chat::{GraphChatClient, ImportedMessage};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let graph = &emulator.seed().graph;
    /// let builder = GraphChatClient::builder(StaticToken::new(graph.app_token.as_str()));
    /// let client = builder.with_base_url(&graph.base).with_app_only(true).build()?;
    ///
    /// let year_2001 = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    /// let channel = client.channel(graph.team_id.as_str(), graph.channel_id.as_str());
    /// channel.start_migration(Some(year_2001)).await?;
    /// let message = ImportedMessage::new(graph.users[1].id.as_str(), "Good morning")
    ///     .with_created(year_2001 + Duration::from_secs(60));
    /// let imported = channel.import(&message).await?;
    /// assert_eq!(imported.id, "1000000060000");
    /// channel.complete_migration().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn start_migration(&self, since: Option<SystemTime>) -> Result<()> {
        let call = self.path().then("/startMigration");
        self.client
            .start(call.call(&CHANNEL_MIGRATION_START), since)
            .await
    }

    /// Completes the import: `POST …/completeMigration`. Source: "channel: completeMigration".
    ///
    /// # Errors
    ///
    /// As [`start_migration`](Self::start_migration).
    pub async fn complete_migration(&self) -> Result<()> {
        let path = self.path().then("/completeMigration");
        self.client
            .execute(path.call(&CHANNEL_MIGRATION_COMPLETE))
            .await
    }

    /// Imports a message: `POST …/messages`. Source: "Import third-party platform messages to
    /// Teams".
    ///
    /// When the response is lost, or the service has a message of that time already, the message is
    /// looked up by its time: if it is this one, the import is a success.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O, with every problem; `Conflict` when another message has this
    /// time: import it one millisecond later; else the error of the service.
    pub async fn import(&self, message: &ImportedMessage) -> Result<PostedMessage> {
        let call = self.path().then("/messages").call(&CHANNEL_IMPORT)?;
        let to = Destination::Channel {
            team: self.team(),
            channel: self.id(),
            reply_to: None,
        };
        let stored = message.id().map(|id| self.message(id));
        self.client.import(call, to, stored, message).await
    }

    /// Imports a reply to the message `to`: `POST …/messages/{id}/replies`.
    ///
    /// # Errors
    ///
    /// As [`import`](Self::import).
    pub async fn import_reply(
        &self,
        to: impl Into<MessageId>,
        message: &ImportedMessage,
    ) -> Result<PostedMessage> {
        let root = to.into();
        let path = self.path().then("/messages").id("root", root.as_str());
        let call = path.then("/replies").call(&REPLY_IMPORT)?;
        let to = Destination::Channel {
            team: self.team(),
            channel: self.id(),
            reply_to: Some(&root),
        };
        let stored = message.id().map(|id| self.reply_message(root.clone(), id));
        self.client.import(call, to, stored, message).await
    }
}

impl Chat {
    /// Starts the import into the chat, which is not that of a meeting: `POST …/startMigration`.
    /// Source: "chat: startMigration".
    ///
    /// # Errors
    ///
    /// As [`Channel::start_migration`].
    pub async fn start_migration(&self, since: Option<SystemTime>) -> Result<()> {
        let path = self.path().then("/startMigration");
        self.client
            .start(path.call(&CHAT_MIGRATION_START), since)
            .await
    }

    /// Completes the import: `POST …/completeMigration`. Source: "chat: completeMigration".
    ///
    /// # Errors
    ///
    /// As [`Channel::start_migration`].
    pub async fn complete_migration(&self) -> Result<()> {
        let path = self.path().then("/completeMigration");
        self.client
            .execute(path.call(&CHAT_MIGRATION_COMPLETE))
            .await
    }

    /// Imports a message: `POST …/messages`.
    ///
    /// # Errors
    ///
    /// As [`Channel::import`].
    pub async fn import(&self, message: &ImportedMessage) -> Result<PostedMessage> {
        let call = self.path().then("/messages").call(&CHAT_IMPORT)?;
        let to = Destination::Chat {
            chat: self.id(),
            quoted: None,
        };
        let stored = message.id().map(|id| self.message(id));
        self.client.import(call, to, stored, message).await
    }
}

impl Team {
    /// Completes the import into all channels of the team: `POST /teams/{id}/completeMigration`.
    /// Source: "team: completeMigration".
    ///
    /// # Errors
    ///
    /// As [`Channel::start_migration`].
    pub async fn complete_migration(&self) -> Result<()> {
        let path = self.path().then("/completeMigration");
        self.client
            .execute(path.call(&TEAM_MIGRATION_COMPLETE))
            .await
    }
}

impl GraphChatClient {
    async fn start(&self, call: Result<Call>, since: Option<SystemTime>) -> Result<()> {
        match since {
            None => self.execute(call).await,
            Some(since) => {
                let body = json!({"conversationCreationDateTime": rfc3339(since)});
                self.execute_with(call, &body).await
            }
        }
    }

    /// Imports `message` by `call`; `stored` is where it is then.
    async fn import(
        &self,
        call: Call,
        to: Destination<'_>,
        stored: Option<MessageHandle>,
        message: &ImportedMessage,
    ) -> Result<PostedMessage> {
        CheckedPath::new("")
            .id("from", message.user.as_str())
            .checked()?;
        // Its checks are those of a send; its body is another one.
        self.prepare(to, &message.message, None)?;
        let call = call.with_json(&message.body())?;
        match self.pipeline().call(call).await {
            Ok(response) => {
                let stored =
                    read_id(response.body(), false).map_err(|rule| response.unusable(rule))?;
                Ok(PostedMessage::new(stored.id, &response))
            }
            Err(error) => match stored.filter(|_| error.delivery() == Delivery::Unknown) {
                Some(stored) => look(&stored, message, error).await,
                None => Err(error),
            },
        }
    }
}

/// The message that `stored` names, if it is `message`; else `error`.
async fn look(
    stored: &MessageHandle,
    message: &ImportedMessage,
    error: Error,
) -> Result<PostedMessage> {
    let looked = stored.response().await;
    // A failed look proves nothing.
    let Some((read, response)) = looked.ok().and_then(|it| Some((it.json().ok()?, it))) else {
        return Err(error);
    };
    if message.is(&read) {
        let mut posted = PostedMessage::new(stored.id().clone(), &response);
        // That of the look is not that of the import.
        posted.request_id = None;
        return Ok(posted);
    }
    let text = format!("{}; another message has this time", clause(error.message()));
    Err(error.with_message(text))
}
