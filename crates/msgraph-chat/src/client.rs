//! The typed client.

use std::{sync::Arc, time::Duration};

use ms_messenger_core::{
    ChannelId, ConversationId, Deadline, Delivery, Error, ErrorKind, Evidence, Mark, MessageId,
    Problems, Result, TeamId, TokenProvider, TokenRequest, UserId,
};
use ms_messenger_http::{Call, Pipeline, Response, Variables, check_id};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::json;
use uuid::Uuid;

use crate::{
    ChatMessage, GraphChatBuilder, NewChatMessage, Place,
    delegated::own_user,
    error::PLATFORM,
    models::Timestamp,
    ready::{Draft, QUOTE, Ready},
    sends::{Content, RecentSends, UnderWay},
};

/// What stands in a path segment as it is: the service writes `:` and `@` of its ids raw.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b':')
    .remove(b'@');

/// The same within a text of OData, where the apostrophe has its meaning.
const LITERAL: &AsciiSet = &SEGMENT.remove(b'\'');

/// The most messages that one can quote.
const MAX_QUOTES: usize = 10;

pub(crate) fn segment(id: &str) -> PercentEncode<'_> {
    utf8_percent_encode(id, SEGMENT)
}

/// A client for Teams messages through Microsoft Graph v1.0, speaking as one user. Clone it to
/// share it: a clone is cheap.
#[derive(Clone, Debug)]
pub struct GraphChatClient(Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) pipeline: Pipeline,
    pub(crate) max_message_bytes: Option<usize>,
    pub(crate) max_call_bytes: Option<usize>,
    pub(crate) one_on_one: Option<UserId>,
    /// What the pipeline authorises with: settling asks it who the own user is.
    pub(crate) token: Arc<dyn TokenProvider>,
    pub(crate) scopes: &'static [&'static str],
    pub(crate) sends: RecentSends,
    pub(crate) settling_margin: Duration,
}

/// What a send has besides its message.
#[derive(Default)]
pub(crate) struct Extras {
    pub(crate) deadline: Deadline,
    /// The chat, where the target does not name it.
    pub(crate) conversation: Option<ConversationId>,
    /// By what this message alone can be recognised.
    pub(crate) mark: Option<Mark>,
}

/// A message that the service says it stored.
pub(crate) struct Sent<'a> {
    response: Response,
    under_way: UnderWay<'a>,
}

impl Sent<'_> {
    /// Reads what was stored and notes its id.
    pub(crate) fn read<T: DeserializeOwned>(
        self,
        id: impl Fn(&T) -> Option<&str>,
    ) -> Result<(T, Response)> {
        let stored: T = self.response.json()?;
        match id(&stored).filter(|id| !id.is_empty()) {
            Some(id) => self.under_way.sent(id),
            None => return Err(self.response.unusable("the response names no message")),
        }
        Ok((stored, self.response))
    }

    fn message(self) -> Result<ChatMessage> {
        let (message, _) = self.read(|stored: &ChatMessage| stored.id.as_deref())?;
        Ok(message)
    }
}

impl GraphChatClient {
    /// Sets up a client that speaks as the user whose delegated tokens `token` hands out.
    /// Tokens are cached here; `token` need not do it.
    ///
    /// Least permissions: ChannelMessage.Send for channels, ChatMessage.Send for chats.
    pub fn builder(token: impl TokenProvider) -> GraphChatBuilder {
        GraphChatBuilder::new(Arc::new(token))
    }

    /// Sets up a client by the environment: `MSGRAPH_TOKEN`, a delegated token, which is not
    /// renewed; and, if they are set, `MSGRAPH_CLOUD`, `MSGRAPH_BASE_URL` and `MSGRAPH_USER`.
    /// The README says more of them.
    ///
    /// # Errors
    ///
    /// `Config` that names every variable that is missing or unusable, and no value.
    pub fn from_env() -> Result<GraphChatBuilder> {
        GraphChatBuilder::from_vars(Variables::from_process())
    }

