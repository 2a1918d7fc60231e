//! What each client can do: the tables of their operations beside what the emulator serves, and the
//! page that is made of them. `UPDATE_DOCS=1` writes the page.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod official;

use std::{collections::BTreeSet, env, fs, path::PathBuf};

use ms_messenger::{
    SipUri, acs_chat, acs_identity, acs_messages,
    http::{
        Bytes, Endpoint, HeaderValue, HttpClient, HttpOptions, HttpRequest, Method, Operation,
        RetryClass, header,
    },
    msgraph_chat::{self, permissions},
    ucwa,
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
    Client {
        name: "ucwa",
        title: "Skype for Business through UCWA",
        operations: ucwa::OPERATIONS,
        prefix: "",
    },
];

/// Where the links of UCWA lead in the emulator, below an application (`~`) and a conversation of
/// it (`~~`).
const RELATIONS: [(&str, &str); 36] = [
    (
        "rel=user",
        "/Autodiscover/AutodiscoverService.svc/root/oauth/user",
    ),
    ("MsRtcOAuth href", "/WebTicket/oauthtoken"),
    ("rel=applications", "/ucwa/oauth/v1/applications"),
    ("rel=application", "~"),
    ("rel=events", "~/events?ack={x}"),
    ("rel=me", "~/me"),
    ("rel=makeMeAvailable", "~/me/makeMeAvailable"),
    ("rel=reportMyActivity", "~/me/reportMyActivity"),
    ("rel=presence", "~/me/presence"),
    ("rel=note", "~/me/note"),
    ("rel=people", "~/people"),
    ("rel=search", "~/people/search"),
    ("rel=contact", "~/people/{x}"),
    ("rel=contactPresence", "~/people/{x}/presence"),
    ("rel=contactNote", "~/people/{x}/note"),
    ("rel=communication", "~/communication"),
    ("rel=startMessaging", "~/communication/messagingInvitations"),
    (
        "rel=messagingInvitation",
        "~/communication/messagingInvitations/{x}",
    ),
    (
        "rel=accept",
        "~/communication/messagingInvitations/{x}/accept",
    ),
    (
        "rel=decline",
        "~/communication/messagingInvitations/{x}/decline",
    ),
    (
        "rel=startOnlineMeeting",
        "~/communication/onlineMeetingInvitations?onlineMeetingUri=adhoc",
    ),
    (
        "rel=addParticipant",
        "~/communication/participantInvitations?conversation={x}",
    ),
    (
        "rel=addMessaging",
        "~/communication/messagingInvitations?conversation={x}",
    ),
    (
        "rel=conversations",
        "~/communication/conversations?filter=active",
    ),
    ("rel=conversation", "~~"),
    ("rel=messaging", "~~/messaging"),
    ("rel=sendMessage", "~~/messaging/messages"),
    ("rel=message", "~~/messaging/messages/2"),
    ("rel=stopMessaging", "~~/messaging/terminate"),
    ("rel=setIsTyping", "~~/messaging/typing"),
    ("rel=typingParticipants", "~~/messaging/typingParticipants"),
    ("rel=participants", "~~/participants"),
    ("rel=participant", "~~/participants/{x}"),
    ("rel=localParticipant", "~~/participants/{x}"),
    ("rel=participantMessaging", "~~/participants/{x}/messaging"),
    ("/", "/"),
];

/// What the emulator serves beside the links: a path of old clients, and all paths without a meaning.
const UNLINKED: [&str; 2] = ["cancel", "other"];

/// The path in the emulator that an operation of UCWA leads to.
fn linked(relation: &str) -> String {
    let found = RELATIONS.iter().find(|(known, _)| *known == relation);
    let (_, path) = found.unwrap_or_else(|| panic!("{relation} leads nowhere"));
    let conversation = "~/communication/conversations/{x}";
    let path = path.replace("~~", conversation);
    path.replace('~', "/ucwa/oauth/v1/applications/{x}")
}

struct Probe {
    http: HttpClient,
    endpoint: Endpoint,
}

