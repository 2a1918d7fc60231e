//! Nothing secret and nothing that a message says is ever printed or logged.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod log;

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use log::Log;
use ms_messenger::{
    Error, ErrorKind, MemoryMessenger, Message, Messenger as _, SendRequest, SharedMessenger,
    StaticToken, Target,
    acs_chat::{self, AcsChatClient},
    acs_identity::{AcsIdentityBuilder, TokenOptions, UserTokenProvider},
    acs_messages::{self, AcsMessagesBuilder},
    layers::{Deadline, Fallback, FanOut, Member, Rate, RateLimit, Record, Replay, Route, Router},
    msgraph_chat::{self, GraphChatClient},
    ucwa::{self, UcwaSession},
};
use ms_messenger_emulator::{Emulator, FaultAction, FaultRule, Faults};

const CONTENT: &str = "the-merger-is-on-friday";

#[tokio::test]
async fn no_secret_and_no_content_is_printed_or_logged_at_any_level() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.subscriber());

    let emulator = Emulator::start().await.unwrap();
    let world = emulator.seed().clone();
    let token = world.acs.users[0].token.clone();
    let [alice, bob, ..] = world.ucwa.users.as_slice() else {
        panic!("two users");
    };
    let credential = ucwa::UcwaCredential::password(&alice.username, alice.password.as_str());
    let mut printed = format!("{credential:?}{credential:#?}");
    let builder = UcwaSession::builder(&alice.sip, credential)
        .with_send_timeout(Duration::from_millis(500))
        .with_discovery_url(&world.ucwa.discover);
    printed += &format!("{builder:?}{builder:#?}");
    let session = builder.sign_in().await.unwrap();
    let conversation = |id: &str| Target::conversation(id);
    let identity = AcsIdentityBuilder::from_connection_string(&world.acs.connection_string)
        .unwrap()
        .build()
        .unwrap();
    let made = identity.create_user_with_token(&TokenOptions::chat()).await;
    let made = made.unwrap();
    printed += &format!("{identity:?}{identity:#?}{made:?}{made:#?}");
    let issued = made.token.unwrap().token;
    let tokens = UserTokenProvider::builder(identity, made.id).with_initial_token(issued.clone());
    printed += &format!("{tokens:?}{tokens:#?}");
    let tokens = tokens.build().unwrap();
    printed += &format!("{tokens:?}{tokens:#?}");
    let clients: [(SharedMessenger, Target); 5] = [
        (
            Arc::new(
                AcsChatClient::builder(&world.acs.endpoint, tokens)
                    .build()
                    .unwrap(),
            ),
            conversation(&world.acs.thread_id),
        ),
        (Arc::new(session), Target::sip(&bob.sip).unwrap()),
        (
            Arc::new(
                AcsChatClient::builder(&world.acs.endpoint, StaticToken::new(token.as_str()))
                    .build()
                    .unwrap(),
            ),
            conversation(&world.acs.thread_id),
        ),
        (
            Arc::new(
                AcsMessagesBuilder::from_connection_string(&world.acs.connection_string)
                    .unwrap()
                    .build()
                    .unwrap(),
            ),
            conversation(&world.acs.conversation_id),
        ),
        (
            Arc::new(
                GraphChatClient::builder(StaticToken::new(world.graph.token.as_str()))
                    .with_base_url(&world.graph.base)
                    .build()
                    .unwrap(),
            ),
            conversation(&world.graph.chat_id),
        ),
    ];
    for (client, target) in &clients {
        printed += &format!("{client:?}{client:#?}");
        let request = SendRequest::new(target.clone(), Message::text(CONTENT));
        for status in [None, Some(400), Some(401), Some(403), Some(500)] {
            let rules = status
                .map(|status| FaultRule::new(FaultAction::status(status)).with_operation("send"));
            emulator.set_faults(rules.into_iter().fold(Faults::new(), Faults::with_rule));
            let outcome = client.send(&request).await;
            printed += &format!("{outcome:?}{outcome:#?}");
            if let Err(error) = outcome {
                printed += &error.to_string();
            }
        }
    }
    let logged = log.text();
    assert!(
        logged.contains("attempts") && logged.contains("delivery"),
        "spans are logged: {logged}"
    );
    for secret in [
        CONTENT,
        &token,
        issued.secret(),
        &world.graph.token,
        &world.acs.access_key,
        &alice.password,
        // How every web ticket begins, and every JSON Web Token.
        "cwt=",
        "eyJ",
    ] {
        assert!(!printed.contains(secret), "printed");
        assert!(!logged.contains(secret), "logged");
    }
}

