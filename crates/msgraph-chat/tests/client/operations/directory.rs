//! Teams, channels, chats, members and users: what is read.

use futures_util::TryStreamExt as _;
use ms_messenger_core::ErrorKind;
use ms_messenger_emulator::{FaultAction, Platform};
use ms_messenger_testkit::Reply;
use msgraph_chat::{
    ChatQuery,
    models::{ChatType, MemberRole, MembershipType},
};
use serde_json::json;

use crate::operations::double::{
    CHANNEL, CHAT, TEAM, USER, assert_invalid, emulated, list, losing_the_first, refusal, replying,
    seen,
};

#[tokio::test]
async fn each_list_has_its_path() {
    let (double, client) = replying(list(json!([]))).await;
    let (team, channel) = (client.team(TEAM), client.channel(TEAM, CHANNEL));
    client.joined_teams().next_page().await.unwrap();
    client
        .joined_teams_of("a#EXT#@b.test")
        .next_page()
        .await
        .unwrap();
    team.channels().next_page().await.unwrap();
    team.all_channels().next_page().await.unwrap();
    team.members().next_page().await.unwrap();
    team.tags().next_page().await.unwrap();
    channel.members().next_page().await.unwrap();
    client.chats().next_page().await.unwrap();
    client.chat(CHAT).members().next_page().await.unwrap();
    client.chat(CHAT).pins().next_page().await.unwrap();
    let query = ChatQuery::new()
        .with_page_size(3)
        .with_members(true)
        .with_last_message(true)
        .with_newest_message_first(true)
        .with_filter("topic eq 'R&D'");
    client.chats_of(USER, &query).next_page().await.unwrap();

    assert_eq!(
        seen(&double),
        [
            "GET /me/joinedTeams".to_owned(),
            "GET /users/a%23EXT%23@b.test/joinedTeams".to_owned(),
            format!("GET /teams/{TEAM}/channels"),
            format!("GET /teams/{TEAM}/allChannels"),
            format!("GET /teams/{TEAM}/members"),
            format!("GET /teams/{TEAM}/tags"),
            format!("GET /teams/{TEAM}/channels/{CHANNEL}/members"),
            "GET /me/chats?$top=50".to_owned(),
            format!("GET /chats/{CHAT}/members"),
            format!("GET /chats/{CHAT}/pinnedMessages?$expand=message"),
            format!(
                "GET /users/{USER}/chats?$top=3&$expand=members%2ClastMessagePreview\
                 &$orderby=lastMessagePreview%2FcreatedDateTime%20desc\
                 &$filter=topic%20eq%20%27R%26D%27"
            ),
        ]
    );
}

#[tokio::test]
async fn each_resource_has_its_path_and_keeps_what_is_new() {
    let body = json!({"id": "1", "displayName": null, "later": {"member": 1}});
    let (double, client) = replying(Reply::json(200, &body)).await;
    let (team, channel) = (client.team(TEAM), client.channel(TEAM, CHANNEL));
    assert_eq!(team.get().await.unwrap().other["later"]["member"], 1);
    assert_eq!(team.primary_channel().await.unwrap().id, "1");
    assert_eq!(team.member("a=").await.unwrap().id, "1");
    assert_eq!(channel.get().await.unwrap().display_name, None);
    assert!(channel.member("m").await.unwrap().roles.is_empty());
    assert_eq!(client.chat(CHAT).get().await.unwrap().id, "1");
    assert_eq!(client.chat(CHAT).member("m").await.unwrap().user_id, None);
    assert_eq!(client.me().await.unwrap().id, "1");
    assert_eq!(client.user("lene@contoso.test").await.unwrap().id, "1");
    // The token is opaque, so the own id is asked for.
    assert_eq!(client.own_id().await.unwrap(), "1");

    assert_eq!(
        seen(&double),
        [
            format!("GET /teams/{TEAM}"),
            format!("GET /teams/{TEAM}/primaryChannel"),
            format!("GET /teams/{TEAM}/members/a%3D"),
            format!("GET /teams/{TEAM}/channels/{CHANNEL}"),
            format!("GET /teams/{TEAM}/channels/{CHANNEL}/members/m"),
            format!("GET /chats/{CHAT}"),
            format!("GET /chats/{CHAT}/members/m"),
            "GET /me".to_owned(),
            "GET /users/lene@contoso.test".to_owned(),
            "GET /me".to_owned(),
        ]
    );
}

#[tokio::test]
async fn ids_are_checked_before_any_request() {
    let (double, client) = replying(list(json!([]))).await;
    let error = client.team("Contoso").get().await.unwrap_err();
    assert_invalid(&double, &error, "team");
    let error = client.channel("Contoso", "").get().await.unwrap_err();
    assert_invalid(&double, &error, "team");
    assert_invalid(&double, &error, "channel");
    let error = client.chat(CHAT).member("").await.unwrap_err();
    assert_invalid(&double, &error, "membership");
    let error = client.user("").await.unwrap_err();
    assert_invalid(&double, &error, "user");
    let query = ChatQuery::new().with_page_size(51);
    let error = client.chats_with(&query).next_page().await.unwrap_err();
    assert_invalid(&double, &error, "query.page_size");
}

