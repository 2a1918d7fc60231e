//! The OpenAPI description of the admin API: each operation in it works as it says, and the emulator
//! serves nothing below `/_emulator/` that is not in it.
//!
//! A new path needs its operation in `docs/admin-api.json`, with an example in each parameter and
//! body that is required. Only what an example cannot say is in [`RUNNING`] and `scene`.

use std::{collections::BTreeSet, fs, path::Path};

use reqwest::{Method, Response};
use serde_json::{Map, Value, json};

use crate::{outside::Outside, receiver::Receiver};

/// Operations that can only fail with their examples: what they name does not exist.
const FAILING: [&str; 7] = [
    "get /_emulator/inbox/media",
    "post /_emulator/graph-notifications/lifecycle",
    "get /_emulator/event-validation",
    "post /_emulator/event-validation",
    "get /_emulator/event-subscriptions/{name}/dead-letters",
    "get /_emulator/event-subscriptions/{name}",
    "delete /_emulator/event-subscriptions/{name}",
];
/// Operations whose responses never end.
const RUNNING: [&str; 1] = ["get /_emulator/events"];
/// The methods that an operation can have.
const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];

fn description() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/admin-api.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Path, method and operation, in the order of the description.
fn operations(description: &Value) -> Vec<(String, String, Value)> {
    let mut operations = Vec::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(METHODS.contains(&method.as_str()), "{method} {path}");
            operations.push((path.clone(), method.clone(), operation.clone()));
        }
    }
    operations
}

/// Calls an operation with its examples.
async fn call(
    out: &Outside,
    path: &str,
    method: &str,
    operation: &Value,
    body: &Value,
) -> Response {
    let mut path = path.to_owned();
    let mut query = Vec::new();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap();
        let example = match &parameter["example"] {
            Value::Null => continue,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        match parameter["in"].as_str().unwrap() {
            "path" => path = path.replace(&format!("{{{name}}}"), &example),
            "query" => query.push(format!("{name}={example}")),
            other => panic!("{other}"),
        }
    }
    assert!(
        !path.contains('{'),
        "{path}: its parameters have no example"
    );
    let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
    let url = format!("{}{path}?{}", out.base, query.join("&"));
    let request = out.client.request(method, url.trim_end_matches('?'));
    let request = if body.is_null() {
        request
    } else {
        request.json(body)
    };
    request.send().await.unwrap()
}

/// What examples cannot name: a receiver that runs, and a code that waits.
async fn scene(out: &Outside, receiver: &Receiver, name: &str, example: &Value) -> Value {
    match name {
        "put /_emulator/event-subscriptions" => json!({"name": "demo", "url": receiver.url}),
        "post /_emulator/entra/approve" | "post /_emulator/entra/decline" => {
            let entra = &out.emulator.seed().entra;
            let url = format!("/{}/oauth2/v2.0/devicecode", entra.tenant);
            let client = &entra.public_client_id;
            let scope = "https://graph.microsoft.com/Chat.Read";
            let form = format!("client_id={client}&scope={scope}");
            let request = out.post(&url).body(form);
            let request = request.header("content-type", "application/x-www-form-urlencoded");
            let (status, code) = Outside::ask(request).await;
            assert_eq!(status, 200, "{code}");
            json!({"user_code": code["user_code"]})
        }
        _ => example.clone(),
    }
}

#[tokio::test]
async fn every_operation_responds_as_the_description_says() {
    let description = description();
    let (out, receiver) = (Outside::start().await, Receiver::start().await);
    out.chat("hello").await;
    for (path, method, operation) in operations(&description) {
        let name = format!("{method} {path}");
        if RUNNING.contains(&name.as_str()) {
            continue;
        }
        let content = &operation["requestBody"]["content"]["application/json"];
        let body = scene(&out, &receiver, &name, &content["example"]).await;
        if !body.is_null() {
            check(&description, &content["schema"], &body, &name);
        }
        let response = call(&out, &path, &method, &operation, &body).await;
        let status = response.status();
        let described = &operation["responses"][status.as_str()];
        assert!(
            described.is_object(),
            "{name}: {status}: {}",
            response.text().await.unwrap()
        );
        let may_fail = FAILING.contains(&name.as_str());
        assert!(status.is_success() || may_fail, "{name}: {status}");
        check_body(&description, described, response, &name).await;
        if name == "post /_emulator/reset" || name == "post /_emulator/inject" {
            out.chat("hello").await;
        }
    }
}

