//! Attachments and their markers.

use std::collections::{HashMap, HashSet};

use ms_messenger_core::Problems;

use super::{
    super::{markup::Markup, message::NewChatMessage},
    cards::Cards,
    found::{Found, and_more, shown},
};
use crate::models::{
    ChatMessageAttachment,
    attachment::{BANNER, CARD, REFERENCE},
};

/// Kinds that an old page lists beside pictures; the service may refuse them.
const DOUBTFUL: &[&str] = &["audio/", "file", "video/"];

/// "Body does not contain marker for attachment with Id '...'."
pub(super) fn check(
    message: &NewChatMessage,
    markup: &Markup,
    cards: &mut Cards,
    found: &mut Found<'_>,
) {
    let mut markers: HashMap<&str, usize> = HashMap::new();
    for id in &markup.attachments {
        *markers.entry(id).or_default() += 1;
    }
    let mut ids = HashSet::new();
    for (i, attachment) in message.attachments.iter().enumerate() {
        let field = format!("attachments[{i}]");
        let id = attachment.id.as_deref().unwrap_or_default();
        let problems = &mut found.problems;
        problems.add_if(id.is_empty(), &format!("{field}.id"), "must not be empty");
        let twice = !id.is_empty() && !ids.insert(id);
        problems.add_if(twice, &format!("{field}.id"), "must be unique");
        let marked = markers.get(id).copied().unwrap_or_default();
        if marked != 1 && !twice {
            let id = shown(id);
            let rule =
                format!("needs exactly one <attachment id=\"{id}\"> in the body, has {marked}");
            problems.add(&field, rule);
        }
        let kind = attachment.content_type.as_deref().unwrap_or_default();
        find_problems(attachment, kind, &field, problems);
        let doubtful = DOUBTFUL.iter().any(|doubtful| kind.starts_with(doubtful));
        let rule = "is a kind that the service may refuse: attach a link to it as a reference";
        found.warn_if(doubtful, &format!("{field}.contentType"), rule);
        if kind.starts_with(CARD) || kind == BANNER {
            cards.read(attachment, kind, &field, found);
        }
    }
    let mut strays = markup
        .attachments
        .iter()
        .filter(|id| !ids.contains(id.as_str()));
    if let Some(first) = strays.next() {
        let rule = format!(
            "the marker <attachment id=\"{}\"> has no attachment{}",
            shown(first),
            and_more(strays.count())
        );
        found.problems.add("body.content", rule);
    }
}

fn find_problems(
    attachment: &ChatMessageAttachment,
    kind: &str,
    field: &str,
    problems: &mut Problems,
) {
    let name = format!("{field}.contentType");
    problems.add_if(kind.is_empty(), &name, "must not be empty");
    let is_picture = kind.to_ascii_lowercase().starts_with("image/");
    let rule = "a picture is no attachment: show it in the body by <img \
                src=\"../hostedContents/ID/$value\"> with an entry of hostedContents, or attach a \
                link to it as a reference";
    problems.add_if(is_picture, &name, rule);
    let url = attachment.content_url.as_deref();
    let both = attachment.content.is_some() && url.is_some();
    problems.add_if(both, field, "must not have both content and contentUrl");
    if kind == REFERENCE {
        let sound =
            url.is_some_and(|url| url::Url::parse(url).is_ok_and(|url| url.scheme() == "https"));
        let name = format!("{field}.contentUrl");
        problems.add_if(!sound, &name, "must be an https address");
    }
}
