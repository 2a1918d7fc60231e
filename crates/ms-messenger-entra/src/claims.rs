//! The `claims` parameter: the capability of the client, merged with the claims challenge.

use ms_messenger_core::{Error, ErrorKind, Result};
use serde_json::{Value, json};

/// Returns the value of `claims`, if there is any: `cp1` when `capable`, and `challenge`.
pub(crate) fn parameter(capable: bool, challenge: Option<&str>) -> Result<Option<String>> {
    let mut claims = match challenge {
        Some(text) => serde_json::from_str::<Value>(text)
            .ok()
            .filter(Value::is_object)
            .ok_or_else(|| {
                Error::new(ErrorKind::Unauthenticated, "claims: must be a JSON object")
            })?,
        None if capable => json!({}),
        None => return Ok(None),
    };
    if capable {
        let own = json!({"access_token": {"xms_cc": {"values": ["cp1"]}}});
        merge(&mut claims, own);
    }
    Ok(Some(claims.to_string()))
}

/// Merges `from` into `into`: objects member by member; anything else replaces the old value.
fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_merged_with_the_capability() {
        let challenge = r#"{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}"#;
        let merged: Value =
            serde_json::from_str(&parameter(true, Some(challenge)).unwrap().unwrap()).unwrap();
        assert_eq!(
            merged,
            json!({"access_token": {
                "nbf": {"essential": true, "value": "1604106651"},
                "xms_cc": {"values": ["cp1"]},
            }})
        );
    }

    #[test]
    fn nothing_is_declared_by_default() {
        assert_eq!(parameter(false, None).unwrap(), None);
        let own = parameter(true, None).unwrap().unwrap();
        assert_eq!(own, r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#);
    }

    #[test]
    fn a_challenge_that_is_not_an_object_is_rejected() {
        for hostile in ["", "[]", "null", "{", "\"x\""] {
            let error = parameter(true, Some(hostile)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{hostile}");
        }
    }
}
