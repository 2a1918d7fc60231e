//! Mentions and their markers.

use std::collections::{HashMap, HashSet};

use ms_messenger_core::Problems;
use uuid::Uuid;

use super::{
    super::{
        markup::Markup,
        message::{NewChatMessage, Place},
    },
    cards::Cards,
    found::{and_more, shown},
};
use crate::models::{
    ChatMessageMention, ConversationIdentity, ConversationIdentityType, UserIdentity,
    UserIdentityType,
};

/// How often a marker is in the body, and the text of the first.
type Markers<'a> = HashMap<&'a str, (usize, &'a str)>;

/// "Body does not contain marker for mention with Id '0'. Add 'NAME' to the body."
pub(super) fn check(
    message: &NewChatMessage,
    place: Place,
    markup: &Markup,
    cards: &Cards,
    problems: &mut Problems,
) {
    let mut markers = Markers::with_capacity(markup.ats.len());
    for at in &markup.ats {
        markers.entry(&at.id).or_insert((0, &at.text)).0 += 1;
    }
    let mut ids = HashSet::new();
    for (i, mention) in message.mentions.iter().enumerate() {
        let field = format!("mentions[{i}]");
        let Some(id) = mention.id else {
            problems.add(format!("{field}.id"), "must be there");
            continue;
        };
        let id = id.to_string();
        if ids.contains(&id) {
            problems.add(format!("{field}.id"), "must be unique");
            continue;
        }
        let marker = markers.get(id.as_str()).copied();
        let text = mention.mention_text.as_deref().unwrap_or_default();
        let name = format!("{field}.mentionText");
        problems.add_if(text.is_empty(), &name, "must not be empty");
        if let Some(rule) = marker_problem(&id, text, marker, cards) {
            problems.add(&field, rule);
        }
        check_mentioned(mention, place, &field, problems);
        ids.insert(id);
    }
    let mut strays = markup.ats.iter().filter(|at| !ids.contains(&at.id));
    if let Some(first) = strays.next() {
        let rule = format!(
            "the marker <at id=\"{}\"> has no mention{}",
            shown(&first.id),
            and_more(strays.count())
        );
        problems.add("body.content", rule);
    }
}

fn marker_problem(
    id: &str,
    text: &str,
    marker: Option<(usize, &str)>,
    cards: &Cards,
) -> Option<String> {
    match marker {
        Some((1, shown)) if shown == text => None,
        Some((1, _)) => Some("mentionText must be the text of its marker".to_owned()),
        None if cards.show(id, text) => None,
        _ => {
            let count = marker.map_or(0, |(count, _)| count);
            Some(format!(
                "needs exactly one <at id=\"{id}\"> in the body, has {count}"
            ))
        }
    }
}

fn check_mentioned(
    mention: &ChatMessageMention,
    place: Place,
    field: &str,
    problems: &mut Problems,
) {
    let field = format!("{field}.mentioned");
    let Some(mentioned) = &mention.mentioned else {
        problems.add(field, "must be there");
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
    problems.add_if(!one, &field, "must name exactly one");
    if let Some(user) = &mentioned.user {
        let rule = "must be a GUID";
        problems.add_if(!is_sound(user), &format!("{field}.user.id"), rule);
    }
    if let Some(conversation) = &mentioned.conversation {
        check_conversation(
            conversation,
            place,
            &format!("{field}.conversation"),
            problems,
        );
    }
}

fn check_conversation(
    conversation: &ConversationIdentity,
    place: Place,
    field: &str,
    problems: &mut Problems,
) {
    use ConversationIdentityType::{Channel, Chat, Team};
    let id = conversation.id.as_deref().unwrap_or_default();
    problems.add_if(id.is_empty(), &format!("{field}.id"), "must not be empty");
    let field = format!("{field}.conversationIdentityType");
    match (&conversation.conversation_identity_type, place) {
        (None, _) => problems.add(field, "must be there"),
        (Some(Team | Channel), Place::Chat) => problems.add(field, "is for channels only"),
        (Some(Chat), Place::Channel) => problems.add(field, "is for chats only"),
        _ => {}
    }
}

fn is_sound(user: &UserIdentity) -> bool {
    let kind = user.user_identity_type.as_ref();
    let is_of_directory = kind.is_none_or(|kind| *kind == UserIdentityType::AadUser);
    let id = user.id.as_deref().unwrap_or_default();
    !is_of_directory || Uuid::parse_str(id).is_ok()
}
