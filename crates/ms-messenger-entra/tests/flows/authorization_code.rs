//! Sign-in by the browser of this machine. The browser is a few lines over a socket.

use std::{
    collections::BTreeMap,
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

use mockito::Server;
use ms_messenger_core::{ErrorKind, Result, TokenRequest};
use ms_messenger_entra::{AuthorizationCode, SignIn, TokenErrorCode};
use secrecy::ExposeSecret;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinHandle,
};
use url::Url;

use crate::support::{SCOPES, application, token_error};

/// A sign-in under way, and the page that it opened.
struct Flow {
    page: Url,
    done: JoinHandle<Result<SignIn>>,
}

impl Flow {
    async fn begin(
        server: &mockito::ServerGuard,
        change: fn(AuthorizationCode) -> AuthorizationCode,
    ) -> Self {
        let (opened, pages): (_, Receiver<Url>) = channel();
        let flow = ms_messenger_entra::Application::new("contoso.com", "the-client")
            .with_authority(server.url())
            .authorization_code(move |page| opened.send(page.clone()).unwrap());
        let flow = change(flow.unwrap());
        let done = tokio::spawn(async move { flow.sign_in(&TokenRequest::new(&SCOPES)).await });
        let page = tokio::task::spawn_blocking(move || pages.recv().unwrap());
        let page = page.await.unwrap();
        Self { page, done }
    }

    fn query(&self) -> BTreeMap<String, String> {
        self.page.query_pairs().into_owned().collect()
    }

    fn port(&self) -> u16 {
        let redirect = &self.query()["redirect_uri"];
        let port = redirect.strip_prefix("http://localhost:").unwrap();
        port.parse().unwrap()
    }

    /// Asks the listener for `target` under the name `host`.
    async fn get(&self, target: &str, host: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port()))
            .await
            .unwrap();
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: {host}:{}\r\n\r\n",
            self.port()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).await.unwrap();
        response
    }

    /// Brings `query` and the true state to the listener.
    async fn bring(&self, query: &str) -> String {
        let state = &self.query()["state"];
        self.get(&format!("/?{query}&state={state}"), "localhost")
            .await
    }

    async fn end(self) -> Result<SignIn> {
        self.done.await.unwrap()
    }
}

async fn token_endpoint(server: &mut mockito::ServerGuard, page: &Flow) -> mockito::Mock {
    use sha2::Digest as _;
    let query = page.query();
    let body = serde_json::json!({
        "token_type": "Bearer", "expires_in": 3599, "access_token": "T1", "refresh_token": "R1",
        "id_token": "e30.eyJvaWQiOiJvLTEiLCJwcmVmZXJyZWRfdXNlcm5hbWUiOiJhbGljZUBjb250b3NvLmNvbSJ9.c2ln",
    });
    server
        .mock("POST", "/contoso.com/oauth2/v2.0/token")
        .match_request(move |request| {
            use base64::Engine as _;
            let body = request.body().unwrap();
            let form: BTreeMap<String, String> =
                url::form_urlencoded::parse(body).into_owned().collect();
            let names: Vec<&str> = form.keys().map(String::as_str).collect();
            let made = sha2::Sha256::digest(form.get("code_verifier").map_or("", String::as_str));
            let made = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(made);
            names
                == [
                    "client_id",
                    "code",
                    "code_verifier",
                    "grant_type",
                    "redirect_uri",
                ]
                && form["client_id"] == "the-client"
                && form["code"] == "C+1"
                && form["grant_type"] == "authorization_code"
                && form["redirect_uri"] == query["redirect_uri"]
                && made == query["code_challenge"]
        })
        .with_header("content-type", "application/json")
        .with_body(body.to_string())
        .create_async()
        .await
}

#[tokio::test]
async fn the_browser_brings_a_code_which_is_redeemed_under_its_verifier() {
    let mut server = Server::new_async().await;
    let flow = Flow::begin(&server, |flow| flow.with_login_hint("alice@contoso.com")).await;
    let query = flow.query();
    assert_eq!(flow.page.path(), "/contoso.com/oauth2/v2.0/authorize");
    let fixed = [
        ("client_id", "the-client"),
        ("code_challenge_method", "S256"),
        ("login_hint", "alice@contoso.com"),
        ("prompt", "select_account"),
        ("response_mode", "query"),
        ("response_type", "code"),
        (
            "scope",
            "https://graph.microsoft.com/.default offline_access openid profile",
        ),
    ];
    for (name, value) in fixed {
        assert_eq!(query[name], value, "{name}");
    }
    assert_eq!(query.len(), fixed.len() + 3, "{query:?}");
    token_endpoint(&mut server, &flow).await;
    // Browsers also open connections that they do not use.
    let _idle = TcpStream::connect(("127.0.0.1", flow.port()))
        .await
        .unwrap();
    let shown = flow.bring("code=C%2B1&session_state=x").await;
    assert!(shown.starts_with("HTTP/1.1 200 OK\r\n"), "{shown}");
    assert!(shown.contains("cache-control: no-store\r\n"), "{shown}");
    assert!(
        shown.ends_with("You are signed in. You can close this page."),
        "{shown}"
    );
    let sign_in = flow.end().await.unwrap();
    assert_eq!(sign_in.access_token.secret(), "T1");
    assert_eq!(
        sign_in.refresh_token.as_ref().unwrap().expose_secret(),
        "R1"
    );
    assert_eq!(sign_in.user.as_deref(), Some("alice@contoso.com"));
    assert_eq!(sign_in.user_id.as_deref(), Some("o-1"));
    assert_eq!(sign_in.scopes, SCOPES);
    let shown = format!("{sign_in:?}");
    assert!(!shown.contains("T1") && !shown.contains("R1"), "{shown}");
}

