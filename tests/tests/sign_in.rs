//! Sign-in as the clients use it, against the emulator: claims challenges are answered once, and
//! nothing of a whole login is printed or logged.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod log;

use std::sync::{Arc, LazyLock, Mutex};

use log::Log;
use ms_messenger::{
    ErrorKind, Message, Messenger as _, Result, SendRequest, Target, TokenProvider, TokenRequest,
    entra::{Application, FileTokenStore, StoreKey, StoredSignIn, TokenStore as _},
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
        .with_claims_challenges()
}

fn teams(world: &Seed, user: impl TokenProvider) -> (GraphChatClient, SendRequest) {
    let client = GraphChatClient::builder(user).with_base_url(&world.graph.base);
    let target = Target::channel(&*world.graph.team_id, &*world.graph.channel_id);
    let request = SendRequest::new(target, Message::text("hello"));
    (client.build().unwrap(), request)
}

fn asked(emulator: &Emulator) -> u64 {
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
async fn a_claims_challenge_is_answered_by_one_token_and_the_message_goes_out_once() {
    let emulator = emulator().await;
    let world = emulator.world();
    let user = application(world).device_code(|_| {}).unwrap();
    let (client, request) = teams(world, user);
    client.send(&request).await.unwrap();
    let before = asked(&emulator);
    challenge(&emulator, 1);
    client.send(&request).await.unwrap();
    assert_eq!(asked(&emulator), before + 1);
    assert_eq!(emulator.messages().len(), 2);
    // What the policy goes on refusing is not asked for again and again.
    challenge(&emulator, 2);
    let error = client.send(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(error.is_safe_to_resend());
    assert_eq!(asked(&emulator), before + 2);
    assert_eq!(emulator.messages().len(), 2);
}

#[tokio::test]
async fn sends_that_are_refused_with_the_same_challenge_fetch_one_token() {
    let emulator = emulator().await;
    let world = emulator.world();
    let user = application(world).device_code(|_| {}).unwrap();
    let (client, request) = teams(world, user);
    client.send(&request).await.unwrap();
    let before = asked(&emulator);
    challenge(&emulator, 8);
    let sends = (0..8).map(|_| client.send(&request));
    for sent in futures_util::future::join_all(sends).await {
        sent.unwrap();
    }
    assert_eq!(asked(&emulator), before + 1);
    assert_eq!(emulator.messages().len(), 9);
}

/// What all tests here log, on every thread: whether a span is one to log is decided once for all.
static LOG: LazyLock<Log> = LazyLock::new(|| {
    let log = Log::default();
    tracing::subscriber::set_global_default(log.subscriber()).unwrap();
    log
});

/// Follows the page of a sign-in as a browser does, and gives the code away that it carried.
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

#[tokio::test]
async fn nothing_of_a_whole_login_is_printed_or_logged_at_any_level() {
    let emulator = emulator().await;
    let world = emulator.world();
    let request = TokenRequest::new(&SCOPES);
    let mut printed = String::new();
    let mut secrets = vec![world.entra.client_secret.clone()];

    // A code on another device, kept in a store, used by a client, renewed.
    let codes = Arc::new(Mutex::new(Vec::new()));
    let shown = Arc::clone(&codes);
    let device = application(world).device_code(move |prompt| {
        let form = format!("{prompt:?}{prompt:#?}");
        shown.lock().unwrap().push((prompt.user_code.clone(), form));
    });
    let device = device.unwrap();
    let sign_in = device.sign_in(&request).await.unwrap();
    printed += &format!("{device:?}{device:#?}{sign_in:?}{sign_in:#?}");
    for (code, form) in codes.lock().unwrap().drain(..) {
        secrets.push(code);
        printed += &form;
    }
    let keep = |sign_in: &ms_messenger::entra::SignIn, secrets: &mut Vec<String>| {
        use secrecy::ExposeSecret as _;
        secrets.push(sign_in.access_token.secret().to_owned());
        secrets.push(
            sign_in
                .refresh_token
                .as_ref()
                .unwrap()
                .expose_secret()
                .to_owned(),
        );
    };
    keep(&sign_in, &mut secrets);
    let folder = tempfile::tempdir().unwrap();
    let key = StoreKey::random().unwrap();
    {
        use secrecy::ExposeSecret as _;
        secrets.push(key.to_base64().expose_secret().to_owned());
    }
    printed += &format!("{key:?}");
    let store = Arc::new(FileTokenStore::new(folder.path(), key));
    let stored = StoredSignIn::new(Arc::clone(&store), "bot").with_claims_challenges();
    stored.keep(sign_in).await.unwrap();
    printed += &format!("{store:?}{store:#?}{stored:?}{stored:#?}");
    let (client, message) = teams(world, stored.clone());
    challenge(&emulator, 1);
    printed += &format!("{:?}", client.send(&message).await.unwrap());
    let renewed = stored.current().await.unwrap();
    keep(&renewed, &mut secrets);
    printed += &format!("{client:?}{client:#?}{renewed:?}{renewed:#?}");
    printed += &format!("{:?}", store.try_lock("bot").unwrap());

    // The browser of this machine.
    let (opened, pages) = std::sync::mpsc::channel();
    let browser = application(world).authorization_code(move |page| {
        opened.send(page.clone()).unwrap();
    });
    let browser = browser.unwrap();
    printed += &format!("{browser:?}{browser:#?}");
    let user = async {
        let page = tokio::task::spawn_blocking(move || pages.recv().unwrap());
        browse(page.await.unwrap()).await
    };
    let (sign_in, code) = tokio::join!(browser.sign_in(&request), user);
    secrets.push(code);
    keep(&sign_in.unwrap(), &mut secrets);

    // The application itself, and on behalf of a user; then refusals.
    let service = Application::new(&world.entra.tenant, &world.entra.confidential_client_id)
        .with_authority(&world.entra.authority);
    let right = service
        .clone()
        .client_secret(world.entra.client_secret.as_str());
    let right = right.unwrap();
    let wrong = service.client_secret("wrong-secret-hunter2").unwrap();
    secrets.push("hunter2".to_owned());
    let default = ["https://graph.microsoft.com/.default"];
    let outcomes: [Result<_>; 4] = [
        right.token(&TokenRequest::new(&default)).await,
        right.on_behalf_of("caller-hunter2").token(&request).await,
        wrong.token(&TokenRequest::new(&default)).await,
        application(world)
            .refresh_token("refresh-hunter2")
            .unwrap()
            .token(&request)
            .await,
    ];
    assert!(
        outcomes[0].is_ok() && outcomes[1..].iter().all(Result::is_err),
        "{outcomes:?}"
    );
    for outcome in outcomes {
        printed += &format!("{outcome:?}{outcome:#?}");
        if let Err(error) = outcome {
            printed += &error.to_string();
        }
    }
    printed += &format!("{right:?}{:?}", right.on_behalf_of("caller-hunter2"));

    let logged = LOG.text();
    assert!(logged.contains("delivery"), "spans are logged: {logged}");
    secrets.push("eyJ".to_owned());
    for secret in secrets {
        assert!(!printed.contains(&secret), "printed: {secret}");
        assert!(!logged.contains(&secret), "logged: {secret}");
    }
}
