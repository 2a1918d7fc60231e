//! Sign-in as the clients use it, against the emulator: one token request for a claims challenge,
//! and no secret of a sign-in is printed or logged.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod log;

use std::{
    fmt,
    sync::{Arc, LazyLock, Mutex},
};

use log::Log;
use ms_messenger::{
    ErrorKind, ExposeSecret as _, Message, Messenger as _, Result, SendRequest, Target,
    TokenProvider, TokenRequest,
    entra::{Application, FileTokenStore, SignIn, StoreKey, StoredSignIn, TokenStore as _},
    msgraph_chat::GraphChatClient,
};
use ms_messenger_emulator::{
    Emulator, EntraApprover, FaultAction, FaultRule, Faults, Platform, Seed,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

const SCOPES: [&str; 1] = ["https://graph.microsoft.com/ChannelMessage.Send"];

async fn emulator() -> Emulator {
    LazyLock::force(&LOG);
    let builder = Emulator::builder()
        .with_entra_approver(EntraApprover::AtOnce)
        .with_device_interval(0);
    builder.start().await.unwrap()
}

fn application(world: &Seed) -> Application {
    Application::new(&world.entra.tenant, &world.entra.public_client_id)
        .with_authority(&world.entra.authority)
        .with_claims_challenges(true)
}

fn teams(world: &Seed, user: impl TokenProvider) -> (GraphChatClient, SendRequest) {
    let client = GraphChatClient::builder(user).with_base_url(&world.graph.base);
    let target = Target::channel(&*world.graph.team_id, &*world.graph.channel_id);
    let request = SendRequest::new(target, Message::text("hello"));
    (client.build().unwrap(), request)
}

fn entra_requests(emulator: &Emulator) -> u64 {
    let stats = emulator.stats();
    let requests = stats["platforms"]["entra"]["requests"].as_u64();
    requests.unwrap_or_else(|| panic!("{stats}"))
}

fn challenge(emulator: &Emulator, times: u64) {
    let rule = FaultRule::new(FaultAction::claims_challenge());
    let rule = rule
        .with_platform(Platform::MSGRAPH_CHAT)
        .with_operation("send");
    emulator.set_faults(Faults::new().with_rule(rule.with_times(times)));
}

#[tokio::test]
async fn a_claims_challenge_requests_one_token_and_the_message_is_sent_once() {
    let emulator = emulator().await;
    let world = emulator.seed();
    let user = application(world).device_code(|_| {}).unwrap();
    let (client, request) = teams(world, user);
    client.send(&request).await.unwrap();
    let before = entra_requests(&emulator);
    challenge(&emulator, 1);
    client.send(&request).await.unwrap();
    assert_eq!(entra_requests(&emulator), before + 1);
    assert_eq!(emulator.messages().len(), 2);
    // No further token is requested when the policy rejects the new one too.
    challenge(&emulator, 2);
    let error = client.send(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(error.is_safe_to_resend());
    assert_eq!(entra_requests(&emulator), before + 2);
    assert_eq!(emulator.messages().len(), 2);
}

#[tokio::test]
async fn sends_that_are_rejected_with_the_same_challenge_request_one_token() {
    let emulator = emulator().await;
    let world = emulator.seed();
    let user = application(world).device_code(|_| {}).unwrap();
    let (client, request) = teams(world, user);
    client.send(&request).await.unwrap();
    let before = entra_requests(&emulator);
    challenge(&emulator, 8);
    let sends = (0..8).map(|_| client.send(&request));
    for sent in futures_util::future::join_all(sends).await {
        sent.unwrap();
    }
    assert_eq!(entra_requests(&emulator), before + 1);
    assert_eq!(emulator.messages().len(), 9);
}

/// The log of all tests in this file. The subscriber is global, because `tracing` caches which spans
/// are enabled.
static LOG: LazyLock<Log> = LazyLock::new(|| {
    let log = Log::default();
    tracing::subscriber::set_global_default(log.subscriber()).unwrap();
    log
});

/// Follows the page of a sign-in as a browser does, and returns the code of the redirect.
async fn browse(page: url::Url) -> String {
    let redirect = get(&page).await;
    let location = redirect
        .lines()
        .find_map(|line| line.strip_prefix("location: "));
    let location = url::Url::parse(location.unwrap()).unwrap();
    let code = location.query_pairs().find(|(name, _)| name == "code");
    let code = code.unwrap().1.into_owned();
    let shown = get(&location).await;
    assert!(shown.starts_with("HTTP/1.1 200"), "{shown}");
    code
}

async fn get(url: &url::Url) -> String {
    let port = url.port().unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let (host, path) = (url.host_str().unwrap(), &url[url::Position::BeforePath..]);
    let request =
        format!("GET {path} HTTP/1.1\r\nhost: {host}:{port}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    response
}

/// Everything that is printed, and the secrets that must not be in it.
#[derive(Default)]
struct LeakCheck {
    printed: String,
    secrets: Vec<String>,
}

impl LeakCheck {
    fn print(&mut self, value: &dyn fmt::Debug) {
        self.printed += &format!("{value:?}{value:#?}");
    }

    fn secret(&mut self, secret: impl Into<String>) {
        self.secrets.push(secret.into());
    }

    fn sign_in(&mut self, sign_in: &SignIn) {
        self.print(sign_in);
        self.secret(sign_in.access_token.secret());
        let refresh = sign_in.refresh_token.as_ref().unwrap();
        self.secret(refresh.expose_secret());
    }

    fn check(&self) {
        let logged = LOG.text();
        assert!(logged.contains("delivery"), "spans are logged: {logged}");
        for secret in &self.secrets {
            assert!(!self.printed.contains(secret), "printed: {secret}");
            assert!(!logged.contains(secret), "logged: {secret}");
        }
    }
}

/// A code on another device, kept in a store, used by a client, renewed.
async fn by_device(emulator: &Emulator, leaks: &mut LeakCheck) {
    let world = emulator.seed();
    let codes = Arc::new(Mutex::new(Vec::new()));
    let shown = Arc::clone(&codes);
    let device = application(world).device_code(move |prompt| {
        let form = format!("{prompt:?}{prompt:#?}");
        shown.lock().unwrap().push((prompt.user_code.clone(), form));
    });
    let device = device.unwrap();
    let sign_in = device.sign_in(&TokenRequest::new(&SCOPES)).await.unwrap();
    leaks.print(&device);
    leaks.sign_in(&sign_in);
    for (code, form) in codes.lock().unwrap().drain(..) {
        leaks.secret(code);
        leaks.printed += &form;
    }
    let folder = tempfile::tempdir().unwrap();
    let key = StoreKey::random().unwrap();
    leaks.secret(key.to_base64().expose_secret());
    leaks.print(&key);
    let store = Arc::new(FileTokenStore::new(folder.path(), key));
    let stored = StoredSignIn::new(Arc::clone(&store), "bot").with_claims_challenges(true);
    stored.keep(sign_in).await.unwrap();
    leaks.print(&store);
    leaks.print(&stored);
    let (client, message) = teams(world, stored.clone());
    challenge(emulator, 1);
    leaks.print(&client.send(&message).await.unwrap());
    leaks.print(&client);
    leaks.sign_in(&stored.current().await.unwrap());
    leaks.print(&store.try_lock("bot").unwrap());
}

/// The browser of this machine.
async fn by_browser(world: &Seed, leaks: &mut LeakCheck) {
    let (opened, pages) = std::sync::mpsc::channel();
    let browser = application(world).authorization_code(move |page| {
        opened.send(page.clone()).unwrap();
    });
    let browser = browser.unwrap();
    leaks.print(&browser);
    let user = async {
        let page = tokio::task::spawn_blocking(move || pages.recv().unwrap());
        browse(page.await.unwrap()).await
    };
    let request = TokenRequest::new(&SCOPES);
    let (sign_in, code) = tokio::join!(browser.sign_in(&request), user);
    leaks.secret(code);
    leaks.sign_in(&sign_in.unwrap());
}

/// The application itself, on behalf of a user, and rejected requests.
async fn by_application(world: &Seed, leaks: &mut LeakCheck) {
    let service = Application::new(&world.entra.tenant, &world.entra.confidential_client_id)
        .with_authority(&world.entra.authority);
    let secret = world.entra.client_secret.as_str();
    leaks.secret(secret);
    leaks.secret("hunter2");
    let right = service.clone().client_secret(secret).unwrap();
    let wrong = service.client_secret("wrong-secret-hunter2").unwrap();
    let user = application(world).refresh_token("refresh-hunter2").unwrap();
    let request = TokenRequest::new(&SCOPES);
    let default = ["https://graph.microsoft.com/.default"];
    let results: [Result<_>; 4] = [
        right.token(&TokenRequest::new(&default)).await,
        right.on_behalf_of("caller-hunter2").token(&request).await,
        wrong.token(&TokenRequest::new(&default)).await,
        user.token(&request).await,
    ];
    assert!(
        results[0].is_ok() && results[1..].iter().all(Result::is_err),
        "{results:?}"
    );
    for result in results {
        leaks.print(&result);
        if let Err(error) = result {
            leaks.printed += &error.to_string();
        }
    }
    leaks.print(&right);
    leaks.print(&right.on_behalf_of("caller-hunter2"));
}

#[tokio::test]
async fn no_secret_of_a_sign_in_is_printed_or_logged_at_any_level() {
    let emulator = emulator().await;
    let mut leaks = LeakCheck::default();
    by_device(&emulator, &mut leaks).await;
    by_browser(emulator.seed(), &mut leaks).await;
    by_application(emulator.seed(), &mut leaks).await;
    // Every token of the emulator is a JWT.
    leaks.secret("eyJ");
    leaks.check();
}
