//! Chats, channels and their members: created, changed, removed.

use ms_messenger_core::ErrorKind;
use ms_messenger_testkit::Reply;
use msgraph_chat::{
    ChannelUpdate, NewChannel, NewGroupChat, NewMember,
    models::{LayoutType, MemberRole, MembershipType},
};
use serde_json::json;

use crate::operations::double::{
    CHANNEL, CHAT, TEAM, assert_invalid, emulated, of_user, refusal, replying, scripted, seen,
};

#[tokio::test]
async fn each_change_has_its_bytes() {
    let (double, client) = replying(Reply::json(201, &json!({"id": "1"}))).await;
    let base = format!("{}/v1.0", double.url());
    let (team, channel, chat) = (
        client.team(TEAM),
        client.channel(TEAM, CHANNEL),
        client.chat(CHAT),
    );
    let group = NewGroupChat::new(["a@b.test"])
        .with_member(NewMember::new("o'neil#EXT#@b.test").with_guest_role())
        .with_topic("R&D");
    client.create_group_chat(&group).await.unwrap();
    chat.rename("News").await.unwrap();
    chat.add_member(NewMember::new("a@b.test").with_whole_history())
        .await
        .unwrap();
    chat.remove_member("m=").await.unwrap();
    chat.pin("161").await.unwrap();
    chat.unpin("161").await.unwrap();
    let new = NewChannel::new("Ops")
        .with_description("d")
        .with_membership(MembershipType::Private)
        .with_layout(LayoutType::Chat)
        .with_member(NewMember::new("a@b.test").with_owner_role());
    team.create_channel(&new).await.unwrap();
    channel
        .update(&ChannelUpdate::new().with_name("Ops 2").with_description(""))
        .await
        .unwrap();
    channel.delete().await.unwrap();
    team.add_member("a@b.test").await.unwrap();
    team.remove_member("m").await.unwrap();
    channel.add_member("a@b.test").await.unwrap();
    channel.remove_member("m").await.unwrap();

    let of_channel = format!("/teams/{TEAM}/channels/{CHANNEL}");
    assert_eq!(
        seen(&double),
        [
            "POST /chats".to_owned(),
            format!("PATCH /chats/{CHAT}"),
            format!("POST /chats/{CHAT}/members"),
            format!("DELETE /chats/{CHAT}/members/m%3D"),
            format!("POST /chats/{CHAT}/pinnedMessages"),
            format!("DELETE /chats/{CHAT}/pinnedMessages/161"),
            format!("POST /teams/{TEAM}/channels"),
            format!("PATCH {of_channel}"),
            format!("DELETE {of_channel}"),
            format!("POST /teams/{TEAM}/members"),
            format!("DELETE /teams/{TEAM}/members/m"),
            format!("POST {of_channel}/members"),
            format!("DELETE {of_channel}/members/m"),
        ]
    );
    let member = |user: &str, roles: &[&str]| {
        json!({"@odata.type": "#microsoft.graph.aadUserConversationMember", "roles": roles,
            "user@odata.bind": format!("{base}/users('{user}')")})
    };
    let mut whole = member("a@b.test", &["owner"]);
    whole["visibleHistoryStartDateTime"] = json!("0001-01-01T00:00:00Z");
    let bodies: Vec<_> = double.requests().iter().map(|it| it.json()).collect();
    assert_eq!(
        bodies[0],
        json!({"chatType": "group", "topic": "R&D", "members": [
            member("a@b.test", &["owner"]), member("o''neil%23EXT%23@b.test", &["guest"]),
        ]})
    );
    assert_eq!(bodies[1], json!({"topic": "News"}));
    assert_eq!(bodies[2], whole);
    let pinned = format!("{base}/chats/{CHAT}/messages/161");
    assert_eq!(bodies[4], json!({"message@odata.bind": pinned}));
    assert_eq!(
        bodies[6],
        json!({"displayName": "Ops", "description": "d", "membershipType": "private",
            "layoutType": "chat", "members": [member("a@b.test", &["owner"])]})
    );
    assert_eq!(
        bodies[7],
        json!({"displayName": "Ops 2", "description": ""})
    );
    assert_eq!(bodies[9], member("a@b.test", &[]));
    assert_eq!(bodies[11], member("a@b.test", &[]));
}

#[tokio::test]
async fn bad_input_is_refused_before_any_request() {
    let (double, client) = replying(Reply::json(201, &json!({"id": "1"}))).await;
    let (team, channel, chat) = (
        client.team(TEAM),
        client.channel(TEAM, CHANNEL),
        client.chat(CHAT),
    );
    let nobody: [&str; 0] = [];
    let error = client
        .create_group_chat(&NewGroupChat::new(nobody))
        .await
        .unwrap_err();
    assert_invalid(&double, &error, "members");
    let many = NewGroupChat::new(vec!["a"; 251]).with_topic(" ");
    let error = client.create_group_chat(&many).await.unwrap_err();
    assert_invalid(&double, &error, "members");
    assert_invalid(&double, &error, "topic");
    let error = client
        .create_group_chat(&NewGroupChat::new([""]))
        .await
        .unwrap_err();
    assert_invalid(&double, &error, "member");
    let error = chat.rename("").await.unwrap_err();
    assert_invalid(&double, &error, "topic");
    let error = chat.add_member("").await.unwrap_err();
    assert_invalid(&double, &error, "member");
    let error = chat.remove_member("").await.unwrap_err();
    assert_invalid(&double, &error, "membership");
    let error = chat.pin("").await.unwrap_err();
    assert_invalid(&double, &error, "message");
    let error = chat.unpin("").await.unwrap_err();
    assert_invalid(&double, &error, "pin");
    let error = team
        .create_channel(&NewChannel::new(" "))
        .await
        .unwrap_err();
    assert_invalid(&double, &error, "name");
    let error = channel.update(&ChannelUpdate::new()).await.unwrap_err();
    assert_invalid(&double, &error, "update");
    let error = channel
        .update(&ChannelUpdate::new().with_name(""))
        .await
        .unwrap_err();
    assert_invalid(&double, &error, "name");
}