#[tokio::test]
async fn a_lost_response_is_read_again_and_a_refusal_names_the_permission() {
    let (double, client) = losing_the_first(Reply::json(200, &json!({"id": "1"}))).await;
    client.team(TEAM).get().await.unwrap();
    assert_eq!(double.requests().len(), 2);

    let (_double, client) = replying(refusal(403, "Forbidden", "")).await;
    let error = client.team(TEAM).tags().next_page().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert!(error.message().contains("TeamworkTag.Read"), "{error}");
    let (_double, client) = replying(Reply::json(200, &json!({"displayName": "no id"}))).await;
    let error = client.me().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
}

#[tokio::test]
async fn the_world_of_the_emulator_is_found_from_the_own_user_on() {
    let (emulator, client) = emulated(0).await;
    let graph = &emulator.seed().graph;

    let me = client.me().await.unwrap();
    assert_eq!(me.id.as_str(), graph.users[0].id);
    assert_eq!(client.own_id().await.unwrap(), me.id);
    let bob = client.user("bob@contoso.test").await.unwrap();
    assert_eq!(bob.display_name.as_deref(), Some("Bob"));
    assert_eq!(bob.mail.as_deref(), Some("bob@contoso.test"));

    let teams: Vec<_> = client
        .joined_teams()
        .into_stream()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(teams[0].display_name.as_deref(), Some("Contoso"));
    let team = client.team(teams[0].id.clone());
    assert_eq!(
        team.get().await.unwrap().visibility.as_deref(),
        Some("private")
    );
    let channels: Vec<_> = team.channels().into_stream().try_collect().await.unwrap();
    assert_eq!(channels[0].id, team.primary_channel().await.unwrap().id);
    assert_eq!(channels[0].membership_type, Some(MembershipType::Standard));
    assert_eq!(
        team.all_channels()
            .next_page()
            .await
            .unwrap()
            .unwrap()
            .len(),
        1
    );
    let tags = team.tags().next_page().await.unwrap().unwrap();
    assert_eq!(tags[0].display_name.as_deref(), Some("Cooks"));
    assert_eq!(tags[0].member_count, Some(2));

    let channel = client.channel(team.id().clone(), channels[0].id.clone());
    assert_eq!(
        channel.get().await.unwrap().display_name.as_deref(),
        Some("General")
    );
    let members = team.members().next_page().await.unwrap().unwrap();
    let owner = members
        .iter()
        .find(|it| it.user_id.as_ref() == Some(&me.id))
        .unwrap();
    assert_eq!(owner.roles, [MemberRole::Owner]);
    assert_eq!(
        team.member(&owner.id).await.unwrap().email.as_deref(),
        Some("alice@contoso.test")
    );
    let of_channel = channel.members().next_page().await.unwrap().unwrap();
    assert_eq!(of_channel.len(), members.len());
    let one = channel.member(&of_channel[0].id).await.unwrap();
    assert_eq!(one.user_id, of_channel[0].user_id);

    let query = ChatQuery::new()
        .with_members(true)
        .with_last_message(true)
        .with_newest_message_first(true);
    let chats = client
        .chats_with(&query)
        .next_page()
        .await
        .unwrap()
        .unwrap();
    let chat = client.chat(chats[0].id.clone());
    assert_eq!(chats[0].chat_type, Some(ChatType::Group));
    assert_eq!(chats[0].members.len(), graph.users.len());
    assert_eq!(chats[0].last_message_preview, None);
    chat.send("hi").await.unwrap();
    let chats = client
        .chats_with(&query)
        .next_page()
        .await
        .unwrap()
        .unwrap();
    let preview = chats[0].last_message_preview.clone().unwrap();
    assert_eq!(preview.body.unwrap().content.as_deref(), Some("hi"));
    assert_eq!(
        chat.get().await.unwrap().topic.as_deref(),
        Some("Everybody")
    );
    let members = chat.members().next_page().await.unwrap().unwrap();
    let member = chat.member(&members[0].id).await.unwrap();
    assert_eq!(member.user_id, members[0].user_id);
}

#[tokio::test]
async fn a_user_without_that_principal_name_is_found_by_mail_address() {
    let (emulator, client) = emulated(0).await;
    for (address, user) in [("BOB@contoso.test", Some(1)), ("o'neil@contoso.test", None)] {
        let missing = FaultAction::status(404);
        let faults = emulator.fail_next(Platform::MSGRAPH_CHAT, "user.get", missing);
        faults.unwrap();
        let found = client.find_user(address).await;
        match user {
            Some(n) => {
                let user = &emulator.seed().graph.users[n];
                assert_eq!(found.unwrap().id, user.id.as_str());
            }
            None => assert_eq!(found.unwrap_err().kind(), ErrorKind::NotFound),
        }
    }
}
