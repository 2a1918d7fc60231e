//! Users of the directory. Source: Graph `user`.

use ms_messenger_core::UserId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A user of the directory, with the members that a request for a user returns by default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct User {
    /// The id, a GUID.
    pub id: UserId,
    /// The name shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The user principal name, e.g. `lene@contoso.com`. That of a guest holds `#EXT#`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_principal_name: Option<String>,
    /// The mail address, which can differ from the principal name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mail: Option<String>,
    /// The given name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// The surname.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub surname: Option<String>,
    /// The job title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_title: Option<String>,
    /// The preferred language, e.g. `en-US`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_language: Option<String>,
    /// Members that this version does not know, kept as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
