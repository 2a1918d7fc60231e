//! `/_emulator/ucwa/clock`: durations pass at once.

use serde_json::{Value, json};

use crate::{outside::Outside, skype::Endpoint};

async fn advance(out: &Outside, body: &Value) -> (u16, Value) {
    Outside::ask(out.post("/_emulator/ucwa/clock").json(body)).await
}

#[tokio::test]
async fn a_held_request_and_the_end_for_inactivity_come_early() {
    let out = Outside::start().await;
    let alice = Endpoint::lurk(&out, "alice").await;
    let url = format!("{}{}", out.base, alice.next);
    let held = out.client.get(url).bearer_auth(&alice.token).send();
    let held = tokio::spawn(held);
    // The request is held before the clock moves.
    loop {
        let stats = out.emulator.stats();
        if stats["platforms"]["ucwa"]["applications"][0]["pgets_held"] == 1 {
            break;
        }
        tokio::task::yield_now().await;
    }
    let (status, made) = advance(&out, &json!({"advance_s": 1000})).await;
    assert_eq!((status, made), (200, json!({"advanced_s": 1000})));
    let response = held.await.unwrap().unwrap();
    assert!(
        response.status() == 200 || response.status() == 410,
        "{response:?}"
    );
    let (_, _) = advance(&out, &json!({"advance_s": 86_400})).await;
    loop {
        let stats = out.emulator.stats();
        if stats["platforms"]["ucwa"]["applications_alive"] == 0 {
            break;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn wrong_documents_change_nothing() {
    let out = Outside::start().await;
    for body in [
        json!({}),
        json!([]),
        json!({"advance_s": 0}),
        json!({"advance_s": -1}),
        json!({"advance_s": 86_401}),
        json!({"advance_s": "1"}),
        json!({"advance_s": 1, "planet": 1}),
    ] {
        let (status, refused) = advance(&out, &body).await;
        assert_eq!(status, 400, "{body} {refused}");
    }
    assert_eq!(out.get("/_emulator/ucwa/clock").await.status(), 405);
}
