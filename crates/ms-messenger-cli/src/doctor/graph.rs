//! Teams through Microsoft Graph.

use ms_messenger::{
    AccessToken, ErrorKind, Result, RetryPolicy, StaticToken, TokenProvider as _, TokenRequest,
    http::Bearer,
    msgraph_chat::{OPERATIONS, permissions, permissions::Operation},
};

use crate::{
    claims::Claims,
    config::Settings,
    connect,
    doctor::{
        context::{DoctorContext, Verdict},
        finding::Findings,
        operations,
    },
    exit::Exit,
    graph,
    platform::Platform,
    text,
    token::Service,
};

/// Checks Microsoft Graph.
pub(crate) async fn teams(context: &DoctorContext, findings: &mut Findings) {
    let settings = &context.settings;
    let names = [
        "MSGRAPH_TOKEN",
        "MSGRAPH_CLOUD",
        "MSGRAPH_BASE_URL",
        "MSGRAPH_USER",
    ];
    context.origins(&names, findings);
    if let Some(signed_in) = &settings.signed_in {
        let name = &signed_in.profile.name;
        findings.ok("setting", text::doctor::signed_in_as(name));
    }
    let address = match graph::address(settings) {
        Ok(address) => address,
        Err(error) => return findings.failure("address", error, settings),
    };
    let endpoint = context.address(&address, findings);
    if !settings.configures(Platform::MsgraphChat) {
        findings.unconfigured();
        return;
    }
    // An expired sign-in is renewed here, as by a send.
    let token = match token(settings).await {
        Ok(token) => token,
        Err(error) => return findings.failure("sign-in", error, settings),
    };
    // What the client rejects, every send would meet. The token has its own findings.
    let client = connect::msgraph_chat(settings, context.options.clone(), RetryPolicy::never());
    if let Err(error) = client.map_err(|error| settings.with_names(error))
        && error.kind() == ErrorKind::Config
    {
        return findings.failure("settings", error, settings);
    }
    context.token(token.secret(), Service::Graph(&address), findings);
    if let Some(claims) = Claims::read(token.secret()) {
        check_permissions(&claims, findings);
    }
    let without_version = graph::address_without_version(settings);
    if let Some(text) = &without_version {
        findings.note("address", text);
    }
    let Some(endpoint) = endpoint else { return };
    if context.reach(&endpoint, findings).await {
        let bearer = Bearer::new(StaticToken::new(token), &[]);
        let judge = |status| match (status, without_version) {
            // The permissions of sending do not include reading /me.
            (403, _) => Verdict::Note(text::doctor::ACCEPTED_BUT_FOR_ME.to_owned()),
            (_, Some(text)) => Verdict::Problem(Exit::NotFound, text),
            _ => Verdict::wrong_address(&endpoint.to_string()),
        };
        context
            .accepted(&endpoint, "/me", &bearer, judge, findings)
            .await;
    }
}

/// Returns the token that a send would use.
async fn token(settings: &Settings) -> Result<AccessToken> {
    if let Some((_, token)) = settings.token_of(Platform::MsgraphChat) {
        return Ok(AccessToken::new(token));
    }
    let signed_in = settings.signed_in.as_ref();
    let signed_in = signed_in.ok_or_else(|| Platform::MsgraphChat.not_configured())?;
    let request = TokenRequest::new(graph::cloud(settings)?.scopes);
    signed_in.profile.stored().token(&request).await
}

/// Checks whether the token has the permissions that this program needs.
fn check_permissions(claims: &Claims, findings: &mut Findings) {
    if claims.is_app_only || claims.is_from_acs {
        return;
    }
    let granted = || claims.scopes.iter().map(String::as_str);
    let sends = [Operation::SendToChannel, Operation::SendToChat];
    let can_send = sends.iter().any(|send| send.is_granted_by(granted()));
    for operation in Operation::ALL {
        let (what, needed) = (operation.describe(), operation.delegated());
        let has = |name: &&&str| granted().any(|scope| scope.eq_ignore_ascii_case(name));
        if let Some(scope) = needed.iter().find(has) {
            findings.ok("permission", format!("{what}: {scope}"));
            continue;
        }
        let of_administrator = operation.needs_admin_consent();
        let text = text::doctor::needs(what, needed[0], of_administrator);
        if sends.contains(operation) && !can_send {
            findings.problem(Exit::Denied, "permission", text);
        } else {
            findings.note("permission", text);
        }
    }
    operations::check(OPERATIONS, &claims.scopes, permissions::delegated, findings);
}
