//! The platforms, each with an emulator of its own and clients as a cell needs them.

use std::{future::ready, sync::Arc, time::Duration};

use ms_messenger::{
    AccessToken, Messenger, RetryPolicy, Target, TokenProvider,
    acs_chat::AcsChatClient,
    acs_messages::{AcsMessagesClient, Credential},
    auth::TokenFn,
    http::{HttpOptions, HttpVersions},
    msgraph_chat::GraphChatClient,
    ucwa::{self, UcwaSession},
};
use ms_messenger_emulator::Emulator;
use serde_json::json;

/// Lets the recipients say something, once.
pub(crate) type Peers = Box<dyn Fn() + Send>;

/// One platform under fire.
pub(crate) trait Platform: Send + Sync {
    fn name(&self) -> &'static str;
    /// Its name in the table.
    fn label(&self) -> String {
        self.name().to_owned()
    }
    fn emulator(&self) -> &Emulator;
    /// A client that sends; after `margin` a send without response has no effect any more.
    fn client(&self, margin: Duration) -> Arc<dyn Messenger>;
    /// A client as another process has it: it knows nothing of what was sent. `None` where only
    /// the sender can settle.
    fn fresh(&self) -> Option<Arc<dyn Messenger>>;
    /// Where the nth send of a cell goes.
    fn target(&self, cell: usize, number: usize) -> Target;
    /// The id of the account that sends, and of another.
    fn own_account(&self) -> String;
    fn other_account(&self) -> String;
    /// What lets the recipients of a cell talk.
    fn peers(&self, _: usize) -> Peers {
        Box::new(|| {})
    }
    /// Whether requests carry a key of the caller: without it, with it, or both.
    fn keys(&self) -> &'static [bool] {
        &[false]
    }
    /// Whether the ledger must not be emptied between cells.
    fn keeps_its_ledger(&self) -> bool {
        false
    }
    /// Whether the emulator can tell the tries of one send.
    fn tells_tries(&self) -> bool {
        true
    }
    /// Whether the platform cannot be asked, and removes duplicates instead.
    fn is_keyed(&self) -> bool {
        false
    }
    /// Whether messages carry an id by which they are found.
    fn marks_messages(&self) -> bool {
        self.name() == "acs-chat"
    }
    /// Whether every message in doubt can be told, where nothing is in the way.
    fn always_settles(&self) -> bool {
        true
    }
}

fn retry() -> RetryPolicy {
    RetryPolicy::default()
        .with_max_attempts(3)
        .with_backoff(Duration::from_millis(1), Duration::from_millis(2))
}

/// A late response is later than this; a healthy one is not, or it is in doubt, which is honest.
fn hasty() -> HttpOptions {
    HttpOptions::default().with_timeout(Duration::from_millis(400))
}

/// How the clients of a platform reach the emulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// Without TLS, so with HTTP/1.1.
    Plain,
    /// HTTP/1.1 over TLS.
    Http1,
    /// HTTP/2 over TLS is offered. Graph takes it and shares one connection; the others stay with
    /// HTTP/1.1, because their responses do not name their requests.
    Http2,
}

impl Wire {
    /// The address of the emulator and the options of a client.
    fn reach(self, emulator: &Emulator, options: HttpOptions) -> (String, HttpOptions) {
        let versions = match self {
            Self::Plain => return (emulator.http_url().to_owned(), options),
            Self::Http1 => HttpVersions::Http1,
            Self::Http2 => HttpVersions::Negotiate,
        };
        let root = emulator.ca_pem().unwrap().as_bytes();
        let options = options.with_versions(versions).with_extra_roots(root);
        (emulator.https_url().unwrap().to_owned(), options)
    }
}

/// One of 40 conversations, so that none gets too long to look through. They are created on
/// first use.
fn conversation(number: usize) -> Target {
    Target::conversation(format!(
        "19:00000000-0000-4000-8000-{:012}@thread.v2",
        number % 40
    ))
}

