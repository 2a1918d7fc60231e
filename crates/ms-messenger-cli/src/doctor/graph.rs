//! Teams through Microsoft Graph.

use ms_messenger::{
    AccessToken, Result, StaticToken, TokenRequest, http::Bearer,
    msgraph_chat::permissions::Operation,
};

use crate::{
    config::Settings,
    doctor::{
        acs::endpoint,
        finding::Findings,
        patient::{self, Patient},
        token::Claims,
    },
    exit::Exit,
    platform::{self, Platform},
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
        findings.problem(Exit::Config, "settings", Platform::MsgraphChat.needs());
        return;
    }
    // A sign-in whose token has run out is renewed here, as sending would.
    let token = match token(settings).await {
        Ok(token) => token,
        Err(error) => return findings.failure("sign-in", &error),
    };
    match Claims::read(token.secret()) {
        None => findings.note("token", "it is none whose content can be read"),
        Some(claims) => {
            patient::describe(&claims, findings);
            permissions(&claims, findings);
        }
    }
    let Some(endpoint) = endpoint else { return };
    if patient.reach(&endpoint, findings).await {
        let bearer = Bearer::new(StaticToken::new(token), &[]);
        // Who may not read it gets 403, who is nobody 401.
        patient.accepted(&endpoint, "/me", &bearer, findings).await;
    }
}

/// The token with which a message would go out.
async fn token(settings: &Settings) -> Result<AccessToken> {
    let scopes = [platform::graph_cloud(settings)?.default_scope];
    let credential = platform::graph_credential(settings)?;
    credential.token(&TokenRequest::new(&scopes)).await
}

/// Whether the token allows what this program does with it.
fn permissions(claims: &Claims, findings: &mut Findings) {
    if claims.is_app_only {
        let text = "it is of an application alone, and Graph sends for users only: sign a user in";
        findings.problem(Exit::Denied, "permission", text);
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
