//! Template messages: values, bindings, and that every reference resolves.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::services::acs::messages::findings::Findings;

/// Checks a template; returns its name.
pub(crate) fn check(template: &Value, findings: &mut Findings) -> String {
    let owner = "message type is Template";
    if !template.is_object() {
        findings.bad("A non-empty \"Template\" is required when message type is Template.");
        return String::new();
    }
    let name = findings.text(template, "name", owner).to_owned();
    let language = findings.text(template, "language", owner);
    if !language.is_empty() && !is_language(language) {
        findings.bad(format!(
            "The template language \"{language}\" is not an ISO 639 code."
        ));
    }
    let values = values(&template["values"], findings);
    bindings(&template["bindings"], &values, findings);
    name
}

fn is_language(language: &str) -> bool {
    let (base, country) = language.split_once('_').unwrap_or((language, "XX"));
    let is_alphabetic = |s: &str| s.bytes().all(|b| b.is_ascii_alphabetic());
    (2..=3).contains(&base.len())
        && country.len() == 2
        && is_alphabetic(base)
        && is_alphabetic(country)
}

fn list<'a>(value: &'a Value, what: &str, findings: &mut Findings) -> &'a [Value] {
    match value {
        Value::Null => &[],
        Value::Array(items) => items,
        _ => {
            findings.bad(format!("The {what} field must be an array."));
            &[]
        }
    }
}

/// The kinds of the values, by name.
fn values<'a>(values: &'a Value, findings: &mut Findings) -> BTreeMap<&'a str, &'a str> {
    let mut kinds = BTreeMap::new();
    for value in list(values, "template.values", findings) {
        let owner = "a template value is given";
        let name = findings.text(value, "name", owner);
        let kind = findings.text(value, "kind", owner);
        match kind {
            "text" => {
                findings.text(value, "text", "a template value is Text");
            }
            "image" | "document" | "video" => {
                findings.url(value, "url", "a template value is media");
            }
            "location" => {
                if !value["latitude"].is_number() || !value["longitude"].is_number() {
                    findings.bad("A location value needs the numbers latitude and longitude.");
                }
            }
            "quickAction" | "" => {}
            other => findings.bad(format!(
                "The template value kind \"{other}\" is not supported."
            )),
        }
        if kinds.insert(name, kind).is_some() {
            findings.bad(format!("The template value \"{name}\" is given twice."));
        }
    }
    kinds
}

fn bindings(bindings: &Value, values: &BTreeMap<&str, &str>, findings: &mut Findings) {
    if bindings.is_null() {
        return;
    }
    if bindings["kind"] != "whatsApp" {
        findings.bad("The template bindings must be of the kind \"whatsApp\".");
    }
    let slots: [(&str, &[&str]); 4] = [
        (
            "header",
            &["text", "image", "document", "video", "location"],
        ),
        ("body", &["text"]),
        ("footer", &["text"]),
        ("buttons", &["quickAction"]),
    ];
    for (slot, kinds) in slots {
        for binding in list(
            &bindings[slot],
            &format!("template.bindings.{slot}"),
            findings,
        ) {
            let reference = findings.text(binding, "refValue", "a template binding is given");
            if slot == "buttons"
                && !matches!(binding["subType"].as_str(), Some("quickReply" | "url"))
            {
                findings.bad("A button binding needs the subType \"quickReply\" or \"url\".");
            }
            match values.get(reference) {
                Some(kind) if kinds.contains(kind) => {}
                Some(kind) => findings.parameter(
                    131_008,
                    &format!("Parameter '{reference}' of kind '{kind}' does not fit the {slot}."),
                ),
                None if reference.is_empty() => {}
                None => findings.parameter(
                    131_008,
                    &format!("Required parameter is missing: no value is named '{reference}'."),
                ),
            }
        }
    }
}
