//! Participants of conversations: their form, the check of new ones, adding and removing.

use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    services::acs::{
        error::AcsError,
        family::Acs,
        identity::store::Store as IdentityStore,
        messages::{context::Context, findings::Findings, store::Store},
    },
    wire::response::Response,
};

/// Reads `participants` of an object; each gets the id that the service would give.
pub(crate) fn read(service: &Acs, body: &Value, findings: &mut Findings) -> Vec<Value> {
    match body.get("participants") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(list)) => list
            .iter()
            .filter_map(|item| read_one(service, item, findings))
            .collect(),
        Some(_) => {
            findings.bad("The \"participants\" field must be an array.");
            Vec::new()
        }
    }
}

fn read_one(service: &Acs, item: &Value, findings: &mut Findings) -> Option<Value> {
    let name = findings.optional(item, "displayName");
    let mut participant = match item["kind"].as_str() {
        Some("internal") => {
            let contact = contact(&item["contact"], findings)?;
            json!({"id": contact["id"], "kind": "internal", "contact": contact})
        }
        Some("external") => {
            let list = item["contacts"]
                .as_array()
                .map(Vec::as_slice)
                .unwrap_or_default();
            if list.is_empty() {
                findings.bad("A non-empty \"Contacts\" is required when participant is external.");
                return None;
            }
            let contacts: Option<Vec<Value>> =
                list.iter().map(|item| contact(item, findings)).collect();
            external(service, contacts?)
        }
        kind => {
            let kind = kind.unwrap_or_default();
            findings.bad(format!("The participant kind \"{kind}\" is not supported."));
            return None;
        }
    };
    if let Some(name) = name {
        participant["displayName"] = json!(name);
    }
    Some(participant)
}

/// An external participant gets an identity of the resource as one more contact.
fn external(service: &Acs, mut contacts: Vec<Value>) -> Value {
    let own = contacts
        .iter()
        .find(|contact| contact["kind"] == "communication");
    let id = own.map_or_else(
        || {
            json!(format!(
                "8:acs:{}_{}",
                service.seed.resource_id(),
                service.engine.guid()
            ))
        },
        |contact| contact["id"].clone(),
    );
    if own.is_none() {
        contacts.push(json!({"id": id, "kind": "communication"}));
    }
    json!({"id": id, "kind": "external", "contacts": contacts})
}

fn contact(item: &Value, findings: &mut Findings) -> Option<Value> {
    let id = findings.text(item, "id", "adding a contact");
    if id.is_empty() {
        return None;
    }
    let kind = item["kind"].as_str().unwrap_or_default();
    match kind {
        "communication" | "whatsApp" => Some(json!({"id": id, "kind": kind})),
        "bot" => {
            let app = findings.text(item, "botAppId", "the contact is a bot");
            Some(json!({"id": id, "kind": kind, "botAppId": app}))
        }
        _ => {
            findings.bad(format!("The contact kind \"{kind}\" is not supported."));
            None
        }
    }
}

/// Why an internal participant is refused: its identity is deleted, or, when strict, unknown.
pub(crate) fn refusal(
    service: &Acs,
    identities: &IdentityStore,
    participant: &Value,
) -> Option<&'static str> {
    let contact = &participant["contact"];
    let id = contact["id"]
        .as_str()
        .filter(|_| contact["kind"] == "communication")?;
    let is_gone = identities.is_deleted(id);
    let is_strange = service.engine.is_strict() && !identities.is_known(&service.seed, id);
    (is_gone || is_strange).then_some("The identity of the participant does not exist.")
}

/// Adds participants: 207 in any case, naming the refused ones.
pub(crate) fn add(
    context: &Context<'_>,
    body: &Value,
    store: &mut Store,
) -> Result<Response, AcsError> {
    let service = context.service;
    let mut findings = Findings::default();
    let list = body["participants"].as_array();
    if list.is_none_or(Vec::is_empty) {
        findings.bad("A non-empty \"Participants\" is required when adding participants.");
    }
    let wanted = read(service, body, &mut findings);
    findings.into_result()?;
    let (mut newcomers, mut invalid) = (Vec::new(), Vec::new());
    for participant in wanted {
        match refusal(service, &service.identity(), &participant) {
            Some(problem) => invalid.push(failed(&participant["id"], problem)),
            None => newcomers.push(participant),
        }
    }

    let conversation = store.enter_active(context.id, context.caller)?;
    for newcomer in newcomers {
        conversation.add(newcomer);
    }
    Ok(Response::json(
        StatusCode::MULTI_STATUS,
        &json!({ "invalidParticipants": invalid }),
    ))
}

/// Removes participants: 207 in any case, naming those that were not present.
pub(crate) fn remove(
    context: &Context<'_>,
    body: &Value,
    store: &mut Store,
) -> Result<Response, AcsError> {
    let list = body["participantIds"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    if list.is_empty() || !list.iter().all(Value::is_string) {
        let message = "A non-empty \"ParticipantIds\" is required when removing participants.";
        return Err(AcsError::bad_request(message));
    }

    let conversation = store.enter_active(context.id, context.caller)?;
    let mut invalid = Vec::new();
    for id in list {
        if !conversation.remove(id.as_str().unwrap_or_default()) {
            invalid.push(failed(id, "The participant is not in the conversation."));
        }
    }
    Ok(Response::json(
        StatusCode::MULTI_STATUS,
        &json!({ "invalidParticipants": invalid }),
    ))
}

fn failed(id: &Value, problem: &str) -> Value {
    json!({"id": id, "error": {"code": "NotFound", "message": problem}})
}
