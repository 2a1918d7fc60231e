//! An Adaptive Card, checked against what Teams shows.
//!
//! The sources are Microsoft's pages on cards in Teams and the schema of Adaptive Cards: a card that
//! a user sends has no bot behind it, and clients show version 1.5 at most.

use ms_messenger::{Problem, Problems};
use serde_json::{Map, Value};

use crate::text;

/// The newest version that all clients of Teams show.
const NEWEST: (u32, u32) = (1, 5);
/// The actions of one set that the desktop client shows.
const MOST_ACTIONS: usize = 6;
/// Bytes above which a message comes close to the limit of Teams, about 28 KB.
const LARGE: usize = 24 * 1024;
/// The most findings that are listed.
const MOST_FINDINGS: usize = 30;

/// Elements, and the version that introduced each.
const ELEMENTS: [(&str, u32); 21] = [
    ("ActionSet", 2),
    ("AdaptiveCard", 0),
    ("Column", 0),
    ("ColumnSet", 0),
    ("Container", 0),
    ("Fact", 0),
    ("FactSet", 0),
    ("Image", 0),
    ("ImageSet", 0),
    ("Input.ChoiceSet", 0),
    ("Input.Date", 0),
    ("Input.Number", 0),
    ("Input.Text", 0),
    ("Input.Time", 0),
    ("Input.Toggle", 0),
    ("Media", 1),
    ("RichTextBlock", 2),
    ("Table", 5),
    ("TableCell", 5),
    ("TableRow", 5),
    ("TextBlock", 0),
];
/// Other members named `type` that are no elements.
const PARTS: [&str; 5] = [
    "BackgroundImage",
    "Data.Query",
    "Input.Choice",
    "MediaSource",
    "TextRun",
];

/// What is wrong with a card.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// What Teams refuses.
    pub(super) problems: Problems,
    /// What Teams does not show, or does nothing with.
    pub(super) warnings: Vec<Problem>,
}

/// Checks a card. The path of each finding begins with `card`.
pub(super) fn check(card: &Value) -> Findings {
    let mut check = Check::default();
    let Some(object) = card.as_object() else {
        check
            .findings
            .problems
            .add("card", text::input::NOT_AN_OBJECT);
        return check.findings;
    };
    let is_adaptive = object.get("type").and_then(Value::as_str) == Some("AdaptiveCard");
    let rule = text::card::NOT_ADAPTIVE;
    check
        .findings
        .problems
        .add_if(!is_adaptive, "card.type", rule);
    check.version(object);
    let bytes = card.to_string().len();
    if bytes > LARGE {
        check.warn("card", &text::card::large(bytes));
    }
    check.object(object, "card");
    check.findings
}

#[derive(Debug, Default)]
struct Check {
    findings: Findings,
    version: Option<(u32, u32)>,
}

impl Check {
    fn warn(&mut self, path: &str, rule: &str) {
        if self.findings.warnings.len() < MOST_FINDINGS {
            self.findings.warnings.push(Problem::new(path, rule));
        }
    }

    fn version(&mut self, card: &Map<String, Value>) {
        let path = "card.version";
        let text = card.get("version").and_then(Value::as_str);
        let Some(text) = text else {
            return self
                .findings
                .problems
                .add(path, text::card::VERSION_MISSING);
        };
        let parts = text.split_once('.');
        let version =
            parts.and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
        match version {
            None => self
                .findings
                .problems
                .add(path, text::card::VERSION_NOT_TEXT),
            Some(version) if version > NEWEST => {
                self.warn(path, text::card::VERSION_TOO_NEW);
            }
            Some(_) => {}
        }
        self.version = version;
    }

    fn value(&mut self, value: &Value, path: &str) {
        match value {
            Value::Array(items) => {
                for (i, item) in items.iter().enumerate() {
                    self.value(item, &format!("{path}[{i}]"));
                }
            }
            Value::Object(object) => self.object(object, path),
            _ => {}
        }
    }

    fn object(&mut self, object: &Map<String, Value>, path: &str) {
        if let Some(kind) = object.get("type").and_then(Value::as_str) {
            match kind.strip_prefix("Action.") {
                Some(action) => self.action(action, object, path),
                None => self.element(kind, object, path),
            }
        }
        let actions = object.get("actions").and_then(Value::as_array);
        let count = actions.map_or(0, Vec::len);
        if count > MOST_ACTIONS {
            let rule = text::card::many_actions(count, MOST_ACTIONS);
            self.warn(&format!("{path}.actions"), &rule);
        }
        for (name, value) in object {
            // What Teams defines itself, and what a bot would be sent.
            if !matches!(name.as_str(), "msteams" | "msTeams" | "data") {
                self.value(value, &format!("{path}.{name}"));
            }
        }
    }