/// Tokens as the emulator issues them, so that one that was ended is followed by a good one.
fn tokens(emulator: &Arc<Emulator>, platform: &'static str, user: &str) -> impl TokenProvider {
    let (emulator, user) = (Arc::clone(emulator), user.to_owned());
    TokenFn::new(move |_| {
        let issued = emulator.issue_token(&json!({"platform": platform, "user": user}));
        let token = issued.unwrap()["token"].as_str().unwrap().to_owned();
        ready(Ok(AccessToken::new(token)))
    })
}

pub(crate) struct Messages {
    emulator: Arc<Emulator>,
    wire: Wire,
}

pub(crate) struct Chat {
    emulator: Arc<Emulator>,
    wire: Wire,
}

pub(crate) struct Graph {
    emulator: Arc<Emulator>,
    wire: Wire,
}

impl Messages {
    pub(crate) fn new(emulator: Emulator, wire: Wire) -> Self {
        let emulator = Arc::new(emulator);
        Self { emulator, wire }
    }

    fn build(&self, options: HttpOptions) -> Arc<dyn Messenger> {
        let key = Credential::access_key(&self.emulator.world().acs.access_key).unwrap();
        let (url, options) = self.wire.reach(&self.emulator, options);
        let builder = AcsMessagesClient::builder(url, key).with_retry_policy(retry());
        Arc::new(builder.with_http_options(options).build().unwrap())
    }
}

impl Platform for Messages {
    fn name(&self) -> &'static str {
        "acs-messages"
    }

    fn label(&self) -> String {
        format!("messages {:?}", self.wire)
    }

    fn emulator(&self) -> &Emulator {
        &self.emulator
    }

    fn client(&self, _: Duration) -> Arc<dyn Messenger> {
        self.build(hasty())
    }

    fn fresh(&self) -> Option<Arc<dyn Messenger>> {
        Some(self.build(HttpOptions::default()))
    }

    fn target(&self, _: usize, _: usize) -> Target {
        Target::conversation(self.emulator.world().acs.conversation_id.as_str())
    }

    fn own_account(&self) -> String {
        self.emulator.world().acs.users[0].id.clone()
    }

    fn other_account(&self) -> String {
        self.emulator.world().acs.users[1].id.clone()
    }

    fn keys(&self) -> &'static [bool] {
        &[false, true]
    }

    fn is_keyed(&self) -> bool {
        true
    }
}

impl Chat {
    pub(crate) fn new(emulator: Emulator, wire: Wire) -> Self {
        let emulator = Arc::new(emulator);
        Self { emulator, wire }
    }

    fn build(&self, options: HttpOptions, margin: Duration) -> Arc<dyn Messenger> {
        let token = tokens(&self.emulator, "acs-chat", &self.own_account());
        let (url, options) = self.wire.reach(&self.emulator, options);
        let builder = AcsChatClient::builder(url, token)
            .with_client_message_ids()
            .with_settling_margin(margin)
            .with_retry_policy(retry())
            .with_http_options(options);
        Arc::new(builder.build().unwrap())
    }
}

impl Platform for Chat {
    fn name(&self) -> &'static str {
        "acs-chat"
    }

    fn label(&self) -> String {
        format!("chat {:?}", self.wire)
    }

    fn emulator(&self) -> &Emulator {
        &self.emulator
    }

    fn client(&self, margin: Duration) -> Arc<dyn Messenger> {
        self.build(hasty(), margin)
    }

    fn fresh(&self) -> Option<Arc<dyn Messenger>> {
        // The margin of the evidence counts, not that of who reads it.
        Some(self.build(HttpOptions::default(), Duration::ZERO))
    }

    fn target(&self, _: usize, number: usize) -> Target {
        conversation(number)
    }

    fn own_account(&self) -> String {
        self.emulator.world().acs.users[0].id.clone()
    }

    fn other_account(&self) -> String {
        self.emulator.world().acs.users[1].id.clone()
    }
}

impl Graph {
    pub(crate) fn new(emulator: Emulator, wire: Wire) -> Self {
        let emulator = Arc::new(emulator);
        Self { emulator, wire }
    }