impl Probe {
    fn new(emulator: &Emulator) -> Self {
        Self {
            http: HttpClient::new(&HttpOptions::default()).unwrap(),
            endpoint: Endpoint::parse(emulator.http_url()).unwrap(),
        }
    }

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
    let probe = Probe::new(&emulator);
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
    for client in CLIENTS.iter().filter(|it| it.name != "ucwa") {
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
        if is_elsewhere || permissions.is_empty() {
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

#[tokio::test]
async fn every_operation_of_ucwa_leads_to_what_the_emulator_serves() {
    let emulator = Emulator::start().await.unwrap();
    let probe = Probe::new(&emulator);
    let operations = probe.operations("ucwa").await;
    let mut rules: Vec<Value> = operations.iter().map(|it| rule("ucwa", it)).collect();
    // `communication` matches `communication.put`, too.
    rules.sort_by_key(|rule| !rule["match"]["operation"].as_str().unwrap().contains('.'));
    let said = probe.set_faults(&rules).await;
    assert!(!said.contains("error"), "{said}");
    let mut called = BTreeSet::new();
    for operation in ucwa::OPERATIONS {
        let path = filled(&linked(operation.path()));
        let said = probe
            .call(operation.method().clone(), &path, String::new())
            .await;
        assert!(operations.contains(&said), "{operation}: {said}");
        called.insert(said);
    }
    let left = operations.iter().map(String::as_str);
    let left: Vec<_> = left.filter(|it| !called.contains(*it)).collect();
    assert_eq!(left, UNLINKED);
}

/// The links of a resource and of what it embeds: relation and path.
fn links(resource: &Value, found: &mut BTreeSet<(String, String)>) {
    let entries = |name: &str| resource[name].as_object().cloned().unwrap_or_default();
    let many = |value: Value| match value {
        Value::Array(all) => all,
        one => vec![one],
    };
    for (relation, link) in entries("_links") {
        let own = resource["rel"].as_str().filter(|_| relation == "self");
        for link in many(link) {
            let href = link["href"].as_str().unwrap().to_owned();
            let relation = own.unwrap_or(&relation);
            found.insert((format!("rel={relation}"), href));
        }
    }
    for (_, embedded) in entries("_embedded") {
        many(embedded).iter().for_each(|it| links(it, found));
    }
}

/// Whether a path of the emulator is that of a relation.
fn is_at(path: &str, template: &str) -> bool {
    let ends = ['/', '?', '='];
    let parts = path.split(ends).map(Some).chain([None]);
    let wanted = template.split(ends).map(Some).chain([None]);
    parts.clone().count() == wanted.clone().count()
        && parts
            .zip(wanted)
            .all(|(part, wanted)| wanted == Some("{x}") || part == wanted)
}

#[tokio::test]
async fn the_links_of_the_emulator_have_the_relations_of_ucwa() {
    let emulator = Emulator::start().await.unwrap();
    let world = &emulator.seed().ucwa;
    let user = &world.users[0];
    let credential = ucwa::UcwaCredential::password(&user.username, user.password.as_str());
    let builder = ucwa::UcwaSession::builder(&user.sip, credential);
    let builder = builder.with_discovery_url(&world.discover);
    let session = builder.sign_in().await.unwrap();
    let mut found = BTreeSet::new();
    let read = async |href: &str| -> Value {
        let request = session.request(Method::GET, href).unwrap();
        request.json().await.unwrap()
    };
    links(&read(&session.href()).await, &mut found);
    let _incoming = session.receive(ucwa::AcceptPolicy::Everyone).await.unwrap();
    links(&read(&session.href()).await, &mut found);
    let search = format!("{}/people/search?query=bob", session.href());
    links(&read(&search).await, &mut found);
    let bob = "sip:bob@contoso.test".parse::<SipUri>().unwrap();
    let sent = session.send(bob, "Hello").await.into_result().unwrap();
    let conversation = sent.conversation.as_str();
    let message = sent.message_id.unwrap();
    let messaging = format!("{conversation}/messaging");
    let participants = format!("{conversation}/participants");
    for href in [conversation, message.as_str(), &messaging, &participants] {
        links(&read(href).await, &mut found);
    }
    for (relation, path) in &found {
        let known = RELATIONS.iter().any(|(known, _)| known == relation);
        // The search links itself with its query.
        let path = path.split("?query=").next().unwrap();
        let is_right = !known || is_at(path, &linked(relation));
        assert!(is_right, "{relation} leads to {path}");
    }
    let seen = |relation: &str| found.iter().any(|(known, _)| known == relation);
    let unseen = RELATIONS.iter().map(|(relation, _)| *relation);
    let unseen: Vec<_> = unseen
        .filter(|it| it.starts_with("rel=") && !seen(it))
        .collect();
    let elsewhere = [
        "rel=user",
        "rel=applications",
        "rel=messagingInvitation",
        "rel=accept",
        "rel=decline",
        "rel=addMessaging",
        "rel=participantMessaging",
    ];
    assert_eq!(unseen, elsewhere);
    session.sign_out().await.unwrap();
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
         Every call of the clients (`OPERATIONS`). The server of `ucwa` names the addresses of its\n\
         calls in links: there a request is named by the relation of its link. A call is repeated\n\
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
