//! The platforms that are reached by HTTP requests alone.

use std::{future::ready, sync::Arc, time::Duration};

use ms_messenger::{
    AccessToken, Messenger, Target, TokenProvider,
    acs_chat::AcsChatClient,
    acs_messages::{AcsMessagesClient, Credential},
    auth::TokenFn,
    http::{HttpOptions, HttpVersions},
    msgraph_chat::GraphChatClient,
};
use ms_messenger_emulator::Emulator;
use serde_json::json;

use crate::platform::{Platform, retry};

/// How the clients reach the emulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// HTTP/1.1 without TLS.
    Plain,
    /// HTTP/1.1 over TLS.
    Http1,
    /// HTTP/2 over TLS is offered. Graph uses it and shares one connection; the others stay with
    /// HTTP/1.1, because their responses do not name their requests.
    Http2,
}

impl Wire {
    /// Returns the address of the emulator and the options of a client.
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

/// Which service the clients use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Service {
    Messages,
    Chat,
    Graph,
}

/// ACS Advanced Messaging, ACS Chat or Teams.
pub(crate) struct HttpPlatform {
    emulator: Arc<Emulator>,
    wire: Wire,
    service: Service,
    keys: &'static [bool],
}

impl HttpPlatform {
    fn new(emulator: Emulator, wire: Wire, service: Service) -> Self {
        Self {
            emulator: Arc::new(emulator),
            wire,
            service,
            keys: match service {
                Service::Messages => &[false, true],
                Service::Chat | Service::Graph => &[false],
            },
        }
    }

    /// Returns ACS Advanced Messaging.
    pub(crate) fn messages(emulator: Emulator, wire: Wire) -> Self {
        Self::new(emulator, wire, Service::Messages)
    }

    /// Sends without a key of the caller, with one, or both.
    pub(crate) fn with_keys(mut self, keys: &'static [bool]) -> Self {
        self.keys = keys;
        self
    }

    /// Returns ACS Chat.
    pub(crate) fn chat(emulator: Emulator, wire: Wire) -> Self {
        Self::new(emulator, wire, Service::Chat)
    }

    /// Returns Teams through Graph.
    pub(crate) fn graph(emulator: Emulator, wire: Wire) -> Self {
        Self::new(emulator, wire, Service::Graph)
    }

    fn build(&self, options: HttpOptions, margin: Duration) -> Arc<dyn Messenger> {
        let (url, options) = self.wire.reach(&self.emulator, options);
        let own = self.own_account();
        let tokens = || tokens(&self.emulator, self.name(), &own);
        match self.service {
            Service::Messages => {
                let key = Credential::access_key(&self.emulator.seed().acs.access_key);
                let builder = AcsMessagesClient::builder(url, key.unwrap())
                    .with_retry_policy(retry())
                    .with_http_options(options);
                Arc::new(builder.build().unwrap())
            }
            Service::Chat => {
                let builder = AcsChatClient::builder(url, tokens())
                    .with_client_message_ids(true)
                    .with_settling_margin(margin)
                    .with_retry_policy(retry())
                    .with_http_options(options);
                Arc::new(builder.build().unwrap())
            }
            Service::Graph => {
                let builder = GraphChatClient::builder(tokens())
                    .with_base_url(format!("{url}/v1.0"))
                    .with_settling_margin(margin)
                    .with_retry_policy(retry())
                    .with_http_options(options);
                Arc::new(builder.build().unwrap())
            }
        }
    }

    fn account(&self, index: usize) -> String {
        let world = self.emulator.seed();
        match self.service {
            Service::Messages | Service::Chat => world.acs.users[index].id.clone(),
            Service::Graph => world.graph.users[index].id.clone(),
        }
    }
}

impl Platform for HttpPlatform {
    fn name(&self) -> &'static str {
        match self.service {
            Service::Messages => "acs-messages",
            Service::Chat => "acs-chat",
            Service::Graph => "msgraph-chat",
        }
    }

    fn label(&self) -> String {
        let service = match self.service {
            Service::Messages => "messages",
            Service::Chat => "chat",
            Service::Graph => "graph",
        };
        format!("{service} {:?}", self.wire)
    }

    fn emulator(&self) -> &Emulator {
        &self.emulator
    }

    fn client(&self, margin: Duration) -> Arc<dyn Messenger> {
        self.build(short_timeout(), margin)
    }

    fn fresh(&self) -> Option<Arc<dyn Messenger>> {
        // The margin in the evidence counts, not that of the client that reads it.
        Some(self.build(HttpOptions::default(), Duration::ZERO))
    }

    fn target(&self, _: usize, number: usize) -> Target {
        match self.service {
            Service::Messages => {
                Target::conversation(self.emulator.seed().acs.conversation_id.as_str())
            }
            Service::Chat | Service::Graph => conversation(number),
        }
    }

    fn own_account(&self) -> String {
        self.account(0)
    }

    fn other_account(&self) -> String {
        self.account(1)
    }

    fn keys(&self) -> &'static [bool] {
        self.keys
    }

    fn is_keyed(&self) -> bool {
        self.service == Service::Messages
    }
}

/// A delayed response takes longer than this. A normal one does not, or else its delivery is
/// unknown, which is true.
fn short_timeout() -> HttpOptions {
    HttpOptions::default().with_timeout(Duration::from_millis(400))
}

/// Returns one of 40 conversations, so that none gets too long to search. They are created on
/// first use.
fn conversation(number: usize) -> Target {
    Target::conversation(format!(
        "19:00000000-0000-4000-8000-{:012}@thread.v2",
        number % 40
    ))
}

/// Returns tokens that the emulator issues, so that an expired one is followed by a valid one.
fn tokens(emulator: &Arc<Emulator>, platform: &'static str, user: &str) -> impl TokenProvider {
    let (emulator, user) = (Arc::clone(emulator), user.to_owned());
    TokenFn::new(move |_| {
        let issued = emulator.issue_token(&json!({"platform": platform, "user": user}));
        let token = issued.unwrap()["token"].as_str().unwrap().to_owned();
        ready(Ok(AccessToken::new(token)))
    })
}
