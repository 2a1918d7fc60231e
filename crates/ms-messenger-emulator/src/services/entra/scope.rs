//! Requested scopes: the resource they are of, and what the token's `scp` holds.

use crate::{
    seed::graph::{DELEGATED_SCOPES, GRAPH_AUDIENCE},
    services::entra::error::EntraError,
};

const GRAPH_APP_ID: &str = "00000003-0000-0000-c000-000000000000";
const ACS: &str = "https://communication.azure.com";
const OPENID: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scopes {
    /// The `aud` of the token.
    pub(crate) audience: String,
    /// Short names, in the order asked; those of OpenID too.
    pub(crate) names: Vec<String>,
    pub(crate) is_default: bool,
    pub(crate) has_offline: bool,
    pub(crate) has_openid: bool,
}

impl Scopes {
    /// The delegated permissions of the token.
    pub(crate) fn granted(&self) -> String {
        let kept = |name: &&str| *name != ".default" && *name != "offline_access";
        let asked: Vec<&str> = self.names.iter().map(String::as_str).filter(kept).collect();
        let is_graph = self.audience == GRAPH_AUDIENCE;
        let has_none = asked.iter().all(|name| OPENID.contains(name));
        let more = match (self.is_default, is_graph) {
            (true, true) => DELEGATED_SCOPES,
            (true, false) => "user_impersonation",
            (false, true) if has_none => "User.Read",
            (false, _) => "",
        };
        let more = more.split(' ').filter(|name| !name.is_empty());
        let all: Vec<&str> = asked.into_iter().chain(more).collect();
        all.join(" ")
    }

    /// The member `scope` of the response: full names, except those of OpenID.
    pub(crate) fn announced(&self) -> String {
        let full = |name: &str| match name {
            name if OPENID.contains(&name) => name.to_owned(),
            name => format!("{}/{name}", self.audience),
        };
        self.granted()
            .split(' ')
            .map(full)
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// Reads a blank-separated list. All of it must be of one resource; names without one are Graph's.
pub(crate) fn parse(text: &str) -> Result<Scopes, EntraError> {
    let mut audience: Option<String> = None;
    let mut names: Vec<String> = Vec::new();
    for scope in text.split_whitespace() {
        if !scope
            .bytes()
            .all(|b| b.is_ascii_graphic() && !b"\"\\<>".contains(&b))
        {
            return Err(invalid(scope));
        }
        let (resource, name) = match scope.rsplit_once('/') {
            _ if OPENID.contains(&scope) => (None, scope),
            Some((resource, name)) => (Some(audience_of(resource)), name),
            None => (Some(GRAPH_AUDIENCE.to_owned()), scope),
        };
        if name.is_empty() {
            return Err(invalid(scope));
        }
        if let Some(resource) = resource {
            if audience.as_ref().is_some_and(|first| *first != resource) {
                let message = format!(
                    "Provided value for the input parameter scope is not valid because it \
                     contains more than one resource. Scope {text} is not valid."
                );
                return Err(EntraError::new("invalid_scope", 28_000, message));
            }
            audience = Some(resource);
        }
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    let is_default = has(".default");
    let others = names.iter().filter(|n| !OPENID.contains(&n.as_str()));
    if is_default && others.count() > 1 {
        let message = format!(
            "The provided value for the input parameter 'scope' is not valid. The scope {text} \
             combines .default with other scopes of a resource."
        );
        return Err(EntraError::new("invalid_scope", 70_011, message));
    }
    Ok(Scopes {
        audience: audience.unwrap_or_else(|| GRAPH_AUDIENCE.to_owned()),
        is_default,
        has_offline: has("offline_access"),
        has_openid: has("openid"),
        names,
    })
}

fn invalid(scope: &str) -> EntraError {
    let message = format!(
        "The provided request must include a 'scope' input parameter. The provided value for \
         the input parameter 'scope' is not valid. The scope {scope} is not valid."
    );
    EntraError::new("invalid_scope", 70_011, message)
}

/// The audience of tokens for a resource, however its scopes spell it.
pub(crate) fn audience_of(resource: &str) -> String {
    let resource = resource.trim_end_matches('/');
    if resource == GRAPH_AUDIENCE || resource.eq_ignore_ascii_case(GRAPH_APP_ID) {
        return GRAPH_AUDIENCE.to_owned();
    }
    // `https://communication.azure.com/clients/.default` is of the same resource.
    let rest = resource.strip_prefix(ACS);
    if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
        return ACS.to_owned();
    }
    resource.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_full_names_are_the_same_scopes() {
        let short = parse("ChatMessage.Send offline_access").unwrap();
        let full = parse("https://graph.microsoft.com/ChatMessage.Send offline_access").unwrap();
        assert_eq!(short, full);
        assert_eq!(short.granted(), "ChatMessage.Send");
        let announced = "https://graph.microsoft.com/ChatMessage.Send";
        assert_eq!(short.announced(), announced);
    }

    #[test]
    fn all_spellings_of_the_acs_resource_have_its_audience() {
        for scope in ["/.default", "//.default", "/clients/.default"] {
            let scopes = parse(&format!("https://communication.azure.com{scope}")).unwrap();
            assert_eq!(scopes.audience, ACS, "{scope}");
        }
        assert_ne!(
            audience_of("https://communication.azure.com.evil.test"),
            ACS
        );
    }

    #[test]
    fn two_resources_and_a_mixed_default_are_refused() {
        let two = "User.Read https://communication.azure.com/.default";
        assert_eq!(parse(two).unwrap_err().code, 28_000);
        assert_eq!(parse("User.Read .default").unwrap_err().code, 70_011);
    }
}
