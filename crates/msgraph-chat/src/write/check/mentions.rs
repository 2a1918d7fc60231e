//! Mentions and their markers.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::{super::Place, Check, and_more, shown};
use crate::models::{
    ChatMessageMention, ConversationIdentity, ConversationIdentityType, UserIdentity,
    UserIdentityType,
};

/// How often a marker stands in the body, and what the first says.
type Markers<'a> = HashMap<&'a str, (usize, &'a str)>;

impl Check<'_> {
    /// "Body does not contain marker for mention with Id '0'. Add 'NAME' to the body."
    pub(super) fn mentions(&mut self) {
        let ats = std::mem::take(&mut self.markup.ats);
        let mut markers = Markers::with_capacity(ats.len());
        for at in &ats {
            markers.entry(&at.id).or_insert((0, &at.text)).0 += 1;
        }
        let mut ids = HashSet::new();
        for (i, mention) in self.message.mentions.iter().enumerate() {
            let field = format!("mentions[{i}]");
            let Some(id) = mention.id else {
                let field = format!("{field}.id");
                self.found.problems.add(field, "must be there");
                continue;
            };
            let id = id.to_string();
            let marker = markers.get(id.as_str()).copied();
            if ids.contains(&id) {
                let field = format!("{field}.id");
                self.found.problems.add(field, "must not stand twice");
                continue;
            }
            self.mention_marker(mention, &id, marker, &field);
            self.mentioned(mention, &field);
            ids.insert(id);
        }
        let mut strays = ats.iter().filter(|at| !ids.contains(&at.id));
        if let Some(first) = strays.next() {
            let rule = format!(
                "the marker <at id=\"{}\"> has no mention{}",
                shown(&first.id),
                and_more(strays.count())
            );
            self.found.problems.add("body.content", rule);
        }
    }

    fn mention_marker(
        &mut self,
        mention: &ChatMessageMention,
        id: &str,
        marker: Option<(usize, &str)>,
        field: &str,
    ) {
        let text = mention.mention_text.as_deref().unwrap_or_default();
        let problems = &mut self.found.problems;
        problems.add_if(
            text.is_empty(),
            &format!("{field}.mentionText"),
            "must not be empty",
        );
        match marker {
            Some((1, shown)) if shown == text => {}
            Some((1, _)) => problems.add(field, "mentionText must be what its marker says"),
            None if self.cards.show(id, text) => {}
            _ => {
                let count = marker.map_or(0, |(count, _)| count);
                let rule = format!("needs exactly one <at id=\"{id}\"> in the body, has {count}");
                problems.add(field, rule);
            }
        }
    }

    fn mentioned(&mut self, mention: &ChatMessageMention, field: &str) {
        let field = format!("{field}.mentioned");
        let Some(mentioned) = &mention.mentioned else {
            self.found.problems.add(field, "must be there");
            return;
        };
        let named = [
            mentioned.user.is_some(),
            mentioned.application.is_some(),
            mentioned.device.is_some(),
            mentioned.conversation.is_some(),
            mentioned.tag.is_some(),
        ];
        let one = named.iter().filter(|there| **there).count() == 1;
        let problems = &mut self.found.problems;
        problems.add_if(!one, &field, "must name exactly one");
        if let Some(user) = &mentioned.user {
            let rule = "must be a GUID";
            problems.add_if(!is_sound(user), &format!("{field}.user.id"), rule);
        }
        if let Some(conversation) = &mentioned.conversation {
            self.conversation(conversation, &format!("{field}.conversation"));
        }
    }

    fn conversation(&mut self, conversation: &ConversationIdentity, field: &str) {
        use ConversationIdentityType::{Channel, Chat, Team};
        let problems = &mut self.found.problems;
        let id = conversation.id.as_deref().unwrap_or_default();
        problems.add_if(id.is_empty(), &format!("{field}.id"), "must not be empty");
        let field = format!("{field}.conversationIdentityType");
        match (&conversation.conversation_identity_type, self.place) {
            (None, _) => problems.add(field, "must be there"),
            (Some(Team | Channel), Place::Chat) => problems.add(field, "is for channels only"),
            (Some(Chat), Place::Channel) => problems.add(field, "is for chats only"),
            _ => {}
        }
    }
}

fn is_sound(user: &UserIdentity) -> bool {
    let kind = user.user_identity_type.as_ref();
    let is_of_directory = kind.is_none_or(|kind| *kind == UserIdentityType::AadUser);
    let id = user.id.as_deref().unwrap_or_default();
    !is_of_directory || Uuid::parse_str(id).is_ok()
}