#[tokio::test]
async fn what_belongs_to_another_sign_in_changes_nothing() {
    let mut server = Server::new_async().await;
    let flow = Flow::begin(&server, |flow| flow).await;
    let state = flow.query()["state"].clone();
    for (target, host, status) in [
        ("/?code=EVIL&state=wrong".to_owned(), "localhost", 400),
        ("/?code=EVIL".to_owned(), "localhost", 400),
        ("/?error=access_denied".to_owned(), "localhost", 400),
        ("/".to_owned(), "localhost", 400),
        (format!("/?code=EVIL&state={state}"), "evil.example", 403),
        ("/favicon.ico".to_owned(), "localhost", 404),
    ] {
        let shown = flow.get(&target, host).await;
        assert!(
            shown.starts_with(&format!("HTTP/1.1 {status} ")),
            "{target}: {shown}"
        );
        assert!(!shown.contains("EVIL"), "{shown}");
    }
    token_endpoint(&mut server, &flow).await;
    flow.bring("code=C%2B1").await;
    assert_eq!(flow.end().await.unwrap().access_token.secret(), "T1");
}

#[tokio::test]
async fn hostile_requests_do_no_harm() {
    let mut server = Server::new_async().await;
    let flow = Flow::begin(&server, |flow| flow).await;
    let long = format!("GET /?{} HTTP/1.1\r\n\r\n", "a".repeat(200_000));
    for bytes in [
        &b"\0\xff\xfe"[..],
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET  HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n",
        long.as_bytes(),
    ] {
        let mut stream = TcpStream::connect(("127.0.0.1", flow.port()))
            .await
            .unwrap();
        // The listener may have closed it already.
        let _ = stream.write_all(bytes).await;
        let _ = stream.shutdown().await;
        let mut response = Vec::new();
        let _ = stream.read_to_end(&mut response).await;
        assert!(!response.starts_with(b"HTTP/1.1 200"));
    }
    token_endpoint(&mut server, &flow).await;
    flow.bring("code=C%2B1").await;
    assert_eq!(flow.end().await.unwrap().access_token.secret(), "T1");
}

#[tokio::test]
async fn a_declined_sign_in_is_reported_as_such() {
    let server = Server::new_async().await;
    let flow = Flow::begin(&server, |flow| flow).await;
    let shown = flow
        .bring("error=access_denied&error_description=AADSTS65004%3A+no%0D%0Ax")
        .await;
    assert!(
        shown.ends_with("You are not signed in. You can close this page."),
        "{shown}"
    );
    let error = flow.end().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    let said = token_error(&error);
    assert_eq!(said.error, TokenErrorCode::AccessDenied);
    assert_eq!(said.description, "AADSTS65004: no  x");
}

#[tokio::test]
async fn a_sign_in_that_is_never_completed_times_out() {
    let server = Server::new_async().await;
    let flow = Flow::begin(&server, |flow| flow.with_timeout(Duration::ZERO)).await;
    let error = flow.end().await.unwrap_err();
    assert_eq!(token_error(&error).error, TokenErrorCode::ExpiredToken);
}

#[tokio::test]
async fn a_code_that_is_refused_gives_no_token_and_is_not_repeated() {
    let mut server = Server::new_async().await;
    let flow = Flow::begin(&server, |flow| flow).await;
    let body = r#"{"error":"invalid_grant","error_description":"AADSTS70008 SECRET-CODE"}"#;
    server
        .mock("POST", "/contoso.com/oauth2/v2.0/token")
        .with_status(400)
        .with_body(body)
        .create_async()
        .await;
    flow.bring("code=SECRET-CODE").await;
    let error = flow.end().await.unwrap_err();
    assert_eq!(token_error(&error).error, TokenErrorCode::InvalidGrant);
    assert!(!format!("{error:?}").contains("SECRET-CODE"), "{error:?}");
}

#[tokio::test]
async fn it_is_a_provider_whose_debug_form_says_nothing() {
    let server = Server::new_async().await;
    let provider = application(&server).authorization_code(|_| {}).unwrap();
    let shown = format!("{provider:?}");
    assert!(shown.starts_with("AuthorizationCode"), "{shown}");
}
