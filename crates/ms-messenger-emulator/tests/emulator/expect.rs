//! The helpers for users' own tests.

use std::time::Duration;

use ms_messenger_emulator::{Emulator, FaultAction, FaultRule, Faults, MessageMatcher, Platform};
use serde_json::json;

/// The status of the response; 0 if there was none.
async fn send(emulator: &Emulator, text: &str) -> u16 {
    let graph = &emulator.seed().graph;
    let url = format!(
        "{}/v1.0/chats/{}/messages",
        emulator.http_url(),
        graph.chat_id
    );
    let request = crate::outside::client().post(url).bearer_auth(&graph.token);
    let body = json!({"body": {"content": text}});
    let response = request.json(&body).send().await;
    response.map_or(0, |response| response.status().as_u16())
}

#[tokio::test]
async fn a_later_message_is_waited_for() {
    let emulator = Emulator::start().await.unwrap();
    let chat = emulator.seed().graph.chat_id.clone();
    let wanted = MessageMatcher::new()
        .with_operation("send")
        .with_conversation(&chat)
        .with_text("two");
    let waiting = emulator.expect(wanted).within(Duration::from_secs(20));
    let sending = async {
        assert_eq!(send(&emulator, "one").await, 201);
        assert_eq!(send(&emulator, "two").await, 201);
    };
    let (row, ()) = tokio::join!(waiting, sending);
    assert_eq!(row.unwrap().seq, 2);
}

#[tokio::test]
async fn an_unmet_expectation_lists_the_stored_messages() {
    let emulator = Emulator::start().await.unwrap();
    assert_eq!(send(&emulator, "one").await, 201);
    let wanted = MessageMatcher::new()
        .with_platform(Platform::ACS_CHAT)
        .with_text("one");
    let error = emulator
        .expect(wanted)
        .within(Duration::ZERO)
        .await
        .unwrap_err();
    let chat = &emulator.seed().graph.chat_id;
    let expected = format!(
        "no message within 0ns of: platform acs-chat, text \"one\"; stored: 1\n  1: msgraph-chat send in {chat}: \"one\""
    );
    assert_eq!(format!("{error:?}"), expected);
}

#[tokio::test]
async fn failures_queue_up_before_other_rules_and_leave_their_counters() {
    let emulator = Emulator::start().await.unwrap();
    let second = FaultRule::new(FaultAction::status(429)).with_nth([4]);
    emulator.set_faults(Faults::new().with_rule(second));
    assert_eq!(send(&emulator, "a").await, 201);
    for status in [503, 500] {
        let action = FaultAction::status(status);
        emulator
            .fail_next(Platform::MSGRAPH_CHAT, "send", action)
            .unwrap();
    }
    for status in [503, 500, 429, 201] {
        assert_eq!(send(&emulator, "b").await, status);
    }
}
