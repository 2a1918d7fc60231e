//! Change notifications of Graph, as a receiver gets them.

use std::time::Duration;

use crate::receiver::{
    Got, Receiver, Say, crypto,
    scene::{Scene, in_minutes},
};
use axum::response::{IntoResponse as _, Response};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn messages_are_notified_when_made_changed_and_deleted() {
    let scene = Scene::start().await;
    let made = scene.subscribe(json!({})).await;
    let handshake = &scene.receiver.all()[0];
    assert_eq!(handshake.method, "POST");
    assert_eq!(
        handshake.header("content-type"),
        "text/plain; charset=utf-8"
    );
    let query = handshake.uri.query().unwrap();
    assert!(
        query.starts_with("key=s3cret&validationToken=Validation%3A+Testing+client"),
        "{query}"
    );
    assert!(handshake.body.is_empty());
    let graph = &scene.outside.emulator.seed().graph;
    let id = scene.send("one").await;
    let path = format!("{}/{id}", scene.outside.graph_chat());
    let token = graph.token.clone();
    let body = json!({"body": {"content": "two"}});
    let (status, _) = scene.outside.bear(&token, Method::PATCH, &path, body).await;
    assert_eq!(status, 204);
    let path = format!(
        "/v1.0/users/{}/chats/{}/messages/{id}/softDelete",
        graph.users[0].id, graph.chat_id
    );
    let (status, body) = scene
        .outside
        .bear(&token, Method::POST, &path, json!({}))
        .await;
    assert_eq!(status, 204, "{body}");
    let got = scene.receiver.wait(3).await;
    let items: Vec<Value> = got
        .iter()
        .map(|got| got.json()["value"][0].clone())
        .collect();
    let changes: Vec<&str> = items
        .iter()
        .map(|item| item["changeType"].as_str().unwrap())
        .collect();
    assert_eq!(changes, ["created", "updated", "deleted"]);
    let resource = format!("chats('{}')/messages('{id}')", graph.chat_id);
    let item = &items[0];
    assert_eq!(item["subscriptionId"], made["id"]);
    assert_eq!(
        (&item["clientState"], &item["tenantId"]),
        (&json!("s3cret"), &json!(graph.tenant_id))
    );
    assert_eq!(item["resource"], resource);
    let data =
        json!({"@odata.type": "#Microsoft.Graph.chatMessage", "@odata.id": resource, "id": id});
    assert_eq!(item["resourceData"], data);
    assert!(got[0].json().get("validationTokens").is_none());
    assert_eq!(
        got[0].header("content-type"),
        "application/json; charset=utf-8"
    );
    assert_eq!(got[0].uri.query(), Some("key=s3cret"));
}

#[tokio::test]
async fn messages_travel_encrypted_for_the_certificate() {
    let scene = Scene::start().await;
    scene.subscribe(scene.encrypted()).await;
    let id = scene.send("héllo").await;
    scene.send("again").await;
    let got = scene.receiver.wait(2).await;
    let contents: Vec<Value> = got
        .iter()
        .map(|got| got.json()["value"][0]["encryptedContent"].clone())
        .collect();
    assert!(crypto::is_signed(&contents[0]));
    assert_ne!(
        crypto::data_key(&contents[0]),
        crypto::data_key(&contents[1])
    );
    let message = crypto::decrypt(&contents[0]);
    assert_eq!(
        (&message["id"], &message["body"]["content"]),
        (&json!(id), &json!("héllo"))
    );
    assert_eq!(contents[0]["encryptionCertificateId"], "cert-1");
    assert_eq!(
        contents[0]["encryptionCertificateThumbprint"]
            .as_str()
            .unwrap()
            .len(),
        40
    );
    let token = got[0].json()["validationTokens"][0].clone();
    let claims = crypto::verified(token.as_str().unwrap(), &scene.keys().await);
    let graph = &scene.outside.emulator.seed().graph;
    assert_eq!(claims["azp"], "0bf30f3b-4a52-48df-9a82-234910c4a086");
    assert_eq!(claims["tid"], graph.tenant_id);
    let issuer = format!("https://login.microsoftonline.com/{}/v2.0", graph.tenant_id);
    assert_eq!(claims["iss"], issuer);
    let (_, mine) = scene.call(Method::GET, "", Value::Null).await;
    assert_eq!(claims["aud"], mine["value"][0]["applicationId"]);
}

