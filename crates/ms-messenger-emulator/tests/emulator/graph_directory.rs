//! Graph's directory: chats and who is in them.

use crate::outside::Outside;
use crate::outside::graph::{ALICE, BOB, CAROL, FAR, ids, member, sends};
use ms_messenger_emulator::Emulator;
use serde_json::{Value, json};

#[tokio::test]
async fn the_seeded_chat_is_a_whole_resource_in_every_list() {
    let out = Outside::start().await;
    let graph = out.emulator.seed().graph.clone();
    let path = format!("/v1.0/chats/{}", graph.chat_id);
    let (status, chat) = out.as_user(ALICE, "GET", &path, None).await;
    assert_eq!(status, 200, "{chat}");
    let members = [
        "chatType",
        "createdDateTime",
        "id",
        "isHiddenForAllMembers",
        "lastUpdatedDateTime",
        "migrationMode",
        "onlineMeetingInfo",
        "originalCreatedDateTime",
        "tenantId",
        "topic",
        "viewpoint",
        "webUrl",
    ];
    for name in members {
        assert!(chat.get(name).is_some(), "{name} in {chat}");
    }
    assert_eq!(chat["createdDateTime"], "2025-01-01T00:00:00Z");
    assert_eq!(chat["tenantId"], json!(graph.tenant_id));
    let context = chat["@odata.context"].as_str().unwrap();
    assert_eq!(
        context,
        format!("{}/v1.0/$metadata#chats/$entity", out.base)
    );
    for version in ["v1.0", "beta"] {
        for path in [
            "chats".to_owned(),
            "me/chats".to_owned(),
            format!("users/{}/chats", graph.users[0].id),
            format!("users/{}/chats", graph.users[0].upn.to_uppercase()),
        ] {
            let (status, page) = out
                .as_user(ALICE, "GET", &format!("/{version}/{path}"), None)
                .await;
            assert_eq!(
                (status, ids(&page)),
                (200, vec![graph.chat_id.clone()]),
                "{path}"
            );
            let context = format!("{}/{version}/$metadata#chats", out.base);
            assert_eq!(page["@odata.context"], json!(context));
        }
    }
    let path = format!("/v1.0/me/chats/{}", graph.chat_id);
    assert_eq!(
        out.as_user(ALICE, "GET", &path, None).await.1["id"],
        chat["id"]
    );
    let others = format!("/v1.0/users/{}/chats", graph.users[1].id);
    assert_eq!(out.as_user(ALICE, "GET", &others, None).await.0, 403);
}

#[tokio::test]
async fn a_chat_created_by_a_message_exists_as_a_resource() {
    let out = Outside::start().await;
    let graph = out.emulator.seed().graph.clone();
    let id = "19:made-by-use@thread.v2";
    sends(&out, &format!("/v1.0/chats/{id}/messages"), "first").await;
    let path = "/v1.0/me/chats?$expand=members,lastMessagePreview";
    let (_, page) = out.as_user(ALICE, "GET", path, None).await;
    assert_eq!(ids(&page), [id.to_owned(), graph.chat_id.clone()]);
    let chat = &page["value"][0];
    assert_eq!(chat["chatType"], "group");
    assert_eq!(chat["members"][0]["userId"], json!(graph.users[0].id));
    assert_eq!(chat["members"][0]["displayName"], "Alice");
    assert_eq!(chat["lastMessagePreview"]["body"]["content"], "first");
    assert_eq!(page["value"][1]["lastMessagePreview"], Value::Null);
    // The other one has none of it, and reading it brings him in, as nobody closed it.
    let (_, page) = out.as_user(BOB, "GET", "/v1.0/chats", None).await;
    assert_eq!(ids(&page), [graph.chat_id.as_str()]);
    let (status, _) = out
        .as_user(BOB, "GET", &format!("/v1.0/chats/{id}"), None)
        .await;
    assert_eq!(status, 200);
    let (_, page) = out.as_user(BOB, "GET", "/v1.0/chats", None).await;
    assert_eq!(page["@odata.count"], 2);
}

#[tokio::test]
async fn a_created_chat_has_its_members_only() {
    let out = Outside::start().await;
    let (status, chat) = out.new_chat("group", &[ALICE, BOB], Some("Lunch")).await;
    assert_eq!((status, &chat["topic"]), (201, &json!("Lunch")), "{chat}");
    let path = format!("/v1.0/chats/{}", chat["id"].as_str().unwrap());
    assert_eq!(
        out.as_user(BOB, "GET", &path, None).await.1["topic"],
        "Lunch"
    );
    for (method, path, body) in [
        ("GET", path.clone(), None),
        ("GET", format!("{path}/messages"), None),
        ("GET", format!("{path}/members"), None),
        ("PATCH", path.clone(), Some(json!({"topic": "Dinner"}))),
        (
            "POST",
            format!("{path}/messages"),
            Some(json!({"body": {"content": "x"}})),
        ),
    ] {
        assert_eq!(
            out.as_user(CAROL, method, &path, body).await.0,
            403,
            "{method} {path}"
        );
    }
    let (_, page) = out.as_user(CAROL, "GET", "/v1.0/chats", None).await;
    assert_eq!(page["@odata.count"], 1);
}

