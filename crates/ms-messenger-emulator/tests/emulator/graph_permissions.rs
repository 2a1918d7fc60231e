//! The permissions of Graph's operations, for users and for apps.

use crate::outside::Outside;
use crate::outside::graph::{ALICE, FAR};
use serde_json::{Value, json};

/// Method, path, body, and the least permission for users and for apps (nothing: not supported
/// outside a migration).
fn operations(
    out: &Outside,
) -> Vec<(
    &'static str,
    String,
    Option<Value>,
    &'static str,
    &'static str,
)> {
    let graph = &out.emulator.seed().graph;
    let (chat, team) = (
        format!("/v1.0/chats/{}", graph.chat_id),
        format!("/v1.0/teams/{}", graph.team_id),
    );
    let channel = format!("{team}/channels/{}", graph.channel_id);
    let user = format!("/v1.0/users/{}", graph.users[ALICE].id);
    let some = |value: Value| Some(value);
    let notification = json!({"topic": {"source": "text", "value": "x", "webUrl": "https://x"},
        "activityType": "x", "recipient": {"@odata.type": "#microsoft.graph.aadUserNotificationRecipient", "userId": "x"},
        "recipients": [{"@odata.type": "#microsoft.graph.aadUserNotificationRecipient", "userId": "x"}]});
    let empty = json!({});
    vec![
        (
            "GET",
            "/v1.0/chats".into(),
            None,
            "Chat.ReadBasic",
            "Chat.ReadBasic.All",
        ),
        (
            "GET",
            format!("{user}/chats"),
            None,
            "Chat.ReadBasic",
            "Chat.ReadBasic.All",
        ),
        (
            "POST",
            "/v1.0/chats".into(),
            some(empty.clone()),
            "Chat.Create",
            "Chat.Create",
        ),
        (
            "GET",
            chat.clone(),
            None,
            "Chat.ReadBasic",
            "Chat.ReadBasic.All",
        ),
        (
            "PATCH",
            chat.clone(),
            some(json!({"topic": "x"})),
            "Chat.ReadWrite",
            "ChatSettings.ReadWrite.Chat",
        ),
        (
            "GET",
            format!("{user}/chats/{}", graph.chat_id),
            None,
            "Chat.ReadBasic",
            "Chat.ReadBasic.WhereInstalled",
        ),
        (
            "GET",
            format!("{chat}/members"),
            None,
            "Chat.ReadBasic",
            "Chat.Manage.Chat",
        ),
        (
            "GET",
            format!("{chat}/members/x"),
            None,
            "Chat.ReadBasic",
            "Chat.Manage.Chat",
        ),
        (
            "POST",
            format!("{chat}/members"),
            some(empty.clone()),
            "ChatMember.ReadWrite",
            "Chat.Manage.Chat",
        ),
        (
            "DELETE",
            format!("{chat}/members/x"),
            None,
            "ChatMember.ReadWrite",
            "Chat.Manage.Chat",
        ),
        (
            "GET",
            format!("{chat}/pinnedMessages"),
            None,
            "Chat.Read",
            "Chat.ReadWrite.All",
        ),
        (
            "POST",
            format!("{chat}/pinnedMessages"),
            some(empty.clone()),
            "ChatMessage.Send",
            "Chat.ReadWrite.All",
        ),
        (
            "DELETE",
            format!("{chat}/pinnedMessages/x"),
            None,
            "Chat.ReadWrite",
            "Chat.ReadWrite.All",
        ),
        (
            "GET",
            format!("{user}/joinedTeams"),
            None,
            "Team.ReadBasic.All",
            "Team.ReadBasic.All",
        ),
        (
            "GET",
            team.clone(),
            None,
            "Team.ReadBasic.All",
            "TeamSettings.Read.Group",
        ),
        (
            "GET",
            format!("{team}/tags"),
            None,
            "TeamworkTag.Read",
            "TeamworkTag.Read.All",
        ),
        (
            "GET",
            format!("{team}/members"),
            None,
            "TeamMember.Read.All",
            "TeamMember.Read.Group",
        ),
        (
            "POST",
            format!("{team}/members"),
            some(empty.clone()),
            "TeamMember.ReadWriteNonOwnerRole.All",
            "TeamMember.ReadWriteNonOwnerRole.All",
        ),
        (
            "GET",
            format!("{team}/channels"),
            None,
            "Channel.ReadBasic.All",
            "ChannelSettings.Read.Group",
        ),
        (
            "GET",
            format!("{team}/allChannels"),
            None,
            "Channel.ReadBasic.All",
            "Channel.ReadBasic.All",
        ),
        (
            "GET",
            format!("{team}/primaryChannel"),
            None,
            "Channel.ReadBasic.All",
            "ChannelSettings.Read.Group",
        ),
        (
            "POST",
            format!("{team}/channels"),
            some(empty.clone()),
            "Channel.Create",
            "Channel.Create.Group",
        ),
        (
            "GET",
            channel.clone(),
            None,
            "Channel.ReadBasic.All",
            "ChannelSettings.Read.Group",
        ),
        (
            "PATCH",
            channel.clone(),
            some(empty.clone()),
            "ChannelSettings.ReadWrite.All",
            "ChannelSettings.ReadWrite.Group",
        ),
        (
            "DELETE",
            channel.clone(),
            None,
            "Channel.Delete.All",
            "Channel.Delete.Group",
        ),
        (
            "GET",
            format!("{channel}/members"),
            None,
            "ChannelMember.Read.All",
            "ChannelMember.Read.Group",
        ),
        (
            "POST",
            format!("{channel}/members"),
            some(empty),
            "ChannelMember.ReadWrite.All",
            "ChannelMember.ReadWrite.Group",
        ),
        (
            "POST",
            format!("{chat}/sendActivityNotification"),
            some(notification.clone()),
            "TeamsActivity.Send",
            "TeamsActivity.Send.Chat",
        ),
        (
            "POST",
            format!("{team}/sendActivityNotification"),
            some(notification.clone()),
            "TeamsActivity.Send",
            "TeamsActivity.Send.Group",
        ),
        (
            "POST",
            format!("{user}/teamwork/sendActivityNotification"),
            some(notification.clone()),
            "TeamsActivity.Send",
            "TeamsActivity.Send.User",
        ),
        (
            "POST",
            "/v1.0/teamwork/sendActivityNotificationToRecipients".into(),
            some(notification),
            "TeamsActivity.Send",
            "TeamsActivity.Send.User",
        ),
        (
            "POST",
            format!("{chat}/messages"),
            some(json!({"body": {"content": "x"}})),
            "ChatMessage.Send",
            "",
        ),
        (
            "POST",
            format!("{chat}/messages/replyWithQuote"),
            some(json!({})),
            "ChatMessage.Send",
            "",
        ),
        (
            "GET",
            format!("{chat}/messages"),
            None,
            "Chat.Read",
            "ChatMessage.Read.Chat",
        ),
        (
            "POST",
            format!("{channel}/messages"),
            some(json!({"body": {"content": "x"}})),
            "ChannelMessage.Send",
            "",
        ),
        (
            "GET",
            format!("{chat}/messages/1"),
            None,
            "Chat.Read",
            "ChatMessage.Read.Chat",
        ),
        (
            "GET",
            format!("{chat}/messages/1/hostedContents"),
            None,
            "Chat.Read",
            "ChatMessage.Read.Chat",
        ),
        (
            "GET",
            format!("{chat}/messages/1/hostedContents/x/$value"),
            None,
            "Chat.Read",
            "ChatMessage.Read.Chat",
        ),
        (
            "PATCH",
            format!("{chat}/messages/1"),
            Some(json!({})),
            "Chat.ReadWrite",
            "Chat.UpdatePolicyViolation.All",
        ),
        (
            "POST",
            format!("{chat}/messages/1/setReaction"),
            Some(json!({})),
            "ChatMessage.Send",
            "",
        ),
        (
            "POST",
            format!("{chat}/messages/1/unsetReaction"),
            Some(json!({})),
            "ChatMessage.Send",
            "",
        ),
        (
            "POST",
            format!("{user}/chats/{}/messages/1/softDelete", graph.chat_id),
            None,
            "Chat.ReadWrite",
            "",
        ),
        (
            "POST",
            format!("{user}/chats/{}/messages/1/undoSoftDelete", graph.chat_id),
            None,
            "Chat.ReadWrite",
            "",
        ),
        (
            "GET",
            format!("{channel}/messages/delta"),
            None,
            "ChannelMessage.Read.All",
            "ChannelMessage.Read.Group",
        ),
        (
            "GET",
            format!("{channel}/messages/1/replies"),
            None,
            "ChannelMessage.Read.All",
            "ChannelMessage.Read.Group",
        ),
        (
            "POST",
            format!("{channel}/messages/1/replies"),
            Some(json!({"body": {"content": "x"}})),
            "ChannelMessage.Send",
            "",
        ),
        (
            "PATCH",
            format!("{channel}/messages/1"),
            Some(json!({})),
            "ChannelMessage.ReadWrite",
            "ChannelMessage.UpdatePolicyViolation.All",
        ),
        (
            "POST",
            format!("{channel}/messages/1/setReaction"),
            Some(json!({})),
            "ChannelMessage.Send",
            "",
        ),
        (
            "POST",
            format!("{channel}/messages/1/softDelete"),
            None,
            "ChannelMessage.ReadWrite",
            "",
        ),
        (
            "GET",
            format!("{channel}/messages"),
            None,
            "ChannelMessage.Read.All",
            "ChannelMessage.Read.Group",
        ),
    ]
}

