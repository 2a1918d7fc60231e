//! Graph's delta queries and exports.

use crate::outside::Outside;
use crate::teams::{FAR, act, contents, patch, path_of, sent, text};
use serde_json::{Value, json};

/// Follows `@odata.nextLink` to the end; the contents in order, and the delta link.
async fn synchronise(out: &Outside, from: &str, token: &str) -> (Vec<String>, String) {
    let mut target = from.to_owned();
    let mut all = Vec::new();
    loop {
        let (status, page) = Outside::ask(out.read(&target, token)).await;
        assert_eq!(status, 200, "{page}");
        all.extend(contents(&page).into_iter().map(str::to_owned));
        match page["@odata.nextLink"].as_str() {
            Some(next) => {
                assert_eq!(page["@odata.deltaLink"], Value::Null);
                target = next.to_owned();
            }
            None => {
                return (
                    all,
                    page["@odata.deltaLink"]
                        .as_str()
                        .unwrap_or_default()
                        .to_owned(),
                );
            }
        }
    }
}

fn token(out: &Outside) -> String {
    out.emulator.seed().graph.token.clone()
}

#[tokio::test]
async fn a_full_synchronisation_is_paged_and_ends_in_a_delta_link() {
    let out = Outside::start().await;
    for list in [out.graph_channel(), out.graph_chat()] {
        for n in 0..5 {
            sent(&out, &list, &text(&n.to_string())).await;
        }
        for spelling in ["delta", "delta()"] {
            let first = format!("{list}/{spelling}?$top=2");
            let page = out.graph_get(&first).await;
            let context = page["@odata.context"].as_str().unwrap();
            assert!(
                context.ends_with("/$metadata#Collection(chatMessage)"),
                "{context}"
            );
            assert_eq!(
                page["value"][0]["@odata.type"],
                "#microsoft.graph.chatMessage"
            );
            let next = page["@odata.nextLink"].as_str().unwrap();
            assert!(
                next.starts_with(&format!("{}{list}/delta?$skiptoken=", out.base)),
                "{next}"
            );
            assert!(!next.contains('&'), "the token has the options: {next}");
            let (all, link) = synchronise(&out, &first, &token(&out)).await;
            assert_eq!(all, ["0", "1", "2", "3", "4"]);
            assert!(
                link.starts_with(&format!("{}{list}/delta?$deltatoken=", out.base)),
                "{link}"
            );
        }
    }
}

#[tokio::test]
async fn every_change_after_a_delta_link_comes_once() {
    let out = Outside::start().await;
    let (list, token) = (out.graph_channel(), token(&out));
    let mut messages = Vec::new();
    for n in 0..4 {
        messages.push(path_of(
            &list,
            &sent(&out, &list, &text(&n.to_string())).await,
        ));
    }
    let (_, start) = synchronise(&out, &format!("{list}/delta"), &token).await;
    let (none, link) = synchronise(&out, &start, &token).await;
    assert!(none.is_empty());
    patch(&out, &messages[0], &text("edited")).await;
    patch(&out, &messages[0], &text("edited twice")).await;
    act(&out, &messages[1], "softDelete", &Value::Null).await;
    act(
        &out,
        &messages[2],
        "setReaction",
        &json!({"reactionType": "👍"}),
    )
    .await;
    sent(&out, &list, &text("new")).await;
    let expected = ["edited twice", "", "2", "new"];
    let (changed, next) = synchronise(&out, &link, &token).await;
    assert_eq!(changed, expected);
    assert!(synchronise(&out, &next, &token).await.0.is_empty());
    // An older link still tells what has changed since.
    assert_eq!(synchronise(&out, &start, &token).await.0, expected);
    let (_, page) = Outside::ask(out.read(&link, &token)).await;
    assert!(page["value"][1]["deletedDateTime"].is_string());
    assert_eq!(page["value"][2]["reactions"][0]["reactionType"], "👍");
}

#[tokio::test]
async fn a_reply_is_a_change_of_its_root_where_replies_are_expanded() {
    let out = Outside::start().await;
    let (list, token) = (out.graph_channel(), token(&out));
    let root = sent(&out, &list, &text("root")).await;
    sent(&out, &list, &text("other")).await;
    let replies = format!("{}/replies", path_of(&list, &root));
    let reply = sent(&out, &replies, &text("reply")).await;
    let (plain, plain_link) = synchronise(&out, &format!("{list}/delta"), &token).await;
    assert_eq!(plain, ["root", "other"]);
    let expanded = format!("{list}/delta?$expand=replies&$top=1");
    let (all, link) = synchronise(&out, &expanded, &token).await;
    assert_eq!(all, ["other", "root"]);
    patch(&out, &path_of(&replies, &reply), &text("better")).await;
    assert!(synchronise(&out, &plain_link, &token).await.0.is_empty());
    let (_, page) = Outside::ask(out.read(&link, &token)).await;
    assert_eq!(contents(&page), ["root"]);
    assert_eq!(page["value"][0]["replies"][0]["body"]["content"], "better");
}

