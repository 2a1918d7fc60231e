//! Clients of the platforms, built from the settings.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use ms_messenger::{
    Error, ErrorKind, Result, RetryPolicy, SharedMessenger,
    acs_chat::{AcsChatBuilder, AcsChatClient},
    acs_messages::{AcsMessagesBuilder, AcsMessagesClient},
    http::{HttpOptions, acs::ConnectionString},
    msgraph_chat::{GraphChatBuilder, GraphChatClient, UploadOptions},
    ucwa::{UcwaBuilder, UcwaSession},
};

use crate::{
    config::{Origin, Settings},
    graph,
    platform::Platform,
    text, token,
};

/// The client of a platform.
#[derive(Clone, Debug)]
pub(crate) enum Client {
    AcsMessages(AcsMessagesClient),
    AcsChat(AcsChatClient),
    MsgraphChat(GraphChatClient),
    Ucwa(UcwaSession),
}

/// A client that can send, whose session must be ended if it has one.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) client: Client,
    pub(crate) messenger: SharedMessenger,
}

/// What only some clients have. Those without it ignore it.
#[derive(Debug, Default)]
pub(crate) struct ClientOptions {
    pub(crate) uploads: UploadOptions,
    /// How long after its end a send can still take effect, in place of the default of the client.
    pub(crate) settling_margin: Option<Duration>,
}

impl Connection {
    /// Connects to `platform` as it is configured. Only Skype for Business signs in here; the
    /// others do not open a connection yet.
    ///
    /// # Errors
    ///
    /// `Config` when a setting is missing or unusable; the error of a failed sign-in.
    pub(crate) async fn open(
        platform: Platform,
        settings: &Settings,
        options: HttpOptions,
        retry: RetryPolicy,
    ) -> Result<Self> {
        Self::open_with(platform, settings, options, retry, ClientOptions::default()).await
    }

    /// Connects as [`open`](Self::open) does, with more options.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub(crate) async fn open_with(
        platform: Platform,
        settings: &Settings,
        options: HttpOptions,
        retry: RetryPolicy,
        own: ClientOptions,
    ) -> Result<Self> {
        let client = match platform {
            Platform::AcsMessages => Client::AcsMessages(acs_messages(settings, options, retry)?),
            Platform::AcsChat => Client::AcsChat(chat(settings, options, retry, &own)?),
            Platform::MsgraphChat => Client::MsgraphChat(teams(settings, options, retry, own)?),
            Platform::Ucwa => Client::Ucwa(skype(settings, options, retry)?.sign_in().await?),
        };
        let messenger: SharedMessenger = match client.clone() {
            Client::AcsMessages(client) => Arc::new(client),
            Client::AcsChat(client) => Arc::new(client),
            Client::MsgraphChat(client) => Arc::new(client),
            Client::Ucwa(session) => Arc::new(session),
        };
        Ok(Self { client, messenger })
    }

    /// Signs out, if it has signed in.
    pub(crate) async fn end(self) {
        if let Client::Ucwa(session) = self.client {
            sign_out(&session).await;
        }
    }
}

/// Signs out. A failure is logged: it concerns no message, and the server ends the session later.
pub(crate) async fn sign_out(session: &UcwaSession) {
    if let Err(error) = session.sign_out().await {
        tracing::warn!("{error}");
    }
}

/// Builds the client of acs-messages.
///
/// # Errors
///
/// `Config` when a setting is missing or unusable.
pub(crate) fn acs_messages(
    settings: &Settings,
    options: HttpOptions,
    retry: RetryPolicy,
) -> Result<AcsMessagesClient> {
    check_endpoint(settings)?;
    settings
        .configure(Platform::AcsMessages, AcsMessagesBuilder::from_variables)?
        .with_http_options(options)
        .with_retry_policy(retry)
        .build()
}

/// Rejects `--acs-endpoint` beside a connection string of another resource, whose endpoint would
/// be used instead.
fn check_endpoint(settings: &Settings) -> Result<()> {
    let other = ["ACS_ACCESS_TOKEN", "ACS_ACCESS_KEY"];
    let is_given = settings.origin("ACS_ENDPOINT") == Some(&Origin::CommandLine);
    if !is_given || other.iter().any(|it| settings.value(it).is_some()) {
        return Ok(());
    }
    let string = settings.value("ACS_CONNECTION_STRING");
    let string = string.and_then(|text| ConnectionString::parse(text).ok());
    let own = string.map(|string| string.endpoint().to_string());
    let named = settings.value("ACS_ENDPOINT").unwrap_or_default();
    if own.is_some_and(|own| own != named.trim_end_matches('/')) {
        let text = text::platform::OTHER_ENDPOINT;
        return Err(Error::new(ErrorKind::Config, text));
    }
    Ok(())
}

/// Builds the client of acs-chat.
///
/// # Errors
///
/// `Config` when a setting is missing or unusable.
pub(crate) fn acs_chat(
    settings: &Settings,
    options: HttpOptions,
    retry: RetryPolicy,
) -> Result<AcsChatClient> {
    chat(settings, options, retry, &ClientOptions::default())
}

fn chat(
    settings: &Settings,
    options: HttpOptions,
    retry: RetryPolicy,
    own: &ClientOptions,
) -> Result<AcsChatClient> {
    let mut builder = settings.configure(Platform::AcsChat, AcsChatBuilder::from_variables)?;
    if let Some(margin) = own.settling_margin {
        builder = builder.with_settling_margin(margin);
    }
    builder
        // `msm settle` recognises a message by them.
        .with_client_message_ids(true)
        .with_http_options(options)
        .with_retry_policy(retry)
        .build()
}

/// Builds the client of Teams.
///
/// # Errors
///
/// `Config` when a setting is missing or unusable, `Unauthenticated` for an expired token.
pub(crate) fn msgraph_chat(
    settings: &Settings,
    options: HttpOptions,
    retry: RetryPolicy,
) -> Result<GraphChatClient> {
    teams(settings, options, retry, ClientOptions::default())
}

fn teams(
    settings: &Settings,
    options: HttpOptions,
    retry: RetryPolicy,
    own: ClientOptions,
) -> Result<GraphChatClient> {
    let platform = Platform::MsgraphChat;
    graph::check_sign_in(settings)?;
    if let Some((setting, token)) = settings.token_of(platform) {
        // For the library an expired token is an unusable setting; here it has its own exit code.
        let expired = token::expired(token, SystemTime::now());
        let checked = token::reject(&setting, expired.into_iter().collect());
        checked.map_err(|error| error.with_platform(platform.as_str()))?;
    }
    let mut builder = settings.configure(platform, GraphChatBuilder::from_variables)?;
    if let Some(margin) = own.settling_margin {
        builder = builder.with_settling_margin(margin);
    }
    builder
        .with_upload_options(own.uploads)
        .with_http_options(options)
        .with_retry_policy(retry)
        .build()
}

/// Sets up a session of Skype for Business; it does not sign in yet.
///
/// # Errors
///
/// `Config` when a setting is missing or unusable.
pub(crate) fn skype(
    settings: &Settings,
    options: HttpOptions,
    retry: RetryPolicy,
) -> Result<UcwaBuilder> {
    let builder = settings.configure(Platform::Ucwa, UcwaBuilder::from_variables)?;
    let checked = builder.check_settings();
    checked.map_err(|error| settings.with_names(error))?;
    Ok(builder
        .with_http_options(options)
        .with_user_agent(concat!("msm/", env!("CARGO_PKG_VERSION")))
        .with_retry_policy(retry))
}