#[tokio::test]
async fn the_topic_of_a_group_is_changed_and_that_of_two_is_not() {
    let out = Outside::start().await;
    let (_, chat) = out.new_chat("group", &[ALICE, BOB], None).await;
    assert_eq!(chat["topic"], Value::Null);
    let path = format!("/v1.0/chats/{}", chat["id"].as_str().unwrap());
    let patch = async |path: &str, body: Value| out.as_user(ALICE, "PATCH", path, Some(body)).await;
    let (status, renamed) = patch(&path, json!({"topic": "Dinner"})).await;
    assert_eq!((status, &renamed["topic"]), (200, &json!("Dinner")));
    assert_eq!(
        out.as_user(BOB, "GET", &path, None).await.1["topic"],
        "Dinner"
    );
    for wrong in [
        json!({}),
        json!({"topic": 1}),
        json!({"topic": "a:b"}),
        json!([]),
    ] {
        assert_eq!(patch(&path, wrong.clone()).await.0, 400, "{wrong}");
    }
    // The seeded chat was not touched since its making.
    let path = format!("/v1.0/chats/{}", out.emulator.seed().graph.chat_id);
    let (_, seeded) = patch(&path, json!({"topic": null})).await;
    assert_eq!(seeded["topic"], Value::Null);
    assert_ne!(seeded["lastUpdatedDateTime"], seeded["createdDateTime"]);
    let (_, pair) = out.new_chat("oneOnOne", &[ALICE, BOB], None).await;
    let path = format!("/v1.0/chats/{}", pair["id"].as_str().unwrap());
    assert_eq!(patch(&path, json!({"topic": "x"})).await.0, 400);
    assert_eq!(patch("/v1.0/chats/red", json!({"topic": "x"})).await.0, 400);
}

#[tokio::test]
async fn chats_are_listed_by_change_or_last_message_in_opaque_pages() {
    let out = Outside::start().await;
    let seeded = out.emulator.seed().graph.chat_id.clone();
    let mut made = Vec::new();
    for n in 0..4 {
        let (_, chat) = out
            .new_chat("group", &[ALICE, BOB], Some(&format!("t{n}")))
            .await;
        made.push(chat["id"].as_str().unwrap().to_owned());
    }
    // The oldest of the made ones speaks last; its second message is later than the other chat's by
    // a millisecond at least.
    for id in [&made[2], &made[0], &made[0]] {
        sends(&out, &format!("/v1.0/chats/{id}/messages"), "x").await;
    }
    let order = "$orderby=lastMessagePreview/createdDateTime%20desc";
    let expand = "$expand=lastMessagePreview&$select=id,lastMessagePreview";
    let mut target = format!("/v1.0/me/chats?$top=2&{order}&{expand}");
    let (mut sizes, mut seen) = (Vec::new(), Vec::new());
    loop {
        let (status, page) = out.as_user(ALICE, "GET", &target, None).await;
        assert_eq!(status, 200, "{page}");
        sizes.push(page["@odata.count"].as_u64().unwrap());
        assert!(page["value"][0].get("lastMessagePreview").is_some());
        assert_eq!(page["value"][0].as_object().unwrap().len(), 2, "{page}");
        seen.extend(ids(&page));
        let Some(link) = page["@odata.nextLink"].as_str() else {
            break;
        };
        assert!(
            link.starts_with(&format!("{}/v1.0/me/chats?", out.base)),
            "{link}"
        );
        target = link.strip_prefix(&out.base).unwrap().to_owned();
    }
    assert_eq!(sizes, [2, 2, 1]);
    assert_eq!(seen[..2], [made[0].clone(), made[2].clone()]);
    seen.sort();
    let mut all = made.clone();
    all.push(seeded);
    all.sort();
    assert_eq!(seen, all);
    for bad in [
        "$top=51",
        "$top=0",
        "$skiptoken=x",
        "$select=nothing",
        "$select=members",
        "$expand=messages",
        "$count=true",
        "$orderby=topic",
        "$filter=topic",
        "$search=x",
    ] {
        let (status, error) = out
            .as_user(ALICE, "GET", &format!("/v1.0/chats?{bad}"), None)
            .await;
        assert_eq!(
            (status, &error["error"]["code"]),
            (400, &json!("BadRequest")),
            "{bad}"
        );
    }
}

