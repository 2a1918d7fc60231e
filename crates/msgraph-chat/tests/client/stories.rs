//! Whole stories against the emulator, which reads the contract by itself.

mod journal;

use std::time::Duration;

use ms_messenger_core::{
    Attachment, Delivery, Evidence, FileUpload, Message, Messenger as _, RetryPolicy, SecretString,
    SendRequest, Settled, StaticToken, Target,
};
use ms_messenger_emulator::{Emulator, FaultAction, Platform, When};
use ms_messenger_testkit::{HttpDouble, Reply};
use msgraph_chat::{
    FileMessage, FilesOutcome, GraphChatClient, Kept, Remains, SubscriptionKeeper, UploadOptions,
};

struct Story {
    emulator: Emulator,
    client: GraphChatClient,
}

impl Story {
    async fn begin() -> Self {
        let emulator = Emulator::start().await.unwrap();
        let graph = &emulator.seed().graph;
        let backoff = Duration::from_millis(1);
        let client = GraphChatClient::builder(StaticToken::new(graph.token.as_str()))
            .with_base_url(&graph.base)
            .with_retry_policy(RetryPolicy::default().with_backoff(backoff, backoff))
            .with_settling_margin(Duration::ZERO)
            .build()
            .unwrap();
        Self { emulator, client }
    }

    fn chat(&self) -> msgraph_chat::Chat {
        self.client
            .chat(self.emulator.seed().graph.chat_id.as_str())
    }

    fn fail(&self, operation: &str, action: FaultAction) {
        self.emulator
            .fail_next(Platform::MSGRAPH_CHAT, operation, action)
            .unwrap();
    }

    async fn send(&self, bytes: usize) -> FilesOutcome {
        let file = FileUpload::bytes("report #3.bin", vec![7; bytes]);
        let options = UploadOptions::default().with_simple_limit(1024);
        let message = FileMessage::new("x").with_file(file).with_options(options);
        self.chat().send_files(message).await
    }
}

fn lost() -> FaultAction {
    FaultAction::Close {
        when: When::AfterStore,
    }
}

#[tokio::test]
async fn every_member_of_a_chat_can_open_the_file() {
    for bytes in [100, 6_000_000] {
        let story = Story::begin().await;
        let outcome = story.send(bytes).await;
        let files = story.emulator.files();
        assert_eq!(files.len(), 1, "{outcome:?}");
        let [message] = files[0].messages.as_slice() else {
            panic!("{files:?}")
        };
        assert!(message.denied.is_empty(), "{message:?}");
        assert_eq!(message.content_url, files[0].web_dav_url);
        assert_eq!(
            message.message_id,
            outcome.result.as_ref().unwrap().id.as_str()
        );
        assert_eq!(files[0].name, outcome.files[0].name);
        assert_eq!(files[0].size, bytes as u64);
    }
}

#[tokio::test]
async fn members_of_a_channel_can_open_its_files() {
    let story = Story::begin().await;
    let channel = story
        .client
        .find_channel("Contoso", "General")
        .await
        .unwrap();
    let message = FileMessage::new("x").with_file(FileUpload::bytes("a.txt", *b"Hello"));
    assert!(channel.send_files(message).await.is_sent());
    let files = story.emulator.files();
    assert!(files[0].messages[0].denied.is_empty(), "{files:?}");
}

#[tokio::test]
async fn a_lost_response_of_any_step_stores_one_file_and_sends_one_message() {
    for operation in [
        "drive.upload",
        "drive.session.create",
        "drive.session.piece",
        "drive.item",
        "drive.invite",
        "drive.create",
    ] {
        let story = Story::begin().await;
        story.fail(operation, lost());
        let bytes = if operation.contains("session") {
            6_000_000
        } else {
            100
        };
        let outcome = story.send(bytes).await;
        assert!(outcome.is_sent(), "{operation}: {outcome:?}");
        assert_eq!(story.emulator.files().len(), 1, "{operation}");
        assert_eq!(story.emulator.messages().len(), 1, "{operation}");
    }
}

#[tokio::test]
async fn a_refused_message_leaves_no_file() {
    let story = Story::begin().await;
    story.fail("send", FaultAction::status(403));
    let outcome = story.send(100).await;
    assert_eq!(outcome.files[0].remains, Remains::No);
    assert!(outcome.into_result().unwrap_err().is_safe_to_resend());
    assert!(story.emulator.files().is_empty());
}

#[tokio::test]
async fn an_unknown_message_is_settled_by_the_guid_of_its_file() {
    let story = Story::begin().await;
    let chat = story.emulator.seed().graph.chat_id.clone();
    let message = Message::text("x").with_attachment(Attachment::bytes("a.txt", *b"Hello"));
    let request = SendRequest::new(Target::conversation(chat), message);
    story.fail("send", lost());
    let error = story.client.send(&request).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown);
    let evidence = Evidence::of(&error).unwrap();
    let guid = &story.emulator.files()[0].attachment_id;
    assert_eq!(evidence.mark.as_ref().unwrap().value, *guid);
    let settled = story.client.settle(&request, &evidence).await;
    assert!(matches!(settled, Settled::Found(_)), "{settled:?}");
    assert_eq!(story.emulator.messages().len(), 1);
}

#[tokio::test]
async fn a_subscription_is_created_renewed_and_ended() {
    let story = Story::begin().await;
    // The validation of an address: the decoded token as plain text.
    let hook = HttpDouble::start(
        |request| match request.target.split_once("validationToken=") {
            Some((_, token)) => {
                let token = token.replace('+', " ");
                let token = percent_encoding::percent_decode_str(&token)
                    .decode_utf8()
                    .unwrap();
                Reply::new(200, token.into_owned()).with_header("content-type", "text/plain")
            }
            None => Reply::new(202, ""),
        },
    );
    let hook = hook.await.unwrap();
    let url = |path: &str| format!("{}{path}", hook.url()).parse().unwrap();
    let wanted = story
        .chat()
        .subscription(url("/graph?k=1"), SecretString::from("state"))
        .with_lifecycle_url(url("/life?k=1"));
    let mut keeper = SubscriptionKeeper::new(story.client.clone(), wanted);
    let Kept::Created(created) = keeper.next().await else {
        panic!()
    };
    let end = created.expires_at().unwrap() - Duration::from_secs(3600);
    let renewed = story
        .client
        .renew_subscription(&created.id, end)
        .await
        .unwrap();
    assert!(renewed.expires_at() < created.expires_at());
    story
        .client
        .reauthorize_subscription(&created.id)
        .await
        .unwrap();
    let read = story.client.subscription(&created.id).await.unwrap();
    assert_eq!(read.id, created.id);
    let all = story
        .client
        .subscriptions()
        .next_page()
        .await
        .unwrap()
        .unwrap();
    assert_eq!(all.len(), 1);
    for _ in 0..2 {
        story.client.unsubscribe(&created.id).await.unwrap();
    }
    assert!(story.client.subscription(&created.id).await.is_err());
}
