//! What a lost response leaves: one execution and a doubt, or a second request, as the table says.

use std::{collections::HashSet, future::Future, pin::Pin, time::SystemTime};

use ms_messenger_core::{Delivery, Evidence, Result};
use ms_messenger_http::RetryClass;
use ms_messenger_testkit::{HttpDouble, Reply};
use msgraph_chat::{
    ActivityNotification, ActivityRecipient, ActivityTopic, BatchPart, ChannelUpdate, ChatQuery,
    GraphChatClient, ImportedMessage, MessageHandle, MessageQuery, NewChannel, NewGroupChat,
    OPERATIONS, Pages, models::PolicyViolation,
};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::operations::double::{CHANNEL, CHAT, TEAM, USER, http, losing, own_client};

type Outcome = Pin<Box<dyn Future<Output = Result<()>>>>;
type Strike = fn(GraphChatClient) -> Outcome;

fn run<T>(call: impl Future<Output = Result<T>> + 'static) -> Outcome {
    Box::pin(async { call.await.map(drop) })
}

fn first<T: DeserializeOwned + 'static>(mut pages: Pages<T>) -> Outcome {
    run(async move { pages.next_page().await })
}

/// A handle, which the future of its call owns.
fn on(
    handle: MessageHandle,
    call: impl AsyncFn(&MessageHandle) -> Result<()> + 'static,
) -> Outcome {
    Box::pin(async move { call(&handle).await })
}

fn post(client: &GraphChatClient) -> MessageHandle {
    client.channel(TEAM, CHANNEL).message("1")
}

fn reply(client: &GraphChatClient) -> MessageHandle {
    client.channel(TEAM, CHANNEL).reply_message("1", "2")
}

fn chat(client: &GraphChatClient) -> MessageHandle {
    client.chat(CHAT).message("1")
}

fn notification() -> ActivityNotification {
    ActivityNotification::new(ActivityTopic::entity("https://a.test"), "x")
}

fn imported() -> ImportedMessage {
    ImportedMessage::new(USER, "hi")
}

