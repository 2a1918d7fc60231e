//! `GET /_emulator/messages`: pages, search, the newest that matches.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::outside::Outside;

/// Texts of the rows, and the cursor of the next page.
async fn page(out: &Outside, query: &str) -> (Vec<String>, Option<String>) {
    let response = out.get(&format!("/_emulator/messages{query}")).await;
    assert_eq!(response.status(), StatusCode::OK, "{query}");
    let next = response.headers().get("x-next-after");
    let next = next.map(|next| next.to_str().unwrap().to_owned());
    let rows: Vec<Value> = response.json().await.unwrap();
    let text = |row: &Value| row["text"].as_str().unwrap().to_owned();
    (rows.iter().map(text).collect(), next)
}

async fn texts(out: &Outside, query: &str) -> Vec<String> {
    page(out, query).await.0
}

/// Chat: one, two, three; the other side: "Two words"; Graph: four.
async fn scene() -> Outside {
    let out = Outside::start().await;
    for text in ["one", "two", "three"] {
        out.chat(text).await;
    }
    let world = out.emulator.seed().clone();
    let (thread, bob) = (&world.acs.thread_id, &world.acs.users[1].id);
    let injected =
        json!({"platform": "acs-chat", "conversation": thread, "sender": bob, "text": "Two words"});
    out.emulator.inject(&injected).unwrap();
    let body = json!({"body": {"content": "four"}, "subject": "A Subject"});
    let (status, _) = out.graph(&out.graph_channel(), &body).await;
    assert_eq!(status, 201);
    out
}

#[tokio::test]
async fn pages_follow_the_cursor_to_the_end() {
    let out = scene().await;
    assert_eq!(texts(&out, "").await.len(), 5, "all of them by default");
    let mut after = "0".to_owned();
    let mut all = Vec::new();
    let mut pages = 0;
    loop {
        let (texts, next) = page(&out, &format!("?limit=2&after={after}")).await;
        all.extend(texts);
        pages += 1;
        match next {
            Some(next) => after = next,
            None => break,
        }
    }
    assert_eq!(all, ["one", "two", "three", "Two words", "four"]);
    assert_eq!(pages, 3);
    let (texts, next) = page(&out, "?limit=5").await;
    assert_eq!(
        (texts.len(), next),
        (5, None),
        "a full last page has no next one"
    );
}

#[tokio::test]
async fn the_newest_that_match_are_found_and_pages_go_back_from_there() {
    let out = scene().await;
    assert_eq!(texts(&out, "?newest=1").await, ["four"]);
    assert_eq!(
        texts(&out, "?newest=2&platform=acs-chat").await,
        ["three", "Two words"]
    );
    assert_eq!(texts(&out, "?newest=2&before=4").await, ["two", "three"]);
    assert_eq!(texts(&out, "?text=TWO").await, ["two", "Two words"]);
    assert_eq!(texts(&out, "?text=two&newest=1").await, ["Two words"]);
    assert_eq!(texts(&out, "?text=nothing&newest=1").await, [""; 0]);
}

#[tokio::test]
async fn rows_are_found_by_sender_state_operation_and_any_part() {
    let out = scene().await;
    let world = out.emulator.seed().clone();
    let bob = world.acs.users[1].id.replace(':', "%3A");
    assert_eq!(texts(&out, &format!("?sender={bob}")).await, ["Two words"]);
    assert_eq!(texts(&out, "?state=injected").await, ["Two words"]);
    assert_eq!(
        texts(&out, "?state=sent").await,
        ["one", "two", "three", "four"]
    );
    assert_eq!(texts(&out, "?operation=inject").await, ["Two words"]);
    assert_eq!(texts(&out, "?search=a%20subject").await, ["four"]);
    let id = out.rows("?text=three").await[0]["message_id"].clone();
    // A message of another service that was stored in the same millisecond has the same id.
    let by_id = format!("?search={}&platform=acs-chat", id.as_str().unwrap());
    assert_eq!(texts(&out, &by_id).await, ["three"]);
    for _ in 0..2 {
        let send = out
            .chat_send("again")
            .header("x-ms-client-request-id", "same");
        assert_eq!(send.send().await.unwrap().status(), 201);
    }
    assert_eq!(texts(&out, "?state=duplicate").await, ["again"]);
    assert_eq!(texts(&out, "?state=replayed").await, [""; 0]);
}

#[tokio::test]
async fn many_rows_are_searched_part_by_part() {
    let out = Outside::start().await;
    let thread = out.emulator.seed().acs.thread_id.clone();
    for n in 0..1300 {
        let user = &out.emulator.seed().acs.users[n % 2].id;
        let message = json!({"platform": "acs-chat", "conversation": thread, "sender": user, "text": format!("n{n}.")});
        out.emulator.inject(&message).unwrap();
    }
    assert_eq!(
        texts(&out, "?limit=2&after=1100").await,
        ["n1100.", "n1101."]
    );
    assert_eq!(texts(&out, "?newest=2&text=n1.").await, ["n1."]);
    assert_eq!(texts(&out, "?newest=1&before=515").await, ["n513."]);
    assert_eq!(
        texts(&out, "?text=n51&limit=3").await,
        ["n51.", "n510.", "n511."]
    );
    assert_eq!(texts(&out, "").await.len(), 1300);
}

#[tokio::test]
async fn every_wrong_member_is_named() {
    let out = Outside::start().await;
    let long = format!("text={}", "x".repeat(4097));
    for (query, named) in [
        ("limit=0", "limit: must be a whole number from 1"),
        ("newest=-1", "newest: must be a whole number from 1"),
        ("limit=1&limit=2", "limit: is given twice"),
        (
            "platform=ucwa&platform=acs-chat",
            "platform: is given twice",
        ),
        ("newest=x", "newest: must be a whole number"),
        ("limit=1&newest=1", "newest: takes one of"),
        ("since=1&after=1", "after: is another name of since"),
        (
            "state=lost",
            "state: must be one of sent, injected, duplicate, replayed",
        ),
        ("before=-1", "before: must be a whole number"),
        ("planet=1", "planet: is unknown here"),
        (long.as_str(), "text: must have at most 4096 bytes"),
    ] {
        let response = out.get(&format!("/_emulator/messages?{query}")).await;
        assert_eq!(response.status(), 400, "{query}");
        let text = response.text().await.unwrap();
        assert!(text.contains(named), "{query}: {text}");
    }
    let response = out.get("/_emulator/messages?limit=0&state=lost").await;
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["error"]["details"].as_array().unwrap().len(), 2);
    let wait = out.get("/_emulator/wait?limit=1").await;
    assert_eq!(wait.status(), 400, "a wait has no pages");
}
