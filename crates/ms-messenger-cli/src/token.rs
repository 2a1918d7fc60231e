//! Checks of a token before any request.

use std::time::SystemTime;

use ms_messenger::{
    Address, ErrorKind, Problems, Result, SendRequest, Target,
    msgraph_chat::{Cloud, permissions::Operation},
};

use crate::{
    claims::Claims,
    outcome::{moment, one_line},
    text,
};

/// The application id of Microsoft Graph, in every cloud.
const GRAPH_ID: &str = "00000003-0000-0000-c000-000000000000";
/// Address of Graph in each cloud.
const GRAPHS: [&str; 4] = [
    Cloud::GLOBAL.graph_root,
    Cloud::US_GOV_L4.graph_root,
    Cloud::US_GOV_L5.graph_root,
    Cloud::CHINA.graph_root,
];
/// The audiences of Azure Communication Services.
const ACS: [&str; 2] = [
    "https://communication.azure.com",
    "https://communication.azure.us",
];
/// Scopes of an ACS user; any one of them allows a send to a thread.
pub(crate) const CHAT_SCOPES: [&str; 3] = ["chat", "chat.join", "chat.join.limited"];

/// The service that receives the token.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Service<'a> {
    /// Graph at this address
    Graph(&'a str),
    /// ACS Advanced Messaging
    AcsMessages,
    /// ACS Chat
    AcsChat,
}

/// A reason why every send with a token would be rejected.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Kind of the error of a send.
    pub(crate) kind: ErrorKind,
    /// What is wrong, after "it".
    pub(crate) rule: String,
}

impl Fault {
    fn new(kind: ErrorKind, rule: impl Into<String>) -> Self {
        let rule = rule.into();
        Self { kind, rule }
    }
}

/// Returns whether `token` has expired, as a fault.
pub(crate) fn expired(token: &str, now: SystemTime) -> Option<Fault> {
    expiry(&Claims::read(token)?, now)
}

/// Returns what is wrong with `token` for every send to `service`.
pub(crate) fn faults(token: &str, service: Service<'_>, now: SystemTime) -> Vec<Fault> {
    if token.is_empty() || token.contains(|c: char| c.is_control()) {
        return vec![Fault::new(ErrorKind::Config, text::token::NO_HEADER)];
    }
    // An opaque token is not an error.
    let Some(claims) = Claims::read(token) else {
        return Vec::new();
    };
    let faults = [
        expiry(&claims, now),
        audience(&claims, service),
        scope(&claims, service),
    ];
    faults.into_iter().flatten().collect()
}

/// Returns whether the token has expired.
fn expiry(claims: &Claims, now: SystemTime) -> Option<Fault> {
    let end = claims.expires_at?;
    let rule = || text::token::expired(moment(end));
    (end <= now).then(|| Fault::new(ErrorKind::Unauthenticated, rule()))
}

/// Returns whether the token is for another service.
fn audience(claims: &Claims, service: Service<'_>) -> Option<Fault> {
    let audiences = || claims.audiences.iter().map(|it| it.trim_end_matches('/'));
    if claims.is_from_acs {
        let is_graph = matches!(service, Service::Graph(_));
        let rule = text::token::OF_ACS;
        return is_graph.then(|| Fault::new(ErrorKind::Unauthenticated, rule));
    }
    let first = audiences().next()?;
    let (is_valid, expected) = match service {
        Service::Graph(address) => {
            let own = GRAPHS.iter().find(|root| address.starts_with(**root));
            let known = || audiences().any(|it| GRAPHS.contains(&it) || it == GRAPH_ID);
            match own {
                // No cloud accepts a token of another one.
                Some(own) => (audiences().any(|it| it == *own || it == GRAPH_ID), *own),
                None => (known(), text::token::GRAPH),
            }
        }
        Service::AcsMessages | Service::AcsChat => {
            (audiences().any(|it| ACS.contains(&it)), ACS[0])
        }
    };
    let rule = || text::token::audience(&one_line(first), expected);
    (!is_valid).then(|| Fault::new(ErrorKind::Unauthenticated, rule()))
}

/// Returns whether the token can send at all.
fn scope(claims: &Claims, service: Service<'_>) -> Option<Fault> {
    match service {
        Service::Graph(_) if claims.is_app_only => Some(Fault::new(
            ErrorKind::PermissionDenied,
            text::token::OF_APPLICATION,
        )),
        Service::AcsChat if claims.is_from_acs => {
            let has = claims
                .scopes
                .iter()
                .any(|it| CHAT_SCOPES.contains(&it.as_str()));
            (!has).then(|| Fault::new(ErrorKind::PermissionDenied, text::token::NO_CHAT))
        }
        _ => None,
    }
}