async fn check_body(description: &Value, described: &Value, response: Response, name: &str) {
    let kind = response.headers().get("content-type");
    let kind = kind.map(|kind| kind.to_str().unwrap().split(';').next().unwrap().to_owned());
    let bytes = response.bytes().await.unwrap();
    let Some(kind) = kind else {
        assert!(
            bytes.is_empty() && described.get("content").is_none(),
            "{name}"
        );
        return;
    };
    let content = &described["content"][&kind];
    assert!(content.is_object(), "{name}: {kind} is not described");
    if kind == "application/json" {
        let value = serde_json::from_slice(&bytes).unwrap();
        check(description, &content["schema"], &value, name);
    }
}

/// Checks a value by the part of JSON Schema that the description uses.
fn check(description: &Value, schema: &Value, value: &Value, at: &str) {
    for (keyword, rule) in schema.as_object().unwrap() {
        match keyword.as_str() {
            "$ref" => {
                let pointer = rule.as_str().unwrap().strip_prefix('#').unwrap();
                let schema = description.pointer(pointer);
                let schema = schema.unwrap_or_else(|| panic!("{at}: {rule} does not exist"));
                check(description, schema, value, at);
            }
            "type" => check_type(rule, value, at),
            "enum" => assert!(rule.as_array().unwrap().contains(value), "{at}: {value}"),
            "required" => {
                for name in rule.as_array().unwrap() {
                    let name = name.as_str().unwrap();
                    let is_there = value.as_object().is_none_or(|all| all.contains_key(name));
                    assert!(is_there, "{at}: {name} is missing in {value}");
                }
            }
            "properties" => {
                for (name, member) in value.as_object().into_iter().flatten() {
                    if let Some(schema) = rule.get(name) {
                        check(description, schema, member, &format!("{at}.{name}"));
                    }
                }
            }
            "additionalProperties" => check_others(description, schema, rule, value, at),
            "items" => {
                for (n, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(description, rule, item, &format!("{at}[{n}]"));
                }
            }
            "description" | "format" => {}
            other => panic!("{at}: the keyword {other} is not checked here"),
        }
    }
}

fn check_type(rule: &Value, value: &Value, at: &str) {
    let is_one = |name: &Value| match name.as_str().unwrap() {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{at}: the type {other} is not checked here"),
    };
    let is_right = match rule {
        Value::Array(names) => names.iter().any(is_one),
        name => is_one(name),
    };
    assert!(is_right, "{at}: {value} is not {rule}");
}

fn check_others(description: &Value, schema: &Value, rule: &Value, value: &Value, at: &str) {
    let none = Map::new();
    let known = schema["properties"].as_object().unwrap_or(&none);
    let members = value.as_object().into_iter().flatten();
    for (name, member) in members.filter(|(name, _)| !known.contains_key(*name)) {
        match rule {
            Value::Bool(false) => panic!("{at}: {name} is not described"),
            Value::Bool(true) => {}
            schema => check(description, schema, member, &format!("{at}.{name}")),
        }
    }
}