/// One call of every operation of the messages.
const OF_MESSAGES: &[(&str, Strike)] = &[
    ("channel_message.send", |c| {
        run(async move { c.channel(TEAM, CHANNEL).send("hi").await })
    }),
    ("reply.send", |c| {
        run(async move { c.channel(TEAM, CHANNEL).reply("1", "hi").await })
    }),
    ("chat_message.send", |c| {
        run(async move { c.chat(CHAT).send("hi").await })
    }),
    ("chat_message.quote", |c| {
        run(async move { c.chat(CHAT).quote(["1"], "hi").await })
    }),
    ("channel_message.list", |c| {
        first(c.channel(TEAM, CHANNEL).messages())
    }),
    ("reply.list", |c| {
        first(c.channel(TEAM, CHANNEL).replies("1"))
    }),
    ("chat_message.list", |c| first(c.chat(CHAT).messages())),
    ("channel_message.changes", |c| {
        run(async move { c.channel(TEAM, CHANNEL).changes().next_page().await })
    }),
    ("chat_message.changes", |c| {
        run(async move { c.chat(CHAT).changes().next_page().await })
    }),
    ("channel_message.get", |c| {
        on(post(&c), async |it| it.get().await.map(drop))
    }),
    ("reply.get", |c| {
        on(reply(&c), async |it| it.get().await.map(drop))
    }),
    ("chat_message.get", |c| {
        on(chat(&c), async |it| it.get().await.map(drop))
    }),
    ("channel_message.edit", |c| {
        on(post(&c), async |it| it.edit("hi").await)
    }),
    ("reply.edit", |c| {
        on(reply(&c), async |it| it.edit("hi").await)
    }),
    ("chat_message.edit", |c| {
        on(chat(&c), async |it| it.edit("hi").await)
    }),
    ("channel_message.mark", |c| {
        on(post(&c), async |it| {
            it.mark_violation(&PolicyViolation::default()).await
        })
    }),
    ("reply.mark", |c| {
        on(reply(&c), async |it| {
            it.mark_violation(&PolicyViolation::default()).await
        })
    }),
    ("chat_message.mark", |c| {
        on(chat(&c), async |it| {
            it.mark_violation(&PolicyViolation::default()).await
        })
    }),
    ("channel_message.delete", |c| {
        on(post(&c), async |it| it.delete().await)
    }),
    ("channel_message.undo_delete", |c| {
        on(post(&c), async |it| it.undo_delete().await)
    }),
    ("reply.delete", |c| {
        on(reply(&c), async |it| it.delete().await)
    }),
    ("reply.undo_delete", |c| {
        on(reply(&c), async |it| it.undo_delete().await)
    }),
    ("chat_message.delete", |c| {
        on(chat(&c), async |it| it.delete().await)
    }),
    ("chat_message.undo_delete", |c| {
        on(chat(&c), async |it| it.undo_delete().await)
    }),
    ("channel_message.react", |c| {
        on(post(&c), async |it| it.react("👍").await)
    }),
    ("channel_message.unreact", |c| {
        on(post(&c), async |it| it.unreact("👍").await)
    }),
    ("reply.react", |c| {
        on(reply(&c), async |it| it.react("👍").await)
    }),
    ("reply.unreact", |c| {
        on(reply(&c), async |it| it.unreact("👍").await)
    }),
    ("chat_message.react", |c| {
        on(chat(&c), async |it| it.react("👍").await)
    }),
    ("chat_message.unreact", |c| {
        on(chat(&c), async |it| it.unreact("👍").await)
    }),
    ("channel_message.hosted_contents.list", |c| {
        first(post(&c).hosted_contents())
    }),
    ("channel_message.hosted_contents.get", |c| {
        on(post(&c), async |it| it.hosted_content("h").await.map(drop))
    }),
    ("channel_message.hosted_contents.download", |c| {
        on(post(&c), async |it| it.download("h").await.map(drop))
    }),
    ("reply.hosted_contents.list", |c| {
        first(reply(&c).hosted_contents())
    }),
    ("reply.hosted_contents.get", |c| {
        on(reply(&c), async |it| it.hosted_content("h").await.map(drop))
    }),
    ("reply.hosted_contents.download", |c| {
        on(reply(&c), async |it| it.download("h").await.map(drop))
    }),
    ("chat_message.hosted_contents.list", |c| {
        first(chat(&c).hosted_contents())
    }),
    ("chat_message.hosted_contents.get", |c| {
        on(chat(&c), async |it| it.hosted_content("h").await.map(drop))
    }),
    ("chat_message.hosted_contents.download", |c| {
        on(chat(&c), async |it| it.download("h").await.map(drop))
    }),
    ("chat_message.export", |c| {
        first(c.all_chat_messages(USER, &MessageQuery::new()))
    }),
    ("chat_message.export_changes", |c| {
        run(async move {
            c.all_chat_changes(USER, &MessageQuery::new())
                .next_page()
                .await
        })
    }),
    ("channel_message.export", |c| {
        first(c.team(TEAM).all_messages(&MessageQuery::new()))
    }),
    ("channel_message.import", |c| {
        run(async move { c.channel(TEAM, CHANNEL).import(&imported()).await })
    }),
    ("reply.import", |c| {
        run(async move {
            c.channel(TEAM, CHANNEL)
                .import_reply("1", &imported())
                .await
        })
    }),
    ("chat_message.import", |c| {
        run(async move { c.chat(CHAT).import(&imported()).await })
    }),
];

