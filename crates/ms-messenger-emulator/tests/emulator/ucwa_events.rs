//! UCWA's event channel: the counter, the hold, and what ends an application.

use std::time::{Duration, Instant};

use crate::outside::Outside;
use crate::skype::{Endpoint, LIMIT, events_of, fast, link, text, until_stats};
use ms_messenger_emulator::Emulator;
use reqwest::Method;
use serde_json::{Value, json};

const BOB: &str = "sip:bob@contoso.test";

/// Asks for events in the background.
fn held(endpoint: &Endpoint, href: &str) -> tokio::task::JoinHandle<(u16, Value)> {
    tokio::spawn(Outside::ask(endpoint.request(Method::GET, href)))
}

async fn response(waiting: tokio::task::JoinHandle<(u16, Value)>) -> (u16, Value) {
    tokio::time::timeout(LIMIT, waiting)
        .await
        .expect("a response in time")
        .unwrap()
}

#[tokio::test]
async fn a_lost_response_is_repeated_until_the_next_is_requested() {
    let out = Outside::start().await;
    let mut alice = Endpoint::lurk(&out, "alice").await;
    alice.talk_to(BOB).await;
    let first = alice.path("/events?ack=1");
    let (_, again) = alice.get(&first).await;
    let (_, once_more) = alice.get(&first).await;
    assert_eq!(again, once_more);
    assert!(events_of(&again).len() == 10, "{again}");
    let conversation = {
        let (_, list) = alice
            .get(&alice.path("/communication/conversations?filter=active"))
            .await;
        text(&list["_links"]["conversation"][0]["href"])
    };
    alice.send(&conversation, "x").await;
    assert_eq!(
        link(&alice.poll().await, "self"),
        alice.path("/events?ack=2")
    );
    // The first response is acknowledged by now.
    let (status, lone) = alice.get(&first).await;
    assert_eq!(status, 200);
    assert_eq!(
        lone,
        json!({"_links": {"resync": {"href": alice.path("/events?ack=3")}}})
    );
    let (_, ahead) = alice.get(&alice.path("/events?ack=99")).await;
    assert_eq!(ahead, lone);
    assert_eq!(alice.get(&alice.path("/events")).await.0, 400);
}

#[tokio::test]
async fn a_request_is_held_until_there_is_an_event_and_blocks_no_other() {
    let out = Outside::start().await;
    let alice = Endpoint::lurk(&out, "alice").await;
    let waiting = held(&alice, &alice.next);
    until_stats(&out, |s| s["applications"][0]["pgets_held"] == 1).await;
    assert_eq!(alice.get(&alice.path("/me")).await.0, 200);
    assert!(!waiting.is_finished());
    alice.start(BOB).await;
    let (status, response) = response(waiting).await;
    assert_eq!((status, events_of(&response).is_empty()), (200, false));
    let stats = until_stats(&out, |s| s["applications"][0]["pgets_held"] == 0).await;
    assert_eq!(stats["pgets_max_at_once"], 1);
}

#[tokio::test]
async fn an_idle_request_gets_its_response_at_its_timeout() {
    let out = fast(400.0).await;
    let alice = Endpoint::lurk(&out, "alice").await;
    let begun = Instant::now();
    let (_, idle) = alice.get(&alice.next).await;
    assert!(
        begun.elapsed() >= Duration::from_millis(450),
        "180 seconds at that scale"
    );
    assert_eq!(idle["sender"], json!([]));
    assert_eq!(link(&idle, "next"), alice.path("/events?ack=2"));
    let begun = Instant::now();
    alice
        .get(&format!("{}&timeout=1000", link(&idle, "next")))
        .await;
    assert!(begun.elapsed() >= Duration::from_millis(2500));
}

