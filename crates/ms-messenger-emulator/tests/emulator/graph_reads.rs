//! Reads of Graph's messages: paths, links, hosted contents, preferences.

use crate::outside::Outside;
use crate::teams::{call, contents, html, image, patch, path_of, sent, text};
use reqwest::Method;
use serde_json::{Value, json};

const PIXELS: &[u8] = b"not quite a PNG image";
const PIXELS_BASE64: &str = "bm90IHF1aXRlIGEgUE5HIGltYWdl";

/// The link in `src="…"`.
fn source(message: &Value) -> &str {
    let content = message["body"]["content"].as_str().unwrap();
    content.split('"').nth(1).unwrap()
}

#[tokio::test]
async fn links_begin_as_the_reader_called_the_service() {
    let out = Outside::start().await;
    let list = out.graph_chat();
    let message = sent(&out, &list, &image(PIXELS_BASE64)).await;
    assert!(source(&message).starts_with(&format!("{}/v1.0/chats/", out.base)));
    let token = out.emulator.seed().graph.token.clone();
    let beta = path_of(&list, &message).replace("/v1.0/", "/beta/");
    let read = out.read(&beta, &token).header("host", "graph.test:81");
    let (_, read) = Outside::ask(read).await;
    assert!(
        source(&read).starts_with("http://graph.test:81/beta/chats/"),
        "{read}"
    );
    let context = read["@odata.context"].as_str().unwrap();
    assert!(
        context.starts_with("http://graph.test:81/beta/$metadata#chats("),
        "{context}"
    );
    sent(&out, &list, &text("x")).await;
    let page = out.read(&format!("{list}?$top=1").replace("v1.0", "beta"), &token);
    let (_, page) = Outside::ask(page.header("host", "graph.test:81")).await;
    let next = page["@odata.nextLink"].as_str().unwrap();
    assert!(
        next.starts_with("http://graph.test:81/beta/chats/"),
        "{next}"
    );
}

#[tokio::test]
async fn chats_are_read_below_me_and_users_with_links_of_the_same_path() {
    let out = Outside::start().await;
    let world = out.emulator.seed().clone();
    let (alice, bob, chat) = (
        &world.graph.users[0],
        &world.graph.users[1],
        &world.graph.chat_id,
    );
    for n in ["a", "b"] {
        sent(&out, &out.graph_chat(), &text(n)).await;
    }
    for user in [
        "me".to_owned(),
        format!("users/{}", alice.id),
        format!("users/{}", alice.upn.to_uppercase()),
    ] {
        let list = format!("/v1.0/{user}/chats/{chat}/messages");
        let page = out.graph_get(&format!("{list}?$top=1")).await;
        let context = page["@odata.context"].as_str().unwrap();
        assert!(
            context.contains(&format!("#users('{}')/chats(", alice.id)),
            "{context}"
        );
        let next = page["@odata.nextLink"].as_str().unwrap();
        let (_, rest) = Outside::ask(out.read(next, &alice.token)).await;
        assert_eq!((contents(&page), contents(&rest)), (vec!["b"], vec!["a"]));
        let one = out.graph_get(&path_of(&list, &page["value"][0])).await;
        assert_eq!(one["id"], page["value"][0]["id"]);
        let (status, error) = out.graph(&list, &text("x")).await;
        let refusal = "Write requests are only supported on contained entities";
        assert_eq!((status, &error["error"]["message"]), (400, &json!(refusal)));
        assert_eq!(patch(&out, &path_of(&list, &one), &text("x")).await.0, 400);
    }
    // Another user's chats are not the caller's; an app reads them all.
    let of_bob = format!("/v1.0/users/{}/chats/{chat}/messages", bob.id);
    assert_eq!(Outside::ask(out.read(&of_bob, &alice.token)).await.0, 403);
    assert_eq!(
        Outside::ask(out.read(&of_bob, &world.graph.app_token))
            .await
            .0,
        200
    );
}

