//! Who can be mentioned.

use crate::models::{
    ApplicationIdentity, ApplicationIdentityType, ChatMessageMention, ConversationIdentity,
    ConversationIdentityType, Identity, MentionedIdentitySet, UserIdentity, UserIdentityType,
};

/// A mention: one value that becomes both the `<at>` marker and the entry of `mentions`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mention {
    text: String,
    id: String,
    kind: Kind,
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

    /// A user, by the GUID of the directory.
    pub fn user(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self::new(Kind::User, id, name)
    }

    /// A bot, by the id of its application.
    pub fn bot(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self::new(Kind::Bot, id, name)
    }

    /// A channel, by its id; in channels only.
    pub fn channel(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self::new(Kind::Channel, id, name)
    }

    /// A team, by its GUID; in channels only.
    pub fn team(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self::new(Kind::Team, id, name)
    }

    /// Everybody in a chat, by the id of the chat; in group chats only.
    pub fn everyone(chat_id: impl Into<String>) -> Self {
        Self::new(Kind::Everyone, chat_id, "Everyone")
    }

    /// A tag of a team, by its id. Documents name it; that v1.0 takes it is not confirmed.
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
