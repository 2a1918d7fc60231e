//! Pictures within a message, and what refers to them.

use std::collections::HashSet;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ms_messenger_core::Problems;

use super::{
    super::{markup, message::NewChatMessage},
    found::{and_more, shown},
};

pub(super) fn check(message: &NewChatMessage, problems: &mut Problems) {
    let cards = message.attachments.iter();
    let cards = cards.filter_map(|attachment| attachment.content.as_deref());
    let body = message
        .has_markup()
        .then_some(message.body.content.as_str());
    let used: HashSet<&str> = cards
        .chain(body)
        .flat_map(markup::hosted_references)
        .collect();
    let mut ids = HashSet::new();
    for (i, hosted) in message.hosted_contents.iter().enumerate() {
        let field = format!("hostedContents[{i}]");
        let id = hosted.temporary_id.as_deref().unwrap_or_default();
        let name = format!("{field}.@microsoft.graph.temporaryId");
        problems.add_if(id.is_empty(), &name, "must not be empty");
        problems.add_if(!ids.insert(id), &name, "must be unique");
        let rule = "no ../hostedContents/ID/$value in body or card refers to it";
        problems.add_if(!id.is_empty() && !used.contains(id), &field, rule);
        let bytes = hosted.content_bytes.as_deref().unwrap_or_default();
        let sound = !bytes.is_empty() && STANDARD.decode(bytes).is_ok();
        let rule = "must be standard Base64 with its padding, and not empty";
        problems.add_if(!sound, &format!("{field}.contentBytes"), rule);
        let kind = hosted.content_type.as_deref().unwrap_or_default();
        let rule = "must be a media type, e.g. image/png";
        problems.add_if(!kind.contains('/'), &format!("{field}.contentType"), rule);
    }
    let mut missing: Vec<&str> = used.into_iter().filter(|id| !ids.contains(id)).collect();
    missing.sort_unstable();
    if let [first, rest @ ..] = missing.as_slice() {
        let first = shown(first);
        let rule = format!(
            "../hostedContents/{first}/$value has no hosted content{}",
            and_more(rest.len())
        );
        problems.add("body.content", rule);
    }
}
