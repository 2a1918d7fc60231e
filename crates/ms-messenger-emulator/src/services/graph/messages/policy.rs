//! The policy violation that an app sets on a message.

use serde_json::{Value, json};

use crate::services::graph::error::GraphError;

const DLP_ACTIONS: [&str; 4] = ["none", "notifySender", "blockAccess", "blockAccessExternal"];
const USER_ACTIONS: [&str; 3] = ["none", "override", "reportFalsePositive"];
const VERDICTS: [&str; 4] = [
    "none",
    "allowFalsePositiveOverride",
    "allowOverrideWithoutJustification",
    "allowOverrideWithJustification",
];

/// The `policyViolation` of an update by an app, which changes nothing else.
pub(crate) fn violation(changes: &Value) -> Result<Value, GraphError> {
    let members = changes.as_object().ok_or_else(GraphError::invalid_body)?;
    let is_other = |name: &&String| *name != "policyViolation" && !name.starts_with('@');
    let given = &changes["policyViolation"];
    if members.keys().any(|name| is_other(&name)) || !given.is_object() {
        let message = "Only policyViolation can be updated with application permissions.";
        return Err(GraphError::bad_request(message));
    }
    let verdicts = flags(&given["verdictDetails"], &VERDICTS)?;
    if VERDICTS[2..].iter().all(|flag| verdicts.contains(flag)) {
        return Err(GraphError::invalid_body());
    }
    Ok(json!({
        "dlpAction": flags(&given["dlpAction"], &DLP_ACTIONS)?.join(","),
        "justificationText": given["justificationText"],
        "policyTip": given["policyTip"],
        "userAction": flags(&given["userAction"], &USER_ACTIONS)?.join(","),
        "verdictDetails": verdicts.join(","),
    }))
}

/// The flags of a list with commas, written in any case; absent ones are `none`.
fn flags(value: &Value, known: &[&'static str]) -> Result<Vec<&'static str>, GraphError> {
    let text = match value {
        Value::Null => "none",
        Value::String(text) => text,
        _ => return Err(GraphError::invalid_body()),
    };
    let find = |flag: &str| {
        let is_it = |known: &&&str| known.eq_ignore_ascii_case(flag.trim());
        known.iter().find(is_it).copied()
    };
    let flags: Option<Vec<&str>> = text.split(',').map(find).collect();
    flags.ok_or_else(GraphError::invalid_body)
}
