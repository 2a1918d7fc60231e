//! A send is settled by what its journal noted, by another process, after a crash.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, SystemTime},
};

use ms_messenger_core::{
    Attachment, Card, CardKind, ClockOffset, Delivery, ErrorKind, Evidence, Journal, Message,
    Messenger as _, Result, RetryPolicy, SendJournal, SendRequest, Settled, StaticToken, Target,
    async_trait,
};
use ms_messenger_emulator::{Emulator, FaultAction, Platform, When};
use ms_messenger_http::{HttpOptions, HttpVersions};
use ms_messenger_testkit::JournalDouble;
use msgraph_chat::GraphChatClient;
use serde_json::json;

fn client(emulator: &Emulator) -> GraphChatClient {
    let graph = &emulator.seed().graph;
    GraphChatClient::builder(StaticToken::new(graph.token.as_str()))
        .with_base_url(&graph.base)
        .with_retry_policy(RetryPolicy::never())
        .build()
        .unwrap()
}

/// One request for each way in which a message is recognised, and for each kind of target.
fn requests(emulator: &Emulator) -> Vec<SendRequest> {
    let graph = &emulator.seed().graph;
    let chat = || Target::conversation(graph.chat_id.as_str());
    let channel = Target::channel(graph.team_id.as_str(), graph.channel_id.as_str());
    let card = Card::new(
        CardKind::Adaptive,
        json!({"type": "AdaptiveCard", "version": "1.4"}),
    );
    let with_card = Message::text("ping").with_attachment(Attachment::Card(card));
    let with_file = Message::text("ping").with_attachment(Attachment::bytes("a.txt", *b"Hello"));
    vec![
        SendRequest::new(chat(), "ping"),
        SendRequest::new(chat(), Message::html("<b>ping</b>")),
        SendRequest::new(channel, "ping"),
        SendRequest::new(Target::channel_name("Contoso", "General"), "ping"),
        SendRequest::new(Target::user(graph.users[1].id.as_str()), "ping"),
        SendRequest::new(chat(), with_card),
        SendRequest::new(chat(), with_file),
    ]
}

fn lose(emulator: &Emulator, when: When) {
    let action = FaultAction::Close { when };
    emulator
        .fail_next(Platform::MSGRAPH_CHAT, "send", action)
        .unwrap();
}

/// What a crash leaves of a send whose connection ends `when`: the note, as it is stored.
async fn note_of_a_lost_send(emulator: &Emulator, request: &SendRequest, when: When) -> Evidence {
    let double = JournalDouble::new();
    lose(emulator, when);
    let request = request.clone().with_journal(double.journal());
    let error = client(emulator).send(&request).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown, "{error:?}");
    let [noted] = double.noted().try_into().unwrap();
    assert!(noted.ended_at.is_none() && noted.service_clock.is_some());
    let of_error = Evidence::of(&error).unwrap();
    assert_eq!(noted.mark, of_error.mark);
    assert_eq!(noted.sender, of_error.sender);
    assert_eq!(noted.conversation, of_error.conversation);
    assert_eq!(noted.client_request_id, of_error.client_request_id);
    Evidence::from_json(&serde_json::to_string(&noted).unwrap()).unwrap()
}

/// The note with the end that a queue adds: the send can take effect for `margin` from now on.
fn ended(note: Evidence, margin: Duration) -> Evidence {
    let now = SystemTime::now();
    note.with_end(now, now + margin)
}

