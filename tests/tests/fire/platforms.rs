//! The platforms, each with a client on an emulator of its own.

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

/// One platform under fire.
pub(crate) trait Platform: Send + Sync {
    fn name(&self) -> &'static str;
    fn emulator(&self) -> &Emulator;
    fn messenger(&self) -> Arc<dyn Messenger>;
    fn settle(&self) -> Arc<dyn Messenger>;
    /// Where the nth send of a cell goes.
    fn target(&self, cell: usize, number: usize) -> Target;
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
    /// Whether every message in doubt can be told. ACS Messages cannot be asked: its keys do the
    /// work.
    fn always_settles(&self) -> bool {
        self.name() != "acs-messages"
    }
}

fn retry() -> RetryPolicy {
    RetryPolicy::default()
        .with_max_attempts(3)
        .with_backoff(Duration::from_millis(1), Duration::from_millis(2))
}

/// A late answer is later than this; a healthy one is not, or it is in doubt, which is honest.
fn hasty() -> HttpOptions {
    HttpOptions::default().with_timeout(Duration::from_millis(200))
}

/// The emulator stores at once or not at all.
const MARGIN: Duration = Duration::from_millis(50);

/// One of 40 conversations, so that none gets too long to look through. They are created on
/// first use.
fn conversation(number: usize) -> Target {
    Target::conversation(format!(
        "19:00000000-0000-4000-8000-{:012}@thread.v2",
        number % 40
    ))
}

macro_rules! platform {
    ($name:ident, $client:ty, $platform:literal, $target:expr $(, $($more:tt)*)?) => {
        pub(crate) struct $name {
            emulator: Arc<Emulator>,
            client: Arc<$client>,
            /// The same with the patience of every day: listing takes longer than sending.
            settler: Arc<$client>,
        }

        impl Platform for $name {
            fn name(&self) -> &'static str {
                $platform
            }

            fn emulator(&self) -> &Emulator {
                &self.emulator
            }

            fn messenger(&self) -> Arc<dyn Messenger> {
                self.client.clone()
            }

            fn settle(&self) -> Arc<dyn Messenger> {
                self.settler.clone()
            }

            fn target(&self, _: usize, number: usize) -> Target {
                let target: fn(&Emulator, usize) -> Target = $target;
                target(&self.emulator, number)
            }

            $($($more)*)?
        }
    };
}

platform!(
    Messages,
    AcsMessagesClient,
    "acs-messages",
    |emulator, _| Target::conversation(emulator.world().acs.conversation_id.as_str()),
    fn keys(&self) -> &'static [bool] {
        &[false, true]
    }
);

platform!(Chat, AcsChatClient, "acs-chat", |_, number| conversation(
    number
));

platform!(Graph, GraphChatClient, "msgraph-chat", |_, number| {
    conversation(number)
});

/// Skype for Business: contacts who accept and read at once. A verdict that came before the
/// send was given up needs no settling; one that never comes cannot be settled.
pub(crate) struct Skype {
    emulator: Emulator,
    session: Arc<UcwaSession>,
}

impl Skype {
    pub(crate) async fn new(emulator: Emulator) -> Self {
        let world = &emulator.world().ucwa;
        let user = &world.users[0];
        let credential = ucwa::Credential::password(&user.username, user.password.as_str());
        let session = UcwaSession::builder(&user.sip, credential)
            .with_discovery_url(&world.discover)
            .with_send_timeout(Duration::from_millis(400))
            .with_first_pause(Duration::from_millis(5))
            .with_retry(retry())
            .sign_in()
            .await;
        Self {
            session: Arc::new(session.unwrap()),
            emulator,
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

    fn messenger(&self) -> Arc<dyn Messenger> {
        Arc::<UcwaSession>::clone(&self.session)
    }

    fn settle(&self) -> Arc<dyn Messenger> {
        Arc::<UcwaSession>::clone(&self.session)
    }

    /// New people in each cell: who was left in doubt makes the next doubt harder to settle.
    fn target(&self, cell: usize, number: usize) -> Target {
        Target::sip(&format!("sip:contact{cell}.{}@fabrikam.test", number % 16)).unwrap()
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

impl Messages {
    /// Over TLS with HTTP/1.1, where an answer can come twice and does not name its request.
    pub(crate) fn new(emulator: Emulator) -> Self {
        let build = |http: HttpOptions| {
            let key = Credential::access_key(&emulator.world().acs.access_key).unwrap();
            let root = emulator.ca_pem().unwrap().as_bytes();
            let http = http
                .with_versions(HttpVersions::Http1)
                .with_extra_roots(root);
            let builder = AcsMessagesClient::builder(emulator.https_url().unwrap(), key);
            let builder = builder.with_retry(retry()).with_http_options(http);
            Arc::new(builder.build().unwrap())
        };
        Self {
            client: build(hasty()),
            settler: build(HttpOptions::default()),
            emulator: Arc::new(emulator),
        }
    }
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

impl Chat {
    /// Over TLS, so that the calls share one connection of HTTP/2.
    pub(crate) fn new(emulator: Emulator) -> Self {
        let emulator = Arc::new(emulator);
        let build = |http: HttpOptions| {
            let user = &emulator.world().acs.users[0].id;
            let token = tokens(&emulator, "acs-chat", user);
            let root = emulator.ca_pem().unwrap().as_bytes();
            let builder = AcsChatClient::builder(emulator.https_url().unwrap(), token)
                .with_client_message_ids()
                .with_settling_margin(MARGIN)
                .with_retry(retry())
                .with_http_options(http.with_extra_roots(root));
            Arc::new(builder.build().unwrap())
        };
        Self {
            client: build(hasty()),
            settler: build(HttpOptions::default()),
            emulator,
        }
    }
}

impl Graph {
    pub(crate) fn new(emulator: Emulator) -> Self {
        let emulator = Arc::new(emulator);
        let build = |http: HttpOptions| {
            let world = &emulator.world().graph;
            let token = tokens(&emulator, "msgraph-chat", &world.users[0].id);
            let builder = GraphChatClient::builder(token)
                .with_base_url(&world.base)
                .with_settling_margin(MARGIN)
                .with_retry(retry())
                .with_http_options(http);
            Arc::new(builder.build().unwrap())
        };
        Self {
            client: build(hasty()),
            settler: build(HttpOptions::default()),
            emulator,
        }
    }
}
