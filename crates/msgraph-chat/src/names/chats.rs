//! Chats by their members or topic.

use std::collections::BTreeSet;

use ms_messenger_core::{ConversationId, Deadline, ErrorKind, Problems, Result, UserId};

use super::{
    pick::{Candidate, Wanted, pick},
    users::{not_empty, within},
};
use crate::{
    PLATFORM,
    chat::Chat,
    chats::ChatQuery,
    client::GraphChatClient,
    destination::check_other,
    models::{ChatInfo, ChatType},
};

impl GraphChatClient {
    /// Finds or creates the one-on-one chat of the signed-in user with a user, by id, principal name
    /// or mail address: `POST /chats`. It sends no message.
    ///
    /// # Errors
    ///
    /// As [`find_user`](Self::find_user) and [`one_on_one_chat`](Self::one_on_one_chat).
    ///
    /// ```
    /// use ms_messenger_core::StaticToken;
    /// use ms_messenger_emulator::Emulator;
    /// use msgraph_chat::GraphChatClient;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let graph = &emulator.seed().graph;
    /// let token = StaticToken::new(graph.token.as_str());
    /// let client = GraphChatClient::builder(token).with_base_url(&graph.base).build()?;
    ///
    /// let chat = client.chat_with("bob@contoso.test").await?;
    /// chat.send("Lunch?").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn chat_with(&self, user: &str) -> Result<Chat> {
        let other = self.user_id(user).await?;
        let own = self.own_id().await?;
        is_other(&own, &other)?;
        self.one_on_one_chat(own, other).await
    }

    /// Finds the group or meeting chat with the topic `topic` among those of the signed-in user, as
    /// [`find_team`](Self::find_team).
    ///
    /// # Errors
    ///
    /// As [`find_team`](Self::find_team).
    pub async fn find_chat(&self, topic: &str) -> Result<Chat> {
        not_empty("topic", topic)?;
        let chats = self.chats_for(|chat| chat.topic.clone()).await?;
        let wanted = Wanted {
            field: "topic",
            one: "chat",
            all: "chats",
            name: topic,
        };
        Ok(self.chat(pick(wanted, chats)?))
    }

    /// Finds the group chat of the signed-in user with exactly these other members, each by id,
    /// principal name or mail address.
    ///
    /// # Errors
    ///
    /// As [`find_user`](Self::find_user) and [`find_team`](Self::find_team).
    pub async fn find_group_chat<'a>(
        &self,
        members: impl IntoIterator<Item = &'a str>,
    ) -> Result<Chat> {
        let own = self.own_id().await?;
        let mut wanted = BTreeSet::from([normal(&own)]);
        for member in members {
            not_empty("members", member)?;
            wanted.insert(normal(&self.user_id(member).await?));
        }
        let name = wanted.into_iter().collect::<Vec<_>>().join(" ");
        let chats = self.chats_for(of_members).await?;
        let wanted = Wanted {
            field: "members",
            one: "group chat",
            all: "group chats",
            name: &name,
        };
        Ok(self.chat(pick(wanted, chats)?))
    }

    /// The one-on-one chat with a recipient, whose id may be a mail address.
    pub(crate) async fn chat_of(
        &self,
        own: Option<&UserId>,
        other: &UserId,
        deadline: &Deadline,
    ) -> Result<ConversationId> {
        let own = match own {
            Some(own) => own.clone(),
            None => within(deadline, Box::pin(self.own_id())).await?,
        };
        is_other(&own, other)?;
        let error = match self.find_one_on_one(&own, other, deadline).await {
            Ok(chat) => return Ok(chat),
            Err(error) => error,
        };
        let is_unknown = matches!(
            error.kind(),
            ErrorKind::NotFound | ErrorKind::InvalidRequest
        );
        if !is_unknown || error.attempts() == 0 || !other.as_str().contains('@') {
            return Err(error);
        }
        let user = within(deadline, Box::pin(self.find_user(other.as_str()))).await;
        match user {
            Ok(user) => {
                is_other(&own, &user.id)?;
                self.find_one_on_one(&own, &user.id, deadline).await
            }
            Err(found) if found.problems().is_empty() => Err(error),
            Err(found) => Err(found),
        }
    }

    async fn chats_for(
        &self,
        name: impl Fn(&ChatInfo) -> Option<String>,
    ) -> Result<Vec<Candidate<ConversationId>>> {
        let mut chats = Vec::new();
        let mut pages = self.chats_with(&ChatQuery::new().with_members(true));
        while let Some(page) = pages.next_page().await? {
            let named = page.into_iter().filter_map(|chat| {
                Some(Candidate {
                    name: name(&chat)?,
                    id: chat.id.as_str().to_owned(),
                    item: chat.id,
                })
            });
            chats.extend(named);
        }
        Ok(chats)
    }
}

/// The members of a group chat as one text. A chat with a member that is no user has none.
fn of_members(chat: &ChatInfo) -> Option<String> {
    if chat.chat_type != Some(ChatType::Group) {
        return None;
    }
    let ids: Option<BTreeSet<String>> = chat
        .members
        .iter()
        .map(|member| member.user_id.as_ref().map(normal))
        .collect();
    Some(ids?.into_iter().collect::<Vec<_>>().join(" "))
}

/// Rejects the sender as the recipient.
fn is_other(own: &UserId, other: &UserId) -> Result<()> {
    let mut problems = Problems::for_platform(PLATFORM);
    check_other(own, other, "user", &mut problems);
    problems.into_result(ErrorKind::InvalidRequest)
}

fn normal(id: &UserId) -> String {
    id.as_str().to_ascii_lowercase()
}
