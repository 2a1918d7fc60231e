//! The clients and targets that the examples share.
//!
//! Each example sends to the real service if the environment configures it, and to an embedded
//! emulator otherwise, so that `cargo run -p examples --example NAME` always works.

use std::env;

use ms_messenger::{
    StaticToken, Target,
    acs_chat::AcsChatClient,
    acs_identity::{AcsIdentityBuilder, AcsIdentityClient},
    acs_messages::{AcsMessagesBuilder, AcsMessagesClient},
    msgraph_chat::GraphChatClient,
    ucwa::{self, UcwaSession},
};
use ms_messenger_emulator::Emulator;

/// A result of an example.
pub type Result<T = (), E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// A client, its target, and the emulator behind it, if any: keep it while you send.
#[derive(Debug)]
#[non_exhaustive]
pub struct Stage<C> {
    /// The client.
    pub client: C,
    /// The target of the example.
    pub target: Target,
    /// The emulator, if no service is configured.
    pub emulator: Option<Emulator>,
}

impl<C> Stage<C> {
    fn real(client: C) -> Result<Self> {
        let target = env::args()
            .nth(1)
            .ok_or("name the target, e.g. conversation:19:…@thread.v2")?
            .parse()?;
        Ok(Self {
            client,
            target,
            emulator: None,
        })
    }

    fn emulated(client: C, target: Target, emulator: Emulator) -> Self {
        println!(
            "no service configured: sending to an emulator at {}",
            emulator.http_url()
        );
        Self {
            client,
            target,
            emulator: Some(emulator),
        }
    }

    /// Prints what the emulator stored; nothing for a real service.
    pub fn print_ledger(&self) {
        for row in self.emulator.iter().flat_map(Emulator::messages) {
            println!(
                "  stored: {} {} {:?}",
                row.platform, row.operation, row.text
            );
        }
    }
}

/// Teams: `MSGRAPH_TOKEN` (a delegated token), `MSGRAPH_BASE_URL` if it is not the global cloud.
///
/// # Errors
///
/// When the environment is invalid or the emulator does not start.
pub async fn teams() -> Result<Stage<GraphChatClient>> {
    if let Ok(token) = env::var("MSGRAPH_TOKEN") {
        let mut builder = GraphChatClient::builder(StaticToken::new(token));
        if let Ok(base) = env::var("MSGRAPH_BASE_URL") {
            builder = builder.with_base_url(base);
        }
        return Stage::real(builder.build()?);
    }
    let emulator = Emulator::start().await?;
    let world = &emulator.seed().graph;
    let client = GraphChatClient::builder(StaticToken::new(world.token.as_str()))
        .with_base_url(&world.base)
        .build()?;
    let target = Target::channel(world.team_id.as_str(), world.channel_id.as_str());
    Ok(Stage::emulated(client, target, emulator))
}

/// ACS Advanced Messaging: `ACS_CONNECTION_STRING`, and `ACS_CHANNEL_REGISTRATION_ID` for WhatsApp.
///
/// # Errors
///
/// When the environment is invalid or the emulator does not start.
pub async fn acs_messages() -> Result<Stage<AcsMessagesClient>> {
    if let Ok(string) = env::var("ACS_CONNECTION_STRING") {
        let mut builder = AcsMessagesBuilder::from_connection_string(&string)?;
        if let Ok(id) = env::var("ACS_CHANNEL_REGISTRATION_ID") {
            builder = builder.with_channel_registration_id(id);
        }
        return Stage::real(builder.build()?);
    }
    let emulator = Emulator::start().await?;
    let world = &emulator.seed().acs;
    let client = AcsMessagesBuilder::from_connection_string(&world.connection_string)?
        .with_channel_registration_id(&world.channel_registration_id)
        .build()?;
    let target = Target::phone("+14255550123")?;
    Ok(Stage::emulated(client, target, emulator))
}

/// ACS Chat: `ACS_CHAT_ENDPOINT` and `ACS_CHAT_TOKEN` (a user access token).
///
/// # Errors
///
/// When the environment is invalid or the emulator does not start.
pub async fn acs_chat() -> Result<Stage<AcsChatClient>> {
    if let Ok(endpoint) = env::var("ACS_CHAT_ENDPOINT") {
        let token = env::var("ACS_CHAT_TOKEN").map_err(|_| "ACS_CHAT_TOKEN is not set")?;
        return Stage::real(AcsChatClient::builder(&endpoint, StaticToken::new(token)).build()?);
    }
    let emulator = Emulator::start().await?;
    let world = &emulator.seed().acs;
    let token = StaticToken::new(world.users[0].token.as_str());
    let client = AcsChatClient::builder(&world.endpoint, token).build()?;
    let target = Target::conversation(world.thread_id.as_str());
    Ok(Stage::emulated(client, target, emulator))
}

