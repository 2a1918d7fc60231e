//! User access tokens: the check of a request, and how they are made.

use serde_json::{Map, Value, json};

use crate::{
    services::acs::{error::AcsError, family::Acs, identity::body::invalid},
    wire::clock,
};

/// The claim that separates a revoked token from a later one; the emulator's own.
pub(crate) const GENERATION: &str = "generation";
const SCOPES: [&str; 5] = [
    "chat",
    "voip",
    "chat.join",
    "chat.join.limited",
    "voip.join",
];
const DEFAULT_MINUTES: u64 = 1440;

/// The token that a request asks for.
pub(crate) struct Wish {
    pub(crate) scopes: Vec<String>,
    pub(crate) minutes: u64,
}

impl Wish {
    /// Reads the scopes from the member `name`, which errors call `target`.
    pub(crate) fn read(
        body: &Map<String, Value>,
        name: &str,
        target: &str,
    ) -> Result<Self, AcsError> {
        let list = body.get(name).and_then(Value::as_array);
        let Some(list) = list.filter(|list| !list.is_empty()) else {
            let message = format!("{target}: The {target} field is required.");
            return Err(invalid(target, message));
        };
        let known = |scope: &Value| {
            let scope = scope.as_str()?;
            SCOPES.contains(&scope).then(|| scope.to_owned())
        };
        let scopes = list.iter().map(|scope| {
            let unknown = || invalid(target, format!("{target}: The scope {scope} is invalid."));
            known(scope).ok_or_else(unknown)
        });
        Ok(Self {
            scopes: scopes.collect::<Result<_, _>>()?,
            minutes: life(body)?,
        })
    }
}

/// The life of the token in minutes: 60 to 1440, which is the default.
pub(crate) fn life(body: &Map<String, Value>) -> Result<u64, AcsError> {
    const TARGET: &str = "ExpiresInMinutes";
    let asked = match body.get("expiresInMinutes") {
        None | Some(Value::Null) => return Ok(DEFAULT_MINUTES),
        Some(asked) => asked,
    };
    let minutes = asked.as_u64().filter(|m| (60..=1440).contains(m));
    minutes.ok_or_else(|| {
        let message = format!(
            "{TARGET} value {asked} is invalid. Value must be within the [60, 1440] interval."
        );
        invalid(TARGET, message)
    })
}

/// Signs a token of `user` (raw id): `{token, expiresOn}`. `now` is in epoch milliseconds.
pub(crate) fn issue(service: &Acs, user: &str, wish: &Wish, now: u64) -> Value {
    let issued = now / 1000;
    let expires = issued + wish.minutes * 60;
    let generation = service.identity().generation(user);
    let mut claims = json!({
        "skypeid": user.strip_prefix("8:").unwrap_or(user),
        "scp": 1792,
        "csi": issued.to_string(),
        "iat": issued,
        "exp": expires,
        "acsScope": wish.scopes.join(","),
        "resourceId": service.seed.resource_id(),
        (GENERATION): generation,
        // Two tokens of one second differ.
        "jti": service.engine.guid().to_string(),
    });
    service.engine.token_life.stamp(&mut claims);
    let expires_on = clock::rfc3339_ticks(expires * 1000).replace('Z', "+00:00");
    json!({"token": service.seed.tokens().sign(&claims), "expiresOn": expires_on})
}
