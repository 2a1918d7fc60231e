//! The operations on messages of Teams.

use ms_messenger::{
    Result,
    msgraph_chat::{
        Channel, Chat, GraphChatClient, ImportedMessage, MessageHandle, MessageQuery, OPERATIONS,
        models::PolicyViolation,
    },
};
use serde_json::json;

use super::{
    driver::{Driver, Later},
    fact::{count, done},
    graph::Graph,
};

/// The place of a message.
const POST: usize = 0;
const REPLY: usize = 1;
const CHAT: usize = 2;

/// The place, as the names of the operations have it.
const NOUNS: [&str; 3] = ["channel_message", "reply", "chat_message"];

pub(crate) fn drivers() -> Vec<Driver<GraphChatClient>> {
    let mut drivers = of_one::<POST>();
    drivers.extend(of_one::<REPLY>());
    drivers.extend(of_one::<CHAT>());
    drivers.extend(sends());
    drivers.extend(lists());
    drivers.extend(imports());
    drivers
}

/// The operation of the table of that place and verb.
fn named(place: usize, verb: &str) -> &'static str {
    let name = format!("{}.{verb}", NOUNS[place]);
    let found = OPERATIONS.iter().find(|it| it.name() == name);
    found
        .unwrap_or_else(|| panic!("no operation is {name}"))
        .name()
}

pub(crate) fn channel(scene: &Graph) -> Channel {
    scene.client.channel(scene.id("team"), scene.id("channel"))
}

pub(crate) fn chat(scene: &Graph) -> Chat {
    scene.client.chat(scene.id("chat"))
}

fn handle<const PLACE: usize>(scene: &Graph) -> MessageHandle {
    match PLACE {
        POST => channel(scene).message(scene.id("post")),
        REPLY => channel(scene).reply_message(scene.id("post"), scene.id("reply")),
        _ => chat(scene).message(scene.id("message")),
    }
}

fn of_one<const PLACE: usize>() -> Vec<Driver<GraphChatClient>> {
    let name = |verb| named(PLACE, verb);
    vec![
        Driver::read(name("get"), |it: Graph| {
            Box::pin(async move { handle::<PLACE>(&it).get().await.map(done) })
        }),
        Driver::change(name("edit"), |it: Graph| {
            Box::pin(async move { handle::<PLACE>(&it).edit("edited").await.map(done) })
        }),
        Driver::change(name("mark"), |it: Graph| {
            let violation = json!({"dlpAction": "BlockAccess"});
            let violation: PolicyViolation = serde_json::from_value(violation).unwrap();
            Box::pin(async move {
                let marked = handle::<PLACE>(&it).mark_violation(&violation).await;
                marked.map(done)
            })
        })
        .of_app(),
        Driver::change(name("delete"), |it: Graph| {
            Box::pin(async move { handle::<PLACE>(&it).delete().await.map(done) })
        })
        .striking("delete.soft"),
        Driver::change(name("undo_delete"), |it: Graph| {
            Box::pin(async move { handle::<PLACE>(&it).undo_delete().await.map(done) })
        })
        .after(|it: Graph| {
            Box::pin(async move {
                handle::<PLACE>(&it).delete().await.unwrap();
                it
            })
        })
        .striking("delete.undo"),
        Driver::change(name("react"), |it: Graph| {
            Box::pin(async move { handle::<PLACE>(&it).react("👍").await.map(done) })
        }),
        Driver::change(name("unreact"), |it: Graph| {
            Box::pin(async move { handle::<PLACE>(&it).unreact("👍").await.map(done) })
        })
        .after(|it: Graph| {
            Box::pin(async move {
                handle::<PLACE>(&it).react("👍").await.unwrap();
                it
            })
        }),
        Driver::read(name("hosted_contents.list"), |it: Graph| {
            Box::pin(async move {
                handle::<PLACE>(&it)
                    .hosted_contents()
                    .next_page()
                    .await
                    .map(count)
            })
        }),
        Driver::read(name("hosted_contents.get"), |it: Graph| {
            Box::pin(async move {
                let id = it.id("hosted");
                handle::<PLACE>(&it).hosted_content(&id).await.map(done)
            })
        })
        .after(hosted::<PLACE>),
        Driver::read(name("hosted_contents.download"), |it: Graph| {
            Box::pin(async move {
                let content = handle::<PLACE>(&it).download(&it.id("hosted")).await?;
                // Bytes of any kind: what was changed in them is not seen.
                content.bytes(100).await.map(done)
            })
        })
        .after(hosted::<PLACE>),
    ]
}

