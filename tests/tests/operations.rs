//! What each client can do: the tables of their operations beside what the emulator serves, and the
//! page that is made of them. `UPDATE_DOCS=1` writes the page.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::{collections::BTreeSet, env, fs, path::PathBuf};

use ms_messenger::{
    SipUri, acs_chat, acs_identity, acs_messages,
    http::{Bytes, Endpoint, HttpClient, HttpOptions, HttpRequest, Method, Operation, RetryClass},
    msgraph_chat, ucwa,
};
use ms_messenger_emulator::Emulator;
use serde_json::{Value, json};

/// The crates with a table, their names for readers, and the prefix of their paths.
const CLIENTS: [(&str, &str, &[&Operation], &str); 5] = [
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
    (
        "ucwa",
        "Skype for Business through UCWA",
        ucwa::OPERATIONS,
        "",
    ),
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
    fn new(emulator: &Emulator) -> Self {
        Self {
            http: HttpClient::new(&HttpOptions::default()).unwrap(),
            endpoint: Endpoint::parse(emulator.http_url()).unwrap(),
        }
    }

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
    for (_, _, operations, prefix) in CLIENTS.into_iter().filter(|it| it.0 != "ucwa") {
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
    session.sign_out().await;
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
         Every call of the clients (`OPERATIONS`). The server of `ucwa` names the addresses of its\n\
         calls in links: there a request is named by the relation of its link. A call is repeated\n\
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