    pub(crate) fn from_inner(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// The channel `channel` of the team `team`. Nothing is asked of the service.
    pub fn channel(&self, team: impl Into<TeamId>, channel: impl Into<ChannelId>) -> Channel {
        Channel {
            client: self.clone(),
            team: team.into(),
            id: channel.into(),
        }
    }

    /// The chat with the id `id`. Nothing is asked of the service.
    pub fn chat(&self, id: impl Into<ConversationId>) -> Chat {
        Chat {
            client: self.clone(),
            id: id.into(),
        }
    }

    /// The chat between `own` and `other` alone, found or created: `POST /chats`. Source:
    /// "Create chat". Repeating it changes nothing, so it is tried again like a read.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O when an id is empty; the service's own refusals. No
    /// message is ever sent by it.
    pub async fn one_on_one_chat(&self, own: &UserId, other: &UserId) -> Result<Chat> {
        self.find_one_on_one(own, other, &Deadline::default()).await
    }

    pub(crate) async fn find_one_on_one(
        &self,
        own: &UserId,
        other: &UserId,
        deadline: &Deadline,
    ) -> Result<Chat> {
        let mut problems = Problems::new();
        check_id(own.as_str(), "own", &mut problems);
        check_id(other.as_str(), "other", &mut problems);
        refuse(problems)?;
        let member = |id: &UserId| {
            // An apostrophe ends a text in OData unless it is doubled; a guest's name holds `#`.
            let id = id.as_str().replace('\'', "''");
            let id = utf8_percent_encode(&id, LITERAL);
            json!({
                "@odata.type": "#microsoft.graph.aadUserConversationMember",
                "roles": ["owner"],
                "user@odata.bind": format!("{}/users('{id}')", self.0.pipeline.endpoint()),
            })
        };
        let body = json!({"chatType": "oneOnOne", "members": [member(own), member(other)]});
        let call = Call::post("chat.create", "/chats")
            .with_json(&body)?
            .with_deadline(deadline.clone())
            .without_message();
        #[derive(Deserialize)]
        struct Created {
            id: ConversationId,
        }
        let created: Created = self.0.pipeline.call(call).await?.json()?;
        Ok(self.chat(created.id))
    }

    pub(crate) fn pipeline(&self) -> &Pipeline {
        &self.0.pipeline
    }

    pub(crate) fn token(&self) -> (&dyn TokenProvider, &'static [&'static str]) {
        (self.0.token.as_ref(), self.0.scopes)
    }

    /// The user of the token that is at hand, if it says so.
    pub(crate) fn user_at_hand(&self) -> Option<String> {
        let (provider, scopes) = self.token();
        let token = provider.cached_token(&TokenRequest::new(scopes)).ok()??;
        own_user(token.secret())
    }

    pub(crate) fn sends(&self) -> &RecentSends {
        &self.0.sends
    }

    pub(crate) fn one_on_one(&self) -> Option<&UserId> {
        self.0.one_on_one.as_ref()
    }

    pub(crate) fn limits(&self) -> (Option<usize>, Option<usize>) {
        (self.0.max_message_bytes, self.0.max_call_bytes)
    }

    /// Posts what is ready to the messages at `place`.
    pub(crate) async fn post(
        &self,
        place: &str,
        ready: Ready,
        message: &NewChatMessage,
        extras: Extras,
    ) -> Result<Sent<'_>> {
        let content = Content::of(&ready.list(place), message);
        let call = ready.call(place).with_deadline(extras.deadline);
        let call = match extras.mark {
            Some(mark) => call.with_mark(mark),
            None => call,
        };
        let under_way = self.0.sends.begin(content, self.0.settling_margin);
        let response = match self.0.pipeline.call(call).await {
            Ok(response) => response,
            Err(error) => {
                return Err(match error.delivery() {
                    Delivery::NotSent => {
                        under_way.not_sent();
                        error
                    }
                    Delivery::Unknown => {
                        let error = under_way.in_doubt(error, self.user_at_hand());
                        in_conversation(error, extras.conversation)
                    }
                    _ => error,
                });
            }
        };
        // Imports are answered with 200 by some documents, everything else with 201.
        match response.status() {
            200 | 201 => Ok(Sent {
                response,
                under_way,
            }),
            _ => Err(response.unusable("a send is answered with 201, this was another success")),
        }
    }
}

/// Notes in the evidence where the message would be.
fn in_conversation(error: Error, conversation: Option<ConversationId>) -> Error {
    match (Evidence::of(&error), conversation) {
        (Some(evidence), Some(id)) => error.with_evidence(evidence.with_conversation(id)),
        _ => error,
    }
}

pub(crate) fn refuse(problems: Problems) -> Result<()> {
    problems
        .into_result(ErrorKind::InvalidRequest)
        .map_err(|error| error.with_platform(PLATFORM))
}

/// What a receipt needs of a response, and nothing more of it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Posted {
    pub(crate) id: MessageId,
    #[serde(default)]
    pub(crate) created_date_time: Option<Timestamp>,
}

/// A channel of a team.
#[derive(Clone, Debug)]
pub struct Channel {
    client: GraphChatClient,
    team: TeamId,
    id: ChannelId,
}

impl Channel {
    /// Sends a message to the channel: `POST /teams/{id}/channels/{id}/messages`. Source:
    /// "Send chatMessage in a channel or a chat".
    ///
    /// The service has no way to remove duplicates, so a send of which it is unknown whether it
    /// was executed is not repeated.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O, with every problem; `PermissionDenied`, before any I/O
    /// for a token of an application alone; the service's own refusals.
    /// [`Error::delivery`](ms_messenger_core::Error::delivery) says whether the message is out.
    pub async fn send(&self, message: &NewChatMessage) -> Result<ChatMessage> {
        let ready = self.ready(None, message)?;
        let place = self.place();
        let sent = self.client.post(&place, ready, message, Extras::default());
        sent.await?.message()
    }

