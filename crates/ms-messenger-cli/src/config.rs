//! From arguments and environment to the messengers that are set up.

use std::{fs, sync::Arc};

use ms_messenger::{
    Error, ErrorKind, Result, RetryPolicy, SharedMessenger, StaticToken,
    acs_chat::AcsChatClient,
    acs_messages::{AcsMessagesBuilder, AcsMessagesClient, Credential},
    http::{HttpClient, HttpOptions},
    msgraph_chat::GraphChatClient,
};

use crate::args::{AccessArgs, PlatformName, SendArgs};

/// How calls of all platforms travel.
struct Travel {
    http: HttpClient,
    retry: RetryPolicy,
}

/// The messengers that are set up: all of them, or the one that was asked for.
pub(crate) fn messengers(args: &SendArgs) -> Result<Vec<SharedMessenger>> {
    let travel = Travel {
        http: HttpClient::new(&HttpOptions::default().with_timeout(args.timeout))?,
        retry: RetryPolicy::default().with_max_attempts(args.tries),
    };
    let mut found: Vec<SharedMessenger> = Vec::new();
    let wants = |name| args.platform.is_none_or(|platform| platform == name);
    if wants(PlatformName::AcsMessages) {
        found.extend(acs_messages(&args.access, &travel)?);
    }
    if wants(PlatformName::AcsChat) {
        found.extend(acs_chat(&args.access, &travel)?);
    }
    if wants(PlatformName::MsgraphChat) {
        found.extend(msgraph_chat(&args.access, &travel)?);
    }
    if found.is_empty() {
        return Err(missing(match args.platform {
            Some(PlatformName::AcsMessages) => {
                "acs-messages is not set up: ACS_CONNECTION_STRING, or ACS_ENDPOINT with ACS_ACCESS_KEY or ACS_ACCESS_TOKEN"
            }
            Some(PlatformName::AcsChat) => {
                "acs-chat is not set up: ACS_CHAT_TOKEN, with ACS_CHAT_ENDPOINT, ACS_ENDPOINT or ACS_CONNECTION_STRING"
            }
            Some(PlatformName::MsgraphChat) => "msgraph-chat is not set up: MSGRAPH_TOKEN",
            None => {
                "no platform is set up: set ACS_CONNECTION_STRING, ACS_CHAT_TOKEN or MSGRAPH_TOKEN (see msm send --help)"
            }
        }));
    }
    Ok(found)
}

fn missing(what: &'static str) -> Error {
    Error::new(ErrorKind::Config, what)
}

fn acs_messages(access: &AccessArgs, travel: &Travel) -> Result<Option<SharedMessenger>> {
    let Some(mut builder) = acs_messages_builder(access)? else {
        return Ok(None);
    };
    if let Some(id) = &access.acs_channel_registration_id {
        builder = builder.with_channel_registration_id(id);
    }
    let client = builder
        .with_http_client(travel.http.clone())
        .with_retry(travel.retry.clone())
        .build()?;
    Ok(Some(Arc::new(client)))
}

fn acs_messages_builder(access: &AccessArgs) -> Result<Option<AcsMessagesBuilder>> {
    if let Some(text) = &access.acs_connection_string {
        return AcsMessagesClient::from_connection_string(text).map(Some);
    }
    let credential = match (&access.acs_access_key, &access.acs_access_token) {
        (Some(key), _) => Credential::access_key(key)?,
        (None, Some(token)) => Credential::entra(StaticToken::new(token.as_str())),
        (None, None) => return Ok(None),
    };
    match &access.acs_endpoint {
        Some(endpoint) => Ok(Some(AcsMessagesClient::builder(endpoint, credential))),
        None => Err(missing(
            "ACS_ENDPOINT is missing beside ACS_ACCESS_KEY or ACS_ACCESS_TOKEN",
        )),
    }
}

fn acs_chat(access: &AccessArgs, travel: &Travel) -> Result<Option<SharedMessenger>> {
    let Some(token) = &access.acs_chat_token else {
        return Ok(None);
    };
    let endpoint = match (
        &access.acs_chat_endpoint,
        &access.acs_endpoint,
        &access.acs_connection_string,
    ) {
        (Some(endpoint), _, _) | (None, Some(endpoint), _) => endpoint.clone(),
        (None, None, Some(text)) => ms_messenger::acs_messages::ConnectionString::parse(text)?
            .endpoint()
            .to_string(),
        (None, None, None) => {
            return Err(missing(
                "ACS_CHAT_ENDPOINT or ACS_ENDPOINT is missing beside ACS_CHAT_TOKEN",
            ));
        }
    };
    let client = AcsChatClient::builder(endpoint, StaticToken::new(token.as_str()))
        .with_http_client(travel.http.clone())
        .with_retry(travel.retry.clone())
        .build()?;
    Ok(Some(Arc::new(client)))
}

fn msgraph_chat(access: &AccessArgs, travel: &Travel) -> Result<Option<SharedMessenger>> {
    let token = match (&access.msgraph_token, &access.msgraph_token_file) {
        (Some(token), _) => token.clone(),
        (None, Some(file)) => fs::read_to_string(file)
            .map_err(|e| missing("--msgraph-token-file cannot be read").with_source(e))?
            .trim()
            .to_owned(),
        (None, None) => return Ok(None),
    };
    let mut builder = GraphChatClient::builder(StaticToken::new(token));
    if let Some(base) = &access.msgraph_base_url {
        builder = builder.with_base_url(base);
    }
    if let Some(own) = &access.msgraph_user_id {
        builder = builder.with_one_on_one_chats(own.as_str());
    }
    let client = builder
        .with_http_client(travel.http.clone())
        .with_retry(travel.retry.clone())
        .build()?;
    Ok(Some(Arc::new(client)))
}
