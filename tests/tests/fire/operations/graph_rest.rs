//! The operations on chats, teams, channels, subscriptions, activity feeds and batches.

use ms_messenger::{
    Result, SecretString, Url,
    http::Pages,
    msgraph_chat::{
        ActivityNotification, ActivityRecipient, ActivityTopic, BatchPart, Channel, ChannelUpdate,
        ChatQuery, GraphChatClient, NewChannel, NewGroupChat, NewSubscription, Team,
        models::ConversationMember,
    },
};
use ms_messenger_testkit::{HttpDouble, ReceivedRequest, Reply};
use serde_json::json;
use tokio::sync::OnceCell;

use super::{
    driver::{Driver, Later},
    fact::{count, done},
    graph::Graph,
    graph_files::leading,
    graph_messages::chat,
};

pub(crate) fn drivers() -> Vec<Driver<GraphChatClient>> {
    let mut drivers = chats();
    drivers.extend(chat_members());
    drivers.extend(teams());
    drivers.extend(channels());
    drivers.extend(subscriptions());
    drivers.extend(others());
    drivers
}

fn team(scene: &Graph) -> Team {
    scene.client.team(scene.id("team"))
}

fn private(scene: &Graph) -> Channel {
    scene.client.channel(scene.id("team"), scene.id("private"))
}

/// Adds the membership of `user` to the scene.
async fn membership(scene: Graph, mut members: Pages<ConversationMember>, user: &str) -> Graph {
    let user = scene.id(user);
    let all = members.next_page().await.unwrap().unwrap();
    let of_user = |it: &&ConversationMember| it.user_id.as_ref().is_some_and(|id| *id == *user);
    let id = all.iter().find(of_user).unwrap().id.clone();
    scene.with("membership", id)
}

fn chats() -> Vec<Driver<GraphChatClient>> {
    vec![
        Driver::read("chat.list", |it: Graph| {
            Box::pin(async move { it.client.chats().next_page().await.map(count) })
        }),
        Driver::read("chat.list_of_user", |it: Graph| {
            Box::pin(async move {
                let mut pages = it.client.chats_of(it.id("own"), &ChatQuery::new());
                pages.next_page().await.map(count)
            })
        }),
        Driver::read("chat.get", |it: Graph| {
            Box::pin(async move { chat(&it).get().await.map(|it| it.topic.unwrap_or_default()) })
        }),
        Driver::change("chat.create_one_on_one", |it: Graph| {
            Box::pin(async move {
                let made = it
                    .client
                    .one_on_one_chat(it.id("own"), it.id("other"))
                    .await;
                made.map(done)
            })
        }),
        Driver::change("chat.create", |it: Graph| {
            Box::pin(async move {
                let group = NewGroupChat::new([it.id("own"), it.id("other")]).with_topic("New");
                it.client.create_group_chat(&group).await.map(done)
            })
        }),
        Driver::change("chat.rename", |it: Graph| {
            Box::pin(async move { chat(&it).rename("Release 2").await.map(done) })
        }),
        Driver::read("pins.list", |it: Graph| {
            Box::pin(async move { chat(&it).pins().next_page().await.map(count) })
        }),
        Driver::change("pins.add", |it: Graph| {
            Box::pin(async move { chat(&it).pin(it.id("message")).await.map(done) })
        }),
        Driver::change("pins.remove", |it: Graph| {
            Box::pin(async move { chat(&it).unpin(&it.id("pin")).await.map(done) })
        })
        .after(|it: Graph| {
            Box::pin(async move {
                let pin = chat(&it).pin(it.id("message")).await.unwrap().id;
                it.with("pin", pin)
            })
        }),
    ]
}

fn of_chat(scene: Graph) -> Later<Graph> {
    Box::pin(async move {
        let members = chat(&scene).members();
        membership(scene, members, "member").await
    })
}

fn chat_members() -> Vec<Driver<GraphChatClient>> {
    vec![
        Driver::read("chat.members.list", |it: Graph| {
            Box::pin(async move { chat(&it).members().next_page().await.map(count) })
        }),
        Driver::read("chat.members.get", |it: Graph| {
            Box::pin(async move { chat(&it).member(&it.id("membership")).await.map(done) })
        })
        .after(of_chat),
        Driver::change("chat.members.add", |it: Graph| {
            Box::pin(async move {
                chat(&it)
                    .add_member(it.id("other").as_str())
                    .await
                    .map(done)
            })
        }),
        Driver::change("chat.members.remove", |it: Graph| {
            Box::pin(async move {
                chat(&it)
                    .remove_member(&it.id("membership"))
                    .await
                    .map(done)
            })
        })
        .after(of_chat),
    ]
}

