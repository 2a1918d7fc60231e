//! `POST /_emulator/tokens`: fresh bearer tokens without an identity service.

use std::fmt;

use serde_json::{Map, Value, json};

use crate::engine::platform::Platform;
use crate::engine::resources::Shared;
use crate::wire::clock;

const KNOWN: [&str; 4] = ["platform", "user", "scopes", "expires_in_s"];
const MAX_LIFE_S: u64 = 10 * 365 * 86_400;

/// Why no token was issued: every problem with its member.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidTokenRequest {
    /// One line per problem, for example `user: must be a seeded user or a raw id (8:acs:…)`.
    pub problems: Vec<String>,
}

impl fmt::Display for InvalidTokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid token request: {}", self.problems.join("; "))
    }
}

impl std::error::Error for InvalidTokenRequest {}

/// Issues the token that `request` describes: `{token, user, scopes, expires_on}`.
pub(crate) fn issue(shared: &Shared, request: &Value) -> Result<Value, InvalidTokenRequest> {
    let mut problems = Vec::new();
    let wish = Wish::read(request, &mut problems);
    let issued = wish.and_then(|wish| wish.claims(shared, &mut problems).map(|c| (wish, c)));
    let Some((wish, (user, mut claims))) = issued.filter(|_| problems.is_empty()) else {
        return Err(InvalidTokenRequest { problems });
    };
    let now = shared.now_ms() / 1000;
    claims["iat"] = json!(now);
    // Two tokens of one second differ.
    claims["jti"] = json!(shared.guid().to_string());
    claims["exp"] = json!(now + wish.life_s);
    shared.token_life.stamp(&mut claims);
    Ok(json!({
        "platform": wish.platform.as_str(),
        "user": user,
        "scopes": wish.scopes(),
        "expires_on": clock::rfc3339_seconds((now + wish.life_s) * 1000),
        "token": shared.seed.tokens().sign(&claims),
    }))
}

/// A token request, its members read.
struct Wish<'a> {
    platform: Platform,
    user: Option<&'a str>,
    scopes: Option<Vec<&'a str>>,
    life_s: u64,
}

impl<'a> Wish<'a> {
    fn read(request: &'a Value, problems: &mut Vec<String>) -> Option<Self> {
        let Some(members) = request.as_object() else {
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
        let platform = members.get("platform").and_then(Value::as_str);
        let platform = platform.and_then(Platform::from_name);
        let platform = platform.filter(|platform| *platform != Platform::Ucwa);
        if platform.is_none() {
            let rule = "is required and must be one of acs-messages, acs-chat, msgraph-chat";
            problems.push(format!("platform: {rule}"));
        }
        let usual = if platform == Some(Platform::MsgraphChat) {
            3600
        } else {
            86_400
        };
        let life = members.get("expires_in_s").map(Value::as_u64);
        let life_s = life.unwrap_or(Some(usual));
        let life_s = life_s.filter(|life| *life <= MAX_LIFE_S);
        if life_s.is_none() {
            let rule = format!("must be a whole number from 0 to {MAX_LIFE_S}");
            problems.push(format!("expires_in_s: {rule}"));
        }
        Some(Self {
            platform: platform?,
            user,
            scopes,
            life_s: life_s?,
        })
    }

    /// The scopes asked for, or the usual ones.
    fn scopes(&self) -> Vec<&'a str> {
        let usual = || match (self.platform, self.user) {
            (Platform::MsgraphChat, Some(_)) => crate::seed::DELEGATED_SCOPES.split(' ').collect(),
            (Platform::MsgraphChat, None) => crate::seed::APP_ROLES.to_vec(),
            (_, Some(_)) => vec!["chat", "voip"],
            (_, None) => Vec::new(),
        };
        self.scopes.clone().unwrap_or_else(usual)
    }

    /// Whose token it is, by id (`null` for the application), and its claims.
    fn claims(&self, shared: &Shared, problems: &mut Vec<String>) -> Option<(Value, Value)> {
        let seed = &shared.seed;
        let Some(user) = self.user else {
            let roles = json!(self.scopes());
            return Some((Value::Null, seed.app_claims(self.platform, &roles)));
        };
        if self.platform == Platform::MsgraphChat {
            let known = &seed.graph.users;
            let names = |name: &str| name.eq_ignore_ascii_case(user);
            let found = known
                .iter()
                .find(|u| names(&u.id) || names(&u.upn) || names(&u.display_name));
            let Some(found) = found else {
                let known: Vec<&str> = known.iter().map(|user| user.upn.as_str()).collect();
                problems.push(format!("user: must be one of {}", known.join(", ")));
                return None;
            };
            return Some((json!(found.id), seed.graph_claims(found, &self.scopes())));
        }
        let found = seed
            .acs
            .users
            .iter()
            .find(|u| u.name == user || u.id == user);
        let id = match found {
            Some(found) => found.id.as_str(),
            None if user.starts_with("8:") => user,
            None => {
                let rule = "must be a seeded user or a raw id (8:acs:…)";
                problems.push(format!("user: {rule}"));
                return None;
            }
        };
        let mut claims = seed.acs_claims(id, &self.scopes());
        // A token that is issued after a revocation is good.
        claims["generation"] = json!(shared.state().identity.generation(id));
        Some((json!(id), claims))
    }
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
