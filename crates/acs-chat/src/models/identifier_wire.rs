//! Identifiers as JSON.

use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeMap as _};
use serde_json::json;

use super::identifier::{CommunicationCloud, CommunicationIdentifier, IdentifierKind};

/// Writes the raw id and the object of its kind.
impl Serialize for CommunicationIdentifier {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("rawId", &self.raw_id)?;
        match &self.kind {
            IdentifierKind::CommunicationUser { id } => {
                map.serialize_entry("communicationUser", &json!({ "id": id }))?;
            }
            IdentifierKind::PhoneNumber { value, .. } => {
                map.serialize_entry("phoneNumber", &json!({ "value": value }))?;
            }
            IdentifierKind::MicrosoftTeamsUser {
                user_id,
                is_anonymous,
                cloud,
            } => map.serialize_entry(
                "microsoftTeamsUser",
                &json!({"userId": user_id, "isAnonymous": is_anonymous, "cloud": cloud}),
            )?,
            IdentifierKind::MicrosoftTeamsApp { app_id, cloud } => map.serialize_entry(
                "microsoftTeamsApp",
                &json!({"appId": app_id, "cloud": cloud}),
            )?,
            IdentifierKind::TeamsExtensionUser {
                user_id,
                tenant_id,
                resource_id,
                cloud,
            } => map.serialize_entry(
                "teamsExtensionUser",
                &json!({"userId": user_id, "tenantId": tenant_id, "resourceId": resource_id,
                    "cloud": cloud}),
            )?,
            IdentifierKind::Unknown => {}
        }
        map.end()
    }
}

/// An identifier on the wire: the object of a kind goes before the raw id, and `kind` says nothing
/// that they do not say.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    #[serde(default)]
    raw_id: Option<String>,
    #[serde(default)]
    communication_user: Option<WireUser>,
    #[serde(default)]
    phone_number: Option<WirePhone>,
    #[serde(default)]
    microsoft_teams_user: Option<WireTeamsUser>,
    #[serde(default)]
    microsoft_teams_app: Option<WireTeamsApp>,
    #[serde(default)]
    teams_extension_user: Option<WireExtensionUser>,
}

#[derive(Deserialize)]
struct WireUser {
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WirePhone {
    value: String,
    #[serde(default)]
    is_anonymous: Option<bool>,
    #[serde(default)]
    asserted_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireTeamsUser {
    user_id: String,
    #[serde(default)]
    is_anonymous: Option<bool>,
    #[serde(default)]
    cloud: Option<CommunicationCloud>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireTeamsApp {
    app_id: String,
    #[serde(default)]
    cloud: Option<CommunicationCloud>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireExtensionUser {
    user_id: String,
    tenant_id: String,
    resource_id: String,
    #[serde(default)]
    cloud: Option<CommunicationCloud>,
}

impl Wire {
    fn kind(self) -> Option<IdentifierKind> {
        let public =
            |cloud: Option<CommunicationCloud>| cloud.unwrap_or(CommunicationCloud::Public);
        if let Some(it) = self.communication_user {
            Some(IdentifierKind::CommunicationUser { id: it.id })
        } else if let Some(it) = self.phone_number {
            Some(IdentifierKind::PhoneNumber {
                value: it.value,
                is_anonymous: it.is_anonymous.unwrap_or_default(),
                asserted_id: it.asserted_id,
            })
        } else if let Some(it) = self.microsoft_teams_user {
            Some(IdentifierKind::MicrosoftTeamsUser {
                user_id: it.user_id,
                is_anonymous: it.is_anonymous.unwrap_or_default(),
                cloud: public(it.cloud),
            })
        } else if let Some(it) = self.microsoft_teams_app {
            Some(IdentifierKind::MicrosoftTeamsApp {
                app_id: it.app_id,
                cloud: public(it.cloud),
            })
        } else {
            self.teams_extension_user
                .map(|it| IdentifierKind::TeamsExtensionUser {
                    user_id: it.user_id,
                    tenant_id: it.tenant_id,
                    resource_id: it.resource_id,
                    cloud: public(it.cloud),
                })
        }
    }
}

impl<'de> Deserialize<'de> for CommunicationIdentifier {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let mut wire = Wire::deserialize(input)?;
        let raw_id = wire.raw_id.take();
        Ok(match (wire.kind(), raw_id) {
            (Some(kind), Some(raw_id)) => Self { raw_id, kind },
            (Some(kind), None) => kind.into_identifier(),
            (None, raw_id) => Self::from(raw_id.unwrap_or_default()),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(json: Value) -> CommunicationIdentifier {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn the_object_of_a_kind_goes_before_the_raw_id_and_the_kind_says_nothing() {
        let user = read(json!({"kind": "phoneNumber", "rawId": "r_u",
            "communicationUser": {"id": "r_u", "later": 1}}));
        assert_eq!(user.raw_id, "r_u");
        let id = "r_u".to_owned();
        assert_eq!(user.kind, IdentifierKind::CommunicationUser { id });
        let by_raw_id = read(json!({"rawId": "8:orgid:u", "microsoftTeamsUser": null}));
        let by_object = read(json!({"microsoftTeamsUser": {"userId": "u"}}));
        assert_eq!(by_raw_id, by_object);
        assert_eq!(read(json!({})).kind, IdentifierKind::Unknown);
        assert_eq!(read(json!({"rawId": "48:x"})).raw_id, "48:x");
    }

    #[test]
    fn every_kind_is_written_with_its_raw_id_and_read_again() {
        for (raw_id, name, object) in [
            ("8:acs:r_u", "communicationUser", json!({"id": "8:acs:r_u"})),
            ("4:+1425", "phoneNumber", json!({"value": "+1425"})),
            (
                "8:gcch:u",
                "microsoftTeamsUser",
                json!({"userId": "u", "isAnonymous": false, "cloud": "gcch"}),
            ),
            (
                "28:orgid:a",
                "microsoftTeamsApp",
                json!({"appId": "a", "cloud": "public"}),
            ),
            (
                "8:dod-acs:r_t_u",
                "teamsExtensionUser",
                json!({"userId": "u", "tenantId": "t", "resourceId": "r", "cloud": "dod"}),
            ),
        ] {
            let identifier = CommunicationIdentifier::from(raw_id);
            let written = serde_json::to_value(&identifier).unwrap();
            assert_eq!(written, json!({"rawId": raw_id, name: object}));
            assert_eq!(read(written), identifier);
            assert_eq!(read(json!({name: object})), identifier);
        }
        let unknown = CommunicationIdentifier::from("48:x");
        assert_eq!(
            serde_json::to_value(unknown).unwrap(),
            json!({"rawId": "48:x"})
        );
    }
}
