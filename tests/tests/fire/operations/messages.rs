//! The operations of ACS Advanced Messaging.

use ms_messenger::{
    acs_messages::{
        AcsMessagesBuilder, AcsMessagesClient, ConversationContact, ConversationContent,
        ConversationParticipant, ConversationThread, CreateConversationRequest,
        NotificationContent, NotificationKind, OPERATIONS, ReadReceipt,
    },
    http::{HttpOptions, Method},
};
use ms_messenger_emulator::Emulator;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    driver::{Caller, Driver, Later, Service},
    fact::{count, done},
    reading::read_all,
    scene::Scene,
};
use crate::platform::retry;

type Messages = Scene<AcsMessagesClient>;

pub(crate) fn service() -> Service<AcsMessagesClient> {
    let mut drivers = conversations();
    drivers.extend(participants());
    drivers.extend(notifications());
    Service {
        name: "acs-messages",
        platform: "acs-messages",
        operations: OPERATIONS,
        is_session: false,
        drivers,
        connect,
        begin,
        see,
        end: None,
    }
}

fn connect(emulator: &Emulator, options: HttpOptions, _: Caller) -> AcsMessagesClient {
    let string = &emulator.seed().acs.connection_string;
    let builder = AcsMessagesBuilder::from_connection_string(string).unwrap();
    let builder = builder.with_retry_policy(retry());
    builder.with_http_options(options).build().unwrap()
}

fn begin(client: AcsMessagesClient, emulator: &Emulator) -> Later<Messages> {
    let acs = emulator.seed().acs.clone();
    let received = json!({"platform": "acs-messages", "from": "+14255550123", "text": "the way",
        "media_type": "image/png", "media": "iVBORw0KGgo="});
    let received = emulator.inject(&received).unwrap();
    Box::pin(async move {
        let customer = ConversationContact::whatsapp("+14255550199");
        let request = CreateConversationRequest::default()
            .with_channel(acs.channel_registration_id.parse().unwrap())
            .with_participant(ConversationParticipant::external([customer]))
            .with_initial_message("How can we help?");
        let created = client.create_conversation(&request).await.unwrap();
        let conversation = client.conversation(created.id.clone());
        let user = ConversationContact::user(acs.users[0].id.as_str());
        let user = ConversationParticipant::internal(user);
        let added = conversation.add_participants([user]).await.unwrap();
        assert!(added.rejected.is_empty());
        Scene::new(client, [("channel", &acs.channel_registration_id)])
            .with("conversation", created.id)
            .with("member", acs.users[0].id.as_str())
            .with("other", acs.users[1].id.as_str())
            .with("received", received["message_id"].as_str().unwrap())
            .with("media", received["media_id"].as_str().unwrap())
    })
}

fn see(scene: Messages) -> Later<Value> {
    let paths = [
        "/messages/conversations",
        "/messages/conversations/{conversation}",
        "/messages/conversations/{conversation}/messages",
    ];
    let request = |client: &AcsMessagesClient, path| client.request(Method::GET, path);
    Box::pin(async move { read_all(&scene, request, &paths).await })
}

fn conversation(scene: &Messages) -> ConversationThread {
    scene.client.conversation(scene.id("conversation"))
}

fn channel(scene: &Messages) -> Uuid {
    scene.id("channel").parse().unwrap()
}

fn conversations() -> Vec<Driver<AcsMessagesClient>> {
    vec![
        Driver::change("conversation.create", |it: Messages| {
            Box::pin(async move {
                let customer = ConversationContact::whatsapp("+14255550177");
                let request = CreateConversationRequest::default()
                    .with_participant(ConversationParticipant::external([customer]))
                    .with_initial_message("Good morning");
                it.client.create_conversation(&request).await.map(done)
            })
        }),
        Driver::read("conversation.list", |it: Messages| {
            Box::pin(async move { it.client.conversations().next_page().await.map(count) })
        }),
        Driver::read("conversation.get", |it: Messages| {
            Box::pin(async move {
                let read = conversation(&it).get().await;
                read.map(|it| it.participants.len().to_string())
            })
        }),
        Driver::change("conversation.delete", |it: Messages| {
            Box::pin(async move { conversation(&it).delete().await.map(done) })
        }),
        Driver::unseen("conversation.terminate", |it: Messages| {
            Box::pin(async move { conversation(&it).terminate().await.map(done) })
        }),
        Driver::read("conversation.analyze", |it: Messages| {
            Box::pin(async move { conversation(&it).analyze().await })
        }),
        Driver::change("message.send", |it: Messages| {
            Box::pin(async move {
                let content = ConversationContent::text("more");
                conversation(&it).send(&content).await.map(done)
            })
        }),
        Driver::read("message.list", |it: Messages| {
            Box::pin(async move { conversation(&it).messages().next_page().await.map(count) })
        }),
    ]
}

fn participants() -> Vec<Driver<AcsMessagesClient>> {
    vec![
        Driver::change("participant.add", |it: Messages| {
            Box::pin(async move {
                let user = ConversationContact::user(it.id("other"));
                let user = ConversationParticipant::internal(user);
                let added = conversation(&it).add_participants([user]).await;
                added.map(|it| it.rejected.len().to_string())
            })
        }),
        Driver::change("participant.remove", |it: Messages| {
            Box::pin(async move {
                let removed = conversation(&it)
                    .remove_participants([it.id("member")])
                    .await;
                removed.map(|it| it.rejected.len().to_string())
            })
        }),
    ]
}

fn notifications() -> Vec<Driver<AcsMessagesClient>> {
    vec![
        Driver::change("notification.send", |it: Messages| {
            Box::pin(async move {
                let hello = NotificationKind::text("hello");
                let content = NotificationContent::new(channel(&it), "+14255550123", hello);
                it.client.notifications().send(&content).await.map(done)
            })
        }),
        Driver::unseen("receipt.send", |it: Messages| {
            Box::pin(async move {
                let receipt = ReadReceipt::new(channel(&it), it.id("received"));
                let sent = it.client.notifications().send_read_receipt(&receipt).await;
                sent.map(done)
            })
        }),
        Driver::read("media.get", |it: Messages| {
            Box::pin(async move {
                let media = it.client.media(it.id("media")).await?;
                // Bytes of any kind: what was changed in them is not seen.
                media.bytes(100).await.map(done)
            })
        }),
        Driver::read("template.list", |it: Messages| {
            Box::pin(async move {
                let mut pages = it.client.templates(channel(&it));
                pages.next_page().await.map(count)
            })
        }),
    ]
}
