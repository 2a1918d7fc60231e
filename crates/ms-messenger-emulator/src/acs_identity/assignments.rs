//! Assignments of Teams Phone users and resource accounts to the resource.

use http::StatusCode;
use serde_json::{Value, json};

use crate::acs_error::AcsError;
use crate::acs_identity::routes::Verb;
use crate::acs_identity::{body, invalid, required};
use crate::answer::Answer;
use crate::inbound::Inbound;
use crate::shared::Shared;

/// Reads, replaces or deletes the assignment of an object of a tenant.
pub(crate) fn handle(
    shared: &Shared,
    inbound: &Inbound,
    verb: Verb,
    tenant: &str,
    object: &str,
) -> Result<Answer, AcsError> {
    let key = (tenant.to_lowercase(), object.to_lowercase());
    match verb {
        Verb::Get => {
            let state = shared.state();
            let found = state.identity.assignments.get(&key);
            let missing = || {
                let message = "The assignment does not exist.";
                AcsError::of_status(StatusCode::NOT_FOUND, message)
            };
            let assignment = found.ok_or_else(missing)?;
            Ok(Answer::json(StatusCode::OK, assignment))
        }
        Verb::Put => {
            let mut assignment = read(inbound)?;
            assignment["objectId"] = json!(object);
            assignment["tenantId"] = json!(tenant);
            let mut state = shared.state();
            let earlier = state.identity.assignments.insert(key, assignment.clone());
            let status = if earlier.is_none() {
                StatusCode::CREATED
            } else {
                StatusCode::OK
            };
            Ok(Answer::json(status, &assignment))
        }
        Verb::Delete => {
            shared.state().identity.assignments.remove(&key);
            Ok(Answer::empty(StatusCode::NO_CONTENT))
        }
    }
}

fn read(inbound: &Inbound) -> Result<Value, AcsError> {
    let body = body(inbound)?;
    let kind = required(&body, "principalType", "PrincipalType")?;
    if !matches!(kind, "user" | "resourceAccount") {
        return Err(invalid(
            "PrincipalType",
            "PrincipalType: The value is invalid.",
        ));
    }
    let is_list_of_text = |v: &Value| {
        v.as_array()
            .is_some_and(|list| list.iter().all(Value::is_string))
    };
    let mut assignment = json!({"principalType": kind});
    match body.get("clientIds") {
        None | Some(Value::Null) => {}
        Some(clients) if is_list_of_text(clients) => assignment["clientIds"] = clients.clone(),
        Some(_) => return Err(invalid("ClientIds", "ClientIds: The value is invalid.")),
    }
    Ok(assignment)
}
