//! The members that a request names.

use percent_encoding::percent_decode_str;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    services::graph::{directory::member::Member, error::GraphError, state::Graph},
    wire::clock,
};

/// The member that a request body describes: its object id and its membership.
pub(crate) fn parse(
    service: &Graph,
    body: &Value,
    needs_role: bool,
) -> Result<(String, Member), GraphError> {
    let roles = match &body["roles"] {
        Value::Null => &[][..],
        Value::Array(roles) => roles,
        _ => return Err(GraphError::invalid_body()),
    };
    let role = match roles {
        [] if !needs_role => None,
        [role] if role == "owner" => Some("owner"),
        [role] if role == "guest" => Some("guest"),
        _ => {
            let message = "Each member needs the role owner or guest.";
            return Err(GraphError::bad_request(message));
        }
    };
    let history_from = match &body["visibleHistoryStartDateTime"] {
        // Without it nothing of the history is shared.
        Value::Null => service.engine.now_ms(),
        time => {
            let time = time.as_str().and_then(clock::parse_rfc3339);
            time.ok_or_else(GraphError::invalid_body)?
        }
    };
    let bind = body["user@odata.bind"].as_str().unwrap_or_default();
    let member = Member { role, history_from };
    Ok((bound_user(service, bind)?, member))
}

/// The object id in `…/users('ID or UPN')` or `…/users/ID`.
pub(crate) fn bound_user(service: &Graph, bind: &str) -> Result<String, GraphError> {
    let key = bind.rsplit_once("/users").map_or("", |(_, key)| key);
    let key = percent_decode_str(key)
        .decode_utf8_lossy()
        .replace("''", "'");
    let key = key
        .trim_start_matches(['(', '\'', '/'])
        .trim_end_matches([')', '\'']);
    if key.is_empty() {
        let message = "Each member needs user@odata.bind with a user's id or principal name.";
        return Err(GraphError::bad_request(message));
    }
    user_id(service, key)
}

/// The object id of the user with that id or principal name; any GUID is a user unless strict.
pub(crate) fn user_id(service: &Graph, key: &str) -> Result<String, GraphError> {
    let mut users = service.seed.graph.users.iter();
    let seeded = users.find(|u| u.id.eq_ignore_ascii_case(key) || u.upn.eq_ignore_ascii_case(key));
    if let Some(user) = seeded {
        return Ok(user.id.clone());
    }
    match Uuid::try_parse(key) {
        Ok(id) if !service.engine.is_strict() => Ok(id.to_string()),
        _ => Err(GraphError::not_found(format!(
            "Resource '{key}' does not exist or one of its queried reference-property objects are \
             not present."
        ))),
    }
}