#[tokio::test]
async fn a_second_request_replaces_the_held_one() {
    let out = Outside::start().await;
    let alice = Endpoint::lurk(&out, "alice").await;
    let first = held(&alice, &format!("{}&priority=2", alice.next));
    until_stats(&out, |s| s["applications"][0]["pgets_held"] == 1).await;
    let (status, error) = alice.get(&format!("{}&priority=1", alice.next)).await;
    assert_eq!((status, &error["subcode"]), (409, &json!("PGetReplaced")));
    let second = held(&alice, &format!("{}&priority=2", alice.next));
    let (status, error) = response(first).await;
    assert_eq!(
        (status, &error["code"], &error["subcode"]),
        (409, &json!("Conflict"), &json!("PGetReplaced"))
    );
    alice.start(BOB).await;
    assert_eq!(response(second).await.0, 200);
    let stats = until_stats(&out, |_| true).await;
    assert_eq!(stats["pgets_max_at_once"], 2);
}

#[tokio::test]
async fn a_disconnected_client_leaves_nothing_behind() {
    let out = Outside::start().await;
    let mut alice = Endpoint::lurk(&out, "alice").await;
    let waiting = held(&alice, &alice.next);
    until_stats(&out, |s| s["applications"][0]["pgets_held"] == 1).await;
    waiting.abort();
    until_stats(&out, |s| s["applications"][0]["pgets_held"] == 0).await;
    alice.talk_to(BOB).await;
    let stats = until_stats(&out, |_| true).await;
    assert_eq!(stats["pgets_max_at_once"], 1);
}

#[tokio::test]
async fn a_reset_or_sign_out_releases_held_requests() {
    let out = Outside::start().await;
    let alice = Endpoint::lurk(&out, "alice").await;
    let waiting = held(&alice, &alice.next);
    until_stats(&out, |s| s["applications"][0]["pgets_held"] == 1).await;
    assert_eq!(alice.delete(&alice.path("")).await, 204);
    let (status, error) = response(waiting).await;
    assert_eq!(
        (status, &error["subcode"]),
        (404, &json!("ApplicationNotFound"))
    );

    let alice = Endpoint::lurk(&out, "alice").await;
    let waiting = held(&alice, &alice.next);
    until_stats(&out, |s| s["applications"][0]["pgets_held"] == 1).await;
    out.emulator.reset();
    assert_eq!(response(waiting).await.0, 404);
    assert_eq!(
        alice.get(&alice.path("/me")).await.0,
        401,
        "tickets are gone too"
    );
    let stats = until_stats(&out, |_| true).await;
    assert_eq!(
        (&stats["applications_alive"], &stats["pgets_max_at_once"]),
        (&json!(0), &json!(0))
    );
}

#[tokio::test]
async fn the_emulator_ends_at_once_while_a_request_is_held() {
    for is_dropped in [true, false] {
        let out = Outside::start().await;
        let alice = Endpoint::lurk(&out, "alice").await;
        let waiting = held(&alice, &alice.next);
        until_stats(&out, |s| s["applications"][0]["pgets_held"] == 1).await;
        let begun = Instant::now();
        if is_dropped {
            drop(out);
            assert!(tokio::time::timeout(LIMIT, waiting).await.unwrap().is_err());
        } else {
            out.emulator.shutdown().await;
            assert_eq!(response(waiting).await.0, 200);
        }
        assert!(begun.elapsed() < Duration::from_secs(2));
    }
}

#[tokio::test]
async fn events_of_medium_priority_are_held_back_on_request() {
    let builder = Emulator::builder()
        .with_ucwa_time_scale(100.0)
        .with_ucwa_aggregation(true);
    let out = Outside::of(builder.start().await.unwrap());
    let mut alice = Endpoint::lurk(&out, "alice").await;
    let available = alice.path("/me/makeMeAvailable");
    assert_eq!(alice.post(&available, &json!({})).await.0, 204);
    // `location` has no such priority here, and takes the others with it.
    alice.poll().await;
    let (_, resource) = alice.get(&alice.path("/communication")).await;
    let put = alice
        .request(Method::PUT, &alice.path("/communication"))
        .header("if-match", format!("\"{}\"", text(&resource["etag"])))
        .json(&resource);
    let begun_put = Instant::now();
    assert_eq!(Outside::ask(put).await.0, 200);
    alice.pending.clear();
    alice.poll().await;
    assert!(begun_put.elapsed() >= Duration::from_millis(50));
    assert_eq!(
        crate::skype::names(&alice.pending),
        ["communication updated"]
    );
}

