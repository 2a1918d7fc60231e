//! The raw ids of identifiers, by the grammar of the official SDKs.

use super::identifier::{CommunicationCloud, IdentifierKind};

impl IdentifierKind {
    /// The raw id of what is named by its parts.
    pub(super) fn raw_id(&self) -> String {
        match self {
            Self::CommunicationUser { id } => id.clone(),
            Self::PhoneNumber { value, .. } => format!("4:{value}"),
            Self::MicrosoftTeamsUser {
                user_id,
                is_anonymous: true,
                ..
            } => format!("8:teamsvisitor:{user_id}"),
            Self::MicrosoftTeamsUser { user_id, cloud, .. } => {
                format!("8:{}:{user_id}", organisation(cloud))
            }
            Self::MicrosoftTeamsApp { app_id, cloud } => {
                format!("28:{}:{app_id}", organisation(cloud))
            }
            Self::TeamsExtensionUser {
                user_id,
                tenant_id,
                resource_id,
                cloud,
            } => {
                let cloud = match cloud {
                    CommunicationCloud::Public => "acs".to_owned(),
                    other => format!("{other}-acs"),
                };
                format!("8:{cloud}:{resource_id}_{tenant_id}_{user_id}")
            }
            Self::Unknown => String::new(),
        }
    }

    /// What `raw_id` names, by the grammar of the official SDKs.
    pub(super) fn of(raw_id: &str) -> Self {
        if let Some(number) = raw_id.strip_prefix("4:") {
            return Self::PhoneNumber {
                value: number.to_owned(),
                is_anonymous: number == "anonymous",
                asserted_id: number.rsplit_once('_').map(|(_, id)| id.to_owned()),
            };
        }
        let parts: Vec<&str> = raw_id.split(':').collect();
        let [number, family, rest] = parts[..] else {
            return Self::Unknown;
        };
        let cloud = cloud(family);
        match (number, family) {
            ("8", "acs" | "dod-acs" | "gcch-acs") => Self::of_resource(raw_id, rest, cloud),
            ("8", "spool") => Self::CommunicationUser {
                id: raw_id.to_owned(),
            },
            ("8", "orgid" | "dod" | "gcch" | "teamsvisitor") => Self::MicrosoftTeamsUser {
                user_id: rest.to_owned(),
                is_anonymous: family == "teamsvisitor",
                cloud,
            },
            ("28", "orgid" | "dod" | "gcch") => Self::MicrosoftTeamsApp {
                app_id: rest.to_owned(),
                cloud,
            },
            _ => Self::Unknown,
        }
    }

    fn of_resource(raw_id: &str, rest: &str, cloud: CommunicationCloud) -> Self {
        let segments: Vec<&str> = rest.split('_').collect();
        match segments[..] {
            [resource, tenant, user] => Self::TeamsExtensionUser {
                user_id: user.to_owned(),
                tenant_id: tenant.to_owned(),
                resource_id: resource.to_owned(),
                cloud,
            },
            _ => Self::CommunicationUser {
                id: raw_id.to_owned(),
            },
        }
    }
}

fn cloud(family: &str) -> CommunicationCloud {
    match family {
        "dod" | "dod-acs" => CommunicationCloud::Dod,
        "gcch" | "gcch-acs" => CommunicationCloud::Gcch,
        _ => CommunicationCloud::Public,
    }
}

fn organisation(cloud: &CommunicationCloud) -> &str {
    match cloud {
        CommunicationCloud::Public => "orgid",
        other => other.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::CommunicationIdentifier;

    #[test]
    fn the_raw_id_of_every_kind_is_read_and_written() {
        for (raw_id, kind) in [
            ("4:+112345556789", "PhoneNumber"),
            ("4:anonymous", "is_anonymous: true"),
            ("4:+112345556789_1", "asserted_id: Some(\"1\")"),
            ("8:acs:r_u", "CommunicationUser { id: \"8:acs:r_u\" }"),
            ("8:dod-acs:r_u", "CommunicationUser"),
            ("8:gcch-acs:r_u", "CommunicationUser"),
            ("8:spool:u", "CommunicationUser"),
            (
                "8:acs:r_t_u",
                "TeamsExtensionUser { user_id: \"u\", tenant_id: \"t\", resource_id: \"r\", cloud: Public }",
            ),
            ("8:dod-acs:r_t_u", "cloud: Dod"),
            ("8:gcch-acs:r_t_u", "cloud: Gcch"),
            (
                "8:orgid:u",
                "MicrosoftTeamsUser { user_id: \"u\", is_anonymous: false, cloud: Public }",
            ),
            ("8:dod:u", "cloud: Dod"),
            ("8:gcch:u", "cloud: Gcch"),
            ("8:teamsvisitor:u", "is_anonymous: true"),
            (
                "28:orgid:a",
                "MicrosoftTeamsApp { app_id: \"a\", cloud: Public }",
            ),
            ("28:dod:a", "cloud: Dod"),
            ("28:gcch:a", "cloud: Gcch"),
            ("28:gcch-global:a", "Unknown"),
            ("8:acs", "Unknown"),
            ("", "Unknown"),
        ] {
            let identifier = CommunicationIdentifier::from(raw_id);
            let shown = format!("{:?}", identifier.kind);
            assert!(shown.contains(kind), "{raw_id}: {shown}");
            if kind != "Unknown" {
                assert_eq!(identifier.kind.raw_id(), raw_id);
            }
        }
    }

    proptest! {
        #[test]
        fn any_raw_id_is_kept(raw_id in "([0-9]{1,2}:)?(acs|orgid|dod|spool)?[:_a-z]{0,12}.{0,9}") {
            let identifier = CommunicationIdentifier::from(raw_id.as_str());
            prop_assert_eq!(&identifier.raw_id, &raw_id);
            let json = serde_json::to_string(&identifier).unwrap();
            let read: CommunicationIdentifier = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(read.raw_id, raw_id);
        }
    }
}
