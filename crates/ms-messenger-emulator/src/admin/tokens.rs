//! `POST /_emulator/tokens`: fresh bearer tokens without an identity service.

use std::fmt;

use serde_json::{Map, Value, json};

use crate::{
    engine::{
        description::{Description, names},
        registry::Registry,
        token_request::TokenRequest,
    },
    wire::clock,
};

const KNOWN: [&str; 4] = ["platform", "user", "scopes", "expires_in_s"];
const MAX_LIFE_S: u64 = 10 * 365 * 86_400;

/// Error returned when no token was issued: every problem with its member.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IssueTokenError {
    /// One line per problem, for example `user: must be a seeded user or a raw id (8:acs:…)`.
    pub problems: Vec<String>,
}

impl fmt::Display for IssueTokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid token request: {}", self.problems.join("; "))
    }
}

impl std::error::Error for IssueTokenError {}

/// Issues the token that `document` describes: `{platform, token, user, scopes, expires_on}`.
pub(crate) fn issue(registry: &Registry, document: &Value) -> Result<Value, IssueTokenError> {
    let engine = &registry.engine;
    let mut problems = Vec::new();
    let order = Order::read(registry, document, &mut problems);
    let granted = order.and_then(|order| {
        let service = registry.service(order.service);
        match service.grant_token(engine, &order.request) {
            Ok(grant) => Some((order, grant)),
            Err(problem) => {
                problems.push(problem);
                None
            }
        }
    });
    let Some((order, grant)) = granted.filter(|_| problems.is_empty()) else {
        return Err(IssueTokenError { problems });
    };
    let now = engine.now_ms() / 1000;
    let mut claims = grant.claims;
    claims["iat"] = json!(now);
    // Two tokens of one second differ.
    claims["jti"] = json!(engine.guid().to_string());
    claims["exp"] = json!(now + order.life_s);
    engine.token_life.stamp(&mut claims);
    Ok(json!({
        "platform": registry.description(order.service).platform.as_str(),
        "user": grant.user,
        "scopes": grant.scopes,
        "expires_on": clock::rfc3339_seconds((now + order.life_s) * 1000),
        "token": engine.sign(&claims),
    }))
}

/// The members of the document.
struct Order<'a> {
    /// The service's place in the registry.
    service: usize,
    request: TokenRequest<'a>,
    life_s: u64,
}

impl<'a> Order<'a> {
    fn read(registry: &Registry, document: &'a Value, problems: &mut Vec<String>) -> Option<Self> {
        let Some(members) = document.as_object() else {
            problems.push("the request must be an object".to_owned());
            return None;
        };
        for name in members
            .keys()
            .filter(|name| !KNOWN.contains(&name.as_str()))
        {
            let known = KNOWN.join(", ");
            problems.push(format!("{name}: is unknown here; known: {known}"));
        }
        let user = match members.get("user") {
            None | Some(Value::Null) => None,
            Some(Value::String(user)) => Some(user.as_str()),
            Some(_) => {
                problems.push("user: must be a string".to_owned());
                None
            }
        };
        let scopes = scopes(members, problems);
        let issuer = issuer(registry, members);
        if issuer.is_none() {
            let issuers = registry.catalog().services();
            let issuers = names(issuers.filter(|service| service.token_life_s.is_some()));
            let rule = format!("is required and must be one of {issuers}");
            problems.push(format!("platform: {rule}"));
        }
        let usual = issuer.and_then(|(_, service)| service.token_life_s);
        let usual = usual.map_or(MAX_LIFE_S, u64::from);
        let life = members.get("expires_in_s").map(Value::as_u64);
        let life_s = life.unwrap_or(Some(usual));
        let life_s = life_s.filter(|life| *life <= MAX_LIFE_S);
        if life_s.is_none() {
            let rule = format!("must be a whole number from 0 to {MAX_LIFE_S}");
            problems.push(format!("expires_in_s: {rule}"));
        }
        Some(Self {
            service: issuer?.0,
            request: TokenRequest { user, scopes },
            life_s: life_s?,
        })
    }
}

/// The service that the document names, if it takes bearer tokens.
fn issuer<'r>(
    registry: &'r Registry,
    members: &Map<String, Value>,
) -> Option<(usize, &'r Description)> {
    let name = members.get("platform").and_then(Value::as_str)?;
    let index = registry.index_of(registry.catalog().platform(name)?)?;
    let service = registry.description(index);
    service.token_life_s.is_some().then_some((index, service))
}

fn scopes<'a>(members: &'a Map<String, Value>, problems: &mut Vec<String>) -> Option<Vec<&'a str>> {
    let list = members.get("scopes")?;
    let scopes = list.as_array().and_then(|list| {
        let scopes = list.iter().map(Value::as_str);
        scopes.collect::<Option<Vec<&str>>>()
    });
    if scopes.is_none() {
        problems.push("scopes: must be an array of strings".to_owned());
    }
    scopes
}
