//! Notifications of activity feeds.

use ms_messenger_core::{Delivery, ErrorKind};
use ms_messenger_testkit::Reply;
use msgraph_chat::{ActivityNotification, ActivityRecipient, ActivityTopic};
use serde_json::json;

use crate::operations::double::{
    CHANNEL, CHAT, TEAM, USER, assert_invalid, emulated, refusal, replying, seen,
};

fn notification() -> ActivityNotification {
    let topic = ActivityTopic::text("Deployment", "https://teams.microsoft.com/l/entity/1");
    ActivityNotification::new(topic, "approvalRequired")
}

#[tokio::test]
async fn each_form_has_its_path_and_its_recipients() {
    let (double, client) = replying(Reply::new(204, "")).await;
    let entity = ActivityTopic::entity("https://graph.microsoft.com/v1.0/chats/1");
    let whole = ActivityNotification::new(entity, "approvalRequired")
        .with_preview("Please approve")
        .with_parameter("task", "4711")
        .with_chain_id(-7)
        .with_teams_app_id("app")
        .with_icon_id("icon");
    client.notify_user("a#EXT#@b.test", &whole).await.unwrap();
    let user = ActivityRecipient::user(USER);
    client
        .chat(CHAT)
        .notify(&user, &notification())
        .await
        .unwrap();
    let channel = ActivityRecipient::channel(TEAM, CHANNEL);
    client
        .team(TEAM)
        .notify(&channel, &notification())
        .await
        .unwrap();
    let all = [ActivityRecipient::chat(CHAT), ActivityRecipient::team(TEAM)];
    client
        .notify_recipients(all, &notification())
        .await
        .unwrap();

    assert_eq!(
        seen(&double),
        [
            "POST /users/a%23EXT%23@b.test/teamwork/sendActivityNotification".to_owned(),
            format!("POST /chats/{CHAT}/sendActivityNotification"),
            format!("POST /teams/{TEAM}/sendActivityNotification"),
            "POST /teamwork/sendActivityNotificationToRecipients".to_owned(),
        ]
    );
    let bodies: Vec<_> = double.requests().iter().map(|it| it.json()).collect();
    assert_eq!(
        bodies[0],
        json!({"topic": {"source": "entityUrl", "value": "https://graph.microsoft.com/v1.0/chats/1"},
            "activityType": "approvalRequired", "chainId": -7,
            "previewText": {"content": "Please approve"}, "teamsAppId": "app", "iconId": "icon",
            "templateParameters": [{"name": "task", "value": "4711"}]})
    );
    let topic = json!({"source": "text", "value": "Deployment",
        "webUrl": "https://teams.microsoft.com/l/entity/1"});
    assert_eq!(
        bodies[1],
        json!({"topic": topic, "activityType": "approvalRequired", "recipient":
            {"@odata.type": "#microsoft.graph.aadUserNotificationRecipient", "userId": USER}})
    );
    assert_eq!(
        bodies[2]["recipient"],
        json!({"@odata.type": "#microsoft.graph.channelMembersNotificationRecipient",
            "teamId": TEAM, "channelId": CHANNEL})
    );
    assert_eq!(
        bodies[3]["recipients"],
        json!([
            {"@odata.type": "#microsoft.graph.chatMembersNotificationRecipient", "chatId": CHAT},
            {"@odata.type": "#microsoft.graph.teamMembersNotificationRecipient", "teamId": TEAM},
        ])
    );
}

#[tokio::test]
async fn bad_input_is_refused_before_any_request() {
    let (double, client) = replying(Reply::new(204, "")).await;
    let empty = ActivityNotification::new(ActivityTopic::text("", ""), "").with_parameter("", "x");
    let error = client.notify_user(USER, &empty).await.unwrap_err();
    for field in [
        "topic.value",
        "topic.web_url",
        "activity_type",
        "parameters.name",
    ] {
        assert_invalid(&double, &error, field);
    }
    let error = client.notify_user("", &notification()).await.unwrap_err();
    assert_invalid(&double, &error, "user");
    let none: [ActivityRecipient; 0] = [];
    let error = client
        .notify_recipients(none, &notification())
        .await
        .unwrap_err();
    assert_invalid(&double, &error, "recipients");
    let many = vec![ActivityRecipient::user(USER); 101];
    let error = client
        .notify_recipients(many, &notification())
        .await
        .unwrap_err();
    assert_invalid(&double, &error, "recipients");
    let blank = ActivityRecipient::channel("", "");
    let error = client
        .team(TEAM)
        .notify(&blank, &notification())
        .await
        .unwrap_err();
    assert_invalid(&double, &error, "recipient");
}

#[tokio::test]
async fn a_refusal_and_a_doubt_are_told_apart() {
    let (_double, client) = replying(refusal(403, "Forbidden", "App not installed.")).await;
    let error = client.notify_user(USER, &notification()).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert!(error.message().contains("TeamsActivity.Send"), "{error}");
    let (double, client) = replying(refusal(504, "UnknownError", "")).await;
    let error = client.notify_user(USER, &notification()).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert!(error.message().contains("chain id"), "{error}");
    assert_eq!(double.requests().len(), 1);
}

#[tokio::test]
async fn the_emulator_takes_every_form() {
    let (emulator, client) = emulated(0).await;
    let graph = emulator.seed().graph.clone();
    let bob = ActivityRecipient::user(graph.users[1].id.as_str());
    let (chat, team) = (graph.chat_id.as_str(), graph.team_id.as_str());
    let notification = notification();
    client
        .notify_user(graph.users[1].upn.as_str(), &notification)
        .await
        .unwrap();
    client.chat(chat).notify(&bob, &notification).await.unwrap();
    client.team(team).notify(&bob, &notification).await.unwrap();
    let all = [
        ActivityRecipient::chat(chat),
        ActivityRecipient::team(team),
        ActivityRecipient::channel(team, graph.channel_id.as_str()),
        bob,
    ];
    client.notify_recipients(all, &notification).await.unwrap();
    let gone = client
        .notify_user("nobody@contoso.test", &notification)
        .await
        .unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::NotFound);
}
