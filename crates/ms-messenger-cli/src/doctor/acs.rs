//! Azure Communication Services.

use ms_messenger::{
    StaticToken,
    acs_chat::OPERATIONS,
    entra::ClientCredentials,
    http::{
        Bearer, Endpoint, Variables,
        acs::{self, Connection, Credential, OtherCredential, Precedence},
        encode_path_segment,
    },
};

use crate::{
    claims::Claims,
    config::APPLICATION,
    doctor::{
        context::{DoctorContext, Verdict},
        finding::Findings,
        operations,
    },
    exit::Exit,
    platform::Platform,
    text,
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
    if !settings.configures(Platform::AcsMessages) {
        findings.unconfigured();
        return;
    }
    if names[..4]
        .iter()
        .all(|it| *it == "ACS_ENDPOINT" || settings.value(it).is_none())
    {
        context.origins(&APPLICATION, findings);
    }
    let channel = settings.value("ACS_CHANNEL_REGISTRATION_ID");
    if channel.is_none() {
        findings.note("channel", text::doctor::NO_CHANNEL);
    }
    let connection = match settings.configure(Platform::AcsMessages, connection) {
        Ok(connection) => connection,
        Err(error) => return findings.failure("credential", error, settings),
    };
    let Some(endpoint) = context.address(connection.endpoint(), findings) else {
        return;
    };
    if let Some((_, token)) = settings.token_of(Platform::AcsMessages) {
        context.token(token, Service::AcsMessages, findings);
    }
    if context.reach(&endpoint, findings).await {
        let segment = encode_path_segment(channel.unwrap_or(NO_CHANNEL));
        let path = format!("/messages/channels/{segment}/templates?api-version=2024-08-30");
        let authorize = connection.credential().clone().into_authorize(SCOPES);
        let judge = |status| verdict(status, channel, &endpoint);
        context
            .accepted(&endpoint, &path, &authorize, judge, findings)
            .await;
    }
}

/// Returns endpoint and credential, as the client reads them.
fn connection(variables: &mut Variables<'_>) -> Option<Connection> {
    let application = OtherCredential::new(ClientCredentials::are_in, |variables| {
        let application = ClientCredentials::from_variables(variables)?;
        Some(Credential::entra(application))
    });
    Connection::from_variables(variables, Precedence::TokenFirst, Some(application))
}

/// Returns what a status of the list of templates says about the credential.
fn verdict(status: u16, channel: Option<&str>, endpoint: &Endpoint) -> Verdict {
    match (status, channel) {
        (403, _) => Verdict::Problem(Exit::Denied, text::doctor::FORBIDDEN.to_owned()),
        (404, None) => Verdict::Note(text::doctor::UNCERTAIN.to_owned()),
        (404, Some(_)) => {
            let text = text::doctor::NO_SUCH_CHANNEL;
            Verdict::Problem(Exit::NotFound, text.to_owned())
        }
        _ => Verdict::wrong_address(&endpoint.to_string()),
    }
}

/// Checks Chat.
pub(crate) async fn chat(context: &DoctorContext, findings: &mut Findings) {
    let settings = &context.settings;
    let names = ["ACS_CHAT_ENDPOINT", "ACS_ENDPOINT", "ACS_CHAT_TOKEN"];
    context.origins(&names, findings);
    let Some((_, token)) = settings.token_of(Platform::AcsChat) else {
        findings.unconfigured();
        return;
    };
    context.token(token, Service::AcsChat, findings);
    let claims = Claims::read(token).unwrap_or_default();
    let mut scopes = claims.scopes.iter();
    if let Some(scope) = scopes.find(|it| CHAT_SCOPES.contains(&it.as_str())) {
        findings.ok("permission", text::doctor::thread_scope(scope));
    }
    if !claims.scopes.is_empty() {
        operations::check(OPERATIONS, &claims.scopes, operations::of_chat, findings);
    }
    let address = settings.configure(Platform::AcsChat, |variables| {
        let address = acs::endpoint_from(variables, &["ACS_CHAT_ENDPOINT", "ACS_ENDPOINT"]);
        if address.is_none() {
            variables.missing("ACS_CHAT_ENDPOINT", text::doctor::CHAT_ENDPOINT);
        }
        address
    });
    let address = match address {
        Ok(address) => address,
        Err(error) => return findings.failure("address", error, settings),
    };
    let Some(endpoint) = context.address(&address, findings) else {
        return;
    };
    if context.reach(&endpoint, findings).await {
        let bearer = Bearer::new(StaticToken::new(token), &[]);
        let path = "/chat/threads?maxPageSize=1&api-version=2025-03-15";
        let judge = |status| match status {
            403 => Verdict::Problem(Exit::Denied, text::doctor::FORBIDDEN.to_owned()),
            _ => Verdict::wrong_address(&endpoint.to_string()),
        };
        context
            .accepted(&endpoint, path, &bearer, judge, findings)
            .await;
    }
}