#[tokio::test]
async fn subscriptions_are_listed_renewed_and_deleted_by_their_app() {
    let scene = Scene::start().await;
    let made = scene.subscribe(json!({})).await;
    assert_eq!(made["clientState"], Value::Null);
    assert_eq!(made["changeType"], "created,updated,deleted");
    let path = format!("/{}", made["id"].as_str().unwrap());
    let renewal = json!({"expirationDateTime": in_minutes(50)});
    let (status, renewed) = scene.call(Method::PATCH, &path, renewal).await;
    assert_eq!(status, 200);
    assert_ne!(renewed["expirationDateTime"], made["expirationDateTime"]);
    let (status, _) = scene
        .call(
            Method::PATCH,
            &path,
            json!({"lifecycleNotificationUrl": "http://127.0.0.1/"}),
        )
        .await;
    assert_eq!(status, 400);
    let (status, one) = scene.call(Method::GET, &path, Value::Null).await;
    assert_eq!((status, &one["id"]), (200, &made["id"]));
    let reauthorize = format!("{path}/reauthorize");
    assert_eq!(
        scene.call(Method::POST, &reauthorize, Value::Null).await.0,
        204
    );
    assert_eq!(scene.call(Method::DELETE, &path, Value::Null).await.0, 204);
    assert_eq!(scene.call(Method::GET, &path, Value::Null).await.0, 404);
    let (_, all) = scene.call(Method::GET, "", Value::Null).await;
    assert_eq!(all["value"], json!([]));
}

#[tokio::test]
async fn subscriptions_that_break_a_rule_are_refused() {
    let scene = Scene::start().await;
    let cases = [
        (
            json!({"expirationDateTime": in_minutes(61)}),
            "lifecycleNotificationUrl is a required property for subscription creation on this resource when the expirationDateTime value is set to greater than 1 hour",
        ),
        (
            json!({"expirationDateTime": in_minutes(4321), "lifecycleNotificationUrl": scene.receiver.url}),
            "Subscription expiration can only be 4320 minutes in the future.",
        ),
        (
            json!({"expirationDateTime": "2020-01-01T00:00:00Z"}),
            "Subscription expiration must be in the future.",
        ),
        (
            json!({"clientState": "x".repeat(129)}),
            "clientState has a maximum length of 128 characters.",
        ),
        (
            json!({"changeType": "created,other"}),
            "changeType must be a list of created, updated and deleted.",
        ),
        (
            json!({"notificationUrl": "http://example.org/"}),
            "notificationUrl must be a loopback address: localhost, 127.0.0.1 or [::1].",
        ),
        (
            json!({"resource": "/users/u/messages"}),
            "The resource of the subscription is not supported.",
        ),
        (
            json!({"includeResourceData": true}),
            "encryptionCertificate and encryptionCertificateId are required properties when includeResourceData is set to true.",
        ),
        (
            json!({"includeResourceData": true, "encryptionCertificateId": "c", "encryptionCertificate": "AAAA"}),
            "encryptionCertificate must be an X.509 certificate in Base64.",
        ),
    ];
    for (other, message) in cases {
        assert_eq!(scene.refused(other).await, (400, message.to_owned()));
    }
    assert!(scene.receiver.all().is_empty());
    scene.subscribe(json!({})).await;
    let (status, message) = scene.refused(json!({})).await;
    assert_eq!(status, 403);
    assert!(message.contains("quota"), "{message}");
    let token = scene
        .outside
        .emulator
        .seed()
        .graph_app_token(&["Team.ReadBasic.All"], 4_102_444_800);
    let body = scene.body(&json!({}));
    let (status, _) = scene
        .outside
        .bear(&token, Method::POST, "/v1.0/subscriptions", body)
        .await;
    assert_eq!(status, 403);
}

