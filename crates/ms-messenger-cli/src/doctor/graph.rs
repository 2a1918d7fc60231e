//! Teams through Microsoft Graph.

use ms_messenger::{StaticToken, http::Bearer, msgraph_chat::permissions::Operation};
use secrecy::ExposeSecret as _;

use crate::{
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
    if settings.graph_user.is_none() {
        findings.note("user", "user: targets need your own id: MSGRAPH_USER");
    }
    let Some(token) = &settings.graph_token else {
        findings.problem(Exit::Config, "settings", Platform::MsgraphChat.needs());
        return;
    };
    match Claims::read(token.expose_secret()) {
        None => findings.note("token", "it is none whose content can be read"),
        Some(claims) => {
            patient::describe(&claims, findings);
            permissions(&claims, findings);
        }
    }
    let Some(endpoint) = endpoint else { return };
    if patient.reach(&endpoint, findings).await {
        let bearer = Bearer::new(StaticToken::new(token.expose_secret()), &[]);
        // Who may not read it gets 403, who is nobody 401.
        patient.accepted(&endpoint, "/me", &bearer, findings).await;
    }
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
