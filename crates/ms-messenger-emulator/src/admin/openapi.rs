//! `GET /_emulator/openapi.json`: the description of the admin API.

use std::sync::LazyLock;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header::ALLOW};
use serde_json::Value;

use crate::wire::response::Response;

const DESCRIPTION: &str = include_str!("../../docs/admin-api.json");

/// The same as a document.
static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(DESCRIPTION).unwrap_or_default());

/// Responds with the description, an OpenAPI 3.1 document.
pub(super) fn respond() -> Response {
    let body = Bytes::from_static(DESCRIPTION.as_bytes());
    Response::bytes(StatusCode::OK, "application/json; charset=utf-8", body)
}

/// Names the methods of a path in the response to another one, as the description has them.
pub(super) fn allow(headers: &mut HeaderMap, path: &str) {
    let methods = methods(path);
    if methods.is_empty() || headers.contains_key(ALLOW) {
        return;
    }
    if let Ok(value) = HeaderValue::try_from(methods.join(", ")) {
        headers.insert(ALLOW, value);
    }
}

fn methods(path: &str) -> Vec<String> {
    let paths = DOCUMENT["paths"].as_object().into_iter().flatten();
    let mut found = paths.filter(|(template, _)| is_of(template, path));
    let methods = found.next().and_then(|(_, item)| item.as_object());
    let names = methods.into_iter().flat_map(|all| all.keys());
    let known = ["get", "put", "post", "delete", "patch"];
    let names = names.filter(|name| known.contains(&name.as_str()));
    let mut names: Vec<String> = names.map(|name| name.to_ascii_uppercase()).collect();
    if names.iter().any(|name| name == "GET") {
        names.push("HEAD".to_owned());
    }
    names.sort_unstable();
    names
}

/// Whether the path is one of the template: `/_emulator/event-subscriptions/{name}`.
fn is_of(template: &str, path: &str) -> bool {
    let mut parts = path.split('/');
    let template = template.trim_start_matches("/_emulator/").split('/');
    let mut all = template.map(|one| (one, parts.next()));
    let is_same =
        all.all(|(one, part)| part.is_some_and(|part| one.starts_with('{') || one == part));
    is_same && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_methods_of_a_path_are_those_of_the_description() {
        assert_eq!(methods("reset"), ["POST"]);
        assert_eq!(methods("health"), ["GET", "HEAD"]);
        assert_eq!(
            methods("event-subscriptions/demo"),
            ["DELETE", "GET", "HEAD"]
        );
        assert!(methods("event-subscriptions/demo/more/parts").is_empty());
        assert!(methods("nowhere").is_empty());
    }
}