fn of_team(scene: Graph) -> Later<Graph> {
    Box::pin(async move {
        let members = team(&scene).members();
        membership(scene, members, "member").await
    })
}

/// A user who is no member of the team.
const STRANGER: &str = "11111111-2222-3333-4444-555555555555";

fn teams() -> Vec<Driver<GraphChatClient>> {
    vec![
        Driver::read("team.list", |it: Graph| {
            Box::pin(async move { it.client.joined_teams().next_page().await.map(count) })
        }),
        Driver::read("team.list_of_user", |it: Graph| {
            Box::pin(async move {
                let mut pages = it.client.joined_teams_of(it.id("own"));
                pages.next_page().await.map(count)
            })
        }),
        Driver::read("team.get", |it: Graph| {
            Box::pin(async move { team(&it).get().await.map(done) })
        }),
        Driver::read("team.members.list", |it: Graph| {
            Box::pin(async move { team(&it).members().next_page().await.map(count) })
        }),
        Driver::read("team.members.get", |it: Graph| {
            Box::pin(async move { team(&it).member(&it.id("membership")).await.map(done) })
        })
        .after(of_team),
        Driver::change("team.members.add", |it: Graph| {
            Box::pin(async move { team(&it).add_member(STRANGER).await.map(done) })
        }),
        Driver::change("team.members.remove", |it: Graph| {
            Box::pin(async move {
                team(&it)
                    .remove_member(&it.id("membership"))
                    .await
                    .map(done)
            })
        })
        .after(of_team),
        Driver::read("tags.list", |it: Graph| {
            Box::pin(async move { team(&it).tags().next_page().await.map(count) })
        }),
        Driver::read("user.me", |it: Graph| {
            Box::pin(async move { it.client.me().await.map(done) })
        }),
        Driver::read("user.get", |it: Graph| {
            Box::pin(async move { it.client.user(it.id("member")).await.map(done) })
        }),
        // The address is no principal name.
        Driver::read("user.list", |it: Graph| {
            Box::pin(async move { it.client.find_user("bob@contoso.test").await.map(done) })
        })
        .striking("user.list")
        .led_by(leading(
            "user.get",
            json!({"kind": "status", "status": 404}),
        )),
    ]
}

fn of_private(scene: Graph) -> Later<Graph> {
    Box::pin(async move {
        let member = scene.id("member");
        let added = private(&scene).add_member(member.as_str()).await.unwrap();
        scene.with("membership", added.id)
    })
}

fn channels() -> Vec<Driver<GraphChatClient>> {
    vec![
        Driver::read("channel.list", |it: Graph| {
            Box::pin(async move { team(&it).channels().next_page().await.map(count) })
        }),
        Driver::read("channel.list_all", |it: Graph| {
            Box::pin(async move { team(&it).all_channels().next_page().await.map(count) })
        }),
        Driver::read("channel.get_primary", |it: Graph| {
            Box::pin(async move { team(&it).primary_channel().await.map(done) })
        }),
        Driver::read("channel.get", |it: Graph| {
            Box::pin(async move { private(&it).get().await.map(done) })
        }),
        Driver::change("channel.create", |it: Graph| {
            Box::pin(async move {
                team(&it)
                    .create_channel(&NewChannel::new("New"))
                    .await
                    .map(done)
            })
        }),
        Driver::change("channel.update", |it: Graph| {
            Box::pin(async move {
                let update = ChannelUpdate::new().with_name("Outages");
                private(&it).update(&update).await.map(done)
            })
        }),
        Driver::change("channel.delete", |it: Graph| {
            Box::pin(async move { private(&it).delete().await.map(done) })
        }),
        Driver::read("channel.members.list", |it: Graph| {
            Box::pin(async move { private(&it).members().next_page().await.map(count) })
        }),
        Driver::read("channel.members.get", |it: Graph| {
            Box::pin(async move { private(&it).member(&it.id("membership")).await.map(done) })
        })
        .after(of_private),
        Driver::change("channel.members.add", |it: Graph| {
            Box::pin(async move {
                private(&it)
                    .add_member(it.id("other").as_str())
                    .await
                    .map(done)
            })
        }),
        Driver::change("channel.members.remove", |it: Graph| {
            Box::pin(async move {
                let membership = it.id("membership");
                private(&it).remove_member(&membership).await.map(done)
            })
        })
        .after(of_private),
    ]
}

