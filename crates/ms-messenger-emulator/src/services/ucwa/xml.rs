//! Resources, events and errors as XML.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::services::ucwa::encoding::iso_time;

const NAMESPACE: &str = "http://schemas.microsoft.com/rtc/2012/03/ucwa";

/// Writes a JSON response in the XML form.
pub(super) fn write(body: &Value) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>");
    let empty = Map::new();
    let members = body.as_object().unwrap_or(&empty);
    let links = members.get("_links").and_then(Value::as_object);
    let is_events = members.contains_key("sender")
        || links.is_some_and(|links| {
            ["next", "resume", "resync"]
                .iter()
                .any(|rel| links.contains_key(*rel))
        });
    if members.contains_key("code") {
        error(&mut out, members);
    } else if is_events {
        events(&mut out, members);
    } else {
        let root = if members.contains_key("rel") {
            None
        } else {
            Some("root")
        };
        resource(&mut out, members, root, true);
    }
    out
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => iso_time(text).unwrap_or_else(|| text.clone()),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn attribute(out: &mut String, name: &str, value: Option<&Value>) {
    if let Some(value) = value {
        let _ = write!(out, " {name}=\"{}\"", escape(&text_of(value)));
    }
}

fn error(out: &mut String, members: &Map<String, Value>) {
    let _ = write!(out, "<reason xmlns=\"{NAMESPACE}\">");
    for name in ["code", "subcode", "message"] {
        if let Some(value) = members.get(name) {
            let _ = write!(out, "<{name}>{}</{name}>", escape(&text_of(value)));
        }
    }
    out.push_str("<debugInfo /><parameters /></reason>");
}

fn links(out: &mut String, links: Option<&Value>, without: &str) {
    for (rel, link) in links.and_then(Value::as_object).into_iter().flatten() {
        if rel == without {
            continue;
        }
        let one = std::slice::from_ref(link);
        for link in link.as_array().map_or(one, Vec::as_slice) {
            let _ = write!(out, "<link rel=\"{}\"", escape(rel));
            attribute(out, "href", link.get("href"));
            attribute(out, "title", link.get("title"));
            out.push_str(" />");
        }
    }
}

/// `root` names a resource that does not name itself.
fn resource(out: &mut String, members: &Map<String, Value>, root: Option<&str>, is_outer: bool) {
    let all_links = members.get("_links");
    out.push_str("<resource");
    let rel = root.map_or_else(
        || members.get("rel").cloned().unwrap_or_default(),
        Value::from,
    );
    attribute(out, "rel", Some(&rel));
    attribute(
        out,
        "href",
        all_links
            .and_then(|l| l.get("self"))
            .and_then(|l| l.get("href")),
    );
    if is_outer {
        let _ = write!(out, " xmlns=\"{NAMESPACE}\"");
    }
    out.push('>');
    links(out, all_links, "self");
    for (name, value) in members {
        match value {
            _ if matches!(name.as_str(), "rel" | "_links" | "_embedded") => {}
            Value::Array(items) => {
                let _ = write!(out, "<propertyList name=\"{}\">", escape(name));
                for item in items {
                    let _ = write!(out, "<item>{}</item>", escape(&text_of(item)));
                }
                out.push_str("</propertyList>");
            }
            value => {
                let (name, text) = (escape(name), escape(&text_of(value)));
                let _ = write!(out, "<property name=\"{name}\">{text}</property>");
            }
        }
    }
    embedded(out, members.get("_embedded"));
    out.push_str("</resource>");
}

fn embedded(out: &mut String, embedded: Option<&Value>) {
    for (rel, value) in embedded.and_then(Value::as_object).into_iter().flatten() {
        let one = std::slice::from_ref(value);
        for value in value.as_array().map_or(one, Vec::as_slice) {
            if let Some(members) = value.as_object() {
                resource(out, members, Some(rel), false);
            }
        }
    }
}

fn events(out: &mut String, members: &Map<String, Value>) {
    let all_links = members.get("_links");
    out.push_str("<events");
    attribute(
        out,
        "href",
        all_links
            .and_then(|l| l.get("self"))
            .and_then(|l| l.get("href")),
    );
    let _ = write!(out, " xmlns=\"{NAMESPACE}\">");
    links(out, all_links, "self");
    for sender in members
        .get("sender")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        out.push_str("<sender");
        attribute(out, "rel", sender.get("rel"));
        attribute(out, "href", sender.get("href"));
        out.push('>');
        for one in sender
            .get("events")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            event(out, one);
        }
        out.push_str("</sender>");
    }
    out.push_str("</events>");
}

fn event(out: &mut String, event: &Value) {
    let kind = event
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or("updated");
    let _ = write!(out, "<{kind}");
    for name in ["rel", "href", "title"] {
        attribute(out, name, event.get("link").and_then(|link| link.get(name)));
    }
    attribute(out, "status", event.get("status"));
    out.push('>');
    if let Some(within) = event.get("in") {
        out.push_str("<in");
        for name in ["rel", "href", "title"] {
            attribute(out, name, within.get(name));
        }
        out.push_str(" />");
    }
    if let Some(reason) = event.get("reason").and_then(Value::as_object) {
        out.push_str("<reason>");
        for (name, value) in reason {
            let _ = write!(out, "<{name}>{}</{name}>", escape(&text_of(value)));
        }
        out.push_str("</reason>");
    }
    embedded(out, event.get("_embedded"));
    let _ = write!(out, "</{kind}>");
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_kind_of_response_has_its_root() {
        let error =
            write(&json!({"code": "Conflict", "subcode": "AlreadyExists", "message": "<x>"}));
        assert!(error.contains("<code>Conflict</code>") && error.contains("&lt;x&gt;"));
        let resource = write(&json!({
            "rel": "message", "timeStamp": "/Date(0)/", "formats": ["Plain"],
            "_links": {"self": {"href": "/m"}, "participant": [{"href": "/p", "title": "A"}]},
            "_embedded": {"from": {"rel": "participant", "name": "A"}},
        }));
        for part in [
            "<resource rel=\"message\" href=\"/m\" xmlns=",
            "<link rel=\"participant\" href=\"/p\" title=\"A\" />",
            "<property name=\"timeStamp\">1970-01-01T00:00:00.000Z</property>",
            "<propertyList name=\"formats\"><item>Plain</item></propertyList>",
            "<resource rel=\"from\"><property name=\"name\">A</property></resource>",
        ] {
            assert!(resource.contains(part), "{part} in {resource}");
        }
        let events = write(&json!({
            "_links": {"self": {"href": "/e?ack=1"}, "next": {"href": "/e?ack=2"}},
            "sender": [{"rel": "me", "href": "/me", "events": [
                {"link": {"rel": "note", "href": "/n"}, "type": "added"}]}],
        }));
        assert!(
            events.contains("<added rel=\"note\" href=\"/n\"></added>"),
            "{events}"
        );
        assert!(
            events.contains("<link rel=\"next\" href=\"/e?ack=2\" />"),
            "{events}"
        );
    }
}
