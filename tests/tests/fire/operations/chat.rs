//! The operations of ACS Chat.

use ms_messenger::{
    Result, StaticToken,
    acs_chat::{
        AcsChatClient, ChatApiVersion, ChatAttachment, ChatParticipant, CreateChatThreadRequest,
        OPERATIONS, SendChatMessageRequest, UpdateChatMessageRequest, UpdateChatThreadRequest,
    },
    http::{HttpOptions, Method},
};
use ms_messenger_emulator::Emulator;
use serde_json::{Value, json};

use super::{
    admin::admin,
    driver::{Caller, Driver, Later, Service},
    fact::{count, done},
    reading::read_all,
    scene::Scene,
};
use crate::platform::retry;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

type Chat = Scene<AcsChatClient>;

pub(crate) fn service() -> Service<AcsChatClient> {
    let mut drivers = threads();
    drivers.extend(messages());
    drivers.extend(images());
    Service {
        name: "acs-chat",
        platform: "acs-chat",
        operations: OPERATIONS,
        is_session: false,
        drivers,
        connect,
        begin,
        see,
        end: None,
    }
}

fn connect(emulator: &Emulator, options: HttpOptions, caller: Caller) -> AcsChatClient {
    let acs = &emulator.seed().acs;
    let token = StaticToken::new(acs.users[0].token.as_str());
    let builder = AcsChatClient::builder(&acs.endpoint, token).with_retry_policy(retry());
    let builder = match caller {
        Caller::Preview => builder.with_api_version(ChatApiVersion::V2024_03_15Preview),
        _ => builder,
    };
    builder.with_http_options(options).build().unwrap()
}

fn begin(client: AcsChatClient, emulator: &Emulator) -> Later<Chat> {
    let users = &emulator.seed().acs.users;
    let (member, other) = (users[1].id.clone(), users[2].id.clone());
    let origin = emulator.http_url().to_owned();
    Box::pin(async move {
        let member_of_it = ChatParticipant::new(member.as_str());
        let request = CreateChatThreadRequest::new("Ops").with_participant(member_of_it);
        let thread = client.create_thread(&request).await.unwrap().thread.id;
        let hello = SendChatMessageRequest::text("hello");
        let message = client.thread(thread.as_str()).send(&hello).await.unwrap();
        let scene = Scene::new(
            client,
            [("member", member.as_str()), ("other", other.as_str())],
        );
        scene
            .with("origin", origin)
            .with("thread", thread)
            .with("message", message.id.as_str())
    })
}

fn see(scene: Chat) -> Later<Value> {
    let paths = [
        "/chat/threads",
        "/chat/threads/{thread}",
        "/chat/threads/{thread}/participants",
        "/chat/threads/{thread}/messages",
        "/chat/threads/{thread}/readReceipts",
    ];
    let request = |client: &AcsChatClient, path| client.request(Method::GET, path);
    Box::pin(async move { read_all(&scene, request, &paths).await })
}

fn thread(scene: &Chat) -> ms_messenger::acs_chat::ChatThread {
    scene.client.thread(scene.id("thread"))
}

fn threads() -> Vec<Driver<AcsChatClient>> {
    vec![
        Driver::change("thread.create", |it: Chat| {
            Box::pin(async move {
                let request = CreateChatThreadRequest::new("Other");
                it.client
                    .create_thread(&request)
                    .await
                    .map(|it| it.thread.topic)
            })
        }),
        Driver::read("thread.list", |it: Chat| {
            Box::pin(async move { it.client.threads().next_page().await.map(count) })
        }),
        Driver::read("thread.get", |it: Chat| {
            Box::pin(async move { thread(&it).get().await.map(|it| it.topic) })
        }),
        Driver::change("thread.update", |it: Chat| {
            Box::pin(async move {
                let change = UpdateChatThreadRequest::default().with_topic("New");
                thread(&it).update(&change).await.map(done)
            })
        }),
        Driver::change("thread.delete", |it: Chat| {
            Box::pin(async move { thread(&it).delete().await.map(done) })
        }),
        Driver::read("participant.list", |it: Chat| {
            Box::pin(async move { thread(&it).participants().next_page().await.map(count) })
        }),
        Driver::change("participant.add", |it: Chat| {
            Box::pin(async move {
                let other = ChatParticipant::new(it.id("other"));
                let added = thread(&it).add_participants([other]).await;
                added.map(|it| it.rejected.len().to_string())
            })
        }),
        Driver::change("participant.remove", |it: Chat| {
            Box::pin(async move {
                let removed = thread(&it)
                    .remove_participant(it.id("member").as_str())
                    .await;
                removed.map(done)
            })
        }),
        Driver::unseen("typing.send", |it: Chat| {
            Box::pin(async move { thread(&it).send_typing().await.map(done) })
        }),
    ]
}

