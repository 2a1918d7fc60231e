//! Teams through Microsoft Graph: what its operations need, and where they are seen.

use ms_messenger::InlineImage;
use ms_messenger::{
    StaticToken,
    http::{HttpOptions, Method},
    msgraph_chat::{
        GraphChatClient, NewChannel, NewChatMessage, NewGroupChat, NewMember, OPERATIONS,
        models::MembershipType,
    },
};
use ms_messenger_emulator::Emulator;
use serde_json::Value;

use super::{
    driver::{Caller, Later, Service},
    graph_drives, graph_files, graph_messages, graph_rest,
    reading::read_all,
    scene::Scene,
};
use crate::platform::retry;

pub(crate) type Graph = Scene<GraphChatClient>;

pub(crate) fn service() -> Service<GraphChatClient> {
    let mut drivers = graph_messages::drivers();
    drivers.extend(graph_rest::drivers());
    drivers.extend(graph_drives::drivers());
    drivers.extend(graph_files::drivers());
    Service {
        name: "msgraph-chat",
        platform: "msgraph-chat",
        operations: OPERATIONS,
        is_session: false,
        drivers,
        connect,
        begin,
        see,
        end: None,
    }
}

fn connect(emulator: &Emulator, options: HttpOptions, caller: Caller) -> GraphChatClient {
    let graph = &emulator.seed().graph;
    let is_app = caller == Caller::App;
    let token = if is_app {
        &graph.app_token
    } else {
        &graph.token
    };
    GraphChatClient::builder(StaticToken::new(token.as_str()))
        .with_base_url(&graph.base)
        .with_app_only(is_app)
        .with_retry_policy(retry())
        .with_http_options(options)
        .build()
        .unwrap()
}

fn begin(client: GraphChatClient, emulator: &Emulator) -> Later<Graph> {
    let graph = emulator.seed().graph.clone();
    let origin = emulator.http_url().to_owned();
    Box::pin(async move {
        let users = &graph.users;
        let (own, member) = (users[0].id.as_str(), users[1].id.as_str());
        let group = NewGroupChat::new([own, member]).with_topic("Release");
        let chat = client.create_group_chat(&group).await.unwrap().id;
        let team = client.team(graph.team_id.as_str());
        let owner = NewMember::new(own).with_owner_role();
        let private = NewChannel::new("Incidents")
            .with_membership(MembershipType::Private)
            .with_member(owner);
        let private = team.create_channel(&private).await.unwrap().id;
        let channel = client.channel(graph.team_id.as_str(), graph.channel_id.as_str());
        let post = channel.send(with_image()).await.unwrap().id;
        let reply = channel.reply(post.clone(), with_image()).await.unwrap().id;
        let message = client
            .chat(chat.clone())
            .send(with_image())
            .await
            .unwrap()
            .id;
        Scene::new(
            client,
            [("own", own), ("member", member), ("team", &graph.team_id)],
        )
        .with("origin", origin)
        .with("other", users[2].id.as_str())
        .with("channel", graph.channel_id.as_str())
        .with("private", private)
        .with("chat", chat)
        .with("post", post)
        .with("reply", reply)
        .with("message", message)
    })
}

fn with_image() -> NewChatMessage {
    let image = InlineImage::new("image/gif", *b"GIF89a");
    NewChatMessage::compose()
        .text("hello")
        .inline_image(&image)
        .build()
}

fn see(scene: Graph) -> Later<Value> {
    let paths = [
        "/me/chats",
        "/chats/{chat}",
        "/chats/{chat}/members",
        "/chats/{chat}/messages",
        "/chats/{chat}/pinnedMessages",
        "/teams/{team}/channels",
        "/teams/{team}/members",
        "/teams/{team}/channels/{private}",
        "/teams/{team}/channels/{private}/members",
        "/teams/{team}/channels/{channel}",
        "/teams/{team}/channels/{channel}/messages",
        "/teams/{team}/channels/{channel}/messages/{post}/replies",
        "/subscriptions",
    ];
    let request = |client: &GraphChatClient, path| client.request(Method::GET, path);
    Box::pin(async move { read_all(&scene, request, &paths).await })
}
