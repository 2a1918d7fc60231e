//! Subscriptions of Graph in pages, and those to some of the messages.

use std::collections::BTreeSet;

use ms_messenger_emulator::{FaultRule, Faults, PushFault};
use reqwest::Method;
use serde_json::{Value, json};

use crate::receiver::scene::Scene;

#[tokio::test]
async fn subscriptions_are_listed_in_pages() {
    let scene = Scene::start().await;
    let mut made = Vec::new();
    for n in 0..45 {
        let resource = format!("/chats/19:{n:032}@thread.v2/messages");
        let one = scene.subscribe(json!({"resource": resource})).await;
        made.push(one["id"].as_str().unwrap().to_owned());
    }
    let (mut found, mut sizes) = (Vec::new(), Vec::new());
    let mut path = String::new();
    loop {
        let (status, page) = scene.call(Method::GET, &path, Value::Null).await;
        assert_eq!(status, 200, "{page}");
        let value = page["value"].as_array().unwrap();
        sizes.push(value.len());
        found.extend(value.iter().map(|it| it["id"].as_str().unwrap().to_owned()));
        let Some(link) = page["@odata.nextLink"].as_str() else {
            break;
        };
        let (_, query) = link.split_once("/v1.0/subscriptions").unwrap();
        path = query.to_owned();
        if sizes.len() == 1 {
            // The end of a subscription on a page that was read shifts nothing.
            let first = format!("/{}", made[0]);
            assert_eq!(scene.call(Method::DELETE, &first, Value::Null).await.0, 204);
        }
    }
    assert_eq!(sizes, [20, 20, 5]);
    assert_eq!(found, made);
    let (status, _) = scene.call(Method::GET, "?$skiptoken=x", Value::Null).await;
    assert_eq!(status, 400);
}

/// The texts that were notified to a subscription with a query, which gets the id of Bob.
async fn notified(query: impl Fn(&str) -> String) -> BTreeSet<String> {
    let scene = Scene::start().await;
    let graph = scene.outside.emulator.seed().graph.clone();
    let bob = &graph.users[1].id;
    let resource = format!("/chats/{}/messages?{}", graph.chat_id, query(bob));
    let made = scene.subscribe(json!({"resource": resource})).await;
    assert_eq!(made["resource"], resource);
    // A response comes after what it causes, so that nothing is under way at the end.
    let at_once = FaultRule::new(PushFault::BeforeResponse.into());
    let faults = Faults::new().with_rule(at_once);
    scene.outside.emulator.set_faults(faults);
    scene.send("The Build is green").await;
    let mention = json!({
        "body": {"contentType": "html", "content": "<at id=\"0\">Bob</at> build it"},
        "mentions": [{"id": 0, "mentionText": "Bob",
            "mentioned": {"user": {"id": bob, "userIdentityType": "aadUser"}}}],
    });
    let path = scene.outside.graph_chat();
    let (status, sent) = scene.outside.graph(&path, &mention).await;
    assert_eq!(status, 201, "{sent}");
    scene.send("the last build for bob").await;
    let mut texts = BTreeSet::new();
    for got in scene.receiver.deliveries() {
        let id = got.json()["value"][0]["resourceData"]["id"].clone();
        let id = id.as_str().unwrap();
        let message = scene.outside.graph_get(&format!("{path}/{id}")).await;
        texts.insert(message["body"]["content"].as_str().unwrap().to_owned());
    }
    texts
}

#[tokio::test]
async fn a_search_and_a_filter_narrow_what_is_notified() {
    let all = notified(|_| "$search=\"BUILD\"".to_owned()).await;
    assert_eq!(all.len(), 3);
    let one = notified(|_| "%24search=%22last%20build%22".to_owned()).await;
    assert_eq!(one, BTreeSet::from(["the last build for bob".to_owned()]));
    let mentions = |id: &str| format!("$filter=mentions/any(u: u/mentioned/user/id eq '{id}')");
    let one = notified(mentions).await;
    assert_eq!(one.len(), 1);
    assert!(one.first().unwrap().starts_with("<at "), "{one:?}");
    let both = notified(|bob| format!("{}&$search=\"green\"", mentions(bob))).await;
    assert!(both.is_empty(), "{both:?}");
}

#[tokio::test]
async fn other_queries_of_a_resource_are_refused() {
    let scene = Scene::start().await;
    let chat = scene.outside.emulator.seed().graph.chat_id.clone();
    for (query, message) in [
        (
            "$select=id",
            "Query option '$select' is not supported for subscriptions to messages.",
        ),
        (
            "$search=build",
            "The $search of the subscription must be a text in double quotes.",
        ),
        (
            "$search=\"\"",
            "The $search of the subscription must be a text in double quotes.",
        ),
        (
            "$filter=importance eq 'high'",
            "The $filter of the subscription must be mentions/any(u: u/mentioned/user/id eq 'ID').",
        ),
        (
            "$filter=mentions/any(",
            "The $filter of the subscription must be mentions/any(u: u/mentioned/user/id eq 'ID').",
        ),
    ] {
        let resource = format!("/chats/{chat}/messages?{query}");
        let refused = scene.refused(json!({"resource": resource})).await;
        assert_eq!(refused, (400, message.to_owned()));
    }
}
