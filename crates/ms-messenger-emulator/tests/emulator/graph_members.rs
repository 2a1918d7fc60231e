//! Graph's directory: members of chats, teams and channels; pinned messages.

use crate::outside::Outside;
use crate::outside::graph::{ALICE, BOB, CAROL, ids, member, sends};
use ms_messenger_emulator::Emulator;
use serde_json::{Value, json};

/// The membership id of the seeded user number `n`.
fn id_of(out: &Outside, page: &Value, n: usize) -> String {
    let user = json!(out.emulator.seed().graph.users[n].id);
    let mut members = page["value"].as_array().unwrap().iter();
    let found = members.find(|member| member["userId"] == user);
    found.unwrap()["id"].as_str().unwrap().to_owned()
}

fn names(page: &Value) -> Vec<&str> {
    let members = page["value"].as_array().unwrap().iter();
    let mut names: Vec<_> = members
        .map(|m| m["displayName"].as_str().unwrap())
        .collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn members_are_added_and_removed_and_a_removed_one_stays_removed() {
    let out = Outside::start().await;
    let (_, chat) = out.new_chat("group", &[ALICE, BOB], None).await;
    let chat = format!("/v1.0/chats/{}", chat["id"].as_str().unwrap());
    let path = format!("{chat}/members");
    let graph = out.emulator.seed().graph.clone();
    let mut carol = member(&out, &graph.users[CAROL].upn);
    carol["visibleHistoryStartDateTime"] = json!("2025-03-01T00:00:00Z");
    let request = out.graph_send(&path, &carol);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 201);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(response.text().await.unwrap(), "");
    let (status, page) = out.as_user(CAROL, "GET", &path, None).await;
    assert_eq!((status, names(&page)), (200, vec!["Alice", "Bob", "Carol"]));
    let context = page["@odata.context"].as_str().unwrap();
    assert!(
        context.contains("#chats('19%3A") && context.ends_with("/members"),
        "{context}"
    );

    let (status, one) = out
        .as_user(ALICE, "GET", &format!("/v1.0{location}"), None)
        .await;
    assert_eq!(status, 200, "{one}");
    let expected = json!({
        "@odata.type": "#microsoft.graph.aadUserConversationMember",
        "displayName": "Carol",
        "email": "carol@contoso.test",
        "roles": ["owner"],
        "tenantId": graph.tenant_id,
        "userId": graph.users[CAROL].id,
        "visibleHistoryStartDateTime": "2025-03-01T00:00:00Z",
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&one[name], value, "{name}");
    }
    assert_eq!(
        out.as_user(ALICE, "POST", &path, Some(carol.clone()))
            .await
            .0,
        409
    );
    let gone = format!("{path}/{}", id_of(&out, &page, CAROL).replace('=', "%3D"));
    assert_eq!(out.as_user(ALICE, "DELETE", &gone, None).await.0, 204);
    assert_eq!(out.as_user(ALICE, "DELETE", &gone, None).await.0, 404);
    assert_eq!(out.as_user(ALICE, "GET", &gone, None).await.0, 404);
    let send = json!({"body": {"content": "x"}});
    let messages = format!("{chat}/messages");
    assert_eq!(
        out.as_user(CAROL, "POST", &messages, Some(send.clone()))
            .await
            .0,
        403
    );
    // Of the seeded chat, which everybody may join, the removed one is no longer part either.
    let seeded = format!("/v1.0/chats/{}", graph.chat_id);
    let (_, page) = out
        .as_user(BOB, "GET", &format!("{seeded}/members"), None)
        .await;
    let gone = format!("{seeded}/members/{}", id_of(&out, &page, CAROL));
    assert_eq!(out.as_user(BOB, "DELETE", &gone, None).await.0, 204);
    let messages = format!("{seeded}/messages");
    assert_eq!(
        out.as_user(CAROL, "POST", &messages, Some(send.clone()))
            .await
            .0,
        403
    );
    assert_eq!(
        out.as_user(ALICE, "POST", &messages, Some(send)).await.0,
        201
    );
}

