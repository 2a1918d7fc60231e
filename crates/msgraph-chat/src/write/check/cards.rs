//! The JSON of cards, and the mentions that stand in it alone.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{
    super::markup::{At, Markup, is_bare},
    found::Found,
};
use crate::models::ChatMessageAttachment;

const ADAPTIVE: &str = "application/vnd.microsoft.card.adaptive";

/// What the cards of a message mention: the markers in their texts.
#[derive(Debug, Default)]
pub(super) struct Cards {
    ids: HashSet<String>,
    texts: HashSet<String>,
}

impl Cards {
    /// Whether a card shows the marker of a mention.
    pub(super) fn show(&self, id: &str, text: &str) -> bool {
        self.ids.contains(id) || self.texts.contains(text)
    }

    /// "Failed to process content in attachment with Id '1'."
    pub(super) fn read(
        &mut self,
        attachment: &ChatMessageAttachment,
        kind: &str,
        field: &str,
        found: &mut Found<'_>,
    ) {
        let content = attachment.content.as_deref();
        let json = content.and_then(|content| serde_json::from_str(content).ok());
        let field = format!("{field}.content");
        let Some(Value::Object(card)) = json else {
            let rule = "must be a text that holds a JSON object";
            found.problems.add(field, rule);
            return;
        };
        if kind == ADAPTIVE {
            let adaptive = card.get("type").and_then(Value::as_str) == Some("AdaptiveCard");
            let rule = "must have the type AdaptiveCard";
            found.problems.add_if(!adaptive, &field, rule);
            let version = card.get("version").is_some_and(Value::is_string);
            found
                .problems
                .add_if(!version, &field, "must have a version");
        }
        let mut walk = Walk::default();
        walk.object(&card);
        let rule = "a link has no scheme, so it leads nowhere: write https://…";
        found.warn_if(walk.has_bare_link, &field, rule);
        let entities = entities(&card);
        let unnamed = walk.ats.iter().any(|at| !entities.contains(&at.text));
        let rule = "an <at> has no entity with its text in msteams.entities, so it mentions no one";
        found.warn_if(unnamed, &field, rule);
        for At { id, text } in walk.ats {
            self.ids.insert(id);
            self.texts.insert(text);
        }
        self.ids.remove("");
    }
}

/// The texts that `msteams.entities` mentions, without their `<at>`.
fn entities(card: &Map<String, Value>) -> HashSet<String> {
    let entities = card.get("msteams").and_then(|it| it.get("entities"));
    let entities = entities.and_then(Value::as_array).into_iter().flatten();
    let texts = entities.filter_map(|entity| entity.get("text")?.as_str());
    texts
        .flat_map(|text| Markup::read(text).ats)
        .map(|at| at.text)
        .collect()
}

/// What stands in the texts of a card. JSON is read to a bounded depth, so this ends.
#[derive(Default)]
struct Walk {
    ats: Vec<At>,
    has_bare_link: bool,
}

impl Walk {
    fn object(&mut self, object: &Map<String, Value>) {
        let is_link = object.get("type").and_then(Value::as_str) == Some("Action.OpenUrl");
        let url = object.get("url").and_then(Value::as_str);
        self.has_bare_link |= is_link && url.is_some_and(is_bare);
        for (name, value) in object {
            if name != "msteams" {
                self.value(value);
            }
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::String(text) if text.contains("<at") => self.ats.extend(Markup::read(text).ats),
            Value::Array(items) => items.iter().for_each(|item| self.value(item)),
            Value::Object(object) => self.object(object),
            _ => {}
        }
    }
}
