//! Fault rules and subscriptions of Graph at the next start.

use axum::{http::StatusCode, response::IntoResponse as _};
use ms_messenger_emulator::{EmulatorBuilder, FaultAction, FaultRule, Faults, Platform};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    data::Folder,
    outside::{Outside, graph::FAR},
    receiver::{
        Receiver,
        scene::{Scene, in_minutes},
    },
};

async fn start(builder: EmulatorBuilder) -> Outside {
    Outside::of(builder.start().await.unwrap())
}

async fn by_rule(out: &Outside) -> Value {
    let stats: Value = out.get("/_emulator/stats").await.json().await.unwrap();
    stats["faults_by_rule"].clone()
}

async fn chats(out: &Outside, count: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..count {
        statuses.push(out.chat("x").await.status().as_u16());
    }
    statuses
}

async fn graph_send(out: &Outside) -> u16 {
    let body = json!({"body": {"content": "x"}});
    out.graph(&out.graph_chat(), &body).await.0
}

#[tokio::test]
async fn fault_rules_go_on_with_what_they_have_counted() {
    let folder = Folder::new("rules");
    let out = folder.start().await;
    let rules = json!({"rules": [
        {"match": {"platform": "acs-chat", "operation": "send"}, "times": 1,
         "action": {"kind": "status", "status": 503}},
        {"match": {"platform": "msgraph-chat", "operation": "send", "nth": [3]},
         "action": {"kind": "status_after_store", "status": 504}},
    ]});
    out.faults(rules).await;
    assert_eq!(chats(&out, 2).await, [503, 201]);
    assert_eq!((graph_send(&out).await, graph_send(&out).await), (201, 201));
    let first: Value = out.get("/_emulator/faults").await.json().await.unwrap();
    let rows = out.rows("").await.len();
    out.emulator.shutdown().await;

    let out = folder.start().await;
    let second: Value = out.get("/_emulator/faults").await.json().await.unwrap();
    assert_eq!(second, first);
    // No fault struck while the requests were replayed: a used-up rule stays so.
    assert_eq!((out.rows("").await.len(), rows), (3, 3));
    assert_eq!(by_rule(&out).await, json!([1, 0]));
    assert_eq!(chats(&out, 1).await, [201]);
    assert_eq!((graph_send(&out).await, graph_send(&out).await), (504, 201));
    let added = json!({"rules": [{"match": {"platform": "acs-chat"}, "times": 2,
        "action": {"kind": "status", "status": 500}}]});
    let add = out.post("/_emulator/faults").json(&added);
    assert_eq!(Outside::ask(add).await.0, 200);
    assert_eq!(chats(&out, 1).await, [500]);
    out.emulator.shutdown().await;

    let out = folder.start().await;
    assert_eq!(by_rule(&out).await, json!([1, 1, 1]));
    assert_eq!(chats(&out, 2).await, [500, 201]);
    let clear = out.client.delete(format!("{}/_emulator/faults", out.base));
    assert_eq!(Outside::ask(clear).await.0, 204);
    out.emulator.shutdown().await;
    let out = folder.start().await;
    let last: Value = out.get("/_emulator/faults").await.json().await.unwrap();
    assert_eq!(last, json!({"rules": []}));
}

