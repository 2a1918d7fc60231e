//! Notifications in activity feeds.

use ms_messenger_core::{ChannelId, ConversationId, ErrorKind, Problems, Result, TeamId, UserId};
use ms_messenger_http::{Call, Operation, check_id};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    chat::Chat,
    client::GraphChatClient,
    error::PLATFORM,
    operations::{NOTIFY_CHAT, NOTIFY_RECIPIENTS, NOTIFY_TEAM, NOTIFY_USER},
    paths::CheckedPath,
    teams::Team,
};

/// The published limit of recipients of one notification.
const MAX_RECIPIENTS: usize = 100;

/// What a notification is about, and where a click on it leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ActivityTopic {
    source: &'static str,
    value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    web_url: Option<String>,
}

impl ActivityTopic {
    /// Returns a resource of Graph by its address, e.g.
    /// `https://graph.microsoft.com/v1.0/chats/19:…`.
    pub fn entity(url: impl Into<String>) -> Self {
        Self {
            source: "entityUrl",
            value: url.into(),
            web_url: None,
        }
    }

    /// Returns a topic of its own, with the link into Teams that a click opens.
    pub fn text(text: impl Into<String>, web_url: impl Into<String>) -> Self {
        Self {
            source: "text",
            value: text.into(),
            web_url: Some(web_url.into()),
        }
    }
}

/// A notification in the activity feed of users. The app of the token must be installed for them, and
/// its manifest must declare the type of the activity.
///
/// ```
/// use msgraph_chat::{ActivityNotification, ActivityTopic};
///
/// let topic = ActivityTopic::text("Deployment 4711", "https://teams.microsoft.com/l/entity/1");
/// let notification = ActivityNotification::new(topic, "approvalRequired")
///     .with_preview("Deployment 4711 needs your approval")
///     .with_parameter("deployment", "4711")
///     .with_chain_id(4711);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[must_use = "a notification does nothing until it is sent"]
pub struct ActivityNotification {
    topic: ActivityTopic,
    activity_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    chain_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preview_text: Option<Preview>,
    #[serde(skip_serializing_if = "Option::is_none")]
    teams_app_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    icon_id: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    template_parameters: Vec<Parameter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Preview {
    content: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Parameter {
    name: String,
    value: String,
}

impl ActivityNotification {
    /// Returns a notification about `topic`, of a type that the manifest of the app declares.
    pub fn new(topic: ActivityTopic, activity_type: impl Into<String>) -> Self {
        Self {
            topic,
            activity_type: activity_type.into(),
            chain_id: None,
            preview_text: None,
            teams_app_id: None,
            icon_id: None,
            template_parameters: Vec::new(),
        }
    }

    /// Sets the preview; the first 150 characters are shown.
    pub fn with_preview(mut self, text: impl Into<String>) -> Self {
        self.preview_text = Some(Preview {
            content: text.into(),
        });
        self
    }

    /// Sets a parameter of the text that the manifest has for the type.
    pub fn with_parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.template_parameters.push(Parameter {
            name: name.into(),
            value: value.into(),
        });
        self
    }

    /// Sets the id by which a later notification replaces this one.
    pub fn with_chain_id(mut self, id: i64) -> Self {
        self.chain_id = Some(id);
        self
    }

    /// Sets the id of the Teams app, where several apps belong to the application of the token.
    pub fn with_teams_app_id(mut self, id: impl Into<String>) -> Self {
        self.teams_app_id = Some(id.into());
        self
    }

    /// Sets the id of an icon that the manifest declares.
    pub fn with_icon_id(mut self, id: impl Into<String>) -> Self {
        self.icon_id = Some(id.into());
        self
    }

    fn check(&self, problems: &mut Problems) {
        let empty = "must not be empty";
        problems.add_if(self.topic.value.is_empty(), "topic.value", empty);
        let url = self.topic.web_url.as_ref();
        problems.add_if(url.is_some_and(String::is_empty), "topic.web_url", empty);
        problems.add_if(self.activity_type.is_empty(), "activity_type", empty);
        let nameless = self.template_parameters.iter().any(|it| it.name.is_empty());
        problems.add_if(nameless, "parameters.name", empty);
    }
}

/// The recipient of a notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivityRecipient(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    User(UserId),
    Chat(ConversationId),
    Channel(TeamId, ChannelId),
    Team(TeamId),
}

impl ActivityRecipient {
    /// Returns one user.
    pub fn user(id: impl Into<UserId>) -> Self {
        Self(Kind::User(id.into()))
    }

    /// Returns the members of a chat.
    pub fn chat(id: impl Into<ConversationId>) -> Self {
        Self(Kind::Chat(id.into()))
    }

    /// Returns the members of a channel.
    pub fn channel(team: impl Into<TeamId>, channel: impl Into<ChannelId>) -> Self {
        Self(Kind::Channel(team.into(), channel.into()))
    }

    /// Returns the members of a team.
    pub fn team(id: impl Into<TeamId>) -> Self {
        Self(Kind::Team(id.into()))
    }

    fn check(&self, problems: &mut Problems) {
        let mut check = |id: &str| check_id(id, "recipient", problems);
        match &self.0 {
            Kind::User(id) => check(id.as_str()),
            Kind::Chat(id) => check(id.as_str()),
            Kind::Team(id) => check(id.as_str()),
            Kind::Channel(team, channel) => {
                check(team.as_str());
                check(channel.as_str());
            }
        }
    }

