//! Assignments of Teams Phone users and resource accounts to the resource.

use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    services::acs::{
        error::AcsError,
        family::Acs,
        identity::{
            body::{body, invalid, required},
            routes::Verb,
        },
    },
    wire::{request::Request, response::Response},
};

/// Reads, replaces or deletes the assignment of an object of a tenant.
pub(crate) fn handle(
    service: &Acs,
    request: &Request,
    verb: Verb,
    tenant: &str,
    object: &str,
) -> Result<Response, AcsError> {
    let key = (tenant.to_lowercase(), object.to_lowercase());
    match verb {
        Verb::Get => {
            let store = service.identity();
            let found = store.assignments.get(&key);
            let missing = || {
                let message = "The assignment does not exist.";
                AcsError::of_status(StatusCode::NOT_FOUND, message)
            };
            let assignment = found.ok_or_else(missing)?;
            Ok(Response::json(StatusCode::OK, assignment))
        }
        Verb::Put => {
            let mut assignment = read(request)?;
            assignment["objectId"] = json!(object);
            assignment["tenantId"] = json!(tenant);
            let mut store = service.identity();
            let earlier = store.assignments.insert(key, assignment.clone());
            let status = if earlier.is_none() {
                StatusCode::CREATED
            } else {
                StatusCode::OK
            };
            Ok(Response::json(status, &assignment))
        }
        Verb::Delete => {
            service.identity().assignments.remove(&key);
            Ok(Response::empty(StatusCode::NO_CONTENT))
        }
    }
}

fn read(request: &Request) -> Result<Value, AcsError> {
    let body = body(request)?;
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