/// What is made when it is first read, and named by its id from then on.
#[tokio::test]
async fn files_in_the_folder_of_a_channel_and_in_a_drive_of_an_unknown_user_are_kept() {
    let folder = Folder::new("drives");
    let out = folder.start().await;
    let graph = out.emulator.seed().graph.clone();
    let of_channel = format!(
        "/v1.0/teams/{}/channels/{}/filesFolder",
        graph.team_id, graph.channel_id
    );
    let of_user = "/v1.0/users/12345678-0000-4000-8000-000000000009/drive/root";
    let app = out
        .emulator
        .seed()
        .graph_app_token(&["Files.ReadWrite.All", "Sites.ReadWrite.All"], FAR);
    for (place, name) in [(of_channel.as_str(), "a.txt"), (of_user, "b.txt")] {
        let (status, place) = Outside::ask(out.with_token(&app, "GET", place)).await;
        assert_eq!(status, 200, "{place}");
        let drive = place["parentReference"]["driveId"].as_str().unwrap();
        let item = place["id"].as_str().unwrap();
        let path = format!("/v1.0/drives/{drive}/items/{item}:/{name}:/content");
        let put = out.with_token(&app, "PUT", &path).body("kept");
        assert_eq!(Outside::ask(put).await.0, 201);
    }
    let files = |out: &Outside| {
        let mut files = out.emulator.files();
        files.sort_by(|a, b| a.name.cmp(&b.name));
        files
    };
    let before = files(&out);
    assert_eq!(before.len(), 2);
    out.emulator.shutdown().await;

    let out = folder.start().await;
    assert_eq!(files(&out), before);
}

#[tokio::test]
async fn draws_and_attempts_go_on_as_without_a_restart() {
    let rules = json!({"seed": 7, "rules": [
        {"match": {"platform": "acs-chat", "operation": "send", "probability": 0.5},
         "action": {"kind": "status", "status": 503}},
    ]});
    let whole = Folder::new("whole");
    let out = whole.start().await;
    out.faults(rules.clone()).await;
    let expected = chats(&out, 24).await;
    assert!(expected.contains(&503) && expected.contains(&201));

    let parts = Folder::new("parts");
    let out = parts.start().await;
    out.faults(rules).await;
    let mut found = chats(&out, 11).await;
    out.emulator.shutdown().await;
    let out = parts.start().await;
    found.extend(chats(&out, 13).await);
    assert_eq!(found, expected);
}

#[tokio::test]
async fn the_rules_of_the_builder_go_on_and_other_ones_replace_them() {
    let folder = Folder::new("builder");
    let once = |status: u16| {
        let rule = FaultRule::new(FaultAction::status(status)).with_times(1);
        let rule = rule
            .with_platform(Platform::ACS_CHAT)
            .with_operation("send");
        Faults::new().with_rule(rule)
    };
    let with = |faults: Faults| start(folder.builder().with_faults(faults));
    let out = with(once(503)).await;
    assert_eq!(chats(&out, 2).await, [503, 201]);
    out.emulator.shutdown().await;
    let out = with(once(503)).await;
    assert_eq!(chats(&out, 1).await, [201]);
    out.emulator.shutdown().await;
    let out = with(once(500)).await;
    assert_eq!(chats(&out, 2).await, [500, 201]);
    out.emulator.shutdown().await;
    let out = folder.start().await;
    assert_eq!(by_rule(&out).await, json!([1]));
    assert_eq!(chats(&out, 1).await, [201]);
}

/// The same receiver at the next start.
async fn restarted(folder: &Folder, scene: Scene) -> Scene {
    let Scene { outside, receiver } = scene;
    outside.emulator.shutdown().await;
    let outside = folder.start().await;
    Scene { outside, receiver }
}

async fn listed(scene: &Scene) -> Value {
    let (status, all) = scene.call(Method::GET, "", Value::Null).await;
    assert_eq!(status, 200);
    all["value"].clone()
}