    fn to_json(&self) -> Value {
        let of = |kind: &str| format!("#microsoft.graph.{kind}NotificationRecipient");
        match &self.0 {
            Kind::User(id) => json!({"@odata.type": of("aadUser"), "userId": id}),
            Kind::Chat(id) => json!({"@odata.type": of("chatMembers"), "chatId": id}),
            Kind::Team(id) => json!({"@odata.type": of("teamMembers"), "teamId": id}),
            Kind::Channel(team, channel) => json!({
                "@odata.type": of("channelMembers"), "teamId": team, "channelId": channel,
            }),
        }
    }
}

/// A notification with its recipients, on the wire.
#[derive(Serialize)]
struct Addressed<'a> {
    #[serde(flatten)]
    notification: &'a ActivityNotification,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipients: Option<Vec<Value>>,
}

impl GraphChatClient {
    /// Notifies `user`, by id or principal name:
    /// `POST /users/{id}/teamwork/sendActivityNotification`. Source: "userTeamwork:
    /// sendActivityNotification".
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O, with every problem; else the error of the service. It is not
    /// retried when it is unknown whether the user was notified; a notification with a
    /// [chain id](ActivityNotification::with_chain_id) can be sent again by the caller.
    ///
    /// ```
    /// use ms_messenger_core::StaticToken;
    /// use ms_messenger_emulator::Emulator;
    /// use msgraph_chat::{ActivityNotification, ActivityTopic, GraphChatClient};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let graph = &emulator.seed().graph;
    /// let token = StaticToken::new(graph.token.as_str());
    /// let client = GraphChatClient::builder(token).with_base_url(&graph.base).build()?;
    ///
    /// let topic = ActivityTopic::entity(format!("{}/chats/{}", graph.base, graph.chat_id));
    /// let notification = ActivityNotification::new(topic, "approvalRequired");
    /// client.notify_user("bob@contoso.test", &notification).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn notify_user(
        &self,
        user: impl Into<UserId>,
        notification: &ActivityNotification,
    ) -> Result<()> {
        let path = CheckedPath::user(&user.into());
        let path = path.then("/teamwork/sendActivityNotification");
        self.notify(path, &NOTIFY_USER, notification, &[], None)
            .await
    }

    /// Notifies up to 100 recipients: `POST /teamwork/sendActivityNotificationToRecipients`. Source:
    /// "teamwork: sendActivityNotificationToRecipients".
    ///
    /// # Errors
    ///
    /// As [`notify_user`](Self::notify_user).
    pub async fn notify_recipients(
        &self,
        recipients: impl IntoIterator<Item = ActivityRecipient>,
        notification: &ActivityNotification,
    ) -> Result<()> {
        let recipients: Vec<_> = recipients.into_iter().collect();
        let sound = (1..=MAX_RECIPIENTS).contains(&recipients.len());
        let path = CheckedPath::new("/teamwork/sendActivityNotificationToRecipients");
        let path = path.refuse_if(!sound, "recipients", "must be 1 to 100");
        self.notify(path, &NOTIFY_RECIPIENTS, notification, &recipients, None)
            .await
    }

    async fn notify(
        &self,
        path: CheckedPath,
        of: &'static Operation,
        notification: &ActivityNotification,
        recipients: &[ActivityRecipient],
        recipient: Option<&ActivityRecipient>,
    ) -> Result<()> {
        let call: Call = path.call(of)?;
        let mut problems = Problems::for_platform(PLATFORM);
        notification.check(&mut problems);
        for recipient in recipients.iter().chain(recipient) {
            recipient.check(&mut problems);
        }
        problems.into_result(ErrorKind::InvalidRequest)?;
        let all = recipients.iter().map(ActivityRecipient::to_json);
        let body = Addressed {
            notification,
            recipient: recipient.map(ActivityRecipient::to_json),
            recipients: (!recipients.is_empty()).then(|| all.collect()),
        };
        self.execute_with(Ok(call), &body).await
    }
}

impl Chat {
    /// Notifies a member, or all members, of the chat: `POST /chats/{id}/sendActivityNotification`.
    /// Source: "chat: sendActivityNotification".
    ///
    /// # Errors
    ///
    /// As [`notify_user`](GraphChatClient::notify_user).
    pub async fn notify(
        &self,
        recipient: &ActivityRecipient,
        notification: &ActivityNotification,
    ) -> Result<()> {
        let path = self.path().then("/sendActivityNotification");
        let client = &self.client;
        client
            .notify(path, &NOTIFY_CHAT, notification, &[], Some(recipient))
            .await
    }
}

impl Team {
    /// Notifies a member, or all members, of the team or of one of its channels:
    /// `POST /teams/{id}/sendActivityNotification`. Source: "team: sendActivityNotification".
    ///
    /// # Errors
    ///
    /// As [`notify_user`](GraphChatClient::notify_user).
    pub async fn notify(
        &self,
        recipient: &ActivityRecipient,
        notification: &ActivityNotification,
    ) -> Result<()> {
        let path = self.path().then("/sendActivityNotification");
        let client = &self.client;
        client
            .notify(path, &NOTIFY_TEAM, notification, &[], Some(recipient))
            .await
    }
}