#[test]
fn the_debug_of_native_messages_shows_no_content() {
    let media = url::Url::parse("https://contoso.com/a.png").unwrap();
    let text: msgraph_chat::models::ChatMessage = serde_json::from_value(serde_json::json!({
        "id": "1", "subject": CONTENT, "body": { "contentType": "text", "content": CONTENT },
        "attachments": [{ "id": "2", "content": CONTENT }],
    }))
    .unwrap();
    let printed = [
        format!("{:?}", acs_chat::SendChatMessageRequest::text(CONTENT)),
        format!("{:?}", acs_messages::ConversationContent::text(CONTENT)),
        format!(
            "{:?}",
            acs_messages::MediaContent::new(media).with_caption(CONTENT)
        ),
        format!("{:?}", msgraph_chat::NewChatMessage::from(CONTENT)),
        format!("{:?}", msgraph_chat::Mention::user("3", CONTENT)),
        format!("{text:?} {:?}", text.body),
    ];
    for printed in printed {
        assert!(!printed.contains(CONTENT), "{printed}");
    }
}

#[tokio::test]
async fn layers_log_what_they_did_and_nothing_of_the_message() {
    const TARGET: &str = "secret-conversation";
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.subscriber());
    let (down, doubtful, up) = (memory(), memory(), memory());
    let shared = |it: &Arc<MemoryMessenger>| Arc::clone(it);
    let connect = || Error::new(ErrorKind::Connect, CONTENT);
    // Not sent by the first, so that the second sends; then the second is in doubt.
    let fallback = Fallback::new([
        Member::new("down", shared(&down)),
        Member::new("doubtful", shared(&doubtful)),
    ]);
    let fallback = fallback.unwrap().with_settle_policy(None);
    let all = FanOut::new([
        Member::new("first", shared(&up)),
        Member::new("second", memory()),
    ]);
    let one = NonZeroU32::MIN;
    let limited = RateLimit::new(shared(&up), Rate::per(one, Duration::from_millis(1)));
    let hasty = RateLimit::new(shared(&up), Rate::per(one, Duration::from_secs(3600)));
    let record = Record::new(shared(&up), Vec::new());
    let short = Deadline::new(memory(), Duration::from_secs(5)).unwrap();
    let router = Router::new([Route::new("everything", record.clone())]).unwrap();
    let to = || SendRequest::new(Target::conversation(TARGET), Message::text(CONTENT));

    down.fail_next(connect());
    fallback.send(&to()).await.unwrap();
    down.fail_next(connect());
    doubtful.lose_next_response();
    fallback.send(&to()).await.unwrap_err();
    all.unwrap().send(&to()).await.unwrap();
    router.send(&to()).await.unwrap();
    for _ in 0..2 {
        limited.send(&to()).await.unwrap();
    }
    let soon = to().with_timeout(Duration::from_secs(1));
    hasty.send(&soon).await.unwrap();
    hasty.send(&soon).await.unwrap_err();
    short.send(&to()).await.unwrap();
    let recording = String::from_utf8(record.finish().unwrap()).unwrap();
    let replay = Replay::read(&recording).unwrap();
    replay.send(&to()).await.unwrap();
    replay.send(&to()).await.unwrap_err();

    let logged = log.text();
    for expected in [
        "not sent by the member platform=\"fallback\" member=\"down\" kind=\"connect\" next=\"doubtful\"",
        "no other member sends: this one may have sent platform=\"fallback\" member=\"doubtful\"",
        "sent by the member platform=\"fan-out\" member=\"second\"",
        "routed platform=\"router\" member=\"everything\"",
        "waits for its turn",
        "not sent: its turn comes too late",
        "recorded platform=\"memory\" what=\"send\"",
        "is_recorded=true",
        "is_recorded=false",
    ] {
        assert!(logged.contains(expected), "{expected}: {logged}");
    }
    for secret in [CONTENT, TARGET] {
        assert!(!logged.contains(secret), "{secret}: {logged}");
    }
}

fn memory() -> Arc<MemoryMessenger> {
    Arc::new(MemoryMessenger::new())
}