#[tokio::test]
async fn hosted_contents_are_listed_without_their_bytes_and_read_with_them() {
    let out = Outside::start().await;
    let channel = out.graph_channel();
    let root = sent(&out, &channel, &image(PIXELS_BASE64)).await;
    let replies = format!("{}/replies", path_of(&channel, &root));
    let reply = sent(&out, &replies, &image(PIXELS_BASE64)).await;
    let in_chat = sent(&out, &out.graph_chat(), &image(PIXELS_BASE64)).await;
    for (list, message) in [
        (&channel, &root),
        (&replies, &reply),
        (&out.graph_chat(), &in_chat),
    ] {
        let hosted = format!("{}/hostedContents", path_of(list, message));
        let page = out.graph_get(&hosted).await;
        let context = page["@odata.context"].as_str().unwrap();
        let id = message["id"].as_str().unwrap();
        assert!(
            context.ends_with(&format!("('{id}')/hostedContents")),
            "{context}"
        );
        assert_eq!(page["@odata.count"], 1);
        let entry = &page["value"][0];
        assert_eq!(
            (&entry["contentBytes"], &entry["contentType"]),
            (&Value::Null, &Value::Null)
        );
        let mut one = out.graph_get(&path_of(&hosted, entry)).await;
        let context = one["@odata.context"].take();
        assert!(
            context
                .as_str()
                .unwrap()
                .ends_with("/hostedContents/$entity")
        );
        assert_eq!(one["id"], entry["id"]);

        let link = source(message);
        assert_eq!(
            link,
            format!("{}{}/$value", out.base, path_of(&hosted, entry))
        );
        let token = &out.emulator.seed().graph.token;
        let response = out.read(link, token).send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "image/png");
        assert_eq!(response.bytes().await.unwrap(), PIXELS);
        let unknown = format!("{hosted}/none/$value");
        assert_eq!(Outside::ask(out.read(&unknown, token)).await.0, 404);
    }
}

#[tokio::test]
async fn an_edit_keeps_the_images_that_its_body_still_shows_and_adds_others() {
    let out = Outside::start().await;
    let list = out.graph_chat();
    let message = sent(&out, &list, &image(PIXELS_BASE64)).await;
    let path = path_of(&list, &message);
    let mut edit = image("aGk=");
    let both = format!(
        "<img src=\"{}\"><img src=\"../hostedContents/1/$value\">",
        source(&message)
    );
    edit["body"] = html(&both)["body"].clone();
    assert_eq!(patch(&out, &path, &edit).await, (204, Value::Null));
    let token = out.emulator.seed().graph.token.clone();
    let read = out.read(&path, &token).header("host", "other.test");
    let (_, edited) = Outside::ask(read).await;
    let content = edited["body"]["content"].as_str().unwrap();
    let links: Vec<&str> = content
        .split('"')
        .filter(|part| part.starts_with("http"))
        .collect();
    assert_eq!(links.len(), 2);
    for (link, bytes) in links.iter().zip([PIXELS, b"hi"]) {
        let path = link.strip_prefix("http://other.test").unwrap();
        let response = out.read(path, &token).send().await.unwrap();
        assert_eq!(response.bytes().await.unwrap(), bytes);
    }
    assert_eq!(
        out.graph_get(&format!("{path}/hostedContents")).await["@odata.count"],
        2
    );
}

#[tokio::test]
async fn a_card_refers_to_hosted_contents_too() {
    let out = Outside::start().await;
    let content =
        r#"{"type":"AdaptiveCard","body":[{"type":"Image","url":"../hostedContents/1/$value"}]}"#;
    let kind = "application/vnd.microsoft.card.adaptive";
    let mut body = crate::teams::attached(kind, &json!({"content": content}));
    body["hostedContents"] = image("aGk=")["hostedContents"].clone();
    let list = out.graph_chat();
    let mut message = sent(&out, &list, &body).await;
    let path = path_of(&list, &message);
    // Neither an edit of something else nor of the whole loses it.
    assert_eq!(
        patch(&out, &path, &json!({"importance": "high"})).await.0,
        204
    );
    let same = json!({"body": message["body"], "attachments": message["attachments"]});
    assert_eq!(patch(&out, &path, &same).await, (204, Value::Null));
    let beta = path.replace("/v1.0/", "/beta/");
    message = out.graph_get(&beta).await;
    let card = message["attachments"][0]["content"].as_str().unwrap();
    let card: Value = serde_json::from_str(card).unwrap();
    let link = card["body"][0]["url"].as_str().unwrap();
    assert!(link.contains("/beta/chats/"), "{link}");
    let response = out
        .read(link, &out.emulator.seed().graph.token)
        .send()
        .await
        .unwrap();
    assert_eq!(response.bytes().await.unwrap(), "hi");
}

#[tokio::test]
async fn replies_above_a_thousand_come_by_a_link() {
    let out = Outside::start().await;
    let channel = out.graph_channel();
    let root = sent(&out, &channel, &text("root")).await;
    let replies = format!("{}/replies", path_of(&channel, &root));
    for n in 0..1002 {
        sent(&out, &replies, &text(&n.to_string())).await;
    }
    let page = out.graph_get(&format!("{channel}?$expand=replies")).await;
    let root = &page["value"][0];
    let inline = root["replies"].as_array().unwrap();
    assert_eq!(inline.len(), 1000);
    assert_eq!(inline[0]["body"]["content"], "1001");
    let next = root["replies@odata.nextLink"].as_str().unwrap();
    let token = &out.emulator.seed().graph.token;
    let (_, rest) = Outside::ask(out.read(next, token)).await;
    assert_eq!(contents(&rest), ["1", "0"]);
    assert_eq!(rest["@odata.nextLink"], Value::Null);
}