fn messages() -> Vec<Driver<AcsChatClient>> {
    vec![
        Driver::change("message.send", |it: Chat| {
            Box::pin(async move {
                let request = SendChatMessageRequest::text("more");
                thread(&it).send(&request).await.map(drop).map(done)
            })
        }),
        Driver::read("message.list", |it: Chat| {
            Box::pin(async move { thread(&it).messages().next_page().await.map(count) })
        }),
        Driver::read("message.get", |it: Chat| {
            Box::pin(async move {
                let message = thread(&it).message(it.id("message")).await;
                message.map(|it| it.text().unwrap_or_default().to_owned())
            })
        }),
        Driver::change("message.update", |it: Chat| {
            Box::pin(async move {
                let change = UpdateChatMessageRequest::content("other");
                thread(&it)
                    .update_message(it.id("message"), &change)
                    .await
                    .map(done)
            })
        }),
        Driver::change("message.delete", |it: Chat| {
            Box::pin(async move { thread(&it).delete_message(it.id("message")).await.map(done) })
        }),
        Driver::read("receipt.list", |it: Chat| {
            Box::pin(async move { thread(&it).read_receipts().next_page().await.map(count) })
        }),
        Driver::change("receipt.send", |it: Chat| {
            Box::pin(async move {
                thread(&it)
                    .send_read_receipt(it.id("message"))
                    .await
                    .map(done)
            })
        }),
    ]
}

/// What only the preview version of the API has.
fn images() -> Vec<Driver<AcsChatClient>> {
    let drivers = vec![
        Driver::change("image.upload", |it: Chat| {
            Box::pin(async move {
                let stored = thread(&it).upload_image(PNG, Some("plan.png")).await;
                stored.map(|it| it.name.unwrap_or_default())
            })
        })
        .seen_by(|it: Chat| {
            Box::pin(async move {
                // The service lists no images.
                let stats = admin(Method::GET, &it.id("origin"), "stats", Value::Null).await;
                stats["platforms"]["acs-chat"]["images"].clone()
            })
        }),
        Driver::change("image.delete", |it: Chat| {
            Box::pin(async move { thread(&it).delete_image(&it.id("image")).await.map(done) })
        })
        .seen_by(|it: Chat| Box::pin(async move { json!(image(&it).await.is_ok()) }))
        .after(with_image),
        Driver::read("attachment.get", |it: Chat| {
            Box::pin(async move { image(&it).await })
        })
        .after(with_image),
    ];
    drivers.into_iter().map(Driver::of_preview).collect()
}

fn with_image(scene: Chat) -> Later<Chat> {
    Box::pin(async move {
        let image = thread(&scene).upload_image(PNG, None).await.unwrap();
        let more = SendChatMessageRequest::html("<img id=\"plan\">");
        let more = more.with_attachment(image.to_attachment());
        let sent = thread(&scene).send(&more).await.unwrap();
        let sent = thread(&scene).message(sent.id).await.unwrap();
        let address = sent.attachments[0].url.clone().unwrap();
        scene.with("image", image.id).with("address", address)
    })
}

/// Downloads the image.
async fn image(scene: &Chat) -> Result<String> {
    let image = ChatAttachment::new("image".into(), scene.id("image"));
    let image = scene
        .client
        .download(&image.with_url(scene.id("address")))
        .await?;
    // Bytes of any kind: what was changed in them is not seen.
    image.bytes(100).await.map(done)
}