/// What could be a path, of all texts in the source.
fn candidates() -> BTreeSet<String> {
    let mut candidates = BTreeSet::new();
    let mut waiting = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(path).unwrap();
            waiting.extend(entries.map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|it| it == "rs") {
            let text = fs::read_to_string(path).unwrap();
            let is_path = |text: &&str| {
                let is_plain = |c: char| c.is_ascii_lowercase() || "-./".contains(c);
                text.len() < 50
                    && text.starts_with(|c: char| c.is_ascii_lowercase())
                    && text.chars().all(is_plain)
            };
            let words = text.split('"').filter(is_path);
            candidates.extend(words.map(|word| word.trim_end_matches('/').to_owned()));
        }
    }
    let names: Vec<String> = ["approve", "decline", "revoke", "expire", "sign-ins"]
        .map(str::to_owned)
        .into();
    candidates.extend(names.iter().map(|name| format!("entra/{name}")));
    assert!(candidates.contains("graph-notifications/lifecycle"));
    candidates
}

#[tokio::test]
async fn nothing_is_served_that_is_not_described() {
    let description = description();
    let described: BTreeSet<(String, String)> = operations(&description)
        .into_iter()
        .map(|(path, method, _)| (path, method))
        .collect();
    let out = Outside::start().await;
    let mut found = 0;
    for candidate in candidates() {
        let path = format!("/_emulator/{candidate}");
        for method in METHODS {
            let verb = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let request = out
                .client
                .request(verb, format!("{}{path}?timeout_ms=1", out.base));
            let response = request.send().await.unwrap();
            let is_described = described.contains(&(path.clone(), method.to_owned()));
            // The refusal of an unknown member, and of an unknown wait, is a response all the same.
            let status = response.status().as_u16();
            let is_unknown =
                status == 404 && !response.text().await.unwrap().contains("NoSuchMessage");
            let is_served = !is_unknown && status != 405;
            assert_eq!(is_served, is_described, "{method} {path}: {status}");
            found += usize::from(is_served);
            if is_unknown {
                // A path that is unknown to one method is to all.
                break;
            }
        }
    }
    let plain = described.iter().filter(|(path, _)| !path.contains('{'));
    assert_eq!(found, plain.count());
}

#[tokio::test]
async fn another_method_is_told_those_of_the_path_and_head_is_a_get_without_a_body() {
    let out = Outside::start().await;
    let description = description();
    for path in description["paths"].as_object().unwrap().keys() {
        let named = path.replace("{name}", "demo").replace("{file}", "api.js");
        let url = format!("{}{named}", out.base);
        let refused = out.client.patch(&url).send().await.unwrap();
        assert_eq!(refused.status(), 405, "{path}");
        let allowed = refused.headers()["allow"].to_str().unwrap().to_owned();
        let item = description["paths"][path].as_object().unwrap();
        for method in item.keys() {
            let method = method.to_ascii_uppercase();
            assert!(allowed.contains(&method), "{path}: {allowed}");
        }
    }
    for path in ["health", "messages", "stats"] {
        let head = out.client.head(format!("{}/_emulator/{path}", out.base));
        let head = head.send().await.unwrap();
        assert_eq!(head.status(), 200, "{path}");
        assert_eq!(head.bytes().await.unwrap().len(), 0, "{path}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_and_members_of_another_type_are_rejected() {
    let out = Outside::start().await;
    let description = description();
    for (path, method, operation) in operations(&description) {
        if !operation["requestBody"].is_object() {
            continue;
        }
        for body in ["", "{", "[]", "null", "7", r#"{"nobody_knows_this": 1}"#] {
            let method: Method = method.to_ascii_uppercase().parse().unwrap();
            let request = out.client.request(method, format!("{}{path}", out.base));
            let (status, error) = Outside::ask(request.body(body)).await;
            assert_eq!(status, 400, "{path} {body}: {error}");
        }
    }
    for (path, body) in [
        ("entra/approve", json!({"user_code": "X", "user": 5})),
        ("entra/expire", json!({"all": true, "code": {}})),
        ("entra/revoke", json!({"all": "yes"})),
        ("entra/revoke", json!({"all": true, "refresh_token": []})),
    ] {
        let request = out.post(&format!("/_emulator/{path}")).json(&body);
        let (status, error) = Outside::ask(request).await;
        assert_eq!(status, 400, "{path} {body}: {error}");
    }
}
