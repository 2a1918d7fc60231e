//! Services that are slow, redirect, or send more than fits.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    http::{HeaderMap, StatusCode},
    response::Redirect,
    routing::{any, get, post},
};
use ms_messenger_emulator::Recorder;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    sync::Notify,
};

use crate::{
    outside::{Outside, client},
    record::Folder,
};

/// Serves the routes, and returns the origin.
pub(crate) async fn service(routes: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    url
}

async fn recorder(folder: &Folder, url: &str) -> Recorder {
    Recorder::builder(url, folder.file()).start().await.unwrap()
}

#[tokio::test]
async fn a_redirect_is_passed_back_and_not_followed() {
    let folder = Folder::new();
    let routes = Router::new()
        .route(
            "/v1.0/me/photo",
            get(|| async {
                Redirect::temporary("https://contoso-my.example/lene/secret?sig=abc123xyz")
            }),
        )
        .route("/{*rest}", any(|| async { StatusCode::IM_A_TEAPOT }));
    let recorder = recorder(&folder, &service(routes).await).await;
    let url = format!("{}/v1.0/me/photo", recorder.http_url());
    let response = client().get(url).send().await.unwrap();
    assert_eq!(response.status(), 307);
    assert_eq!(
        response.headers()["location"],
        "https://contoso-my.example/lene/secret?sig=abc123xyz"
    );
    let line = &folder.lines()[1];
    let headers = line["response"]["headers"].as_array().unwrap();
    let location = headers
        .iter()
        .find(|header| header[0] == "location")
        .unwrap();
    let kept = location[1].as_str().unwrap();
    for secret in ["contoso", "lene", "abc123xyz"] {
        assert!(!kept.contains(secret), "{kept}");
    }
}

#[tokio::test]
async fn a_service_that_is_too_slow_is_a_504_and_no_line() {
    let folder = Folder::new();
    let routes = Router::new().route("/v1.0/me", get(std::future::pending::<StatusCode>));
    let url = service(routes).await;
    let builder = Recorder::builder(url, folder.file()).with_patience(Duration::from_millis(50));
    let recorder = builder.start().await.unwrap();
    let (status, _) = Outside::ask(client().get(format!("{}/v1.0/me", recorder.http_url()))).await;
    assert_eq!((status, recorder.counts().failed), (504, 1));
    assert_eq!(folder.lines().len(), 1);
}

#[tokio::test]
async fn a_large_response_is_passed_on_whole_and_recorded_without_its_content() {
    const SIZE: usize = 20 << 20;
    let folder = Folder::new();
    let routes = Router::new().route(
        "/v1.0/me/drive/root/content",
        get(|| async { vec![b'x'; SIZE] }),
    );
    let recorder = recorder(&folder, &service(routes).await).await;
    let url = format!("{}/v1.0/me/drive/root/content", recorder.http_url());
    let body = client()
        .get(url)
        .send()
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    assert_eq!(body.len(), SIZE);
    let line = &folder.lines()[1];
    assert!(line["response"]["body"]["removed"].is_u64(), "{line}");
    assert!(line.to_string().len() < 2000);
}

#[tokio::test]
async fn a_response_that_is_cut_off_is_cut_off_for_the_client_too() {
    let folder = Folder::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = [0; 4096];
        assert!(stream.read(&mut asked).await.unwrap() > 0);
        let cut = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"id\":";
        stream.write_all(cut).await.unwrap();
    });
    let recorder = recorder(&folder, &url).await;
    let url = format!("{}/v1.0/me", recorder.http_url());
    let response = client().get(url).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.bytes().await.is_err());
    assert!(folder.lines()[1]["response"]["body"]["removed"].is_u64());
}

#[tokio::test]
async fn the_credentials_and_the_body_reach_the_service_unchanged() {
    let folder = Folder::new();
    let seen = Arc::new(std::sync::Mutex::new(None));
    let keep = Arc::clone(&seen);
    let routes = Router::new().route(
        "/common/oauth2/v2.0/token",
        post(move |headers: HeaderMap, body: String| async move {
            *keep.lock().unwrap() = Some((headers, body));
            axum::Json(json!({"access_token": "eyJ.secret.token", "token_type": "Bearer", "expires_in": 3599}))
        }),
    );
    let url = service(routes).await;
    let recorder = recorder(&folder, &url).await;
    let form = "client_id=my-client&client_secret=s3cr3t%21&grant_type=client_credentials&username=lene%40contoso.com";
    let request = client()
        .post(format!("{}/common/oauth2/v2.0/token", recorder.http_url()))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("cookie", "session=very-secret")
        .bearer_auth("bearer-secret");
    let (status, token) = Outside::ask(request.body(form)).await;
    assert_eq!(
        (status, &token["access_token"]),
        (200, &json!("eyJ.secret.token"))
    );
    let (headers, body) = seen.lock().unwrap().take().unwrap();
    assert_eq!(body, form);
    assert_eq!(headers["authorization"], "Bearer bearer-secret");
    assert_eq!(headers["cookie"], "session=very-secret");
    assert_eq!(
        headers["host"].to_str().unwrap(),
        url.trim_start_matches("http://")
    );
    let line: &Value = &folder.lines()[1];
    for secret in ["secret", "s3cr3t", "lene", "contoso", "my-client"] {
        let shown = line.to_string().replace("client_secret", "");
        assert!(!shown.contains(secret), "{secret} in {line}");
    }
    let fields = line["request"]["body"]["form"].as_array().unwrap();
    assert!(
        fields.contains(&json!(["grant_type", "client_credentials"])),
        "{fields:?}"
    );
    assert!(
        fields.contains(&json!(["client_secret", "removed"])),
        "{fields:?}"
    );
    let kept = &line["response"]["body"]["json"];
    assert_eq!(
        kept,
        &json!({"access_token": "removed", "token_type": "Bearer", "expires_in": 3599})
    );
}

#[tokio::test]
async fn what_finished_is_in_the_file_while_another_request_is_open() {
    let folder = Folder::new();
    let open = Arc::new(Notify::new());
    let arrived = Arc::new(Notify::new());
    let (hold, tell) = (Arc::clone(&open), Arc::clone(&arrived));
    let routes = Router::new()
        .route("/v1.0/me", get(|| async { axum::Json(json!({"id": 1})) }))
        .route(
            "/v1.0/users",
            get(move || async move {
                tell.notify_one();
                hold.notified().await;
            }),
        );
    let recorder = recorder(&folder, &service(routes).await).await;
    let base = recorder.http_url().to_owned();
    let held = tokio::spawn(client().get(format!("{base}/v1.0/users")).send());
    arrived.notified().await;
    assert_eq!(
        Outside::ask(client().get(format!("{base}/v1.0/me")))
            .await
            .0,
        200
    );
    assert_eq!(folder.lines().len(), 2);
    open.notify_one();
    assert_eq!(held.await.unwrap().unwrap().status(), 200);
    assert_eq!(folder.lines()[2]["n"], 2);
}
