//! Graph in depth: replies, quotes, hosted contents, permissions, pages, chats.

use std::collections::HashSet;

use crate::outside::Outside;
use ms_messenger_emulator::Emulator;
use serde_json::{Value, json};

const FAR: u64 = 4_000_000_000;

fn text(content: &str) -> Value {
    json!({"body": {"content": content}})
}

fn html(content: &str) -> Value {
    json!({"body": {"contentType": "html", "content": content}})
}

fn contents(page: &Value) -> Vec<&str> {
    let messages = page["value"].as_array().unwrap().iter();
    messages
        .map(|m| m["body"]["content"].as_str().unwrap())
        .collect()
}

async fn refused(out: &Outside, body: Value) -> String {
    let (status, error) = out.graph(&out.graph_chat(), &body).await;
    assert_eq!(
        (status, &error["error"]["code"]),
        (400, &json!("BadRequest")),
        "{error}"
    );
    error["error"]["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_channel_message_has_the_canonical_shape_and_is_read_back_the_same() {
    let out = Outside::start().await;
    let graph = out.emulator.seed().graph.clone();
    let (status, message) = out.graph(&out.graph_channel(), &text("Moin")).await;
    assert_eq!(status, 201);
    let id = message["id"].as_str().unwrap();
    assert_eq!(
        message["body"],
        json!({"contentType": "text", "content": "Moin"})
    );
    assert_eq!(message["createdDateTime"], message["lastModifiedDateTime"]);
    let identity = json!({"teamId": graph.team_id, "channelId": graph.channel_id});
    assert_eq!(message["channelIdentity"], identity);
    assert!(
        message["webUrl"]
            .as_str()
            .unwrap()
            .ends_with(&format!("parentMessageId={id}"))
    );
    assert_eq!(message["from"]["user"]["tenantId"], json!(graph.tenant_id));
    for list in ["attachments", "mentions", "reactions", "messageHistory"] {
        assert_eq!(message[list], json!([]), "{list}");
    }
    let context = message["@odata.context"].as_str().unwrap();
    assert!(context.contains("/channels('19%3A") && context.ends_with("/messages/$entity"));
    assert_eq!(
        out.graph_get(&format!("{}/{id}", out.graph_channel()))
            .await,
        message
    );
}

#[tokio::test]
async fn a_reply_belongs_to_its_root_and_lifts_it_in_the_list() {
    let out = Outside::start().await;
    let channel = out.graph_channel();
    let (_, first) = out.graph(&channel, &text("first")).await;
    out.graph(&channel, &text("second")).await;
    let replies = format!("{channel}/{}/replies", first["id"].as_str().unwrap());
    let (status, reply) = out.graph(&replies, &text("answer")).await;
    assert_eq!((status, &reply["replyToId"]), (201, &first["id"]));
    let reply_id = reply["id"].as_str().unwrap();

    let page = out.graph_get(&format!("{channel}?$expand=replies")).await;
    assert_eq!(contents(&page), ["first", "second"]);
    assert_eq!(page["value"][0]["replies"][0]["id"], reply["id"]);
    assert_eq!(out.graph_get(&replies).await["@odata.count"], 1);
    let read = out.graph_get(&format!("{replies}/{reply_id}")).await;
    assert_eq!(read["body"]["content"], "answer");
    // A reply is no root: not by its own address, and nobody replies to it.
    let alone = out.graph_get(&format!("{channel}/{reply_id}")).await;
    assert_eq!(alone["error"]["code"], "NotFound");
    assert_eq!(
        out.graph(&format!("{channel}/{reply_id}/replies"), &text("x"))
            .await
            .0,
        404
    );
    assert_eq!(
        out.graph(&format!("{channel}/123/replies"), &text("x"))
            .await
            .0,
        404
    );
    let row = &out.rows("").await[2];
    assert_eq!(row["operation"], "send.reply");
    assert_eq!(
        row["conversation"],
        json!(out.emulator.seed().graph.channel_id)
    );
}

#[tokio::test]
async fn a_quote_refers_to_the_quoted_messages_in_their_order() {
    let out = Outside::start().await;
    let (_, one) = out
        .graph(&out.graph_chat(), &html("<b>Hello</b> you"))
        .await;
    let (_, two) = out.graph(&out.graph_chat(), &text("two")).await;
    let quote = format!("{}/replyWithQuote", out.graph_chat());
    let body = json!({"messageIds": [one["id"], two["id"]], "replyMessage": text("a < b")});
    let (status, message) = out.graph(&quote, &body).await;
    assert_eq!(status, 201, "{message}");
    let marker = |m: &Value| format!("<attachment id={}></attachment>\n", m["id"]);
    let expected = format!("<p></p>\n{}{}a &lt; b\n<p></p>", marker(&one), marker(&two));
    assert_eq!(
        message["body"],
        json!({"contentType": "html", "content": expected})
    );
    assert_eq!(message["replyToId"], Value::Null);
    let content = message["attachments"][0]["content"].as_str().unwrap();
    let content: Value = serde_json::from_str(content).unwrap();
    assert_eq!(content["messageId"], one["id"]);
    assert_eq!(content["messagePreview"], "Hello you");
    let sender = content["messageSender"]["user"].as_object().unwrap();
    assert_eq!(sender["displayName"], "Alice");
    assert!(!sender.contains_key("@odata.type"), "{content}");
    let row = &out.rows("").await[2];
    assert_eq!(
        (&row["operation"], &row["text"]),
        (&json!("send.quote"), &json!("a < b"))
    );
    let unknown = json!({"messageIds": ["1"], "replyMessage": text("x")});
    assert_eq!(out.graph(&quote, &unknown).await.0, 404);
    let none = json!({"messageIds": [], "replyMessage": text("x")});
    assert_eq!(out.graph(&quote, &none).await.0, 400);
}

#[tokio::test]
async fn hosted_contents_match_their_references() {
    let out = Outside::start().await;
    let image = |reference: &str, bytes: &str| {
        let mut body = html(&format!(
            "<img src=\"../hostedContents/{reference}/$value\">"
        ));
        body["hostedContents"] = json!([{"@microsoft.graph.temporaryId": "1",
            "contentBytes": bytes, "contentType": "image/png"}]);
        body
    };
    for wrong in [image("2", "aGk="), image("1", ""), image("1", "???")] {
        assert_eq!(refused(&out, wrong).await, "Invalid request body was sent.");
    }
    let (_, message) = out.graph(&out.graph_chat(), &image("1", "aGk=")).await;
    let content = message["body"]["content"].as_str().unwrap();
    let id = message["id"].as_str().unwrap();
    let start = format!(
        "<img src=\"{}{}/{id}/hostedContents/",
        out.base,
        out.graph_chat()
    );
    assert!(
        content.starts_with(&start) && content.ends_with("/$value\">"),
        "{content}"
    );
}

#[tokio::test]
async fn the_size_of_a_message_is_limited_without_its_hosted_bytes() {
    let builder = Emulator::builder().with_graph_message_limit(1000);
    let out = Outside::of(builder.start().await.unwrap());
    let (status, error) = out.graph(&out.graph_chat(), &text(&"x".repeat(1000))).await;
    assert_eq!(
        (status, &error["error"]["code"]),
        (413, &json!("RequestEntityTooLarge"))
    );
    let mut image = html("<img src=\"../hostedContents/1/$value\">");
    image["hostedContents"] = json!([{"@microsoft.graph.temporaryId": "1",
        "contentBytes": "AAAA".repeat(1000), "contentType": "image/png"}]);
    assert_eq!(out.graph(&out.graph_chat(), &image).await.0, 201);
}

#[tokio::test]
async fn each_operation_requires_its_own_permission() {
    let out = Outside::start().await;
    let world = out.emulator.seed().clone();
    let token = |scope: &str| world.graph_token(&world.graph.users[0], &[scope], FAR);
    let (chat, channel) = (out.graph_chat(), out.graph_channel());
    for (path, scope, status) in [
        (&chat, "ChannelMessage.Send", 403),
        (&chat, "ChatMessage.Send", 201),
        (&chat, "Chat.ReadWrite", 201),
        (&channel, "ChatMessage.Send", 403),
        (&channel, "ChannelMessage.Send", 201),
        (&channel, "Group.ReadWrite.All", 201),
    ] {
        let request = out.post(path).bearer_auth(token(scope)).json(&text("x"));
        assert_eq!(Outside::ask(request).await.0, status, "{scope} {path}");
    }
    for (path, scope, status) in [
        (&chat, "ChatMessage.Send", 403),
        (&chat, "Chat.Read", 200),
        (&channel, "ChannelMessage.Send", 403),
        (&channel, "ChannelMessage.Read.All", 200),
    ] {
        let request = out.read(path, &token(scope));
        assert_eq!(Outside::ask(request).await.0, status, "{scope} {path}");
    }
    // The seeded app token may read, not send.
    let read = out.read(&channel, &world.graph.app_token);
    assert_eq!(Outside::ask(read).await.0, 200);
    let send = out
        .post(&channel)
        .bearer_auth(&world.graph.app_token)
        .json(&text("x"));
    let (status, error) = Outside::ask(send).await;
    assert_eq!(
        (status, &error["error"]["code"]),
        (412, &json!("PreconditionFailed"))
    );
    for bad in ["garbled", &world.acs.entra_token, &world.acs.users[0].token] {
        let (status, error) = Outside::ask(out.read(&chat, bad)).await;
        let code = &error["error"]["code"];
        assert_eq!((status, code), (401, &json!("InvalidAuthenticationToken")));
        let response = out.read(&chat, bad).send().await.unwrap();
        let challenge = response.headers()["www-authenticate"].to_str().unwrap();
        assert!(
            challenge.contains("authorization_uri=\"https://"),
            "{challenge}"
        );
        assert!(challenge.contains("client_id=\"00000003-"), "{challenge}");
    }
    assert_eq!(Outside::ask(out.post(&chat).json(&text("x"))).await.0, 401);
}

#[tokio::test]
async fn lists_are_paged_by_opaque_absolute_links() {
    let out = Outside::start().await;
    let token = out.emulator.seed().graph.token.clone();
    for n in 0..5 {
        out.graph(&out.graph_chat(), &text(&format!("m{n}"))).await;
    }
    let mut target = format!("{}?$top=2", out.graph_chat());
    let (mut sizes, mut all) = (Vec::new(), Vec::new());
    loop {
        let (_, page) = Outside::ask(out.read(&target, &token)).await;
        sizes.push(page["@odata.count"].as_u64().unwrap());
        all.extend(contents(&page).into_iter().map(str::to_owned));
        let Some(link) = page["@odata.nextLink"].as_str() else {
            break;
        };
        assert!(link.starts_with(&out.base), "{link}");
        target = link.to_owned();
    }
    assert_eq!(
        (sizes, all.join(" ").as_str()),
        (vec![2, 2, 1], "m4 m3 m2 m1 m0")
    );
    for bad in ["$top=51", "$top=0", "$top=x", "$select=id", "$skiptoken=x"] {
        let page = out.graph_get(&format!("{}?{bad}", out.graph_chat())).await;
        assert_eq!(page["error"]["code"], "BadRequest", "{bad}");
    }
}

#[tokio::test]
async fn a_filter_counts_only_with_an_order_by_the_same_property() {
    let out = Outside::start().await;
    let (_, first) = out.graph(&out.graph_chat(), &text("old")).await;
    out.graph(&out.graph_chat(), &text("new")).await;
    let since = first["createdDateTime"].as_str().unwrap();
    let filter = format!("$filter=lastModifiedDateTime%20gt%20{since}");
    let list = async |order: &str| {
        out.graph_get(&format!("{}?{order}&{filter}", out.graph_chat()))
            .await
    };
    let page = list("$orderby=lastModifiedDateTime%20desc").await;
    assert_eq!(contents(&page), ["new"]);
    assert_eq!(list("$top=9").await["@odata.count"], 2);
    let other = list("$orderby=createdDateTime%20desc").await;
    assert_eq!(contents(&other), ["new", "old"]);
}

#[tokio::test]
async fn a_one_on_one_chat_is_created_once_and_wrong_members_are_rejected() {
    let out = Outside::start().await;
    let graph = out.emulator.seed().graph.clone();
    let member = |user: &str| json!({"roles": ["owner"], "user@odata.bind": format!("{}/users('{user}')", graph.base)});
    let chat = |kind: &str, members: &[Value]| json!({"chatType": kind, "members": members});
    let (alice, bob) = (&graph.users[0], &graph.users[1]);
    let two = chat("oneOnOne", &[member(&alice.id), member(&bob.upn)]);
    let (status, made) = out.graph("/v1.0/chats", &two).await;
    assert_eq!(status, 201, "{made}");
    let mirrored = chat(
        "oneOnOne",
        &[member(&bob.id.to_uppercase()), member(&alice.upn)],
    );
    assert_eq!(out.graph("/v1.0/chats", &mirrored).await.1, made);
    let id = made["id"].as_str().unwrap();
    assert!(id.contains(&alice.id) && id.contains(&bob.id) && id.ends_with("@unq.gbl.spaces"));
    let (_, sent) = out
        .graph(&format!("/v1.0/chats/{id}/messages"), &text("hi"))
        .await;
    assert_eq!(sent["chatId"], made["id"]);
    let mut no_role = chat("group", &[member(&alice.id)]);
    no_role["members"][0]["roles"] = json!([]);
    for wrong in [
        chat("oneOnOne", &[member(&alice.id)]),
        chat("oneOnOne", &[member(&alice.id), member(&alice.upn)]),
        chat("group", &[member(&bob.id)]),
        chat("meeting", &[member(&alice.id)]),
        no_role,
    ] {
        assert_eq!(out.graph("/v1.0/chats", &wrong).await.0, 400, "{wrong}");
    }
}

#[tokio::test]
async fn writes_below_me_and_malformed_ids_are_refused() {
    let out = Outside::start().await;
    let (status, error) = out
        .graph("/v1.0/me/chats/19:a@thread.v2/messages", &text("x"))
        .await;
    assert_eq!(status, 400);
    assert!(
        error
            .to_string()
            .contains("only supported on contained entities")
    );
    assert_eq!(out.graph("/v1.0/me/chats", &json!({})).await.0, 405);
    let channel = &out.emulator.seed().graph.channel_id;
    let team = format!("/v1.0/teams/red/channels/{channel}/messages");
    assert_eq!(out.graph(&team, &text("x")).await.0, 400);
    assert_eq!(
        out.graph("/v1.0/chats/red/messages", &text("x")).await.0,
        400
    );
}

#[tokio::test]
async fn strict_mode_rejects_unknown_users() {
    let out = Outside::of(Emulator::builder().with_strict(true).start().await.unwrap());
    let world = out.emulator.seed().clone();
    let mut stranger = world.graph.users[0].clone();
    stranger.id = "11111111-2222-4333-8444-555555555555".to_owned();
    let token = world.graph_token(&stranger, &["ChatMessage.Send", "Chat.Read"], FAR);
    let send = out
        .post(&out.graph_chat())
        .bearer_auth(&token)
        .json(&text("x"));
    assert_eq!(Outside::ask(send).await.0, 403);
    assert_eq!(
        Outside::ask(out.read(&out.graph_chat(), &token)).await.0,
        403
    );
    assert_eq!(out.graph(&out.graph_chat(), &text("x")).await.0, 201);
}

#[tokio::test]
async fn ids_are_unique_in_a_thread_also_side_by_side() {
    let out = Outside::start().await;
    let mut sends = tokio::task::JoinSet::new();
    for _ in 0..40 {
        sends.spawn(Outside::ask(out.graph_send(&out.graph_chat(), &text("x"))));
    }
    let ids: HashSet<String> = sends
        .join_all()
        .await
        .iter()
        .map(|(_, m)| m["id"].to_string())
        .collect();
    assert_eq!(ids.len(), 40);
}
