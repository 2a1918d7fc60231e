//! How deeply the JSON values of a message may be nested.
//!
//! What reads JSON stops at 127 levels, and whoever stores a request puts it into objects of its own.
//! A message that was accepted must be readable again.

use serde_json::Value;

use crate::{
    message::{Attachment, Body, Message},
    problems::Problems,
};

/// The most levels of one value.
const MOST_LEVELS: usize = 100;
const RULE: &str = "is nested too deeply: at most 100 levels";

impl Message {
    /// Adds a problem for each JSON value of the message (a native body, a card) that is nested in
    /// more than 100 levels: what stores the message could not read it again.
    ///
    /// [`Capabilities::check`](crate::Capabilities::check) includes it.
    pub fn find_nested(&self, problems: &mut Problems) {
        if let Body::Native { payload, .. } = &self.body {
            let field = "message.body.native.payload";
            problems.add_if(is_deeper(payload, MOST_LEVELS), field, RULE);
        }
        for (i, attachment) in self.attachments.iter().enumerate() {
            if let Attachment::Card(card) = attachment {
                let field = format!("message.attachments[{i}].card.content");
                problems.add_if(is_deeper(&card.content, MOST_LEVELS), &field, RULE);
            }
        }
    }
}

/// Whether a value has more than `levels` levels of arrays and objects.
fn is_deeper(value: &Value, levels: usize) -> bool {
    let within = |item: &Value| is_deeper(item, levels - 1);
    match value {
        Value::Array(items) => levels == 0 || items.iter().any(within),
        Value::Object(members) => levels == 0 || members.values().any(within),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Capabilities, Capability, Card, CardKind, ErrorKind, SendRequest, Target};

    fn nested(levels: usize) -> Value {
        (1..levels).fold(json!([]), |inner, level| match level % 2 {
            0 => json!([inner]),
            _ => json!({"a": 1, "b": inner}),
        })
    }

    fn said(message: Message) -> Vec<String> {
        let request = SendRequest::new(Target::conversation("19:a"), message);
        let error = Capabilities::new(Capability::ALL)
            .check("p", &request)
            .err();
        error.map_or_else(Vec::new, |error| {
            assert_eq!(error.kind(), ErrorKind::InvalidRequest);
            error.problems().iter().map(ToString::to_string).collect()
        })
    }

    #[test]
    fn a_value_that_no_store_could_read_again_is_a_problem() {
        let native = |levels| Message::native("p", nested(levels));
        let card = |levels| {
            let card = Card::new(CardKind::Adaptive, nested(levels));
            Message::text("a").with_attachment(Attachment::Card(card))
        };
        assert_eq!(said(native(MOST_LEVELS)), [""; 0]);
        assert_eq!(said(card(MOST_LEVELS)), [""; 0]);
        let levels = MOST_LEVELS + 1;
        let rule = "is nested too deeply: at most 100 levels";
        let field = "message.body.native.payload";
        assert_eq!(said(native(levels)), [format!("{field}: {rule}")]);
        let field = "message.attachments[0].card.content";
        assert_eq!(said(card(levels)), [format!("{field}: {rule}")]);
    }

    #[test]
    fn what_passes_is_read_again_from_within_the_objects_of_a_store() {
        let message = Message::native("p", nested(MOST_LEVELS));
        let request = SendRequest::new(Target::conversation("19:a"), message);
        let kept = (0..15).fold(json!(request), |inner, _| json!({"kept": inner}));
        let text = kept.to_string();
        let mut kept: &Value = &serde_json::from_str(&text).unwrap();
        while let Some(inner) = kept.get("kept") {
            kept = inner;
        }
        assert_eq!(SendRequest::from_json(&kept.to_string()).unwrap(), request);
    }
}