/// Returns the permission that a delegated token for Graph lacks for this request.
pub(crate) fn missing_permission(token: &str, request: &SendRequest) -> Option<Fault> {
    let claims = Claims::read(token)?;
    if claims.scopes.is_empty() {
        return None;
    }
    let needed: &[Operation] = match &request.to {
        to if to.is_channel() => &[Operation::SendToChannel],
        Target::Person(Address::User(_)) => &[Operation::CreateChat, Operation::SendToChat],
        _ => &[Operation::SendToChat],
    };
    let granted = || claims.scopes.iter().map(String::as_str);
    let missing = needed.iter().find(|it| !it.is_granted_by(granted()))?;
    let (what, permission) = (missing.describe(), missing.delegated()[0]);
    let rule = text::token::permission(permission, what);
    Some(Fault::new(ErrorKind::PermissionDenied, rule))
}

/// Rejects a token for its faults; `setting` names it.
///
/// # Errors
///
/// The kind is that of the first fault.
pub(crate) fn reject(setting: &str, faults: Vec<Fault>) -> Result<()> {
    let Some(kind) = faults.first().map(|fault| fault.kind) else {
        return Ok(());
    };
    let mut problems = Problems::new();
    for fault in faults {
        problems.add(setting, fault.rule);
    }
    problems.into_result(kind)
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use ms_messenger::Message;

    use super::*;

    fn jwt(claims: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
    }

    fn rules(claims: &str, service: Service<'_>) -> Vec<String> {
        let faults = faults(&jwt(claims), service, SystemTime::UNIX_EPOCH);
        faults.into_iter().map(|fault| fault.rule).collect()
    }

    #[test]
    fn the_audience_must_be_that_of_the_cloud() {
        let global = Service::Graph("https://graph.microsoft.com/v1.0");
        let china = Service::Graph("https://microsoftgraph.chinacloudapi.cn/v1.0");
        let elsewhere = Service::Graph("http://127.0.0.1:8410/v1.0");
        let graph = r#"{"aud":"https://graph.microsoft.com/"}"#;
        let id = r#"{"aud":"00000003-0000-0000-c000-000000000000"}"#;
        let acs = r#"{"aud":"https://communication.azure.com"}"#;
        for service in [global, elsewhere] {
            assert!(rules(graph, service).is_empty());
            assert!(rules(id, service).is_empty());
            assert_eq!(rules(acs, service).len(), 1);
        }
        assert!(rules(id, china).is_empty());
        assert_eq!(
            rules(graph, china),
            ["is for https://graph.microsoft.com, not for https://microsoftgraph.chinacloudapi.cn"]
        );
        for service in [Service::AcsMessages, Service::AcsChat] {
            assert!(rules(acs, service).is_empty());
            assert_eq!(rules(graph, service).len(), 1);
            assert!(rules("{}", service).is_empty());
        }
        assert_eq!(rules(r#"{"acsScope":"chat"}"#, global).len(), 1);
    }

    #[test]
    fn a_token_that_cannot_send_is_rejected() {
        for (scopes, count) in [("voip", 1), ("chat,voip", 0), ("chat.join", 0), ("", 1)] {
            let claims = format!(r#"{{"acsScope":"{scopes}"}}"#);
            assert_eq!(rules(&claims, Service::AcsChat).len(), count, "{scopes}");
        }
        let graph = Service::Graph("https://graph.microsoft.com/v1.0");
        assert_eq!(rules(r#"{"roles":["Chat.Read.All"]}"#, graph).len(), 1);
        assert_eq!(
            rules(r#"{"exp":0}"#, graph),
            ["expired at 1970-01-01T00:00:00Z"]
        );
        for token in ["", "bad\u{1}", "two\nlines"] {
            let found = faults(token, graph, SystemTime::UNIX_EPOCH);
            assert_eq!(found[0].kind, ErrorKind::Config, "{token:?}");
        }
        assert!(faults("opaque", graph, SystemTime::now()).is_empty());
    }

    #[test]
    fn the_target_decides_the_permission() {
        let token = jwt(r#"{"scp":"ChatMessage.Send User.Read"}"#);
        for (to, missing) in [
            ("conversation:19:a", None),
            ("channel:t/c", Some("ChannelMessage.Send")),
            ("user:lene@contoso.com", Some("Chat.Create")),
        ] {
            let to: Target = to.parse().unwrap();
            let request = SendRequest::new(to, Message::text("x"));
            let found = missing_permission(&token, &request);
            let named = |permission| {
                found
                    .as_ref()
                    .is_some_and(|it| it.rule.contains(permission))
            };
            assert_eq!(found.is_some(), missing.is_some(), "{found:?}");
            assert!(missing.is_none_or(named), "{found:?}");
        }
        assert_eq!(
            missing_permission(
                "opaque",
                &SendRequest::new(Target::conversation("19:a"), Message::text("x"))
            ),
            None
        );
    }
}
