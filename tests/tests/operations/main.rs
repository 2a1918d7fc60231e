//! What each client can do: the tables of their operations beside what the emulator serves, and the
//! page that is made of them. `UPDATE_DOCS=1` writes the page.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod official;

use std::{collections::BTreeSet, env, fs, path::PathBuf};

use ms_messenger::{
    acs_chat, acs_identity, acs_messages,
    http::{
        Bytes, Endpoint, HeaderValue, HttpClient, HttpOptions, HttpRequest, Method, Operation,
        RetryClass, header,
    },
    msgraph_chat::{self, permissions},
};
use ms_messenger_emulator::Emulator;
use official::PACKAGES;
use serde_json::{Value, json};

/// A crate with a table.
struct Client {
    name: &'static str,
    /// Its name for readers.
    title: &'static str,
    operations: &'static [&'static Operation],
    /// The prefix of its paths.
    prefix: &'static str,
}

const CLIENTS: &[Client] = &[
    Client {
        name: "acs-messages",
        title: "ACS Advanced Messaging",
        operations: acs_messages::OPERATIONS,
        prefix: "",
    },
    Client {
        name: "acs-chat",
        title: "ACS Chat",
        operations: acs_chat::OPERATIONS,
        prefix: "",
    },
    Client {
        name: "acs-identity",
        title: "ACS Identity",
        operations: acs_identity::OPERATIONS,
        prefix: "",
    },
    Client {
        name: "msgraph-chat",
        title: "Teams through Microsoft Graph",
        operations: msgraph_chat::OPERATIONS,
        prefix: "/v1.0",
    },
];

struct Probe {
    http: HttpClient,
    endpoint: Endpoint,
}

impl Probe {
    async fn call(&self, method: Method, path: &str, body: String) -> String {
        let address = self.endpoint.address(path).unwrap();
        let request = HttpRequest::new(method, address, Bytes::from(body));
        self.exchange(request).await
    }

    async fn exchange(&self, request: HttpRequest) -> String {
        let response = self.http.exchange(request).await.unwrap();
        String::from_utf8_lossy(response.body()).into_owned()
    }

    /// Whether a token with this permission alone lacks one for the request.
    async fn lacks(&self, method: &Method, path: &str, token: &str) -> bool {
        let address = self.endpoint.address(path).unwrap();
        let mut request = HttpRequest::new(method.clone(), address, Bytes::from("{}"));
        let token = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
        request.headers.insert(header::AUTHORIZATION, token);
        let json = HeaderValue::from_static("application/json");
        request.headers.insert(header::CONTENT_TYPE, json);
        let said = self.exchange(request).await;
        said.contains("Missing scope permissions")
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
async fn every_operation_has_a_typed_function_and_is_served_by_the_emulator() {
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
    for client in CLIENTS {
        for operation in client.operations {
            // The address of an upload session is one of the service's own.
            if !operation.path().starts_with('/') {
                called.insert(operation.name().to_owned());
                continue;
            }
            let path = format!("{}{}", client.prefix, filled(operation.path()));
            let said = probe
                .call(operation.method().clone(), &path, String::new())
                .await;
            if !served.contains(&said) {
                unserved.push(operation.name());
            }
            called.insert(said);
        }
    }
    assert_eq!(unserved, [""; 0]);
    let left: Vec<_> = served.difference(&called).collect();
    assert!(left.is_empty(), "{left:?}");
}

/// The emulator reads the contract's permissions on its own.
#[tokio::test]
async fn each_delegated_permission_of_the_table_allows_its_operation() {
    let emulator = Emulator::start().await.unwrap();
    let probe = Probe {
        http: HttpClient::new(&HttpOptions::default()).unwrap(),
        endpoint: Endpoint::parse(emulator.http_url()).unwrap(),
    };
    let user = &emulator.seed().graph.users[0];
    let mut checked = 0;
    for operation in msgraph_chat::OPERATIONS {
        let permissions = permissions::delegated(operation);
        let has_its_own = |part: &&str| operation.name().starts_with(*part);
        // Drives look at what a token reaches, and subscriptions at what is subscribed to.
        let is_elsewhere = ["drive.", "subscription."].iter().any(has_its_own);
        if is_elsewhere || permissions.is_empty() || UNSERVED.contains(&operation.name()) {
            continue;
        }
        let path = format!("/v1.0{}", filled(operation.path()));
        for permission in permissions.iter().chain(&["Mail.Send"]) {
            let token = emulator
                .seed()
                .graph_token(user, &[permission], 4_102_444_800);
            let lacks = probe.lacks(operation.method(), &path, &token).await;
            assert_eq!(
                lacks,
                *permission == "Mail.Send",
                "{operation}: {permission}"
            );
            checked += 1;
        }
    }
    assert!(checked > 150, "{checked}");
}

#[test]
fn every_row_says_what_it_is_once() {
    for Client {
        name, operations, ..
    } in CLIENTS
    {
        let mut names = BTreeSet::new();
        for operation in *operations {
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
    page += &format!("\n{PACKAGES}");
    for client in CLIENTS {
        page += &format!("\n## {} (`{}`)\n\n", client.title, client.name);
        page +=
            "| Function | Request | Permission | Repeated | Official |\n|---|---|---|---|---|\n";
        for operation in client.operations {
            page += &row(client, operation);
        }
    }
    page
}

fn row(client: &Client, operation: &Operation) -> String {
    let quoted = |text: Option<&str>| text.map_or("-".to_owned(), |it| format!("`{it}`"));
    let repeated = if operation.class() == RetryClass::Repeatable {
        "yes"
    } else if operation.is_keyed() {
        "under its key"
    } else {
        "no"
    };
    format!(
        "| `{}` | `{} {}` | {} | {repeated}: {} | {} |\n",
        operation.function(),
        operation.method(),
        operation.path(),
        quoted(operation.permission()),
        operation.reason(),
        quoted(official::of(client.name, operation)),
    )
}