#[tokio::test]
async fn an_application_that_asks_for_no_events_is_ended() {
    let out = fast(10_000.0).await;
    let alice = Endpoint::lurk(&out, "alice").await;
    let stats = until_stats(&out, |s| s["applications_alive"] == 0);
    let begun = Instant::now();
    stats.await;
    assert!(begun.elapsed() < LIMIT);
    // Remembered for five minutes, which are 30 milliseconds here, then forgotten.
    let waiting = async {
        loop {
            let (status, error) = alice.get(&alice.path("/me")).await;
            if status == 404 {
                return error;
            }
            assert_eq!(
                (status, &error["subcode"]),
                (410, &json!("InactiveApplicationExpired"))
            );
        }
    };
    let error = tokio::time::timeout(LIMIT, waiting).await.unwrap();
    assert_eq!(error["subcode"], "ApplicationNotFound");
}

#[tokio::test]
async fn an_inactive_user_is_idle_then_away_until_the_application_expires() {
    let out = fast(1_000.0).await;
    let mut alice = Endpoint::online(&out, "alice").await;
    let mut seen = Vec::new();
    let presence = alice.path("/me/presence");
    loop {
        let (status, response) = alice.get(&alice.next).await;
        if status != 200 {
            assert_eq!(
                (status, &response["subcode"]),
                (410, &json!("InactiveApplicationExpired"))
            );
            break;
        }
        alice.take(&response);
        for event in std::mem::take(&mut alice.pending) {
            assert_eq!(event["link"]["rel"], "presence");
            seen.push(alice.get(&presence).await);
        }
    }
    assert_eq!(seen.len(), 2, "idle, then away: {seen:?}");
    assert_ne!(seen[0].1["availability"], "Online");
}

#[tokio::test]
async fn activity_keeps_an_application_alive() {
    let out = fast(1_000.0).await;
    let alice = Endpoint::lurk(&out, "alice").await;
    let report = alice.path("/me/reportMyActivity");
    let (status, error) = alice.post(&report, &Value::Null).await;
    assert_eq!(
        (status, &error["subcode"]),
        (409, &json!("MakeMeAvailableRequired"))
    );
    let available = alice.path("/me/makeMeAvailable");
    assert_eq!(alice.post(&available, &json!({})).await.0, 204);
    let (_, me) = alice.get(&alice.path("/me")).await;
    assert!(me["_links"].get("makeMeAvailable").is_none());
    // The channel is served all the time, and for more than 15 minutes there is a report in time.
    let serving = tokio::spawn(serve(alice.request(Method::GET, ""), alice.next.clone()));
    let mut ticks = tokio::time::interval(Duration::from_millis(100));
    for _ in 0..12 {
        ticks.tick().await;
        let href = link(&me, "reportMyActivity");
        assert_eq!(alice.post(&href, &Value::Null).await.0, 204);
    }
    serving.abort();
    assert_eq!(alice.get(&alice.path("/me")).await.0, 200);
}

/// Asks for events without end; `like` is a request whose target is replaced.
async fn serve(like: reqwest::RequestBuilder, mut next: String) {
    let origin = like.try_clone().unwrap().build().unwrap().url().clone();
    loop {
        let (client, request) = like.try_clone().unwrap().build_split();
        let mut request = request.unwrap();
        *request.url_mut() = origin.join(&next).unwrap();
        let response: Value = client.execute(request).await.unwrap().json().await.unwrap();
        next = link(&response, "next");
    }
}

#[tokio::test]
async fn a_ticket_expires_after_eight_hours_and_a_new_one_works() {
    let out = fast(100_000.0).await;
    let mut alice = Endpoint::lurk(&out, "alice").await;
    let waiting = async {
        loop {
            let request = alice.request(
                Method::GET,
                "/Autodiscover/AutodiscoverService.svc/root/oauth/user",
            );
            if Outside::ask(request).await.0 == 401 {
                return;
            }
        }
    };
    tokio::time::timeout(LIMIT, waiting).await.unwrap();
    alice.token = crate::skype::token_of(&out, "alice").await;
    let request = alice.request(
        Method::GET,
        "/Autodiscover/AutodiscoverService.svc/root/oauth/user",
    );
    assert_eq!(Outside::ask(request).await.0, 200);
}