#[tokio::test]
async fn wrong_members_options_and_places_are_refused() {
    let out = Outside::start().await;
    let (_, group) = out.new_chat("group", &[ALICE, BOB], None).await;
    let (_, pair) = out.new_chat("oneOnOne", &[ALICE, BOB], None).await;
    let path = |chat: &Value| format!("/v1.0/chats/{}/members", chat["id"].as_str().unwrap());
    let carol = out.emulator.seed().graph.users[CAROL].id.clone();
    let mut no_role = member(&out, &carol);
    no_role["roles"] = json!([]);
    let mut bad_time = member(&out, &carol);
    bad_time["visibleHistoryStartDateTime"] = json!("yesterday");
    for (at, body) in [
        (path(&group), no_role),
        (path(&group), bad_time),
        (path(&group), json!({"roles": ["owner"]})),
        (path(&pair), member(&out, &carol)),
        (
            path(&group).replace("v1.0", "v1.0/me"),
            member(&out, &carol),
        ),
    ] {
        assert_eq!(
            out.as_user(ALICE, "POST", &at, Some(body)).await.0,
            400,
            "{at}"
        );
    }
    let unknown = member(&out, "nobody@contoso.test");
    assert_eq!(
        out.as_user(ALICE, "POST", &path(&group), Some(unknown))
            .await
            .0,
        404
    );
    for option in ["$top=5", "$select=id", "$filter=x", "$expand=user"] {
        let (status, error) = out
            .as_user(ALICE, "GET", &format!("{}?{option}", path(&group)), None)
            .await;
        assert_eq!(
            (status, &error["error"]["code"]),
            (400, &json!("BadRequest")),
            "{option}"
        );
    }
    let mine = path(&group).replace("v1.0", "v1.0/me");
    assert_eq!(out.as_user(ALICE, "GET", &mine, None).await.0, 200);
    assert_eq!(out.as_user(ALICE, "PUT", &path(&group), None).await.0, 405);
}

#[tokio::test]
async fn owners_change_a_team_and_all_of_it_is_in_its_standard_channels() {
    let out = Outside::start().await;
    let graph = out.emulator.seed().graph.clone();
    let team = format!("/v1.0/teams/{}/members", graph.team_id);
    let channel = format!(
        "/v1.0/teams/{}/channels/{}/members",
        graph.team_id, graph.channel_id
    );
    let (_, page) = out.as_user(BOB, "GET", &team, None).await;
    assert_eq!(names(&page), ["Alice", "Bob", "Carol"]);
    assert_eq!(
        names(&out.as_user(BOB, "GET", &channel, None).await.1),
        names(&page)
    );
    let filter = "$filter=(microsoft.graph.aadUserConversationMember/displayName eq 'Bob' or \
        microsoft.graph.aadUserConversationMember/email eq 'carol@contoso.test')"
        .replace(' ', "%20");
    let (_, found) = out
        .as_user(
            BOB,
            "GET",
            &format!("{team}?{filter}&$select=displayName"),
            None,
        )
        .await;
    assert_eq!(names(&found), ["Bob", "Carol"]);
    assert!(found["value"][0].get("email").is_none());
    assert_eq!(
        out.as_user(BOB, "GET", &format!("{team}?$top=3"), None)
            .await
            .0,
        400
    );

    let stranger = "00000000-0000-4000-8000-000000000001";
    let mut new = member(&out, stranger);
    new["roles"] = json!([]);
    assert_eq!(
        out.as_user(BOB, "POST", &team, Some(new.clone())).await.0,
        403
    );
    let (status, made) = out.as_user(ALICE, "POST", &team, Some(new.clone())).await;
    assert_eq!(
        (status, &made["userId"], &made["roles"]),
        (201, &json!(stranger), &json!([]))
    );
    assert_eq!(out.as_user(ALICE, "POST", &channel, Some(new)).await.0, 400);
    let carol = format!("{team}/{}", id_of(&out, &page, CAROL));
    assert_eq!(out.as_user(BOB, "DELETE", &carol, None).await.0, 403);
    // Everybody may leave, and is then in none of the channels.
    assert_eq!(out.as_user(CAROL, "DELETE", &carol, None).await.0, 204);
    let send = Some(json!({"body": {"content": "x"}}));
    assert_eq!(
        out.as_user(CAROL, "POST", &out.graph_channel(), send)
            .await
            .0,
        403
    );
    assert_eq!(out.as_user(CAROL, "GET", &channel, None).await.0, 403);
}

