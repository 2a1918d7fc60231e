//! The four clients of a worker, and the target of each message.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use ms_messenger::{
    RetryPolicy, SharedMessenger, StaticToken, Target,
    acs_chat::AcsChatClient,
    acs_messages::{AcsMessagesClient, Credential},
    msgraph_chat::{GraphChatBuilder, GraphChatClient, NewGroupChat},
    ucwa::{UcwaCredential, UcwaSession},
};
use serde_json::Value;

use crate::plan::Plan;

/// The routes, which have the names of the platforms.
pub(crate) const ROUTES: [&str; 4] = ["acs-messages", "acs-chat", "msgraph-chat", "ucwa"];

/// Builds the clients, without retries of their own: the outbox retries.
pub(crate) async fn clients(ready: &Value) -> BTreeMap<&'static str, SharedMessenger> {
    let retry = RetryPolicy::default().with_max_attempts(1);
    let text = |pointer: &str| ready.pointer(pointer).unwrap().as_str().unwrap();
    let http = text("/http");
    let key = text("/acs/connection_string")
        .split_once("accesskey=")
        .unwrap()
        .1;
    let messages = AcsMessagesClient::builder(http, Credential::access_key(key).unwrap())
        .with_retry_policy(retry.clone())
        .build();
    let chat = AcsChatClient::builder(http, StaticToken::new(text("/acs/users/0/token")))
        .with_client_message_ids(true)
        .with_settling_margin(Plan::MARGIN)
        .with_retry_policy(retry.clone())
        .build();
    let graph = graph(ready)
        .with_settling_margin(Plan::MARGIN)
        .with_retry_policy(retry.clone())
        .build();
    let (user, password) = (
        text("/ucwa/users/0/username"),
        text("/ucwa/users/0/password"),
    );
    let credential = UcwaCredential::password(user, password);
    let skype = UcwaSession::builder(text("/ucwa/users/0/sip"), credential)
        .with_discovery_url(text("/ucwa/discover"))
        .with_send_timeout(Plan::ATTEMPT)
        .with_reconnect_backoff(Duration::from_millis(5))
        .with_retry_policy(retry)
        .sign_in()
        .await;
    BTreeMap::from([
        (
            "acs-messages",
            Arc::new(messages.unwrap()) as SharedMessenger,
        ),
        ("acs-chat", Arc::new(chat.unwrap())),
        ("msgraph-chat", Arc::new(graph.unwrap())),
        ("ucwa", Arc::new(skype.unwrap())),
    ])
}

fn graph(ready: &Value) -> GraphChatBuilder {
    let text = |pointer: &str| ready.pointer(pointer).unwrap().as_str().unwrap();
    let token = StaticToken::new(text("/graph/token"));
    GraphChatClient::builder(token).with_base_url(text("/graph/base"))
}

/// The chats of Teams. Settling reads the messages of a whole day for a worker that knew no clock of
/// the service yet: there must not be thousands in one chat.
pub(crate) async fn chats(ready: &Value) -> Vec<Target> {
    const CHATS: usize = 16;
    let client = graph(ready).build().unwrap();
    let own = client.own_id().await.unwrap();
    let mut chats = Vec::with_capacity(CHATS);
    for number in 0..CHATS {
        let chat = NewGroupChat::new(["bob@contoso.test"]).with_member(own.clone());
        let chat = chat.with_topic(format!("chat {number}"));
        let created = client.create_group_chat(&chat).await.unwrap();
        chats.push(Target::conversation(created.id));
    }
    chats
}

/// The target of message `number` of a route.
pub(crate) fn target(ready: &Value, chats: &[Target], route: &str, number: usize) -> Target {
    let text = |pointer: &str| ready.pointer(pointer).unwrap().as_str().unwrap();
    match route {
        "acs-messages" => Target::conversation(text("/acs/conversation_id")),
        "acs-chat" => Target::conversation(text("/acs/thread_id")),
        "msgraph-chat" => chats[number / ROUTES.len() % chats.len()].clone(),
        // An unknown send makes the next one to the same contact harder to settle.
        _ => Target::sip(&format!("sip:contact{}@fabrikam.test", number % 64)).unwrap(),
    }
}
