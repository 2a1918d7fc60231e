//! The import of messages.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, SystemTime},
};

use ms_messenger_core::{Delivery, ErrorKind, Result};
use ms_messenger_emulator::{FaultAction, FaultRule, Faults, When};
use ms_messenger_testkit::{ReceivedRequest, Reply};
use msgraph_chat::{ImportedMessage, NewChatMessage, models::MigrationMode};
use serde_json::{Value, json};

use crate::operations::double::{
    CHANNEL, CHAT, TEAM, USER, assert_invalid, emulated, refusal, replying, scripted, seen,
    with_token,
};

const TIME: Duration = Duration::from_millis(1_000_000_060_123);

fn at() -> SystemTime {
    SystemTime::UNIX_EPOCH + TIME
}

fn message() -> ImportedMessage {
    let html = NewChatMessage::html("<p>Good <b>morning</b></p>");
    ImportedMessage::new(USER, html).with_display_name("Robin")
}

/// The message as the service stored it.
fn stored(text: &str) -> Value {
    json!({"id": "1000000060123", "from": {"user": {"id": USER.to_uppercase()}},
        "body": {"contentType": "html", "content": text}})
}

#[tokio::test]
async fn each_call_has_its_bytes() {
    let (double, client) = replying(Reply::json(201, &stored("x"))).await;
    let channel = client.channel(TEAM, CHANNEL);
    channel.start_migration(Some(at())).await.unwrap();
    let posted = channel.import(&message().with_created(at())).await.unwrap();
    assert_eq!(posted.id, "1000000060123");
    channel.import_reply("1", &message()).await.unwrap();
    channel.complete_migration().await.unwrap();
    client.chat(CHAT).start_migration(None).await.unwrap();
    client.chat(CHAT).import(&message()).await.unwrap();
    client.chat(CHAT).complete_migration().await.unwrap();
    client.team(TEAM).complete_migration().await.unwrap();

    let of_channel = format!("POST /teams/{TEAM}/channels/{CHANNEL}");
    assert_eq!(
        seen(&double),
        [
            format!("{of_channel}/startMigration"),
            format!("{of_channel}/messages"),
            format!("{of_channel}/messages/1/replies"),
            format!("{of_channel}/completeMigration"),
            format!("POST /chats/{CHAT}/startMigration"),
            format!("POST /chats/{CHAT}/messages"),
            format!("POST /chats/{CHAT}/completeMigration"),
            format!("POST /teams/{TEAM}/completeMigration"),
        ]
    );
    let bodies: Vec<_> = double.requests().iter().map(|it| it.json()).collect();
    let time = "2001-09-09T01:47:40.123Z";
    assert_eq!(bodies[0], json!({"conversationCreationDateTime": time}));
    let mut whole = json!({"from": {"user":
        {"id": USER, "displayName": "Robin", "userIdentityType": "aadUser"}},
        "body": {"contentType": "html", "content": "<p>Good <b>morning</b></p>"}});
    assert_eq!(bodies[2], whole);
    whole["createdDateTime"] = json!(time);
    assert_eq!(bodies[1], whole);
    assert_eq!(bodies[4], Value::Null);
}

#[tokio::test]
async fn bad_input_is_refused_before_any_request() {
    let (double, client) = replying(Reply::json(201, &json!({"id": "1"}))).await;
    let nobody = ImportedMessage::new("", "hi");
    let error = client.chat(CHAT).import(&nobody).await.unwrap_err();
    assert_invalid(&double, &error, "from");
    let blank = ImportedMessage::new(USER, " ");
    let error = client.chat(CHAT).import(&blank).await.unwrap_err();
    assert_invalid(&double, &error, "body.content");
    let channel = client.channel(TEAM, CHANNEL);
    let error = channel.import_reply("", &message()).await.unwrap_err();
    assert_invalid(&double, &error, "root");
}

/// A server whose first reply is `first`, and on which the lookup finds `found`.
async fn looked_up(first: Reply, found: Reply) -> (Vec<String>, Result<String>) {
    let count = AtomicUsize::new(0);
    let handler = move |_: &ReceivedRequest| match count.fetch_add(1, Ordering::SeqCst) {
        0 => first.clone(),
        _ => found.clone(),
    };
    let (double, client) = scripted(handler).await;
    let outcome = client
        .chat(CHAT)
        .import(&message().with_created(at()))
        .await;
    (seen(&double), outcome.map(|it| it.id.to_string()))
}