    fn action(&mut self, action: &str, object: &Map<String, Value>, path: &str) {
        let path = &format!("{path}.type");
        match action {
            "OpenUrl" => {
                let url = object
                    .get("url")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                if !url.contains(':') {
                    self.warn(path, text::card::OPENS_NOTHING);
                }
            }
            "ShowCard" => {}
            "ToggleVisibility" => self.since(2, path),
            "Submit" | "Execute" => self.warn(path, text::card::ACTION_WITHOUT_BOT),
            _ => self.warn(path, text::card::UNKNOWN_ACTION),
        }
    }

    fn element(&mut self, kind: &str, object: &Map<String, Value>, path: &str) {
        let of_type = &format!("{path}.type");
        match ELEMENTS.iter().find(|(name, _)| *name == kind) {
            Some((_, minor)) => self.since(*minor, of_type),
            None if PARTS.contains(&kind) || path == "card" => {}
            None => self.warn(of_type, text::card::UNKNOWN_ELEMENT),
        }
        if kind.starts_with("Input.") {
            self.warn(of_type, text::card::INPUT_WITHOUT_BOT);
        }
        let url = object.get("url").and_then(Value::as_str);
        if let ("Image", Some(url)) = (kind, url)
            && !["https:", "../hostedContents/"]
                .iter()
                .any(|it| url.starts_with(it))
        {
            self.warn(&format!("{path}.url"), text::card::ADDRESS_NOT_SHOWN);
        }
    }

    /// Warns of what the version of the card does not have.
    fn since(&mut self, minor: u32, path: &str) {
        if self.version.is_some_and(|version| version < (1, minor)) {
            self.warn(path, &text::card::needs_version(minor));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn found(card: &Value) -> (usize, Vec<String>) {
        let findings = check(card);
        let error = findings
            .problems
            .into_error(ms_messenger::ErrorKind::InvalidRequest);
        let problems = error.map_or(0, |error| error.problems().len());
        let fields = findings.warnings.into_iter().map(|it| it.field);
        (problems, fields.collect())
    }

    #[test]
    fn each_finding_has_its_path() {
        let card = json!({
            "type": "AdaptiveCard", "version": "1.2",
            "body": [
                {"type": "TextBlock", "text": "x"},
                {"type": "Table", "rows": []},
                {"type": "Container", "items": [{"type": "Image", "url": "http://a/b.png"}]},
                {"type": "Input.Text", "id": "a"},
                {"type": "Sparkline"},
            ],
            "actions": [
                {"type": "Action.OpenUrl", "url": "www.contoso.com"},
                {"type": "Action.Submit", "data": {"type": "Action.Nothing"}},
                {"type": "Action.Http"},
                {"type": "Action.ShowCard", "card": {"type": "AdaptiveCard", "body": []}},
            ],
        });
        let (problems, paths) = found(&card);
        assert_eq!(problems, 0);
        for path in [
            "card.body[1].type",
            "card.body[2].items[0].url",
            "card.body[3].type",
            "card.body[4].type",
            "card.actions[0].type",
            "card.actions[1].type",
            "card.actions[2].type",
        ] {
            assert!(paths.iter().any(|it| it == path), "{path}: {paths:?}");
        }
        assert_eq!(paths.len(), 7, "{paths:?}");
    }

    #[test]
    fn what_teams_refuses_is_a_problem() {
        for (card, count) in [
            (json!([]), 1),
            (json!({"type": "MessageCard"}), 2),
            (json!({"type": "AdaptiveCard", "version": 1.5}), 1),
            (json!({"type": "AdaptiveCard", "version": "latest"}), 1),
            (json!({"type": "AdaptiveCard", "version": "1.0"}), 0),
        ] {
            assert_eq!(found(&card).0, count, "{card}");
        }
    }

    #[test]
    fn version_size_and_number_of_actions_are_looked_at() {
        let action = json!({"type": "Action.OpenUrl", "url": "https://a"});
        let card = json!({
            "type": "AdaptiveCard", "version": "1.6", "actions": vec![action; 7],
            "body": [{"type": "TextBlock", "text": "x".repeat(LARGE)}],
        });
        assert_eq!(found(&card).1, ["card.version", "card", "card.actions"]);
        let many = vec![json!({"type": "Input.Text"}); 100];
        let card = json!({"type": "AdaptiveCard", "version": "1.5", "body": many});
        assert_eq!(found(&card).1.len(), MOST_FINDINGS);
    }

    proptest! {
        #[test]
        fn hostile_cards_do_no_harm(kind in ".{0,20}", version in ".{0,8}", url in ".{0,12}") {
            let part = json!({"type": &kind, "url": &url, "actions": &url});
            check(&json!({"type": kind, "version": version, "body": [part]}));
        }
    }
}
