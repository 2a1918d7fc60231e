//! Teams through Microsoft Graph.

use ms_messenger::{
    AccessToken, Result, StaticToken, TokenRequest, http::Bearer,
    msgraph_chat::permissions::Operation,
};

use crate::{
    claims::Claims,
    config::Settings,
    doctor::{
        acs::endpoint,
        finding::Findings,
        patient::{Patient, Verdict},
    },
    exit::Exit,
    platform::{self, Platform},
    token::Service,
};

/// Microsoft Graph.
pub(crate) async fn graph(patient: &Patient, findings: &mut Findings) {
    let settings = &patient.settings;
    let names = [
        "MSGRAPH_TOKEN",
        "MSGRAPH_CLOUD",
        "MSGRAPH_BASE_URL",
        "MSGRAPH_USER",
    ];
    patient.origins(&names, findings);
    let endpoint = endpoint(platform::graph_address(settings), findings);
    if settings.graph_own_user().is_none() {
        findings.note("user", "user: targets need your own id: MSGRAPH_USER");
    }
    if !settings.configures(Platform::MsgraphChat) {
        findings.unconfigured();
        return;
    }
    // A sign-in whose token has run out is renewed here, as sending would.
    let token = match token(settings).await {
        Ok(token) => token,
        Err(error) => return findings.failure("sign-in", error),
    };
    let Ok(address) = platform::graph_address(settings) else {
        return;
    };
    patient.token(token.secret(), Service::Graph(&address), findings);
    if let Some(claims) = Claims::read(token.secret()) {
        permissions(&claims, findings);
    }
    let without_version = platform::address_without_version(settings);
    if let Some(text) = &without_version {
        findings.note("address", text);
    }
    let Some(endpoint) = endpoint else { return };
    if patient.reach(&endpoint, findings).await {
        let bearer = Bearer::new(StaticToken::new(token), &[]);
        let judge = |status| match (status, without_version) {
            // The permissions of sending do not include that of reading it.
            (403, _) => Verdict::Note("the service knows it, but not for reading /me".to_owned()),
            (_, Some(text)) => Verdict::Problem(Exit::NotFound, text),
            _ => Verdict::elsewhere(&endpoint.to_string()),
        };
        patient
            .accepted(&endpoint, "/me", &bearer, judge, findings)
            .await;
    }
}

/// The token with which a message would go out.
async fn token(settings: &Settings) -> Result<AccessToken> {
    let scopes = platform::graph_cloud(settings)?.scopes;
    let credential = platform::graph_credential(settings)?;
    credential.token(&TokenRequest::new(scopes)).await
}

/// Whether the token allows what this program does with it.
fn permissions(claims: &Claims, findings: &mut Findings) {
    if claims.is_app_only || claims.is_of_acs {
        return;
    }
    let granted = || claims.scopes.iter().map(String::as_str);
    let sends = [Operation::SendToChannel, Operation::SendToChat];
    let can_send = sends.iter().any(|send| send.is_granted_by(granted()));
    for operation in Operation::ALL {
        let (what, needed) = (operation.describe(), operation.delegated());
        let has = |name: &&&str| granted().any(|scope| scope.eq_ignore_ascii_case(name));
        if let Some(scope) = needed.iter().find(has) {
            findings.sound("permission", format!("{what}: {scope}"));
            continue;
        }
        let consent = match operation.needs_admin_consent() {
            true => ", to which an administrator must consent",
            false => "",
        };
        let text = format!("{what}: needs {}{consent}", needed[0]);
        if sends.contains(operation) && !can_send {
            findings.problem(Exit::Denied, "permission", text);
        } else {
            findings.note("permission", text);
        }
    }
}