    /// Answers the message `to` of the channel: `POST …/messages/{id}/replies`. Source: "Send
    /// replies to a message in a channel".
    ///
    /// # Errors
    ///
    /// As [`Channel::send`].
    pub async fn reply(&self, to: &MessageId, message: &NewChatMessage) -> Result<ChatMessage> {
        let ready = self.ready(Some(to), message)?;
        let place = self.place();
        let sent = self.client.post(&place, ready, message, Extras::default());
        sent.await?.message()
    }

    /// Where its messages are.
    pub(crate) fn place(&self) -> String {
        format!(
            "/teams/{}/channels/{}/messages",
            segment(self.team.as_str()),
            segment(self.id.as_str())
        )
    }

    /// Runs every check of a message to this channel.
    pub(crate) fn ready(
        &self,
        reply_to: Option<&MessageId>,
        message: &NewChatMessage,
    ) -> Result<Ready> {
        let mut draft = Draft::new(Place::Channel, message);
        let team = self.team.as_str();
        check_id(team, "team", &mut draft.problems);
        let is_read = !team.is_empty() && draft.problems.is_empty();
        let rule = "must be a GUID";
        let is_guid = Uuid::try_parse(team).is_ok();
        draft.problems.add_if(is_read && !is_guid, "team", rule);
        check_id(self.id.as_str(), "channel", &mut draft.problems);
        if let Some(id) = reply_to {
            check_id(id.as_str(), "reply_to", &mut draft.problems);
            draft.operation = "send.reply";
            draft.tail = format!("/{}/replies", segment(id.as_str()));
        }
        draft.ready(message, self.client.limits())
    }
}

/// A chat: one-on-one, of a group, or of a meeting.
#[derive(Clone, Debug)]
pub struct Chat {
    client: GraphChatClient,
    id: ConversationId,
}

/// The body of a quote.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Quote<'a> {
    message_ids: &'a [MessageId],
    reply_message: &'a NewChatMessage,
}

impl Chat {
    /// The id of the chat.
    #[must_use]
    pub fn id(&self) -> &ConversationId {
        &self.id
    }

    /// Sends a message to the chat: `POST /chats/{id}/messages`. Source: "Send chatMessage in a
    /// channel or a chat".
    ///
    /// # Errors
    ///
    /// As [`Channel::send`].
    pub async fn send(&self, message: &NewChatMessage) -> Result<ChatMessage> {
        let ready = self.ready(None, message)?;
        let place = self.place();
        let sent = self.client.post(&place, ready, message, Extras::default());
        sent.await?.message()
    }

    /// Sends a message that quotes one to ten others: `POST /chats/{id}/messages/replyWithQuote`.
    /// Source: "chatMessage: replyWithQuote". A chat has no other answers.
    ///
    /// # Errors
    ///
    /// As [`Channel::send`].
    pub async fn quote(
        &self,
        messages: &[MessageId],
        message: &NewChatMessage,
    ) -> Result<ChatMessage> {
        let ready = self.ready(Some(messages), message)?;
        let place = self.place();
        let sent = self.client.post(&place, ready, message, Extras::default());
        sent.await?.message()
    }

    /// Where its messages are.
    pub(crate) fn place(&self) -> String {
        format!("/chats/{}/messages", segment(self.id.as_str()))
    }

    /// Runs every check of a message to this chat.
    pub(crate) fn ready(
        &self,
        quoted: Option<&[MessageId]>,
        message: &NewChatMessage,
    ) -> Result<Ready> {
        let mut draft = Draft::new(Place::Chat, message);
        check_id(self.id.as_str(), "chat", &mut draft.problems);
        ready_for_chat(draft, quoted, message, self.client.limits())
    }
}

/// Runs every check of a message to a chat but that of its id.
pub(crate) fn ready_for_chat(
    mut draft: Draft<'_>,
    quoted: Option<&[MessageId]>,
    message: &NewChatMessage,
    limits: (Option<usize>, Option<usize>),
) -> Result<Ready> {
    let Some(quoted) = quoted else {
        return draft.ready(message, limits);
    };
    for id in quoted {
        check_id(id.as_str(), "messageIds", &mut draft.problems);
    }
    let sound = (1..=MAX_QUOTES).contains(&quoted.len());
    let rule = "must be one to ten messages";
    draft.problems.add_if(!sound, "messageIds", rule);
    draft.operation = "send.quote";
    draft.tail = QUOTE.to_owned();
    let body = Quote {
        message_ids: quoted,
        reply_message: message,
    };
    draft.ready(&body, limits)
}
