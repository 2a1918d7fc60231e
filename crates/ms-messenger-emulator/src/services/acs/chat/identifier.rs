//! Communication identifiers: the raw id, and the object that says what it is.

use serde_json::{Map, Value, json};

use crate::wire::path::may_be_named;

/// What is wrong with an identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// A value of another kind than its member has; the names lead to it.
    Kind {
        path: Vec<&'static str>,
        message: &'static str,
    },
    /// It identifies no user, or more than one.
    Meaning(&'static str),
}

/// The kind of a member's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Flag,
    /// One of several names.
    Choice,
}

/// The members of each kind of identifier.
const MEMBERS: [(&str, &[(&str, Kind)]); 5] = [
    ("communicationUser", &[("id", Kind::Text)]),
    (
        "phoneNumber",
        &[
            ("value", Kind::Text),
            ("isAnonymous", Kind::Flag),
            ("assertedId", Kind::Text),
        ],
    ),
    (
        "microsoftTeamsUser",
        &[
            ("userId", Kind::Text),
            ("isAnonymous", Kind::Flag),
            ("cloud", Kind::Choice),
        ],
    ),
    (
        "microsoftTeamsApp",
        &[("appId", Kind::Text), ("cloud", Kind::Choice)],
    ),
    (
        "teamsExtensionUser",
        &[
            ("userId", Kind::Text),
            ("tenantId", Kind::Text),
            ("resourceId", Kind::Text),
            ("cloud", Kind::Choice),
        ],
    ),
];

/// Reads an identifier of a request: its raw id, from `rawId` or from the nested object.
///
/// The error is what is wrong with it.
pub(crate) fn read(value: &Value) -> Result<String, Flaw> {
    let object = match value {
        Value::Object(object) => object,
        Value::Null => {
            return Err(Flaw::Meaning(
                "The communicationIdentifier field is required.",
            ));
        }
        other => {
            return Err(Flaw::Kind {
                path: Vec::new(),
                message: no_object(other),
            });
        }
    };
    check_kinds(object)?;
    let mut nested = MEMBERS
        .into_iter()
        .filter_map(|(kind, _)| Some((kind, object.get(kind)?.as_object()?)));
    let first = nested.next();
    if nested.next().is_some() {
        let message = "Only one of the identifier's properties may be set.";
        return Err(Flaw::Meaning(message));
    }
    let raw = object.get("rawId").and_then(Value::as_str);
    let raw = match (raw, first) {
        (Some(raw), _) if !raw.trim().is_empty() => Some(raw.to_owned()),
        (_, Some((kind, fields))) => raw_id(kind, fields),
        _ => None,
    };
    raw.ok_or(Flaw::Meaning(
        "The identifier has neither a rawId nor an id of its kind.",
    ))
}

/// Refuses values of another kind than their members have.
fn check_kinds(object: &Map<String, Value>) -> Result<(), Flaw> {
    for name in ["rawId", "kind"] {
        let value = object.get(name).unwrap_or(&Value::Null);
        if let Some(message) = misfit(value, Kind::Text) {
            let path = vec![name];
            return Err(Flaw::Kind { path, message });
        }
    }
    for (kind, members) in MEMBERS {
        let fields = match object.get(kind) {
            None | Some(Value::Null) => continue,
            Some(Value::Object(fields)) => fields,
            Some(other) => {
                let (path, message) = (vec![kind], no_object(other));
                return Err(Flaw::Kind { path, message });
            }
        };
        for (name, wanted) in members {
            let value = fields.get(*name).unwrap_or(&Value::Null);
            if let Some(message) = misfit(value, *wanted) {
                let path = vec![kind, name];
                return Err(Flaw::Kind { path, message });
            }
        }
    }
    Ok(())
}

/// The service's words for a value of another kind; none where it fits.
const fn misfit(value: &Value, wanted: Kind) -> Option<&'static str> {
    Some(match (wanted, value) {
        (_, Value::Null)
        | (Kind::Text | Kind::Choice, Value::String(_))
        | (Kind::Flag, Value::Bool(_)) => return None,
        (Kind::Choice, Value::Object(_)) => "Unexpected token StartObject when parsing enum.",
        (Kind::Choice, Value::Array(_)) => "Unexpected token StartArray when parsing enum.",
        (Kind::Choice, Value::Bool(_)) => "Unexpected token Boolean when parsing enum.",
        (Kind::Choice, Value::Number(_)) => "Unexpected token Integer when parsing enum.",
        (Kind::Flag, Value::String(_)) => "Could not convert string to boolean.",
        (_, Value::Object(_)) => "Unexpected character encountered while parsing value: {.",
        (_, Value::Array(_)) => "Unexpected character encountered while parsing value: [.",
        _ => "The value has another type than the property.",
    })
}

const fn no_object(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "Cannot deserialize a JSON array into an object.",
        _ => "Error converting the value to an object.",
    }
}

