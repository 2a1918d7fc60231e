//! Mentions and their entries.

use std::fmt;

use crate::models::{
    ApplicationIdentity, ApplicationIdentityType, ChatMessageMention, ConversationIdentity,
    ConversationIdentityType, Identity, MentionedIdentitySet, UserIdentity, UserIdentityType,
};

/// A mention: one value that becomes both the `<at>` marker and the entry of `mentions`.
///
/// ```
/// use msgraph_chat::{Mention, NewChatMessage};
///
/// let message = NewChatMessage::compose()
///     .mention(Mention::user("8ea0e38b-efb3-4757-924a-5f94061cf8c2", "Robin"))
///     .text(" and ")
///     .mention(Mention::everyone("19:2da4c29f6d7041eca70b638b43d45437@thread.v2"))
///     .build();
/// assert_eq!(
///     message.body.content,
///     r#"<at id="0">Robin</at> and <at id="1">Everyone</at>"#
/// );
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Mention {
    text: String,
    id: String,
    kind: Kind,
}

/// Does not print its contents.
impl fmt::Debug for Mention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mention")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    User,
    Bot,
    Tag,
    Everyone,
    Team,
    Channel,
}

impl Mention {
    fn new(kind: Kind, id: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            id: id.into(),
            kind,
        }
    }

    /// Mentions a user, by the GUID in the directory.
    pub fn user(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self::new(Kind::User, id, name)
    }

    /// Mentions a bot, by the id of its application.
    pub fn bot(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self::new(Kind::Bot, id, name)
    }

    /// Mentions a channel, by its id; in channels only.
    pub fn channel(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self::new(Kind::Channel, id, name)
    }

    /// Mentions a team, by its GUID; in channels only.
    pub fn team(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self::new(Kind::Team, id, name)
    }

    /// Mentions all members of a chat, by the id of the chat; in group chats only.
    pub fn everyone(chat_id: impl Into<String>) -> Self {
        Self::new(Kind::Everyone, chat_id, "Everyone")
    }

    /// Mentions a tag of a team, by its id. It is documented; that v1.0 accepts it is not
    /// confirmed.
    pub fn tag(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self::new(Kind::Tag, id, name)
    }

    /// The text that the marker shows.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The entry of `mentions` under the number `id`.
    pub(super) fn into_entry(self, id: i32) -> ChatMessageMention {
        let name = Some(self.text.clone());
        let target = Some(self.id);
        let mut mentioned = MentionedIdentitySet::default();
        let conversation = |kind| {
            let mut conversation = ConversationIdentity::default();
            conversation.id.clone_from(&target);
            conversation.display_name.clone_from(&name);
            conversation.conversation_identity_type = Some(kind);
            Some(conversation)
        };
        match self.kind {
            Kind::User => {
                let mut user = UserIdentity::default();
                (user.id, user.display_name) = (target, name);
                user.user_identity_type = Some(UserIdentityType::AadUser);
                mentioned.user = Some(user);
            }
            Kind::Bot => {
                let mut bot = ApplicationIdentity::default();
                (bot.id, bot.display_name) = (target, name);
                bot.application_identity_type = Some(ApplicationIdentityType::Bot);
                mentioned.application = Some(bot);
            }
            Kind::Tag => {
                let mut tag = Identity::default();
                (tag.id, tag.display_name) = (target, name);
                mentioned.tag = Some(tag);
            }
            Kind::Everyone => mentioned.conversation = conversation(ConversationIdentityType::Chat),
            Kind::Team => mentioned.conversation = conversation(ConversationIdentityType::Team),
            Kind::Channel => {
                mentioned.conversation = conversation(ConversationIdentityType::Channel)
            }
        }
        let mut entry = ChatMessageMention::default();
        (entry.id, entry.mention_text, entry.mentioned) =
            (Some(id), Some(self.text), Some(mentioned));
        entry
    }
}