#[tokio::test]
async fn the_least_permission_of_each_operation_suffices_and_a_rejection_names_it() {
    let out = Outside::start().await;
    let world = out.emulator.seed().clone();
    let ask = async |method: &str, path: &str, body: &Option<Value>, token: &str| {
        let url = format!("{}{path}", out.base);
        let request = out
            .client
            .request(method.parse().unwrap(), url)
            .bearer_auth(token);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        Outside::ask(request).await
    };
    for (method, path, body, delegated, application) in operations(&out) {
        let user = |scope: &str| world.graph_token(&world.graph.users[ALICE], &[scope], FAR);
        let (status, response) = ask(method, &path, &body, &user(delegated)).await;
        assert!(
            status != 401 && status != 403,
            "{method} {path}: {status} {response}"
        );
        let (status, response) = ask(method, &path, &body, &user("Mail.Send")).await;
        let message = response["error"]["message"].as_str().unwrap_or_default();
        assert_eq!(
            (status, &response["error"]["code"]),
            (403, &json!("Forbidden")),
            "{method} {path}"
        );
        assert!(
            message.contains(delegated) && message.contains("Mail.Send"),
            "{message}"
        );
        if application.is_empty() {
            let token = world.graph_app_token(&["Teamwork.Migrate.All"], FAR);
            let (status, response) = ask(method, &path, &body, &token).await;
            let expected = "Requested API is not supported in application-only context";
            assert_eq!(
                (status, &response["error"]["message"]),
                (412, &json!(expected))
            );
            continue;
        }
        let token = world.graph_app_token(&[application], FAR);
        let (status, response) = ask(method, &path, &body, &token).await;
        assert!(
            status != 401 && status != 403,
            "{method} {path}: {status} {response}"
        );
        let other = world.graph_app_token(&["Mail.Send"], FAR);
        let (status, response) = ask(method, &path, &body, &other).await;
        assert_eq!(status, 403, "{method} {path}");
        assert!(response.to_string().contains(application), "{response}");
    }
    let expired = world.graph_app_token(&["Chat.ReadBasic.All"], 1);
    assert_eq!(Outside::ask(out.read("/v1.0/chats", &expired)).await.0, 401);
}