fn raw_id(kind: &str, fields: &Map<String, Value>) -> Option<String> {
    let text = |name: &str| {
        let text = fields.get(name)?.as_str()?;
        (!text.trim().is_empty()).then_some(text)
    };
    let cloud = text("cloud").unwrap_or("public").to_ascii_lowercase();
    let prefix = match cloud.as_str() {
        "dod" => "dod",
        "gcch" => "gcch",
        _ => "orgid",
    };
    match kind {
        "communicationUser" => text("id").map(str::to_owned),
        "phoneNumber" => text("value").map(|value| format!("4:{value}")),
        "microsoftTeamsUser" if fields.get("isAnonymous") == Some(&Value::Bool(true)) => {
            text("userId").map(|user| format!("8:teamsvisitor:{user}"))
        }
        "microsoftTeamsUser" => text("userId").map(|user| format!("8:{prefix}:{user}")),
        "microsoftTeamsApp" => text("appId").map(|app| format!("28:{prefix}:{app}")),
        _ => {
            let prefix = match prefix {
                "orgid" => "acs".to_owned(),
                other => format!("{other}-acs"),
            };
            let (resource, tenant, user) =
                (text("resourceId")?, text("tenantId")?, text("userId")?);
            Some(format!("8:{prefix}:{resource}_{tenant}_{user}"))
        }
    }
}

/// The identifier of a raw id, as the service writes it.
pub(crate) fn write(raw_id: &str) -> Value {
    let (kind, fields) = parse(raw_id);
    let mut value = json!({"kind": kind, "rawId": raw_id});
    if let Some(fields) = fields {
        value[kind] = fields;
    }
    value
}

/// The kind of a raw id, and the fields of its object; none when the kind is unknown.
fn parse(raw_id: &str) -> (&'static str, Option<Value>) {
    if let Some(number) = raw_id.strip_prefix("4:") {
        let mut phone = json!({"value": number});
        if number == "anonymous" {
            phone["isAnonymous"] = json!(true);
        }
        if let Some((_, asserted)) = number.rsplit_once('_') {
            phone["assertedId"] = json!(asserted);
        }
        return ("phoneNumber", Some(phone));
    }
    let parts: Vec<&str> = raw_id.split(':').collect();
    let [scheme, realm, id] = parts.as_slice() else {
        return ("unknown", None);
    };
    let cloud = match *realm {
        "dod" | "dod-acs" => "dod",
        "gcch" | "gcch-acs" => "gcch",
        _ => "public",
    };
    match (*scheme, *realm) {
        ("8", "acs" | "dod-acs" | "gcch-acs") => match id.split('_').collect::<Vec<_>>()[..] {
            [resource, tenant, user] => {
                let fields = json!({
                    "userId": user, "tenantId": tenant, "resourceId": resource, "cloud": cloud,
                });
                ("teamsExtensionUser", Some(fields))
            }
            _ => ("communicationUser", Some(json!({"id": raw_id}))),
        },
        ("8", "spool") => ("communicationUser", Some(json!({"id": raw_id}))),
        ("8", "orgid" | "dod" | "gcch" | "teamsvisitor") => {
            let is_anonymous = *realm == "teamsvisitor";
            let fields = json!({"userId": id, "isAnonymous": is_anonymous, "cloud": cloud});
            ("microsoftTeamsUser", Some(fields))
        }
        ("28", "orgid" | "dod" | "gcch") => (
            "microsoftTeamsApp",
            Some(json!({"appId": id, "cloud": cloud})),
        ),
        _ => ("unknown", None),
    }
}

/// The kind of a raw id, as in `kind` of its identifier.
pub(crate) fn kind(raw_id: &str) -> &'static str {
    parse(raw_id).0
}

/// What the raw id of a user must be.
pub(crate) const RULE: &str = "must be a raw id such as 8:acs:…, 4:+14255550123 or 8:orgid:…";

/// Whether a raw id identifies a user of a known kind.
pub(crate) fn is_of_known_kind(raw_id: &str) -> bool {
    let end = raw_id.rsplit(':').next().unwrap_or_default();
    kind(raw_id) != "unknown" && !end.is_empty() && may_be_named(raw_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_read_back_with_and_without_the_raw_id() {
        for (raw, kind) in [
            ("8:acs:r_u", "communicationUser"),
            ("8:spool:u", "communicationUser"),
            ("4:+14255550123", "phoneNumber"),
            ("8:orgid:u", "microsoftTeamsUser"),
            ("8:dod:u", "microsoftTeamsUser"),
            ("8:teamsvisitor:u", "microsoftTeamsUser"),
            ("28:gcch:a", "microsoftTeamsApp"),
            ("8:acs:r_t_u", "teamsExtensionUser"),
            ("8:gcch-acs:r_t_u", "teamsExtensionUser"),
        ] {
            let mut written = write(raw);
            assert_eq!(written["kind"], kind, "{raw}");
            assert_eq!(read(&written), Ok(raw.to_owned()));
            written.as_object_mut().unwrap().remove("rawId");
            assert_eq!(read(&written), Ok(raw.to_owned()), "{written}");
        }
    }

    #[test]
    fn an_identifier_without_a_kind_keeps_its_raw_id_only() {
        for raw in ["x", "8:acs", "48:calllogs", "9:orgid:u", "8:new:u"] {
            assert_eq!(write(raw), json!({"kind": "unknown", "rawId": raw}));
        }
    }

    #[test]
    fn an_identifier_of_nothing_or_of_two_kinds_is_refused() {
        for bad in [
            json!(null),
            json!({}),
            json!({"rawId": " "}),
            json!({"communicationUser": {}}),
            json!({"communicationUser": {"id": "8:acs:a_b"}, "phoneNumber": {"value": "+1"}}),
        ] {
            assert!(matches!(read(&bad), Err(Flaw::Meaning(_))), "{bad}");
        }
    }
}