/// ACS Identity: `ACS_CONNECTION_STRING`, or `ACS_ENDPOINT` with a credential, as
/// [`AcsIdentityBuilder::from_env`] reads them.
///
/// # Errors
///
/// When the environment is invalid or the emulator does not start.
pub async fn acs_identity() -> Result<Stage<AcsIdentityClient>> {
    let names = [
        "ACS_CONNECTION_STRING",
        "COMMUNICATION_SERVICES_CONNECTION_STRING",
        "ACS_ENDPOINT",
    ];
    if names.iter().any(|name| env::var_os(name).is_some()) {
        return Stage::real(AcsIdentityBuilder::from_env()?.build()?);
    }
    let emulator = Emulator::start().await?;
    let world = &emulator.seed().acs;
    let client = AcsIdentityBuilder::from_connection_string(&world.connection_string)?.build()?;
    let target = Target::conversation(world.thread_id.as_str());
    Ok(Stage::emulated(client, target, emulator))
}

/// Skype for Business: `UCWA_SIP` and `UCWA_PASSWORD`, with `UCWA_USERNAME` and
/// `UCWA_DISCOVERY_URL` where they are needed; else bob of an emulator.
///
/// # Errors
///
/// When the environment is invalid, the sign-in fails, or the emulator does not start.
pub async fn skype() -> Result<(UcwaSession, Option<Emulator>)> {
    let Ok(sip) = env::var("UCWA_SIP") else {
        let emulator = Emulator::start().await?;
        println!(
            "no service configured: signing in to an emulator at {}",
            emulator.http_url()
        );
        let bob = skype_user(&emulator, "bob").await?;
        return Ok((bob, Some(emulator)));
    };
    let password = env::var("UCWA_PASSWORD").map_err(|_| "UCWA_PASSWORD is not set")?;
    let username = env::var("UCWA_USERNAME").unwrap_or_else(|_| sip.replace("sip:", ""));
    let mut builder = UcwaSession::builder(sip, ucwa::UcwaCredential::password(username, password));
    if let Ok(url) = env::var("UCWA_DISCOVERY_URL") {
        builder = builder.with_discovery_url(url);
    }
    Ok((builder.sign_in().await?, None))
}

/// A user of an emulator, signed in to Skype for Business.
///
/// # Errors
///
/// When the emulator has no such user.
pub async fn skype_user(emulator: &Emulator, name: &str) -> Result<UcwaSession> {
    let world = &emulator.seed().ucwa;
    let is_it = |user: &&ms_messenger_emulator::UcwaUser| user.name.eq_ignore_ascii_case(name);
    let user = world.users.iter().find(is_it).ok_or("no such user")?;
    let credential = ucwa::UcwaCredential::password(&user.username, user.password.as_str());
    let builder = UcwaSession::builder(&user.sip, credential);
    Ok(builder
        .with_discovery_url(&world.discover)
        .sign_in()
        .await?)
}

/// The programs in the guide, as tests of documentation.
#[cfg(doctest)]
pub mod guide {
    #[doc = include_str!("../../guide/src/start.md")]
    pub mod start {}
    #[doc = include_str!("../../guide/src/crates.md")]
    pub mod crates {}
    #[doc = include_str!("../../guide/src/platforms/teams.md")]
    pub mod teams {}
    #[doc = include_str!("../../guide/src/platforms/acs-messages.md")]
    pub mod acs_messages {}
    #[doc = include_str!("../../guide/src/platforms/acs-chat.md")]
    pub mod acs_chat {}
    #[doc = include_str!("../../guide/src/platforms/skype.md")]
    pub mod skype {}
    #[doc = include_str!("../../guide/src/certainty.md")]
    pub mod certainty {}
    #[doc = include_str!("../../guide/src/outbox.md")]
    pub mod outbox {}
    #[doc = include_str!("../../guide/src/layers.md")]
    pub mod layers {}
    #[doc = include_str!("../../guide/src/receiving.md")]
    pub mod receiving {}
    #[doc = include_str!("../../guide/src/testing.md")]
    pub mod testing {}
    #[doc = include_str!("../../guide/src/backend.md")]
    pub mod backend {}
}