#[tokio::test]
async fn a_removal_whose_first_response_was_lost_finds_nothing_the_second_time() {
    let count = std::sync::atomic::AtomicUsize::new(0);
    let (double, client) =
        scripted(
            move |_| match count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
                0 => Reply::close(),
                _ => refusal(404, "NotFound", "No such member."),
            },
        )
        .await;
    let error = client.chat(CHAT).remove_member("m").await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::NotFound, 2));
    assert_eq!(double.requests().len(), 2);
}

#[tokio::test]
async fn a_group_chat_is_made_renamed_grown_and_left() {
    let (emulator, client) = emulated(0).await;
    let graph = emulator.seed().graph.clone();
    let (me, bob) = (graph.users[0].id.as_str(), graph.users[1].upn.as_str());
    let group = NewGroupChat::new([me, bob]).with_topic("Release");
    let created = client.create_group_chat(&group).await.unwrap();
    assert_eq!(created.topic.as_deref(), Some("Release"));
    let chat = client.chat(created.id.clone());
    assert_ne!(
        client.create_group_chat(&group).await.unwrap().id,
        created.id
    );

    chat.rename("Release 4.3").await.unwrap();
    assert_eq!(
        chat.get().await.unwrap().topic.as_deref(),
        Some("Release 4.3")
    );
    let posted = chat.send("Welcome").await.unwrap();
    let carol = NewMember::new(graph.users[2].upn.as_str()).with_whole_history();
    chat.add_member(carol.clone()).await.unwrap();
    let error = chat.add_member(carol).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let members = chat.members().next_page().await.unwrap().unwrap();
    assert_eq!(members.len(), 3);
    assert!(members.iter().all(|it| it.roles == [MemberRole::Owner]));

    let pin = chat.pin(posted.id.clone()).await.unwrap();
    let pins = chat.pins().next_page().await.unwrap().unwrap();
    let pinned = pins[0].message.as_ref().unwrap();
    assert_eq!(pinned.id.as_deref(), Some(posted.id.as_str()));
    chat.unpin(&pin.id).await.unwrap();
    assert!(chat.pins().next_page().await.unwrap().unwrap().is_empty());

    let own = members
        .iter()
        .find(|it| it.user_id.as_ref().is_some_and(|id| id == me));
    chat.remove_member(&own.unwrap().id).await.unwrap();
    let error = chat.send("still here?").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    let left = of_user(&emulator, 1)
        .chat(created.id)
        .members()
        .next_page()
        .await;
    assert_eq!(left.unwrap().unwrap().len(), 2);
}

#[tokio::test]
async fn a_private_channel_is_made_filled_renamed_and_deleted() {
    let (emulator, client) = emulated(0).await;
    let graph = emulator.seed().graph.clone();
    let team = client.team(graph.team_id.as_str());
    let new = NewChannel::new("Incidents")
        .with_membership(MembershipType::Private)
        .with_member(NewMember::new(graph.users[0].id.as_str()).with_owner_role());
    let created = team.create_channel(&new).await.unwrap();
    assert_eq!(created.membership_type, Some(MembershipType::Private));
    let channel = client.channel(team.id().clone(), created.id);

    let added = channel
        .add_member(graph.users[1].id.as_str())
        .await
        .unwrap();
    assert_eq!(added.user_id.as_ref().unwrap(), graph.users[1].id.as_str());
    assert_eq!(
        channel.members().next_page().await.unwrap().unwrap().len(),
        2
    );
    channel.remove_member(&added.id).await.unwrap();
    assert_eq!(
        channel.members().next_page().await.unwrap().unwrap().len(),
        1
    );

    let update = ChannelUpdate::new()
        .with_name("Outages")
        .with_description("What is broken");
    channel.update(&update).await.unwrap();
    let read = channel.get().await.unwrap();
    assert_eq!(read.display_name.as_deref(), Some("Outages"));
    assert_eq!(read.description.as_deref(), Some("What is broken"));
    channel.delete().await.unwrap();
    assert_eq!(channel.get().await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(team.channels().next_page().await.unwrap().unwrap().len(), 1);

    let new = team
        .add_member("11111111-2222-3333-4444-555555555555")
        .await
        .unwrap();
    team.remove_member(&new.id).await.unwrap();
    let error = team.remove_member(&new.id).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}
