//! Each fault of UCWA does what it says.

use crate::outside::Outside;
use crate::skype::{Endpoint, LIMIT, fast, link, names, rule, text, token_of};
use ms_messenger_emulator::Emulator;
use reqwest::Method;
use serde_json::{Value, json};

const BOB: &str = "sip:bob@contoso.test";
const ROOT: &str = "/Autodiscover/AutodiscoverService.svc/root?originalDomain=contoso.test";
const USER: &str =
    "/Autodiscover/AutodiscoverService.svc/root/oauth/user?originalDomain=contoso.test";

fn kind(kind: &str) -> Value {
    json!({"kind": kind})
}

/// The same emulator under its other name.
fn other_name(out: &Outside) -> String {
    out.base.replace("127.0.0.1", "localhost")
}

fn diagnostics(response: &reqwest::Response) -> String {
    response.headers()["x-ms-diagnostics"]
        .to_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn discovery_and_user_redirect_to_the_other_name() {
    let out = Outside::start().await;
    let token = token_of(&out, "alice").await;
    out.faults(rule("discover", kind("discovery_redirect")))
        .await;
    let read = |path: &str| {
        out.client
            .get(format!("{}{path}", out.base))
            .header("accept", "application/json")
    };
    let (_, root) = Outside::ask(read(ROOT)).await;
    assert_eq!(
        link(&root, "redirect"),
        format!("{}{ROOT}", other_name(&out))
    );
    let (_, root) = Outside::ask(read(ROOT)).await;
    assert!(root["_links"]["user"].is_object());

    let elsewhere = json!({"kind": "discovery_redirect", "href": "http://pool.example.org/x"});
    out.faults(rule("user", elsewhere)).await;
    let (_, user) = Outside::ask(read(USER).bearer_auth(&token)).await;
    assert_eq!(link(&user, "redirect"), "http://pool.example.org/x");
}

#[tokio::test]
async fn a_split_pool_takes_only_its_own_tickets() {
    let out = Outside::start().await;
    let token = token_of(&out, "alice").await;
    out.faults(rule("user", kind("pool_split"))).await;
    let (_, user) = Outside::ask(
        out.client
            .get(format!("{}{USER}", out.base))
            .bearer_auth(&token),
    )
    .await;
    let applications = link(&user, "applications");
    assert!(
        applications.starts_with(&other_name(&out)),
        "{applications}"
    );
    let identity = json!({"userAgent": "x", "endpointId": "y", "culture": "z"});
    let create = |token: &str| {
        out.client
            .post(&applications)
            .bearer_auth(token)
            .json(&identity)
    };
    let refused = create(&token).send().await.unwrap();
    assert_eq!(refused.status(), 500);
    assert!(diagnostics(&refused).starts_with("28032;"));

    let challenged = out.client.post(&applications).send().await.unwrap();
    let lines: Vec<_> = challenged
        .headers()
        .get_all("www-authenticate")
        .iter()
        .collect();
    let challenge = lines[1].to_str().unwrap().to_owned();
    let endpoint = challenge.split('"').nth(1).unwrap();
    assert!(endpoint.starts_with(&other_name(&out)), "{endpoint}");
    let alice = crate::skype::user(&out, "alice");
    let form = format!(
        "grant_type=password&username={}&password={}",
        alice.username, alice.password
    );
    let request = out
        .client
        .post(endpoint)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form);
    let (_, ticket) = Outside::ask(request).await;
    assert_eq!(
        Outside::ask(create(&text(&ticket["access_token"]))).await.0,
        201
    );
}

#[tokio::test]
async fn challenges_are_merged_or_unquoted() {
    let out = Outside::start().await;
    let ask = || out.client.get(format!("{}{USER}", out.base)).send();
    out.faults(rule("user", kind("merged_challenge"))).await;
    let response = ask().await.unwrap();
    let lines: Vec<_> = response
        .headers()
        .get_all("www-authenticate")
        .iter()
        .collect();
    assert_eq!(lines.len(), 1);
    assert!(
        lines[0]
            .to_str()
            .unwrap()
            .contains(", MsRtcOAuth href=\"http")
    );
    out.faults(rule("user", kind("unquoted_challenge"))).await;
    let response = ask().await.unwrap();
    let lines: Vec<_> = response
        .headers()
        .get_all("www-authenticate")
        .iter()
        .collect();
    assert!(
        lines[1].to_str().unwrap().contains("href=http"),
        "{lines:?}"
    );
    let head = out
        .client
        .head(format!("{}{USER}", out.base))
        .send()
        .await
        .unwrap();
    assert_eq!(head.status(), 401);
}