/// The receiver of all notifications, which proves that it wants them.
async fn receiver() -> Url {
    static RECEIVER: OnceCell<HttpDouble> = OnceCell::const_new();
    let reply = |request: &ReceivedRequest| {
        let url = format!("http://localhost{}", request.target);
        let url: Url = url.parse().unwrap();
        let token = url
            .query_pairs()
            .find(|(name, _)| name == "validationToken");
        match token {
            Some((_, token)) => {
                Reply::new(200, token.into_owned()).with_header("content-type", "text/plain")
            }
            None => Reply::new(202, ""),
        }
    };
    let start = async || HttpDouble::start(reply).await.unwrap();
    RECEIVER.get_or_init(start).await.url().parse().unwrap()
}

async fn wanted(scene: &Graph) -> NewSubscription {
    let receiver = receiver().await;
    let state = SecretString::from("state");
    chat(scene)
        .subscription(receiver.clone(), state)
        .with_lifecycle_url(receiver)
}

fn subscribed(scene: Graph) -> Later<Graph> {
    Box::pin(async move {
        let wanted = wanted(&scene).await;
        let id = scene.client.subscribe(&wanted).await.unwrap().id;
        scene.with("subscription", id)
    })
}

fn subscriptions() -> Vec<Driver<GraphChatClient>> {
    vec![
        Driver::change("subscription.create", |it: Graph| {
            Box::pin(async move {
                let wanted = wanted(&it).await;
                it.client.subscribe(&wanted).await.map(done)
            })
        }),
        Driver::read("subscription.list", |it: Graph| {
            Box::pin(async move { it.client.subscriptions().next_page().await.map(count) })
        })
        .after(subscribed),
        Driver::read("subscription.get", |it: Graph| {
            Box::pin(async move {
                it.client
                    .subscription(&it.id("subscription"))
                    .await
                    .map(done)
            })
        })
        .after(subscribed),
        Driver::unseen("subscription.update", |it: Graph| {
            Box::pin(async move {
                let end = std::time::SystemTime::now() + std::time::Duration::from_secs(1800);
                let renewed = it
                    .client
                    .renew_subscription(&it.id("subscription"), end)
                    .await;
                renewed.map(done)
            })
        })
        .after(subscribed),
        Driver::unseen("subscription.reauthorize", |it: Graph| {
            Box::pin(async move {
                let id = it.id("subscription");
                it.client.reauthorize_subscription(&id).await.map(done)
            })
        })
        .after(subscribed),
        Driver::change("subscription.delete", |it: Graph| {
            Box::pin(async move {
                it.client
                    .unsubscribe(&it.id("subscription"))
                    .await
                    .map(done)
            })
        })
        .after(subscribed),
    ]
}

fn notification() -> ActivityNotification {
    let topic = ActivityTopic::text("Deployment", "https://teams.microsoft.com/l/entity/1");
    ActivityNotification::new(topic, "approvalRequired")
}

fn others() -> Vec<Driver<GraphChatClient>> {
    vec![
        Driver::unseen("activity.notify_user", |it: Graph| {
            Box::pin(async move {
                it.client
                    .notify_user(it.id("member"), &notification())
                    .await
                    .map(done)
            })
        }),
        Driver::unseen("activity.notify_chat", |it: Graph| {
            Box::pin(async move {
                let to = ActivityRecipient::user(it.id("member"));
                chat(&it).notify(&to, &notification()).await.map(done)
            })
        }),
        Driver::unseen("activity.notify_team", |it: Graph| {
            Box::pin(async move {
                let to = ActivityRecipient::user(it.id("member"));
                team(&it).notify(&to, &notification()).await.map(done)
            })
        }),
        Driver::unseen("activity.notify_recipients", |it: Graph| {
            Box::pin(async move {
                let to = [ActivityRecipient::team(it.id("team"))];
                it.client
                    .notify_recipients(to, &notification())
                    .await
                    .map(done)
            })
        }),
        Driver::change("batch.run", |it: Graph| {
            Box::pin(async move {
                let part = BatchPart::to_chat(it.id("chat"), "more");
                batch(&it, part).await
            })
        })
        .striking("batch"),
        Driver::read("batch.read", |it: Graph| {
            Box::pin(async move { batch(&it, BatchPart::get("/me")).await })
        })
        .striking("batch"),
    ]
}

async fn batch(scene: &Graph, part: BatchPart) -> Result<String> {
    scene.client.run_batch([part]).await?.remove(0).map(done)
}