#[tokio::test]
async fn subscriptions_go_on_without_another_handshake_or_delivery() {
    let folder = Folder::new("subscriptions");
    let outside = folder.start().await;
    let receiver = Receiver::start().await;
    let scene = Scene { outside, receiver };
    let pace = json!({"time_factor": 1000, "response_ms": 4321});
    let (status, _) = scene.admin(Method::PUT, "graph-notifications", pace).await;
    assert_eq!(status, 200);
    // One whose receiver refuses is not kept.
    let refusing = Receiver::with(|_| StatusCode::FORBIDDEN.into_response()).await;
    let (status, _) = scene
        .refused(json!({"notificationUrl": refusing.url}))
        .await;
    assert_eq!(status, 400);
    let made = scene.subscribe(scene.encrypted()).await;
    scene.send("one").await;
    scene.receiver.wait(1).await;
    let before = listed(&scene).await;

    let scene = restarted(&folder, scene).await;
    assert_eq!(listed(&scene).await, before);
    let id = scene.send("two").await;
    let got = scene.receiver.wait(2).await;
    let item = &got[1].json()["value"][0];
    assert_eq!(item["subscriptionId"], made["id"]);
    assert_eq!(item["clientState"], "s3cret");
    assert_eq!(item["resourceData"]["id"], id);
    let content = crate::receiver::crypto::decrypt(&item["encryptedContent"]);
    assert_eq!(content["body"]["content"], "two");
    // One handshake, and each message once.
    assert_eq!((scene.receiver.all().len(), got.len()), (3, 2));
    let (_, shown) = scene
        .admin(Method::GET, "graph-notifications", Value::Null)
        .await;
    assert_eq!(
        (&shown["time_factor"], &shown["response_ms"]),
        (&json!(1000), &json!(4321))
    );

    let path = format!("/{}", made["id"].as_str().unwrap());
    let renewal = json!({"expirationDateTime": in_minutes(55)});
    let (status, renewed) = scene.call(Method::PATCH, &path, renewal).await;
    assert_eq!(status, 200, "{renewed}");
    let scene = restarted(&folder, scene).await;
    assert_eq!(
        listed(&scene).await[0]["expirationDateTime"],
        renewed["expirationDateTime"]
    );
    assert_eq!(scene.call(Method::DELETE, &path, Value::Null).await.0, 204);
    let scene = restarted(&folder, scene).await;
    assert_eq!(listed(&scene).await, json!([]));
    scene.send("three").await;
    let next = scene.subscribe(json!({})).await;
    assert_ne!(next["id"], made["id"]);
    assert_eq!(scene.receiver.deliveries().len(), 2);
}

#[tokio::test]
async fn a_paused_subscription_stays_so_until_it_is_reauthorized() {
    let folder = Folder::new("paused");
    let outside = folder.start().await;
    let receiver = Receiver::start().await;
    let life = Receiver::start().await;
    let scene = Scene { outside, receiver };
    let body =
        json!({"lifecycleNotificationUrl": life.url, "expirationDateTime": in_minutes(4300)});
    let made = scene.subscribe(body).await;
    let event = json!({"subscription": made["id"], "event": "reauthorizationRequired"});
    let path = "graph-notifications/lifecycle";
    assert_eq!(scene.admin(Method::POST, path, event).await.0, 202);
    life.wait(1).await;

    let scene = restarted(&folder, scene).await;
    scene.send("lost in the pause").await;
    let (_, shown) = scene
        .admin(Method::GET, "graph-notifications", Value::Null)
        .await;
    let one = &shown["subscriptions"][0];
    assert_eq!(
        (&one["paused"], &one["lost"]),
        (&json!(true), &json!(1)),
        "{shown}"
    );
    let reauthorize = format!("/{}/reauthorize", made["id"].as_str().unwrap());
    assert_eq!(
        scene.call(Method::POST, &reauthorize, Value::Null).await.0,
        204
    );
    let scene = restarted(&folder, scene).await;
    let id = scene.send("notified").await;
    let got = scene.receiver.wait(1).await;
    assert_eq!(got[0].json()["value"][0]["resourceData"]["id"], id);
    // What makes a subscription again from the file is no request for clients.
    let (status, _) = scene
        .admin(
            Method::PUT,
            "graph-notifications/subscription",
            json!({"id": made["id"]}),
        )
        .await;
    assert_eq!(
        (status, listed(&scene).await.as_array().unwrap().len()),
        (404, 1)
    );
}