/// One call of every other operation.
const OF_THE_REST: &[(&str, Strike)] = &[
    ("channel.start_migration", |c| {
        run(async move {
            c.channel(TEAM, CHANNEL)
                .start_migration(Some(SystemTime::now()))
                .await
        })
    }),
    ("channel.complete_migration", |c| {
        run(async move { c.channel(TEAM, CHANNEL).complete_migration().await })
    }),
    ("chat.start_migration", |c| {
        run(async move { c.chat(CHAT).start_migration(None).await })
    }),
    ("chat.complete_migration", |c| {
        run(async move { c.chat(CHAT).complete_migration().await })
    }),
    ("team.complete_migration", |c| {
        run(async move { c.team(TEAM).complete_migration().await })
    }),
    ("chat.list", |c| first(c.chats())),
    ("chat.list_of_user", |c| {
        first(c.chats_of(USER, &ChatQuery::new()))
    }),
    ("chat.get", |c| run(async move { c.chat(CHAT).get().await })),
    ("chat.create_one_on_one", |c| {
        run(async move { c.one_on_one_chat("a", "b").await })
    }),
    ("chat.create", |c| {
        run(async move { c.create_group_chat(&NewGroupChat::new(["a", "b"])).await })
    }),
    ("chat.rename", |c| {
        run(async move { c.chat(CHAT).rename("x").await })
    }),
    ("chat.members.list", |c| first(c.chat(CHAT).members())),
    ("chat.members.get", |c| {
        run(async move { c.chat(CHAT).member("m").await })
    }),
    ("chat.members.add", |c| {
        run(async move { c.chat(CHAT).add_member("a").await })
    }),
    ("chat.members.remove", |c| {
        run(async move { c.chat(CHAT).remove_member("m").await })
    }),
    ("pins.list", |c| first(c.chat(CHAT).pins())),
    ("pins.add", |c| {
        run(async move { c.chat(CHAT).pin("1").await })
    }),
    ("pins.remove", |c| {
        run(async move { c.chat(CHAT).unpin("1").await })
    }),
    ("team.list", |c| first(c.joined_teams())),
    ("team.list_of_user", |c| first(c.joined_teams_of(USER))),
    ("team.get", |c| run(async move { c.team(TEAM).get().await })),
    ("team.members.list", |c| first(c.team(TEAM).members())),
    ("team.members.get", |c| {
        run(async move { c.team(TEAM).member("m").await })
    }),
    ("team.members.add", |c| {
        run(async move { c.team(TEAM).add_member("a").await })
    }),
    ("team.members.remove", |c| {
        run(async move { c.team(TEAM).remove_member("m").await })
    }),
    ("tags.list", |c| first(c.team(TEAM).tags())),
    ("channel.list", |c| first(c.team(TEAM).channels())),
    ("channel.list_all", |c| first(c.team(TEAM).all_channels())),
    ("channel.get_primary", |c| {
        run(async move { c.team(TEAM).primary_channel().await })
    }),
    ("channel.get", |c| {
        run(async move { c.channel(TEAM, CHANNEL).get().await })
    }),
    ("channel.create", |c| {
        run(async move { c.team(TEAM).create_channel(&NewChannel::new("x")).await })
    }),
    ("channel.update", |c| {
        let update = ChannelUpdate::new().with_name("x");
        run(async move { c.channel(TEAM, CHANNEL).update(&update).await })
    }),
    ("channel.delete", |c| {
        run(async move { c.channel(TEAM, CHANNEL).delete().await })
    }),
    ("channel.members.list", |c| {
        first(c.channel(TEAM, CHANNEL).members())
    }),
    ("channel.members.get", |c| {
        run(async move { c.channel(TEAM, CHANNEL).member("m").await })
    }),
    ("channel.members.add", |c| {
        run(async move { c.channel(TEAM, CHANNEL).add_member("a").await })
    }),
    ("channel.members.remove", |c| {
        run(async move { c.channel(TEAM, CHANNEL).remove_member("m").await })
    }),
    ("user.me", |c| run(async move { c.me().await })),
    ("user.get", |c| run(async move { c.user(USER).await })),
    ("activity.notify_user", |c| {
        run(async move { c.notify_user(USER, &notification()).await })
    }),
    ("activity.notify_chat", |c| {
        let to = ActivityRecipient::user(USER);
        run(async move { c.chat(CHAT).notify(&to, &notification()).await })
    }),
    ("activity.notify_team", |c| {
        let to = ActivityRecipient::user(USER);
        run(async move { c.team(TEAM).notify(&to, &notification()).await })
    }),
    ("activity.notify_recipients", |c| {
        let to = [ActivityRecipient::team(TEAM)];
        run(async move { c.notify_recipients(to, &notification()).await })
    }),
    ("batch.run", |c| {
        run(async move {
            c.run_batch([BatchPart::to_chat(CHAT, "hi")])
                .await?
                .remove(0)
        })
    }),
    ("batch.read", |c| {
        run(async move { c.run_batch([BatchPart::get("/me")]).await?.remove(0) })
    }),
];