#[tokio::test]
async fn messages_are_pinned_listed_and_unpinned() {
    let out = Outside::start().await;
    let graph = out.emulator.seed().graph.clone();
    let message = sends(&out, &out.graph_chat(), "remember").await;
    let id = message["id"].as_str().unwrap();
    let pins = format!("/v1.0/chats/{}/pinnedMessages", graph.chat_id);
    let bind = |id: &str| json!({"message@odata.bind": format!("{}/chats/{}/messages/{id}", graph.base, graph.chat_id)});
    let (status, pin) = out.as_user(ALICE, "POST", &pins, Some(bind(id))).await;
    assert_eq!((status, &pin["id"]), (201, &json!(id)), "{pin}");
    let other = sends(&out, &out.graph_chat(), "this too").await;
    let other = other["id"].as_str().unwrap();
    assert_eq!(
        out.as_user(BOB, "POST", &pins, Some(bind(other))).await.0,
        201
    );
    let (_, page) = out.as_user(BOB, "GET", &pins, None).await;
    assert_eq!(ids(&page), [other, id]);
    assert!(page["value"][0].get("message").is_none());
    let (_, page) = out
        .as_user(BOB, "GET", &format!("{pins}?$expand=message"), None)
        .await;
    assert_eq!(page["value"][1]["message"]["body"]["content"], "remember");
    assert_eq!(
        out.as_user(BOB, "GET", &format!("{pins}?$expand=chat"), None)
            .await
            .0,
        400
    );
    assert_eq!(
        out.as_user(BOB, "POST", &pins, Some(bind("1"))).await.0,
        404
    );
    assert_eq!(
        out.as_user(BOB, "POST", &pins, Some(json!({}))).await.0,
        400
    );
    let one = format!("{pins}/{id}");
    assert_eq!(out.as_user(BOB, "DELETE", &one, None).await.0, 204);
    assert_eq!(out.as_user(BOB, "DELETE", &one, None).await.0, 404);
    assert_eq!(ids(&out.as_user(BOB, "GET", &pins, None).await.1), [other]);
}

#[tokio::test]
async fn notifications_are_accepted_and_leave_no_row() {
    let out = Outside::of(Emulator::builder().with_strict(true).start().await.unwrap());
    let graph = out.emulator.seed().graph.clone();
    let user = &graph.users[BOB].id;
    let recipient = json!({
        "@odata.type": "#microsoft.graph.aadUserNotificationRecipient",
        "userId": user,
    });
    let of_chat = json!({"@odata.type": "microsoft.graph.chatMembersNotificationRecipient", "chatId": graph.chat_id});
    let with = |name: &str, value: &Value| {
        let mut body = json!({
            "topic": {"source": "entityUrl", "value": format!("{}/chats/{}", graph.base, graph.chat_id)},
            "activityType": "approvalRequired",
            "previewText": {"content": "Deployment requires your approval"},
            "templateParameters": [{"name": "approvalTaskId", "value": "2020AAGGTAPP"}],
        });
        body[name] = value.clone();
        body
    };
    let of_user = format!("/v1.0/users/{user}/teamwork/sendActivityNotification");
    let chat = format!("/v1.0/chats/{}/sendActivityNotification", graph.chat_id);
    let team = format!("/beta/teams/{}/sendActivityNotification", graph.team_id);
    let bulk = "/v1.0/teamwork/sendActivityNotificationToRecipients";
    for (path, body, status) in [
        (of_user.as_str(), with("chainId", &json!(1)), 204),
        (&of_user, with("recipient", &recipient), 400),
        (&of_user, with("activityType", &Value::Null), 400),
        (
            &of_user,
            with("topic", &json!({"source": "text", "value": "x"})),
            400,
        ),
        (
            &of_user,
            with("templateParameters", &json!([{"value": "x"}])),
            400,
        ),
        (&chat, with("recipient", &recipient), 204),
        (&chat, with("recipient", &of_chat), 204),
        (&chat, with("recipient", &json!({"@odata.type": "x"})), 400),
        (&chat, with("chainId", &json!(1)), 400),
        (
            "/v1.0/chats/19:nobody@thread.v2/sendActivityNotification",
            with("recipient", &recipient),
            404,
        ),
        (&team, with("recipient", &recipient), 204),
        (
            bulk,
            with("recipients", &json!([recipient, recipient])),
            202,
        ),
        (bulk, with("recipients", &json!([])), 400),
    ] {
        let response = out.as_user(ALICE, "POST", path, Some(body.clone())).await;
        assert_eq!(response.0, status, "{path} {body} {}", response.1);
    }
    assert_eq!(out.rows("").await.len(), 0);
}