#[tokio::test]
async fn chats_are_filtered_by_their_type_and_members() {
    let out = Outside::start().await;
    let (_, lunch) = out.new_chat("group", &[ALICE, BOB], Some("Lunch")).await;
    let (_, pair) = out.new_chat("oneOnOne", &[ALICE, CAROL], None).await;
    let seeded = json!(out.emulator.seed().graph.chat_id);
    for (filter, expected) in [
        ("chatType eq 'oneOnOne'", vec![&pair["id"]]),
        ("topic eq 'Lunch'", vec![&lunch["id"]]),
        (
            "members/any(o: o/displayname eq 'Carol')",
            vec![&pair["id"], &seeded],
        ),
        (
            "chatType eq 'group' and members/any(m:m/displayName eq 'Bob')",
            vec![&lunch["id"], &seeded],
        ),
        ("lastUpdatedDateTime lt 2025-06-01T00:00:00Z", vec![&seeded]),
        ("viewpoint/isHidden eq true", vec![]),
    ] {
        let url = format!("/v1.0/me/chats?$filter={}", filter.replace(' ', "%20"));
        let (status, page) = out.as_user(ALICE, "GET", &url, None).await;
        let mut found: Vec<Value> = ids(&page).into_iter().map(Value::from).collect();
        found.sort_by_key(Value::to_string);
        let mut expected: Vec<Value> = expected.into_iter().cloned().collect();
        expected.sort_by_key(Value::to_string);
        assert_eq!((status, found), (200, expected), "{filter}");
    }
}

#[tokio::test]
async fn expanded_members_end_at_twenty_five() {
    let out = Outside::start().await;
    let alice = out.emulator.seed().graph.users[0].id.clone();
    let people = (0..29).map(|n| format!("00000000-0000-4000-8000-{n:012}"));
    let people: Vec<Value> = people.chain([alice]).map(|id| member(&out, &id)).collect();
    let body = json!({"chatType": "group", "members": people});
    let (status, chat) = out.graph("/v1.0/chats", &body).await;
    assert_eq!(status, 201, "{chat}");
    let path = format!("/v1.0/chats/{}", chat["id"].as_str().unwrap());
    let size = |value: &Value| value.as_array().unwrap().len();
    let (_, whole) = out
        .as_user(ALICE, "GET", &format!("{path}?$expand=members"), None)
        .await;
    assert_eq!(size(&whole["members"]), 25);
    let (_, page) = out
        .as_user(ALICE, "GET", &format!("{path}/members"), None)
        .await;
    assert_eq!(
        (size(&page["value"]), &page["@odata.count"]),
        (30, &json!(30))
    );
    let crowd = (0..251).map(|n| member(&out, &format!("00000000-0000-4000-8000-{n:012}")));
    let body = json!({"chatType": "group", "members": crowd.collect::<Vec<_>>()});
    assert_eq!(out.graph("/v1.0/chats", &body).await.0, 400);
}

#[tokio::test]
async fn strict_mode_knows_only_created_chats() {
    let out = Outside::of(Emulator::builder().with_strict(true).start().await.unwrap());
    let world = out.emulator.seed().clone();
    let get = async |path: &str| out.as_user(ALICE, "GET", path, None).await.0;
    assert_eq!(
        get(&format!("/v1.0/chats/{}", world.graph.chat_id)).await,
        200
    );
    assert_eq!(get("/v1.0/chats/19:nobody@thread.v2").await, 404);
    assert_eq!(
        get("/v1.0/users/00000000-0000-4000-8000-000000000001/chats").await,
        404
    );
    let stranger = json!({"chatType": "group", "members": [
        member(&out, &world.graph.users[0].id),
        member(&out, "00000000-0000-4000-8000-000000000001"),
    ]});
    assert_eq!(out.graph("/v1.0/chats", &stranger).await.0, 404);
    let (status, chat) = out.new_chat("group", &[ALICE, BOB], None).await;
    assert_eq!(status, 201);
    let path = format!("/v1.0/chats/{}", chat["id"].as_str().unwrap());
    assert_eq!(get(&path).await, 200);
    assert_eq!(out.as_user(CAROL, "GET", &path, None).await.0, 403);
    let app = world.graph_app_token(&["Chat.ReadBasic.All"], FAR);
    let (status, page) = Outside::ask(out.read("/v1.0/chats", &app)).await;
    assert_eq!((status, &page["@odata.count"]), (200, &json!(2)));
    let (status, chat) = Outside::ask(out.read(&path, &app)).await;
    assert_eq!((status, &chat["viewpoint"]), (200, &Value::Null));
    let (status, error) = Outside::ask(out.read("/v1.0/me/chats", &app)).await;
    assert_eq!(status, 400, "{error}");
}