fn found(settled: Settled) -> String {
    match settled {
        Settled::Found(receipt) => receipt.message_id.unwrap().to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_message_that_was_stored_is_found_by_its_note() {
    let emulator = Emulator::start().await.unwrap();
    for request in requests(&emulator) {
        emulator.reset();
        let note = note_of_a_lost_send(&emulator, &request, When::AfterStore).await;
        let stored = emulator.messages().remove(0).message_id;
        for margin in [Duration::ZERO, Duration::from_secs(60)] {
            let evidence = ended(note.clone(), margin);
            let settled = client(&emulator).settle(&request, &evidence).await;
            assert_eq!(found(settled), stored, "{request:?}");
        }
        assert_eq!(emulator.messages().len(), 1);
    }
}

/// A queue can lose the receipt, e.g. with its lease, and settle the message in the same process.
#[tokio::test]
async fn a_message_whose_receipt_its_caller_lost_is_found_by_its_own_client() {
    let emulator = Emulator::start().await.unwrap();
    for request in requests(&emulator) {
        emulator.reset();
        let client = client(&emulator);
        let double = JournalDouble::new();
        let noting = request.clone().with_journal(double.journal());
        let sent = client.send(&noting).await.unwrap().message_id.unwrap();
        let [noted] = double.noted().try_into().unwrap();
        for _ in 0..2 {
            let evidence = ended(noted.clone(), Duration::ZERO);
            let settled = client.settle(&request, &evidence).await;
            assert_eq!(found(settled), sent.as_str(), "{request:?}");
        }
        // It is no other send's.
        let double = JournalDouble::new();
        lose(&emulator, When::BeforeRead);
        let noting = request.clone().with_journal(double.journal());
        let error = client.send(&noting).await.unwrap_err();
        assert_eq!(error.delivery(), Delivery::Unknown);
        let evidence = ended(double.noted().remove(0), Duration::ZERO);
        let settled = client.settle(&request, &evidence).await;
        assert!(matches!(settled, Settled::NotFound), "{settled:?}");
    }
}

#[tokio::test]
async fn a_message_that_was_never_stored_is_absent_once_it_cannot_appear_any_more() {
    let emulator = Emulator::start().await.unwrap();
    for request in requests(&emulator) {
        emulator.reset();
        let note = note_of_a_lost_send(&emulator, &request, When::BeforeRead).await;
        let early = ended(note.clone(), Duration::from_secs(60));
        let settled = client(&emulator).settle(&request, &early).await;
        assert!(
            matches!(settled, Settled::NotYet(_)),
            "{request:?}: {settled:?}"
        );
        let late = ended(note, Duration::ZERO);
        let settled = client(&emulator).settle(&request, &late).await;
        assert!(
            matches!(settled, Settled::NotFound),
            "{request:?}: {settled:?}"
        );
        assert!(emulator.messages().is_empty());
    }
}

/// A new process that knows no clock dies in its first send, in a chat with more messages a day than
/// are read.
#[tokio::test]
async fn the_first_send_of_a_process_is_settled_in_a_busy_chat() {
    let emulator = Emulator::start().await.unwrap();
    let graph = &emulator.seed().graph;
    emulator.set_clock_offset(-3600).unwrap();
    for number in 0..2_100 {
        let message = json!({"platform": "msgraph-chat", "conversation": graph.chat_id,
            "sender": graph.users[1].id, "text": format!("message {number}")});
        emulator.inject(&message).unwrap();
    }
    emulator.set_clock_offset(0).unwrap();
    let request = requests(&emulator).remove(0);
    for when in [When::BeforeRead, When::AfterStore] {
        let note = note_of_a_lost_send(&emulator, &request, when).await;
        assert!(note.service_clock.is_some());
        let evidence = ended(note, Duration::ZERO);
        let settled = client(&emulator).settle(&request, &evidence).await;
        match when {
            When::AfterStore => drop(found(settled)),
            _ => assert!(matches!(settled, Settled::NotFound), "{settled:?}"),
        }
    }
}

/// The note as the sender would have made it an hour ago, when the clocks of both were right.
fn an_hour_earlier(mut note: Evidence) -> Evidence {
    note.began_at -= Duration::from_secs(3600);
    note.service_clock = note.service_clock.map(|it| {
        let hour = 3_600_000;
        ClockOffset::new(it.at_least_ms + hour, it.at_most_ms + hour)
    });
    note
}

/// The process that died is replaced an hour later, in which the chat had more messages than are read.
#[tokio::test]
async fn a_send_is_settled_late_in_a_busy_chat() {
    let emulator = Emulator::start().await.unwrap();
    let graph = &emulator.seed().graph;
    let request = requests(&emulator).remove(0);
    for when in [When::AfterStore, When::BeforeRead] {
        emulator.reset();
        emulator.set_clock_offset(-3600).unwrap();
        let note = note_of_a_lost_send(&emulator, &request, when).await;
        let note = an_hour_earlier(note);
        emulator.set_clock_offset(0).unwrap();
        for number in 0..2_100 {
            let message = json!({"platform": "msgraph-chat", "conversation": graph.chat_id,
                "sender": graph.users[1].id, "text": format!("message {number}")});
            emulator.inject(&message).unwrap();
        }
        let ended_at = note.began_at + Duration::from_secs(5);
        let evidence = note.with_end(ended_at, ended_at + Duration::from_secs(30));
        let settled = client(&emulator).settle(&request, &evidence).await;
        match when {
            When::AfterStore => drop(found(settled)),
            _ => assert!(matches!(settled, Settled::NotFound), "{settled:?}"),
        }
    }
}

#[tokio::test]
async fn a_send_that_was_dropped_is_settled_by_its_note_and_the_same_client() {
    let emulator = Emulator::start().await.unwrap();
    let graph = &emulator.seed().graph;
    let request = SendRequest::new(Target::conversation(graph.chat_id.as_str()), "ping");
    let (double, client) = (JournalDouble::new(), client(&emulator));
    let delay = FaultAction::Delay { ms: 60_000 };
    emulator
        .fail_next(Platform::MSGRAPH_CHAT, "send", delay)
        .unwrap();
    let with_journal = request.clone().with_journal(double.journal());
    tokio::select! {
        sent = client.send(&with_journal) => panic!("{sent:?}"),
        () = async { while emulator.messages().is_empty() { tokio::task::yield_now().await } } => {}
    }
    let evidence = ended(double.noted().remove(0), Duration::ZERO);
    let settled = client.settle(&request, &evidence).await;
    assert_eq!(found(settled), emulator.messages()[0].message_id);
}

#[tokio::test]
async fn a_text_of_an_earlier_send_is_claimed_in_the_note() {
    let emulator = Emulator::start().await.unwrap();
    let (double, client) = (JournalDouble::new(), client(&emulator));
    let request = requests(&emulator).remove(0);
    let sent = client.send(&request).await.unwrap();
    lose(&emulator, When::BeforeRead);
    let with_journal = request.clone().with_journal(double.journal());
    client.send(&with_journal).await.unwrap_err();
    let [noted] = double.noted().try_into().unwrap();
    assert_eq!(noted.claimed, [sent.message_id.unwrap()]);
    assert!(!noted.has_twins);
    // That the earlier one is in doubt is in the note of the next one.
    client.send(&with_journal).await.unwrap();
    assert!(double.noted()[1].has_twins);
}

#[tokio::test]
async fn equal_texts_with_a_journal_go_one_after_the_other_and_others_wait_for_them() {
    let emulator = Emulator::start().await.unwrap();
    let (double, client) = (JournalDouble::new(), client(&emulator));
    let request = requests(&emulator).remove(0);
    // It knows the clock of the service, which a send with a journal would read first.
    client.send(&requests(&emulator)[2]).await.unwrap();
    emulator.reset();
    let with_journal = request.clone().with_journal(double.journal());
    let (a, b, c, d) = tokio::join!(
        client.send(&with_journal),
        client.send(&request),
        client.send(&with_journal),
        client.send(&request),
    );
    let ids = [a, b, c, d].map(|sent| sent.unwrap().message_id.unwrap());
    assert_eq!(emulator.messages().len(), 4);
    let noted = double.noted();
    assert_eq!(noted.len(), 2);
    assert!(noted.iter().all(|it| !it.has_twins), "{noted:?}");
    // The second one knows everything that was sent before it.
    let before = emulator.messages();
    let place = before
        .iter()
        .position(|row| ids[2].as_str() == row.message_id);
    assert_eq!(noted[1].claimed.len(), place.unwrap());
}

#[tokio::test]
async fn the_deadline_ends_the_wait_for_an_equal_text() {
    let emulator = Emulator::start().await.unwrap();
    let (double, client) = (JournalDouble::new(), client(&emulator));
    let request = requests(&emulator).remove(0);
    let with_journal = request.clone().with_journal(double.journal());
    let delay = FaultAction::Delay { ms: 60_000 };
    emulator
        .fail_next(Platform::MSGRAPH_CHAT, "send", delay)
        .unwrap();
    let hasty = request.clone().with_timeout(Duration::from_millis(50));
    tokio::select! {
        sent = client.send(&with_journal) => panic!("{sent:?}"),
        second = async {
            while emulator.messages().is_empty() { tokio::task::yield_now().await }
            client.send(&hasty).await
        } => {
            let error = second.unwrap_err();
            assert_eq!((error.kind(), error.delivery()), (ErrorKind::Timeout, Delivery::NotSent));
        }
    }
    assert_eq!(emulator.messages().len(), 1);
    // Nothing is left of the one that was dropped that others would wait for.
    client.send(&with_journal).await.unwrap();
}

#[tokio::test]
async fn what_is_held_back_reaches_no_chat_and_leaves_no_file() {
    let emulator = Emulator::start().await.unwrap();
    for request in requests(&emulator) {
        let double = JournalDouble::new();
        double.hold_back();
        let request = request.with_journal(double.journal());
        let error = client(&emulator).send(&request).await.unwrap_err();
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert_eq!(double.noted().len(), 1, "asked for the message alone");
    }
    assert!(emulator.messages().is_empty());
    assert!(emulator.files().is_empty());
}

/// Lets the message leave at first, and not any more when the connection is ready.
#[derive(Debug, Default)]
struct EndsMeanwhile(AtomicBool);

#[async_trait]
impl SendJournal for EndsMeanwhile {
    async fn attempt_begins(&self, _: &Evidence) -> Result<()> {
        Ok(())
    }

    fn may_leave(&self) -> bool {
        !self.0.swap(true, Ordering::SeqCst)
    }
}

#[tokio::test]
async fn a_head_without_its_message_is_not_executed() {
    let builder = Emulator::builder().with_https_address(([127, 0, 0, 1], 0).into());
    let emulator = builder.start().await.unwrap();
    let graph = &emulator.seed().graph;
    let base = format!("{}/v1.0", emulator.https_url().unwrap());
    let request = requests(&emulator).remove(0);
    for versions in [HttpVersions::Http1, HttpVersions::Negotiate] {
        let options = HttpOptions::default()
            .with_extra_roots(emulator.ca_pem().unwrap())
            .with_versions(versions);
        let client = GraphChatClient::builder(StaticToken::new(graph.token.as_str()))
            .with_base_url(&base)
            .with_http_options(options)
            .build()
            .unwrap();
        // On a new connection, and on one that has carried a message.
        for _ in 0..2 {
            let journal = Journal::new(EndsMeanwhile::default());
            let held = request.clone().with_journal(journal);
            let error = client.send(&held).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Cancelled, "{error:?}");
            assert_eq!((error.delivery(), error.attempts()), (Delivery::NotSent, 1));
            client.send(&request).await.unwrap();
        }
    }
    assert_eq!(emulator.messages().len(), 4);
}