#[tokio::test]
async fn receivers_that_do_not_echo_the_token_are_refused() {
    const RESPOND: &str = "Subscription validation request failed. Notification endpoint must respond with 200 OK to validation request.";
    const MATCH: &str = "Subscription validation request failed. Response must exactly match validationToken query parameter.";
    let scene = Scene::start().await;
    type Case = (fn(&Got) -> Response, &'static str);
    let receivers: [Case; 3] = [
        (|_| http::StatusCode::ACCEPTED.into_response(), RESPOND),
        (
            |_| ([("content-type", "text/plain")], "other").into_response(),
            MATCH,
        ),
        (
            |got| axum::Json(got.uri.query().unwrap().to_owned()).into_response(),
            MATCH,
        ),
    ];
    for (handshake, message) in receivers {
        let receiver = Receiver::with(handshake).await;
        let refused = scene
            .refused(json!({"notificationUrl": receiver.url}))
            .await;
        assert_eq!(refused, (400, message.to_owned()));
        let lifecycle = json!({"lifecycleNotificationUrl": receiver.url});
        assert_eq!(scene.refused(lifecycle).await, (400, message.to_owned()));
    }
    let refused = scene
        .refused(json!({"notificationUrl": "http://127.0.0.1:1/"}))
        .await;
    assert_eq!(refused, (400, RESPOND.to_owned()));
    scene
        .admin(
            Method::PUT,
            "graph-notifications",
            json!({"response_ms": 50}),
        )
        .await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let (_, message) = scene.refused(json!({"notificationUrl": url})).await;
    assert_eq!(message, "Subscription validation request timed out.");
}

#[tokio::test]
async fn refused_notifications_are_retried_and_then_lost() {
    let scene = Scene::start().await;
    scene.subscribe(json!({})).await;
    scene
        .receiver
        .say([Say::Status(503), Say::Status(404), Say::Status(204)]);
    scene.send("one").await;
    let got = scene.receiver.wait(3).await;
    assert_eq!(got[0].body, got[2].body);
    scene.receiver.say((0..50).map(|_| Say::Status(500)));
    scene
        .admin(
            Method::PUT,
            "graph-notifications",
            json!({"time_factor": 1_000_000}),
        )
        .await;
    scene.send("two").await;
    let lost = async {
        loop {
            let (_, shown) = scene
                .admin(Method::GET, "graph-notifications", Value::Null)
                .await;
            if shown["subscriptions"][0]["lost"] == 1 {
                return shown;
            }
        }
    };
    let shown = tokio::time::timeout(Duration::from_secs(20), lost)
        .await
        .unwrap();
    assert_eq!(shown["subscriptions"][0]["waiting"], 0);
}

#[tokio::test]
async fn lifecycle_events_pause_and_end_a_subscription() {
    let scene = Scene::start().await;
    let life = Receiver::start().await;
    let made = scene
        .subscribe(
            json!({"lifecycleNotificationUrl": life.url, "expirationDateTime": in_minutes(4300)}),
        )
        .await;
    let lifecycle = |event: &str| json!({"subscription": made["id"], "event": event});
    let path = "graph-notifications/lifecycle";
    let (status, _) = scene
        .admin(Method::POST, path, lifecycle("reauthorizationRequired"))
        .await;
    assert_eq!(status, 202);
    let item = life.wait(1).await[0].json()["value"][0].clone();
    assert_eq!(item["lifecycleEvent"], "reauthorizationRequired");
    assert_eq!(
        (&item["clientState"], &item["subscriptionId"]),
        (&json!("s3cret"), &made["id"])
    );
    assert!(item.get("resourceData").is_none() && item.get("changeType").is_none());
    scene.send("lost in the pause").await;
    let reauthorize = format!("/{}/reauthorize", made["id"].as_str().unwrap());
    assert_eq!(
        scene.call(Method::POST, &reauthorize, Value::Null).await.0,
        204
    );
    let id = scene.send("notified").await;
    let got = scene.receiver.wait(1).await;
    assert_eq!(got[0].json()["value"][0]["resourceData"]["id"], id);
    scene
        .admin(Method::POST, path, lifecycle("subscriptionRemoved"))
        .await;
    assert_eq!(
        life.wait(2).await[1].json()["value"][0]["lifecycleEvent"],
        "subscriptionRemoved"
    );
    assert_eq!(
        scene.call(Method::GET, "", Value::Null).await.1["value"],
        json!([])
    );
    let (status, _) = scene.admin(Method::POST, path, lifecycle("other")).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn the_end_of_a_subscription_is_notified_until_it_is_acknowledged() {
    let scene = Scene::start().await;
    let life = Receiver::start().await;
    let made = scene
        .subscribe(json!({"lifecycleNotificationUrl": life.url}))
        .await;
    let pace = json!({"response_ms": 300, "time_factor": 1000});
    scene.admin(Method::PUT, "graph-notifications", pace).await;
    life.say([Say::Nothing, Say::Status(503)]);
    let event = json!({"subscription": made["id"], "event": "subscriptionRemoved"});
    let path = "graph-notifications/lifecycle";
    scene.admin(Method::POST, path, event).await;
    life.wait(1).await;
    // It is over, and its last event under way.
    let (_, all) = scene.call(Method::GET, "", Value::Null).await;
    assert_eq!(all["value"], json!([]));
    let got = life.wait(3).await;
    assert_eq!(got[0].body, got[2].body);
}

#[tokio::test]
async fn subscriptions_end_by_the_services_clock_and_by_a_reset() {
    let scene = Scene::start().await;
    scene.subscribe(json!({})).await;
    scene.outside.emulator.set_clock_offset(31 * 60).unwrap();
    assert_eq!(
        scene.call(Method::GET, "", Value::Null).await.1["value"],
        json!([])
    );
    scene.outside.emulator.set_clock_offset(0).unwrap();
    scene
        .subscribe(json!({"expirationDateTime": in_minutes(50)}))
        .await;
    scene.outside.emulator.reset();
    assert_eq!(
        scene.call(Method::GET, "", Value::Null).await.1["value"],
        json!([])
    );
}

#[tokio::test]
async fn all_chats_and_channels_can_be_watched() {
    let scene = Scene::start().await;
    let user = scene.outside.emulator.seed().graph.users[0].upn.clone();
    let channels = Receiver::start().await;
    scene
        .subscribe(json!({"resource": format!("users/{user}/chats/getAllMessages")}))
        .await;
    scene
        .subscribe(json!({"resource": "/teams/getAllMessages", "notificationUrl": channels.url}))
        .await;
    scene.send("to the chat").await;
    let path = scene.outside.graph_channel();
    let (status, root) = scene
        .outside
        .graph(&path, &json!({"body": {"content": "root"}}))
        .await;
    assert_eq!(status, 201);
    let id = root["id"].as_str().unwrap();
    let replies = format!("{path}/{id}/replies");
    let (_, reply) = scene
        .outside
        .graph(&replies, &json!({"body": {"content": "reply"}}))
        .await;
    let got = channels.wait(2).await;
    let resource = got[1].json()["value"][0]["resource"].clone();
    let end = format!(
        "/messages('{id}')/replies('{}')",
        reply["id"].as_str().unwrap()
    );
    assert!(resource.as_str().unwrap().ends_with(&end), "{resource}");
    assert_eq!(scene.receiver.wait(1).await.len(), 1);
}

#[tokio::test]
async fn injected_messages_are_notified_too() {
    let scene = Scene::start().await;
    scene.subscribe(json!({})).await;
    let graph = &scene.outside.emulator.seed().graph;
    let made = scene.outside.emulator.inject(&json!({
        "platform": "msgraph-chat", "conversation": graph.chat_id, "sender": graph.users[1].id, "text": "hi",
    }));
    let got = scene.receiver.wait(1).await;
    assert_eq!(
        got[0].json()["value"][0]["resourceData"]["id"],
        made.unwrap()["message_id"]
    );
}