#[tokio::test]
async fn options_are_those_of_the_list_and_a_token_is_bound_to_its_list() {
    let out = Outside::start().await;
    let (chat, channel) = (out.graph_chat(), out.graph_channel());
    let root = sent(&out, &channel, &text("x")).await;
    let replies = format!("{}/replies", path_of(&channel, &root));
    for list in [&chat, &chat, &channel] {
        sent(&out, list, &text("x")).await;
    }
    for bad in [
        format!("{chat}?$expand=replies"),
        format!("{channel}?$filter=x"),
        format!("{channel}?$orderby=createdDateTime%20desc"),
        format!("{channel}?$expand=members"),
        format!("{replies}?$expand=replies"),
        format!("{replies}?$top=51"),
        format!("{channel}?$top=51"),
        format!("{chat}?$orderby=createdDateTime%20asc"),
        format!(
            "{chat}?$orderby=createdDateTime%20desc&$filter=createdDateTime%20gt%202020-01-01T00:00:00Z"
        ),
    ] {
        let error = out.graph_get(&bad).await;
        assert_eq!(error["error"]["code"], "BadRequest", "{bad}");
    }
    let page = out.graph_get(&format!("{chat}?$top=1")).await;
    let next = page["@odata.nextLink"].as_str().unwrap();
    let token = next.split("$skiptoken=").nth(1).unwrap();
    let foreign = out
        .graph_get(&format!("{channel}?$skiptoken={token}"))
        .await;
    assert_eq!(foreign["error"]["code"], "BadRequest");
}

#[tokio::test]
async fn a_chat_is_narrowed_by_the_time_of_the_last_change_or_of_creation() {
    let out = Outside::start().await;
    let list = out.graph_chat();
    let mut times = Vec::new();
    for n in ["a", "b", "c"] {
        times.push(sent(&out, &list, &text(n)).await);
    }
    let edited = patch(&out, &path_of(&list, &times[0]), &text("a2")).await;
    assert_eq!(edited.0, 204);
    let time = |n: usize| times[n]["createdDateTime"].as_str().unwrap();
    let changed = "$orderby=lastModifiedDateTime%20desc&$filter=lastModifiedDateTime";
    let created = "$orderby=createdDateTime%20desc&$filter=createdDateTime";
    for (query, expected) in [
        (format!("{changed}%20gt%20{}", time(1)), vec!["a2", "c"]),
        (format!("{changed}%20lt%20{}", time(2)), vec!["b"]),
        (
            format!(
                "{changed}%20gt%20{}%20and%20lastModifiedDateTime%20lt%20{}",
                time(0),
                time(2)
            ),
            vec!["b"],
        ),
        (format!("{created}%20lt%20{}", time(2)), vec!["b", "a2"]),
    ] {
        let mut target = format!("{list}?$top=1&{query}");
        let mut all = Vec::new();
        loop {
            let token = &out.emulator.seed().graph.token;
            let (_, page) = Outside::ask(out.read(&target, token)).await;
            all.extend(contents(&page).into_iter().map(str::to_owned));
            match page["@odata.nextLink"].as_str() {
                Some(next) => target = next.to_owned(),
                None => break,
            }
        }
        assert_eq!(all, expected, "{query}");
    }
}

#[tokio::test]
async fn a_message_is_read_whole_or_with_the_members_selected() {
    let out = Outside::start().await;
    let list = out.graph_chat();
    let path = path_of(&list, &sent(&out, &list, &text("x")).await);
    let selected = out.graph_get(&format!("{path}?$select=body,from")).await;
    let mut names: Vec<&String> = selected.as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(names, ["@odata.context", "body", "from", "id"]);
    for bad in ["$select=colour", "$expand=replies", "$top=1"] {
        let error = out.graph_get(&format!("{path}?{bad}")).await;
        assert_eq!(error["error"]["code"], "BadRequest", "{bad}");
    }
}

#[tokio::test]
async fn an_image_of_a_deleted_message_is_gone_until_it_is_back() {
    let out = Outside::start().await;
    let list = out.graph_channel();
    let message = sent(&out, &list, &image("aGk=")).await;
    let token = out.emulator.seed().graph.token.clone();
    let path = path_of(&list, &message);
    for (action, status) in [("softDelete", 404), ("undoSoftDelete", 200)] {
        let action = format!("{path}/{action}");
        call(&out, Method::POST, &action, &token, &Value::Null).await;
        assert_eq!(
            Outside::ask(out.read(source(&message), &token)).await.0,
            status
        );
    }
}