#[tokio::test]
async fn a_filter_goes_with_the_token() {
    let out = Outside::start().await;
    let (list, token) = (out.graph_channel(), token(&out));
    let old = sent(&out, &list, &text("old")).await;
    for n in ["a", "b"] {
        sent(&out, &list, &text(n)).await;
    }
    let since = old["lastModifiedDateTime"].as_str().unwrap();
    let first = format!("{list}/delta?$top=1&$filter=lastModifiedDateTime%20gt%20{since}");
    assert_eq!(synchronise(&out, &first, &token).await.0, ["a", "b"]);
    let skipped = format!("{list}/delta?$skip=1&$top=1");
    assert_eq!(synchronise(&out, &skipped, &token).await.0, ["a", "b"]);
    for bad in [
        "$filter=lastModifiedDateTime%20lt%202020-01-01T00:00:00Z",
        "$filter=createdDateTime%20gt%202020-01-01T00:00:00Z",
        "$orderby=createdDateTime%20desc",
        "$top=51",
        "$skip=x",
    ] {
        let error = out.graph_get(&format!("{list}/delta?{bad}")).await;
        assert_eq!(error["error"]["code"], "BadRequest", "{bad}");
    }
}

#[tokio::test]
async fn a_token_of_another_query_is_rejected_and_an_unknown_one_is_gone() {
    let out = Outside::start().await;
    let (list, token) = (out.graph_channel(), token(&out));
    sent(&out, &list, &text("x")).await;
    let (_, link) = synchronise(&out, &format!("{list}/delta"), &token).await;
    let foreign = link.replace(&list, &out.graph_chat());
    assert_ne!(foreign, link);
    let with_option = format!("{link}&$top=3");
    let as_skip = link.replace("$deltatoken", "$skiptoken");
    for bad in [foreign, with_option, as_skip] {
        assert_eq!(Outside::ask(out.read(&bad, &token)).await.0, 400, "{bad}");
    }
    let garbled = format!("{}{list}/delta?$deltatoken=garbled", out.base);
    let (status, error) = Outside::ask(out.read(&garbled, &token)).await;
    assert_eq!(
        (status, &error["error"]["code"]),
        (410, &json!("syncStateNotFound"))
    );
    assert_eq!(
        out.post("/_emulator/reset").send().await.unwrap().status(),
        204
    );
    let (status, error) = Outside::ask(out.read(&link, &token)).await;
    assert_eq!(
        (status, &error["error"]["code"]),
        (410, &json!("syncStateNotFound"))
    );
}

#[tokio::test]
async fn an_app_reads_the_chats_of_a_user_and_the_channels_of_a_team() {
    let out = Outside::start().await;
    let world = out.emulator.seed().clone();
    let (graph, app) = (&world.graph, &world.graph.app_token);
    let (chat, channel) = (out.graph_chat(), out.graph_channel());
    let other = "/v1.0/chats/19:other@thread.v2/messages";
    let first = sent(&out, &chat, &text("a")).await;
    sent(&out, other, &text("b")).await;
    let root = sent(&out, &channel, &text("root")).await;
    sent(
        &out,
        &format!("{}/replies", path_of(&channel, &root)),
        &text("reply"),
    )
    .await;
    let of = |user: usize| format!("/v1.0/users/{}/chats/getAllMessages", graph.users[user].id);
    // Bob is in the seeded chat only.
    for (user, expected) in [(0, vec!["a", "b"]), (1, vec!["a"])] {
        let (all, _) = synchronise(&out, &format!("{}?$top=1", of(user)), app).await;
        assert_eq!(all, expected);
    }
    let (_, link) = synchronise(&out, &format!("{}/delta?$top=1", of(0)), app).await;
    patch(&out, &path_of(&chat, &first), &text("edited")).await;
    assert_eq!(synchronise(&out, &link, app).await.0, ["edited"]);
    let team = format!("/v1.0/teams/{}/channels/getAllMessages", graph.team_id);
    assert_eq!(synchronise(&out, &team, app).await.0, ["root", "reply"]);
    let delegated = world.graph_token(&graph.users[0], &["Chat.Read.All"], FAR);
    assert_eq!(Outside::ask(out.read(&of(0), &delegated)).await.0, 403);
}