#[tokio::test]
async fn a_lost_or_repeated_import_is_a_success_when_the_message_is_there() {
    let taken = || refusal(409, "Conflict", "Taken.");
    let same = "<div>Good&nbsp;morning</div>";
    for first in [Reply::close(), taken(), refusal(504, "UnknownError", "")] {
        let (seen, outcome) = looked_up(first, Reply::json(200, &stored(same))).await;
        assert_eq!(outcome.unwrap(), "1000000060123");
        let list = format!("/chats/{CHAT}/messages");
        assert_eq!(
            seen,
            [format!("POST {list}"), format!("GET {list}/1000000060123")]
        );
    }

    let other = stored("Good evening");
    let mut of_another = stored(same);
    of_another["from"]["user"]["id"] = json!("another");
    for found in [other, of_another] {
        let (seen, outcome) = looked_up(taken(), Reply::json(200, &found)).await;
        let error = outcome.unwrap_err();
        assert_eq!((error.kind(), seen.len()), (ErrorKind::Conflict, 2));
        assert!(
            error.message().contains("another message has this time"),
            "{error}"
        );
    }
    let (_, outcome) = looked_up(Reply::close(), refusal(404, "NotFound", "")).await;
    assert_eq!(outcome.unwrap_err().delivery(), Delivery::Unknown);
    // What is proven not to be imported is not looked up.
    let (seen, outcome) = looked_up(refusal(400, "BadRequest", "Future."), taken()).await;
    assert_eq!(
        (outcome.unwrap_err().delivery(), seen.len()),
        (Delivery::NotSent, 1)
    );
}

#[tokio::test]
async fn old_messages_are_imported_once_and_the_migration_ends() {
    let (emulator, client) = emulated(0).await;
    let graph = emulator.seed().graph.clone();
    let app = with_token(&emulator, &graph.app_token);
    let channel = app.channel(graph.team_id.as_str(), graph.channel_id.as_str());
    let reader = client.channel(graph.team_id.as_str(), graph.channel_id.as_str());
    let mode = async || reader.get().await.unwrap().migration_mode;
    let user = graph.users[1].id.as_str();
    let message = ImportedMessage::new(user, "Good morning").with_created(at());
    let early = channel.import(&message).await.unwrap_err();
    assert_eq!(early.kind(), ErrorKind::PermissionDenied, "{early}");

    channel
        .start_migration(Some(at() - TIME / 2))
        .await
        .unwrap();
    let again = channel.start_migration(None).await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::InvalidRequest);
    assert_eq!(mode().await, Some(MigrationMode::InProgress));

    // Stored, but the response is lost: the look finds it.
    let when = When::AfterStore;
    let lost = FaultRule::new(FaultAction::Close { when }).with_operation("send");
    emulator.set_faults(Faults::new().with_rule(lost.with_times(1)));
    let first = channel.import(&message).await.unwrap();
    let second = channel.import(&message).await.unwrap();
    assert_eq!(first.id, second.id);
    assert_eq!(emulator.messages().len(), 1);
    let other = ImportedMessage::new(user, "Good evening").with_created(at());
    let error = channel.import(&other).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let reply = ImportedMessage::new(user, "Hello").with_created(at() + Duration::from_secs(1));
    channel
        .import_reply(first.id.clone(), &reply)
        .await
        .unwrap();
    channel.complete_migration().await.unwrap();
    assert_eq!(mode().await, Some(MigrationMode::Completed));

    let read = reader.message(first.id.clone()).get().await.unwrap();
    assert_eq!(read.from.unwrap().user.unwrap().id.as_deref(), Some(user));
    assert_eq!(
        reader
            .replies(first.id)
            .next_page()
            .await
            .unwrap()
            .unwrap()
            .len(),
        1
    );

    let chat = app.chat(graph.chat_id.as_str());
    chat.start_migration(None).await.unwrap();
    chat.import(&ImportedMessage::new(user, "now"))
        .await
        .unwrap();
    chat.complete_migration().await.unwrap();
    let read = client.chat(graph.chat_id.as_str()).get().await.unwrap();
    assert_eq!(read.migration_mode, Some(MigrationMode::Completed));
    let error = app
        .team(graph.team_id.as_str())
        .complete_migration()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
}