#[tokio::test]
async fn a_ticket_expires_or_belongs_to_another_pool() {
    let out = Outside::start().await;
    for (fault, status) in [("expire_ticket", 401), ("wrong_pool", 500)] {
        let alice = Endpoint::lurk(&out, "carol").await;
        out.faults(rule("me", kind(fault))).await;
        let me = alice.path("/me");
        assert_eq!(alice.get(&me).await.0, status);
        assert_eq!(alice.get(&me).await.0, status, "from now on");
        let token = token_of(&out, "carol").await;
        let request = out
            .client
            .get(format!("{}{me}", out.base))
            .bearer_auth(token);
        assert_eq!(
            Outside::ask(request).await.0,
            200,
            "the application is still there"
        );
        assert_eq!(
            out.emulator.stats()["platforms"]["ucwa"]["applications_alive"],
            1
        );
        out.emulator.reset();
    }
}

#[tokio::test]
async fn a_browser_origin_is_refused_by_the_fault_and_when_strict() {
    let out = Outside::start().await;
    let ask = |out: &Outside| {
        let request = out.client.get(format!("{}/", out.base));
        request.header("x-ms-origin", "http://localhost").send()
    };
    assert_eq!(ask(&out).await.unwrap().status(), 200);
    out.faults(rule("discover", kind("refuse_origin"))).await;
    let refused = ask(&out).await.unwrap();
    assert_eq!(refused.status(), 403);
    assert!(diagnostics(&refused).starts_with("28070;"));
    let strict = Emulator::builder().with_strict(true).start().await.unwrap();
    assert_eq!(ask(&Outside::of(strict)).await.unwrap().status(), 403);
}

#[tokio::test]
async fn events_overtake_the_response() {
    let out = Outside::start().await;
    let mut alice = Endpoint::lurk(&out, "alice").await;
    out.faults(rule("start", kind("events_first"))).await;
    let href = alice.path("/communication/messagingInvitations");
    let start = alice.request(Method::POST, &href).json(&json!({"to": BOB}));
    let response = tokio::spawn(start.send());
    alice.until("messagingInvitation", "completed").await;
    let response = tokio::time::timeout(LIMIT, response).await.unwrap();
    assert_eq!(response.unwrap().unwrap().status(), 201);
}

#[tokio::test]
async fn events_carry_links_only_and_the_resources_are_there() {
    let out = Outside::start().await;
    let mut alice = Endpoint::lurk(&out, "alice").await;
    out.faults(rule("events", kind("link_only"))).await;
    alice.start(BOB).await;
    alice.poll().await;
    assert_eq!(alice.pending.len(), 10);
    for event in std::mem::take(&mut alice.pending) {
        assert!(event.get("_embedded").is_none());
        let (status, resource) = alice.get(&text(&event["link"]["href"])).await;
        assert_eq!(status, 200, "{event}");
        assert!(resource["rel"].is_string(), "{resource}");
    }
    let (_, again) = alice.get(&alice.path("/events?ack=1")).await;
    assert!(
        crate::skype::events_of(&again)[0]
            .get("_embedded")
            .is_none(),
        "repeated as it was"
    );
    let (_, list) = alice.get(&alice.path("/communication/conversations")).await;
    let conversation = text(&list["_links"]["conversation"][0]["href"]);
    let message = alice.send(&conversation, "x").await;
    assert_eq!(alice.get(&message).await.1["status"], "Succeeded");
    for part in [
        "/localParticipant",
        "/participants",
        "/messaging/typingParticipants",
    ] {
        assert_eq!(
            alice.get(&format!("{conversation}{part}")).await.0,
            200,
            "{part}"
        );
    }
    for part in [
        "/me/presence",
        "/me/note",
        "/me/location",
        "/people",
        "/people/bob@contoso.test",
        "/policies",
    ] {
        assert_eq!(alice.get(&alice.path(part)).await.0, 200, "{part}");
    }
}

#[tokio::test]
async fn what_lies_between_is_skipped() {
    let out = Outside::start().await;
    let mut alice = Endpoint::lurk(&out, "alice").await;
    out.faults(rule("start", kind("skip_intermediate"))).await;
    alice.start(BOB).await;
    alice.poll().await;
    let names = names(&alice.pending);
    assert_eq!(names[0], "conversation updated");
    assert!(
        !names.contains(&"messagingInvitation started".to_owned()),
        "{names:?}"
    );
    alice.connected().await;
}

#[tokio::test]
async fn the_channel_is_resynchronised_resumed_or_replaced() {
    let out = Outside::start().await;
    let mut alice = Endpoint::lurk(&out, "alice").await;
    let conversation = alice.talk_to(BOB).await;
    out.faults(rule("events", kind("resync"))).await;
    let (_, lone) = alice.get(&alice.next).await;
    assert_eq!(link(&lone, "resync"), alice.next);
    assert!(lone.get("sender").is_none());

    out.faults(rule("events", kind("pget_replaced"))).await;
    let (status, error) = alice.get(&alice.next).await;
    assert_eq!((status, &error["subcode"]), (409, &json!("PGetReplaced")));

    out.faults(rule("events", kind("resume"))).await;
    let response = alice.poll().await;
    assert_eq!(
        (&response["sender"], &response["_links"]["next"]),
        (&json!([]), &Value::Null)
    );
    assert_eq!(alice.get(&conversation).await.0, 404);
    alice.talk_to(BOB).await;
}