/// A success of every kind of operation.
fn success() -> Reply {
    let part = json!({"id": "1", "status": 200, "body": {"id": "1"}});
    let body = json!({"id": "1", "value": [], "responses": [part]});
    Reply::json(201, &body)
}

fn strikes() -> impl Iterator<Item = (&'static str, Strike)> {
    OF_MESSAGES.iter().chain(OF_THE_REST).copied()
}

fn count(double: &HttpDouble) -> usize {
    double.requests().len()
}

#[test]
fn every_operation_is_struck() {
    let struck: HashSet<_> = strikes().map(|(name, _)| name).collect();
    let known: HashSet<_> = OPERATIONS.iter().map(|it| it.name()).collect();
    assert!(struck.is_subset(&known), "{:?}", struck.difference(&known));
    // Files and subscriptions are struck by tests of their own.
    let is_elsewhere = |name: &&&str| {
        let (noun, _) = name.split_once('.').unwrap();
        ["drive", "file", "upload", "subscription", "subscriptions"].contains(&noun)
            || **name == "user.list"
    };
    let missing: Vec<_> = known
        .difference(&struck)
        .filter(|it| !is_elsewhere(it))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[tokio::test]
async fn every_call_is_that_of_its_row() {
    let http = http();
    for (name, strike) in strikes() {
        let operation = OPERATIONS.iter().find(|it| it.name() == name).unwrap();
        let double = HttpDouble::start(|_| success()).await.unwrap();
        let client = own_client(&double, &http);
        strike(client)
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let requests = double.requests();
        assert_eq!(requests.len(), 1, "{name}");
        assert_eq!(requests[0].method, operation.method().as_str(), "{name}");
        let target = requests[0].target.split('?').next().unwrap();
        let path = target.strip_prefix("/v1.0").unwrap();
        let is_like = |(own, template): (&str, &str)| template.starts_with('{') || own == template;
        let (own, template) = (path.split('/'), operation.path().split('/'));
        assert_eq!(
            own.clone().count(),
            template.clone().count(),
            "{name}: {path}"
        );
        assert!(own.zip(template).all(is_like), "{name}: {path}");
    }
}

#[tokio::test]
async fn what_may_be_repeated_succeeds_with_a_second_request() {
    let http = http();
    let repeatable = OPERATIONS.iter().filter(|it| it.is_repeatable());
    let names: HashSet<_> = repeatable.map(|it| it.name()).collect();
    for (name, strike) in strikes().filter(|(name, _)| names.contains(name)) {
        let double = losing(success()).await;
        let client = own_client(&double, &http);
        strike(client)
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(count(&double), 2, "{name}");
        let [one, other] = double.requests().try_into().unwrap();
        assert_eq!((one.target, one.body), (other.target, other.body), "{name}");
    }
}

#[tokio::test]
async fn what_must_not_be_repeated_is_executed_once_and_in_doubt() {
    let http = http();
    for operation in OPERATIONS.iter().filter(|it| !it.is_repeatable()) {
        let name = operation.name();
        let Some((_, strike)) = strikes().find(|(struck, _)| *struck == name) else {
            continue;
        };
        let double = losing(success()).await;
        let client = own_client(&double, &http);
        let error = strike(client).await.unwrap_err();
        assert_eq!(count(&double), 1, "{name}");
        assert_eq!(error.delivery(), Delivery::Unknown, "{name}: {error}");
        if operation.class() == RetryClass::Message {
            assert!(Evidence::of(&error).is_some(), "{name}");
        } else {
            assert_eq!(error.operation(), Some(name));
            let doubt = operation.doubt().unwrap();
            assert!(error.message().contains(doubt), "{name}: {error}");
        }
    }
}
