//! Clients of the platforms, built from the settings.

use std::sync::Arc;

use ms_messenger::{
    Result, RetryPolicy, SharedMessenger, StaticToken,
    acs_chat::AcsChatClient,
    acs_messages::{AcsMessagesClient, Credential},
    http::HttpOptions,
    msgraph_chat::GraphChatClient,
    ucwa::{self, UcwaBuilder, UcwaSession},
};
use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    config::{AcsCredential, Settings},
    graph,
    platform::Platform,
};

/// A client that can send, and its session if it has one that must be ended.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) messenger: SharedMessenger,
    session: Option<UcwaSession>,
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
        let mut session = None;
        let messenger: SharedMessenger = match platform {
            Platform::AcsMessages => Arc::new(acs_messages(settings, options, retry)?),
            Platform::AcsChat => Arc::new(acs_chat(settings, options, retry)?),
            Platform::MsgraphChat => Arc::new(msgraph_chat(settings, options, retry)?),
            Platform::Ucwa => {
                let signed_in = skype(settings, options, retry)?.sign_in().await?;
                session = Some(signed_in.clone());
                Arc::new(signed_in)
            }
        };
        Ok(Self { messenger, session })
    }

    /// Signs out, if it has signed in.
    pub(crate) async fn end(self) {
        if let Some(session) = self.session {
            session.sign_out().await;
        }
    }
}

fn static_token(secret: &SecretString) -> StaticToken {
    StaticToken::new(secret.expose_secret())
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
    let credential = match settings.acs_credential() {
        Some(AcsCredential::Token(token)) => Credential::entra(static_token(token)),
        Some(AcsCredential::Key(key)) => Credential::access_key(key.expose_secret())?,
        Some(AcsCredential::ConnectionString) => {
            Credential::AccessKey(settings.parsed_connection_string()?.access_key().clone())
        }
        Some(AcsCredential::Application(application)) => Credential::entra(application.clone()),
        None => return Err(Platform::AcsMessages.not_configured()),
    };
    let mut builder = AcsMessagesClient::builder(settings.messages_endpoint()?, credential)
        .with_http_options(options)
        .with_retry_policy(retry);
    if let Some(id) = &settings.channel_registration_id {
        builder = builder.with_channel_registration_id(id);
    }
    builder.build()
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
    let token = settings.chat_token.as_ref();
    let token = token.ok_or_else(|| Platform::AcsChat.not_configured())?;
    AcsChatClient::builder(settings.chat_endpoint()?, static_token(token))
        // `msm settle` recognises a message by them.
        .with_client_message_ids()
        .with_http_options(options)
        .with_retry_policy(retry)
        .build()
}

/// Builds the client of Teams.
///
/// # Errors
///
/// `Config` when a setting is missing or unusable.
pub(crate) fn msgraph_chat(
    settings: &Settings,
    options: HttpOptions,
    retry: RetryPolicy,
) -> Result<GraphChatClient> {
    let mut builder = GraphChatClient::builder(graph::credential(settings)?)
        .with_http_options(options)
        .with_retry_policy(retry)
        .with_cloud(graph::cloud(settings)?);
    if let Some(url) = &settings.graph_base_url {
        builder = builder.with_base_url(url);
    }
    if let Some(own) = settings.graph_own_user() {
        builder = builder.with_one_on_one_chats(own);
    }
    builder.build()
}

/// Sets a session of Skype for Business up; nothing is signed in yet.
///
/// # Errors
///
/// `Config` when a setting is missing or unusable.
pub(crate) fn skype(
    settings: &Settings,
    options: HttpOptions,
    retry: RetryPolicy,
) -> Result<UcwaBuilder> {
    let configured = &settings.ucwa;
    let (Some(sip), Some(password)) = (&configured.sip, &configured.password) else {
        return Err(Platform::Ucwa.not_configured());
    };
    let username = match &configured.username {
        Some(username) => username.as_str(),
        None => sip.strip_prefix("sip:").unwrap_or(sip),
    };
    let credential = ucwa::UcwaCredential::password(username, password.clone());
    let mut builder = UcwaSession::builder(sip, credential)
        .with_http_options(options)
        .with_user_agent(concat!("msm/", env!("CARGO_PKG_VERSION")))
        .with_retry_policy(retry);
    if let Some(url) = &configured.discovery_url {
        builder = builder.with_discovery_url(url);
    }
    if let Some(id) = &configured.endpoint_id {
        builder = builder.with_endpoint_id(id);
    }
    if let Some(domain) = &configured.trusted_domain {
        builder = builder.with_trusted_domain(domain);
    }
    Ok(builder)
}
