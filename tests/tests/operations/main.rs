//! What each client can do: the tables of their operations beside what the emulator serves, and the
//! page that is made of them. `UPDATE_DOCS=1` writes the page.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::{collections::BTreeSet, env, fs, path::PathBuf};

use ms_messenger::{
    acs_chat, acs_identity, acs_messages,
    http::{Bytes, Endpoint, HttpClient, HttpOptions, HttpRequest, Method, Operation, RetryClass},
    msgraph_chat,
};
use ms_messenger_emulator::Emulator;
use serde_json::{Value, json};

/// The crates with a table, their names for readers, and the prefix of their paths.
const CLIENTS: [(&str, &str, &[&Operation], &str); 4] = [
    (
        "acs-messages",
        "ACS Advanced Messaging",
        acs_messages::OPERATIONS,
        "",
    ),
    ("acs-chat", "ACS Chat", acs_chat::OPERATIONS, ""),
    ("acs-identity", "ACS Identity", acs_identity::OPERATIONS, ""),
    (
        "msgraph-chat",
        "Teams through Microsoft Graph",
        msgraph_chat::OPERATIONS,
        "/v1.0",
    ),
];

/// Operations of the emulator that no typed function covers: drives are read with the client's
/// `request`.
const UNTYPED: [&str; 8] = [
    "drive.get",
    "drive.list",
    "drive.content",
    "drive.download",
    "drive.link",
    "drive.share",
    "drive.share.content",
    "drive.session.commit",
];

/// Operations of the clients that the emulator does not serve.
const UNSERVED: [&str; 2] = ["attachment.get", "user.list"];

struct Probe {
    http: HttpClient,
    endpoint: Endpoint,
}

impl Probe {
    async fn call(&self, method: Method, path: &str, body: String) -> String {
        let address = self.endpoint.address(path).unwrap();
        let request = HttpRequest::new(method, address, Bytes::from(body));
        let response = self.http.exchange(request).await.unwrap();
        String::from_utf8_lossy(response.body()).into_owned()
    }

    async fn set_faults(&self, rules: &[Value]) -> String {
        let body = json!({ "rules": rules }).to_string();
        self.call(Method::PUT, "/_emulator/faults", body).await
    }

    /// The names of the operations of `platform`.
    async fn operations(&self, platform: &str) -> Vec<String> {
        let said = self.set_faults(&[rule(platform, "nothing")]).await;
        let said: Value = serde_json::from_str(&said).unwrap();
        let message = said["error"]["message"].as_str().unwrap();
        let (_, names) = message.split_once("must be one of ").unwrap();
        names.split(", ").map(str::to_owned).collect()
    }
}

/// Makes every request of an operation say its name.
fn rule(platform: &str, operation: &str) -> Value {
    json!({
        "match": { "platform": platform, "operation": operation },
        "action": { "kind": "status", "status": 418, "body": operation },
    })
}

/// The path of an operation with something in the place of each variable part.
fn filled(path: &str) -> String {
    let mut filled = String::new();
    for part in path.split('{') {
        match part.split_once('}') {
            Some((_, rest)) => filled += &format!("x{rest}"),
            None => filled += part,
        }
    }
    filled
}

#[tokio::test]
async fn every_operation_that_the_emulator_serves_has_a_typed_function() {
    let emulator = Emulator::start().await.unwrap();
    let probe = Probe {
        http: HttpClient::new(&HttpOptions::default()).unwrap(),
        endpoint: Endpoint::parse(emulator.http_url()).unwrap(),
    };
    let mut served = BTreeSet::new();
    let mut rules = Vec::new();
    for platform in ["acs-messages", "acs-chat", "msgraph-chat"] {
        let operations = probe.operations(platform).await.into_iter();
        // Notifications are calls of the emulator to others.
        for operation in operations.filter(|it| !it.starts_with("notification.")) {
            rules.push(rule(platform, &operation));
            served.insert(operation);
        }
    }
    // The first rule that matches counts, and `send` matches `send.reply` too.
    rules.reverse();
    rules.sort_by_key(|rule| {
        let name = rule["match"]["operation"].as_str();
        std::cmp::Reverse(name.map_or(0, |name| name.split('.').count()))
    });
    let said = probe.set_faults(&rules).await;
    assert!(!said.contains("error"), "{said}");

    let (mut called, mut unserved) = (BTreeSet::new(), Vec::new());
    for (_, _, operations, prefix) in CLIENTS {
        for operation in operations {
            // The address of an upload session is one of the service's own.
            if !operation.path().starts_with('/') {
                called.insert(operation.name().to_owned());
                continue;
            }
            let path = format!("{prefix}{}", filled(operation.path()));
            let said = probe
                .call(operation.method().clone(), &path, String::new())
                .await;
            if !served.contains(&said) {
                unserved.push(operation.name());
            }
            called.insert(said);
        }
    }
    assert_eq!(unserved, UNSERVED);
    let left: Vec<_> = served.difference(&called).map(String::as_str).collect();
    let mut untyped = UNTYPED.to_vec();
    untyped.sort_unstable();
    assert_eq!(left, untyped);
}

#[test]
fn every_row_says_what_it_is_once() {
    for (name, _, operations, _) in CLIENTS {
        let mut names = BTreeSet::new();
        for operation in operations {
            assert!(
                names.insert(operation.name()),
                "{name}: {operation} is there twice"
            );
            assert!(!operation.function().is_empty(), "{name}: {operation}");
            assert!(!operation.reason().is_empty(), "{name}: {operation}");
            let is_doubtful = operation.class() == RetryClass::NotRepeatable;
            let says = operation.doubt().is_some();
            assert!(
                says || !is_doubtful,
                "{name}: {operation} leaves its caller in doubt"
            );
        }
    }
}

#[test]
fn the_page_of_operations_is_up_to_date() {
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../crates/ms-messenger/docs/operations.md");
    let page = page();
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "run this test with UPDATE_DOCS=1");
}

fn page() -> String {
    let mut page = String::from(
        "# What each client can do\n\n\
         Every call of the clients with such a table (`OPERATIONS`): all but `ucwa`, whose server\n\
         names the addresses of its calls in links. A call is repeated\n\
         automatically only where *Repeated* says why it may be; where it says what a second call\n\
         would do, it is repeated only if no earlier attempt can have been executed. For all other\n\
         paths of a service there is `request` on each of them.\n",
    );
    for (name, title, operations, _) in CLIENTS {
        page += &format!("\n## {title} (`{name}`)\n\n");
        page += "| Function | Request | Permission | Repeated |\n|---|---|---|---|\n";
        for operation in operations {
            let repeated = if operation.class() == RetryClass::Repeatable {
                format!("yes: {}", operation.reason())
            } else if operation.is_keyed() {
                format!("under its key: {}", operation.reason())
            } else {
                format!("no: {}", operation.reason())
            };
            let permission = operation.permission().map(|it| format!("`{it}`"));
            let permission = permission.as_deref().unwrap_or("-");
            let (function, method) = (operation.function(), operation.method());
            page += &format!(
                "| `{function}` | `{method} {}` | {permission} | {repeated} |\n",
                operation.path()
            );
        }
    }
    page
}
