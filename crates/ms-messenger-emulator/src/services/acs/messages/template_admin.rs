//! `POST /_emulator/templates`: one more template of ACS Messages.

use http::Method;
use serde_json::Value;

use crate::{
    engine::{
        admin_response::{bad_request, ok, refusal},
        refusal::Refusal,
    },
    services::acs::{
        family::Acs,
        messages::{
            template_list,
            templates::{Known, STATUSES, body},
        },
    },
    wire::{request::Request, response::Response},
};

const KNOWN: [&str; 5] = ["name", "language", "status", "text", "content"];

/// Responds to `GET /_emulator/templates` with all templates, and to `POST` by making one.
pub(crate) fn handle(service: &Acs, request: &Request) -> Response {
    match request.method {
        Method::GET => ok(&template_list::all(service)),
        Method::POST => match serde_json::from_slice(&request.body) {
            Ok(document) => post(service, &document),
            Err(e) => bad_request("InvalidJson", &[format!("the body is not JSON: {e}")]),
        },
        _ => refusal(Refusal::WrongMethod),
    }
}

/// Makes the template that `document` describes, in place of the one of that name and language.
/// Returns all of them.
fn post(service: &Acs, document: &Value) -> Response {
    let mut problems = Vec::new();
    let members = document.as_object();
    let names = members.into_iter().flat_map(|members| members.keys());
    for name in names.filter(|name| !KNOWN.contains(&name.as_str())) {
        let known = KNOWN.join(", ");
        problems.push(format!("{name}: is unknown here; known: {known}"));
    }
    let mut text = |name: &str, default: Option<&str>| match (document.get(name), default) {
        (Some(Value::String(text)), _) if !text.is_empty() => text.clone(),
        (None, Some(default)) => default.to_owned(),
        _ => {
            problems.push(format!("{name}: must be a non-empty string"));
            String::new()
        }
    };
    let template = Known {
        name: text("name", None),
        language: text("language", None),
        status: text("status", Some("approved")),
        content: match document.get("content") {
            Some(content) => content.clone(),
            None => body(&text("text", Some("{{1}}"))),
        },
    };
    if !is_list_of_components(&template.content) {
        problems.push("content: must be a list of components, each with a type".to_owned());
    }
    if document.get("text").is_some() && document.get("content").is_some() {
        problems.push("text: has no place beside content, which has a body".to_owned());
    }
    if !template.status.is_empty() && !STATUSES.contains(&template.status.as_str()) {
        problems.push(format!("status: must be one of {}", STATUSES.join(", ")));
    }
    if !problems.is_empty() {
        return bad_request("InvalidTemplate", &problems);
    }
    template_list::put(service, template);
    ok(&template_list::all(service))
}

/// Whether it is what Meta calls the components of a template.
fn is_list_of_components(content: &Value) -> bool {
    let components = content.as_array();
    components.is_some_and(|all| !all.is_empty() && all.iter().all(|it| it["type"].is_string()))
}
