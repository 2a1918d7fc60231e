//! Azure Communication Services.

use ms_messenger::{
    Result, StaticToken,
    acs_messages::AccessKey,
    http::{Authorize, Bearer, Endpoint},
};
use secrecy::ExposeSecret as _;

use crate::{
    claims::Claims,
    config::{APPLICATION, AcsCredential},
    doctor::{
        context::{DoctorContext, Verdict},
        finding::Findings,
    },
    exit::Exit,
    token::{CHAT_SCOPES, Service},
};

/// Scope of an application.
const SCOPES: &[&str] = &["https://communication.azure.com/.default"];

/// Any channel: the service checks the credential first.
const NO_CHANNEL: &str = "00000000-0000-0000-0000-000000000000";

/// Checks Advanced Messaging.
pub(crate) async fn messages(context: &DoctorContext, findings: &mut Findings) {
    let settings = &context.settings;
    let names = [
        "ACS_CONNECTION_STRING",
        "ACS_ENDPOINT",
        "ACS_ACCESS_KEY",
        "ACS_ACCESS_TOKEN",
        "ACS_CHANNEL_REGISTRATION_ID",
    ];
    context.origins(&names, findings);
    context.origins(&APPLICATION, findings);
    let endpoint = endpoint(settings.messages_endpoint(), findings);
    let credential = match settings.acs_credential() {
        None => {
            findings.unconfigured();
            return;
        }
        Some(credential) => credential,
    };
    let channel = settings.channel_registration_id.as_deref();
    if channel.is_none() {
        let text = "telephone numbers need ACS_CHANNEL_REGISTRATION_ID; conversations do not";
        findings.note("channel", text);
    }
    let Some(endpoint) = endpoint else { return };
    let authorize: Result<Box<dyn Authorize>> = match credential {
        AcsCredential::Token(token) => {
            context.token(token.expose_secret(), Service::AcsMessages, findings);
            let provider = StaticToken::new(token.expose_secret());
            Ok(Box::new(Bearer::new(provider, &[])))
        }
        AcsCredential::Key(key) => {
            AccessKey::parse(key.expose_secret()).map(|key| Box::new(key) as Box<dyn Authorize>)
        }
        AcsCredential::ConnectionString => settings
            .parsed_connection_string()
            .map(|string| Box::new(string.access_key().clone()) as Box<dyn Authorize>),
        AcsCredential::Application(application) => {
            Ok(Box::new(Bearer::new(application.clone(), SCOPES)))
        }
    };
    let authorize = match authorize {
        Ok(authorize) => authorize,
        Err(error) => return findings.failure("credential", error),
    };
    if context.reach(&endpoint, findings).await {
        let judge = |status| match (status, channel) {
            (403, _) => Verdict::Problem(Exit::Denied, "the service forbids it".to_owned()),
            (404, None) => {
                let text = "it is not rejected, but without ACS_CHANNEL_REGISTRATION_ID it is not \
                            certain that it is accepted";
                Verdict::Note(text.to_owned())
            }
            (404, Some(_)) => {
                let text = "the channel does not exist: check ACS_CHANNEL_REGISTRATION_ID and the \
                            address";
                Verdict::Problem(Exit::NotFound, text.to_owned())
            }
            _ => Verdict::wrong_address(&endpoint.to_string()),
        };
        let segment = ms_messenger::http::encode_path_segment(channel.unwrap_or(NO_CHANNEL));
        let path = format!("/messages/channels/{segment}/templates?api-version=2024-08-30");
        context
            .accepted(&endpoint, &path, &*authorize, judge, findings)
            .await;
    }
}

/// Checks Chat.
pub(crate) async fn chat(context: &DoctorContext, findings: &mut Findings) {
    let settings = &context.settings;
    let names = ["ACS_CHAT_ENDPOINT", "ACS_ENDPOINT", "ACS_CHAT_TOKEN"];
    context.origins(&names, findings);
    let endpoint = endpoint(settings.chat_endpoint(), findings);
    let Some(token) = &settings.chat_token else {
        findings.unconfigured();
        return;
    };
    let token = token.expose_secret();
    context.token(token, Service::AcsChat, findings);
    let claims = Claims::read(token).unwrap_or_default();
    let mut scopes = claims.scopes.iter();
    if let Some(scope) = scopes.find(|it| CHAT_SCOPES.contains(&it.as_str())) {
        findings.ok("permission", format!("send to a thread: {scope}"));
    }
    let Some(endpoint) = endpoint else { return };
    if context.reach(&endpoint, findings).await {
        let bearer = Bearer::new(StaticToken::new(token), &[]);
        let path = "/chat/threads?maxPageSize=1&api-version=2025-03-15";
        let judge = |status| match status {
            403 => Verdict::Problem(Exit::Denied, "the service forbids it".to_owned()),
            _ => Verdict::wrong_address(&endpoint.to_string()),
        };
        context
            .accepted(&endpoint, path, &bearer, judge, findings)
            .await;
    }
}

/// Checks the address and returns it if it is usable.
pub(crate) fn endpoint(text: Result<String>, findings: &mut Findings) -> Option<Endpoint> {
    match text.and_then(|text| Endpoint::parse(&text)) {
        Ok(endpoint) => {
            findings.ok("address", endpoint.to_string());
            Some(endpoint)
        }
        Err(error) => {
            findings.failure("address", error);
            None
        }
    }
}
