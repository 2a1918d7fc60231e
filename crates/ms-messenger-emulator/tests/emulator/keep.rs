//! Bounded memory: the newest messages stay, the older ones are forgotten everywhere.

use crate::outside::Outside;
use ms_messenger_emulator::Emulator;
use reqwest::Method;
use serde_json::{Value, json};

async fn keeping(messages: usize) -> Outside {
    let builder = Emulator::builder().with_keep(messages);
    Outside::of(builder.start().await.unwrap())
}

fn numbers(rows: &[Value]) -> Vec<u64> {
    rows.iter()
        .map(|row| row["seq"].as_u64().unwrap())
        .collect()
}

#[tokio::test]
async fn the_newest_stay_and_the_numbers_continue() {
    let out = keeping(3).await;
    let thread = out.thread_with("Kept", &[1]).await;
    let path = format!("{thread}/messages");
    for n in 1..=5 {
        let body = json!({"content": format!("message {n}")});
        let (status, _) = out.chat_as(0, Method::POST, &path, body).await;
        assert_eq!(status, 201);
    }
    let rows = out.rows("").await;
    assert_eq!(numbers(&rows), [3, 4, 5]);
    assert_eq!(rows[0]["text"], "message 3");
    assert_eq!(numbers(&out.rows("?since=4").await), [5]);
    assert_eq!(numbers(&out.rows("?since=1").await), [3, 4, 5]);
    let (_, page) = out.chat_as(0, Method::GET, &path, Value::Null).await;
    let all = page["value"].as_array().unwrap().iter();
    let texts: Vec<&str> = all
        .filter_map(|m| m["content"]["message"].as_str())
        .collect();
    assert_eq!(texts, ["message 5", "message 4", "message 3"]);
    let stats: Value = out.get("/_emulator/stats").await.json().await.unwrap();
    assert_eq!(stats["stored"], 5);
}

#[tokio::test]
async fn the_limit_of_kept_messages_covers_all_platforms() {
    let out = keeping(2).await;
    let world = out.emulator.seed();
    let (thread, chat) = (world.acs.thread_id.clone(), world.graph.chat_id.clone());
    let user = world.graph.users[1].id.clone();
    let inject = |body: Value| {
        let emulator = &out.emulator;
        emulator.inject(&body).unwrap();
    };
    let graph = |text: &str| json!({"platform": "msgraph-chat", "conversation": chat, "sender": user, "text": text});
    inject(graph("first"));
    inject(graph("second"));
    let sender = &world.acs.users[1].id;
    inject(json!({"platform": "acs-chat", "conversation": thread, "sender": sender, "text": "x"}));
    assert_eq!(numbers(&out.rows("").await), [2, 3]);
    let url = format!("{}/chats/{chat}/messages", world.graph.base);
    let response = out.client.get(url).bearer_auth(&world.graph.token);
    let page: Value = response.send().await.unwrap().json().await.unwrap();
    let texts: Vec<&Value> = page["value"].as_array().unwrap().iter().collect();
    assert_eq!(texts.len(), 1, "{page}");
    assert_eq!(texts[0]["body"]["content"], "second");
}

#[tokio::test]
async fn a_duplicate_is_reported_as_long_as_its_first_is_kept() {
    let out = keeping(2).await;
    let send = async |id: &str| {
        let request = out.chat_send("x").header("x-ms-client-request-id", id);
        assert_eq!(request.send().await.unwrap().status(), 201);
        out.rows("").await.last().unwrap()["duplicate_of"].clone()
    };
    assert_eq!(send("a").await, Value::Null);
    assert_eq!(send("a").await, json!(1));
    // The first is forgotten by this one, and with it that it was one.
    assert_eq!(send("b").await, Value::Null);
    assert_eq!(send("a").await, Value::Null);
}

#[tokio::test]
async fn a_synchronisation_older_than_the_kept_messages_must_start_again() {
    let out = keeping(2).await;
    let world = out.emulator.seed();
    let (team, channel) = (&world.graph.team_id, &world.graph.channel_id);
    let user = &world.graph.users[1].id;
    let inject = |text: &str| {
        let message = json!({"platform": "msgraph-chat", "conversation": channel, "sender": user,
            "text": text});
        out.emulator.inject(&message).unwrap();
    };
    let read = async |url: String| {
        let request = out.client.get(url).bearer_auth(&world.graph.token);
        request.send().await.unwrap()
    };
    inject("1");
    let delta = format!(
        "{}/teams/{team}/channels/{channel}/messages/delta",
        world.graph.base
    );
    let page: Value = read(delta).await.json().await.unwrap();
    let link = page["@odata.deltaLink"].as_str().unwrap().to_owned();
    inject("2");
    assert_eq!(read(link.clone()).await.status(), 200);
    for text in ["3", "4", "5"] {
        inject(text);
    }
    assert_eq!(read(link).await.status(), 410);
}