#[tokio::test]
async fn an_application_is_ended_or_exceeds_the_limit() {
    let out = Outside::start().await;
    for (fault, first, subcode) in [
        ("application_not_found", 404, "ApplicationNotFound"),
        ("inactive_application", 410, "InactiveApplicationExpired"),
    ] {
        let alice = Endpoint::lurk(&out, "alice").await;
        out.faults(rule("events", kind(fault))).await;
        let (status, error) = alice.get(&alice.next).await;
        assert_eq!((status, &error["subcode"]), (first, &json!(subcode)));
        assert_eq!(alice.get(&alice.path("/me")).await.0, first);
    }
    out.faults(rule("application", kind("too_many_applications")))
        .await;
    let token = token_of(&out, "alice").await;
    let request = out
        .post("/ucwa/oauth/v1/applications")
        .bearer_auth(token)
        .json(&json!({"userAgent": "x", "endpointId": "y", "culture": "z"}));
    let (status, error) = Outside::ask(request).await;
    assert_eq!(
        (status, &error["code"], &error["subcode"]),
        (410, &json!("Gone"), &json!("TooManyApplications"))
    );
}

#[tokio::test]
async fn people_are_left_to_a_link() {
    let out = Outside::start().await;
    let alice = Endpoint::lurk(&out, "alice").await;
    let (_, whole) = alice.get(&alice.path("")).await;
    assert!(whole["_embedded"]["people"].is_object());
    out.faults(rule("get_application", kind("people_by_link")))
        .await;
    let (_, application) = alice.get(&alice.path("")).await;
    assert!(application["_embedded"]["people"].is_null());
    assert!(application["_embedded"]["me"].is_object());
    let (_, people) = alice.get(&link(&application, "people")).await;
    assert_eq!(people, whole["_embedded"]["people"]);

    out.faults(rule("application", kind("people_by_link")))
        .await;
    let token = token_of(&out, "bob").await;
    let request = out
        .post("/ucwa/oauth/v1/applications")
        .bearer_auth(token)
        .json(&json!({"userAgent": "x", "endpointId": "y", "culture": "z"}));
    let (status, created) = Outside::ask(request).await;
    assert_eq!(status, 201);
    assert!(created["_embedded"]["people"].is_null());
    assert!(link(&created, "people").ends_with("/people"));
}

#[tokio::test]
async fn times_are_iso() {
    let out = Outside::start().await;
    let mut alice = Endpoint::lurk(&out, "alice").await;
    let conversation = alice.talk_to(BOB).await;
    let message = alice.send(&conversation, "x").await;
    let events = json!({"platform": "ucwa", "operation": "events"});
    let rule = json!({"match": events, "action": kind("iso_timestamps")});
    out.faults(json!({"rules": [rule]})).await;
    let done = alice.until("message", "completed").await;
    let stamp = text(&done["_embedded"]["message"]["timeStamp"]);
    assert!(stamp.ends_with('Z') && stamp.contains('T'), "{stamp}");
    let (_, resource) = alice.get(&message).await;
    assert!(text(&resource["timeStamp"]).starts_with("/Date("));
}

/// The response to a request without events comes after 0.9 seconds; the application would end much
/// later.
#[tokio::test]
async fn an_idle_response_has_no_sender() {
    let out = fast(200.0).await;
    let mut alice = Endpoint::online(&out, "alice").await;
    out.faults(rule("events", kind("sender_absent"))).await;
    let idle = alice.poll().await;
    assert!(idle.get("sender").is_none() && idle["_links"]["next"].is_object());
}

#[tokio::test]
async fn bodies_are_compressed_or_xml() {
    let out = Outside::start().await;
    let alice = Endpoint::lurk(&out, "alice").await;
    let me = alice.path("/me");
    out.faults(rule("me", kind("gzip"))).await;
    let response = alice.request(Method::GET, &me).send().await.unwrap();
    assert_eq!(response.headers()["content-encoding"], "gzip");
    let bytes = response.bytes().await.unwrap();
    assert_eq!(bytes[..3], [0x1F, 0x8B, 8]);
    let body: Value = serde_json::from_slice(&bytes[15..bytes.len() - 8]).unwrap();
    assert_eq!(body["name"], "Alice");

    out.faults(rule("me", kind("xml"))).await;
    let response = alice.request(Method::GET, &me).send().await.unwrap();
    assert!(
        response.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("application/xml")
    );
    assert!(
        response
            .text()
            .await
            .unwrap()
            .contains("<property name=\"name\">Alice</property>")
    );
    let root = crate::outside::client()
        .get(format!("{}/", out.base))
        .header("accept", "application/xml")
        .send()
        .await
        .unwrap();
    let root = root.text().await.unwrap();
    assert!(
        root.contains("<resource rel=\"root\"") && root.contains("<link rel=\"user\""),
        "{root}"
    );
}