    fn build(&self, options: HttpOptions, margin: Duration) -> Arc<dyn Messenger> {
        let token = tokens(&self.emulator, "msgraph-chat", &self.own_account());
        let (url, options) = self.wire.reach(&self.emulator, options);
        let builder = GraphChatClient::builder(token)
            .with_base_url(format!("{url}/v1.0"))
            .with_settling_margin(margin)
            .with_retry_policy(retry())
            .with_http_options(options);
        Arc::new(builder.build().unwrap())
    }
}

impl Platform for Graph {
    fn name(&self) -> &'static str {
        "msgraph-chat"
    }

    fn label(&self) -> String {
        format!("graph {:?}", self.wire)
    }

    fn emulator(&self) -> &Emulator {
        &self.emulator
    }

    fn client(&self, margin: Duration) -> Arc<dyn Messenger> {
        self.build(hasty(), margin)
    }

    fn fresh(&self) -> Option<Arc<dyn Messenger>> {
        Some(self.build(HttpOptions::default(), Duration::ZERO))
    }

    fn target(&self, _: usize, number: usize) -> Target {
        conversation(number)
    }

    fn own_account(&self) -> String {
        self.emulator.world().graph.users[0].id.clone()
    }

    fn other_account(&self) -> String {
        self.emulator.world().graph.users[1].id.clone()
    }
}

/// Skype for Business: contacts who accept and read at once. A verdict that came before the
/// send was given up needs no settling; one that never comes cannot be settled.
pub(crate) struct Skype {
    emulator: Arc<Emulator>,
    session: Arc<UcwaSession>,
}

impl Skype {
    pub(crate) async fn new(emulator: Emulator) -> Self {
        let world = &emulator.world().ucwa;
        let user = &world.users[0];
        let credential = ucwa::UcwaCredential::password(&user.username, user.password.as_str());
        let session = UcwaSession::builder(&user.sip, credential)
            .with_discovery_url(&world.discover)
            .with_send_timeout(Duration::from_millis(400))
            .with_reconnect_backoff(Duration::from_millis(5))
            .with_retry_policy(retry())
            .sign_in()
            .await;
        Self {
            session: Arc::new(session.unwrap()),
            emulator: Arc::new(emulator),
        }
    }
}

impl Platform for Skype {
    fn name(&self) -> &'static str {
        "ucwa"
    }

    fn emulator(&self) -> &Emulator {
        &self.emulator
    }

    fn client(&self, _: Duration) -> Arc<dyn Messenger> {
        Arc::<UcwaSession>::clone(&self.session)
    }

    fn fresh(&self) -> Option<Arc<dyn Messenger>> {
        None
    }

    /// New people in each cell: who was left in doubt makes the next doubt harder to settle.
    fn target(&self, cell: usize, number: usize) -> Target {
        Target::sip(&contact(cell, number)).unwrap()
    }

    fn own_account(&self) -> String {
        self.emulator.world().ucwa.users[0].sip.clone()
    }

    fn other_account(&self) -> String {
        self.emulator.world().ucwa.users[1].sip.clone()
    }

    /// Each recipient says in turn what is sent to it at the same time.
    fn peers(&self, cell: usize) -> Peers {
        let (emulator, own) = (Arc::clone(&self.emulator), self.own_account());
        let turn = std::sync::atomic::AtomicUsize::new(0);
        Box::new(move || {
            let number = turn.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let spoken = json!({
                "platform": "ucwa",
                "from": contact(cell, number),
                "to": own,
                "action": "message",
                "text": format!("message {}.", number % 50),
            });
            // A contact who is being called cannot speak yet.
            let _ = emulator.inject(&spoken);
        })
    }

    fn always_settles(&self) -> bool {
        false
    }

    fn tells_tries(&self) -> bool {
        false
    }

    /// A reset would end the session: the cell is told apart by its texts.
    fn keeps_its_ledger(&self) -> bool {
        true
    }
}

fn contact(cell: usize, number: usize) -> String {
    format!("sip:contact{cell}.{}@fabrikam.test", number % 16)
}