/// Finds the image of the message.
fn hosted<const PLACE: usize>(scene: Graph) -> Later<Graph> {
    Box::pin(async move {
        let mut pages = handle::<PLACE>(&scene).hosted_contents();
        let images = pages.next_page().await.unwrap().unwrap();
        scene.with("hosted", images[0].id.clone().unwrap())
    })
}

fn sends() -> Vec<Driver<GraphChatClient>> {
    vec![
        Driver::change("channel_message.send", |it: Graph| {
            Box::pin(async move { channel(&it).send("more").await.map(done) })
        }),
        Driver::change("reply.send", |it: Graph| {
            Box::pin(async move { channel(&it).reply(it.id("post"), "more").await.map(done) })
        }),
        Driver::change("chat_message.send", |it: Graph| {
            Box::pin(async move { chat(&it).send("more").await.map(done) })
        }),
        Driver::change("chat_message.quote", |it: Graph| {
            Box::pin(async move { chat(&it).quote([it.id("message")], "more").await.map(done) })
        }),
    ]
}

fn lists() -> Vec<Driver<GraphChatClient>> {
    vec![
        Driver::read("channel_message.list", |it: Graph| {
            Box::pin(async move { channel(&it).messages().next_page().await.map(count) })
        }),
        Driver::read("reply.list", |it: Graph| {
            Box::pin(async move {
                channel(&it)
                    .replies(it.id("post"))
                    .next_page()
                    .await
                    .map(count)
            })
        }),
        Driver::read("chat_message.list", |it: Graph| {
            Box::pin(async move { chat(&it).messages().next_page().await.map(count) })
        }),
        Driver::read("channel_message.changes", |it: Graph| {
            Box::pin(async move { channel(&it).changes().next_page().await.map(count) })
        }),
        Driver::read("chat_message.changes", |it: Graph| {
            Box::pin(async move { chat(&it).changes().next_page().await.map(count) })
        }),
        Driver::read("chat_message.export", |it: Graph| {
            Box::pin(async move {
                let mut pages = it
                    .client
                    .all_chat_messages(it.id("own"), &MessageQuery::new());
                pages.next_page().await.map(count)
            })
        })
        .of_app(),
        Driver::read("chat_message.export_changes", |it: Graph| {
            Box::pin(async move {
                let mut pages = it
                    .client
                    .all_chat_changes(it.id("own"), &MessageQuery::new());
                pages.next_page().await.map(count)
            })
        })
        .of_app(),
        Driver::read("channel_message.export", |it: Graph| {
            Box::pin(async move {
                let team = it.client.team(it.id("team"));
                team.all_messages(&MessageQuery::new())
                    .next_page()
                    .await
                    .map(count)
            })
        })
        .of_app(),
    ]
}

fn imported(scene: &Graph) -> ImportedMessage {
    ImportedMessage::new(scene.id("member"), "from elsewhere")
}

fn started(scene: Graph) -> Later<Graph> {
    Box::pin(async move {
        let started: Result<()> = channel(&scene).start_migration(None).await;
        started.unwrap();
        chat(&scene).start_migration(None).await.unwrap();
        scene
    })
}

fn imports() -> Vec<Driver<GraphChatClient>> {
    let drivers = vec![
        Driver::change("channel_message.import", |it: Graph| {
            Box::pin(async move { channel(&it).import(&imported(&it)).await.map(done) })
        })
        .after(started),
        Driver::change("reply.import", |it: Graph| {
            Box::pin(async move {
                let reply = imported(&it);
                channel(&it)
                    .import_reply(it.id("post"), &reply)
                    .await
                    .map(done)
            })
        })
        .after(started),
        Driver::change("chat_message.import", |it: Graph| {
            Box::pin(async move { chat(&it).import(&imported(&it)).await.map(done) })
        })
        .after(started),
        Driver::change("channel.start_migration", |it: Graph| {
            Box::pin(async move { channel(&it).start_migration(None).await.map(done) })
        }),
        Driver::change("channel.complete_migration", |it: Graph| {
            Box::pin(async move { channel(&it).complete_migration().await.map(done) })
        })
        .after(started),
        Driver::change("chat.start_migration", |it: Graph| {
            Box::pin(async move { chat(&it).start_migration(None).await.map(done) })
        }),
        Driver::change("chat.complete_migration", |it: Graph| {
            Box::pin(async move { chat(&it).complete_migration().await.map(done) })
        })
        .after(started),
        Driver::change("team.complete_migration", |it: Graph| {
            Box::pin(async move {
                let team = it.client.team(it.id("team"));
                team.complete_migration().await.map(done)
            })
        })
        .after(started),
    ];
    drivers.into_iter().map(Driver::of_app).collect()
}
