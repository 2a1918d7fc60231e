//! Drives and links to their files. Sources: Graph `drive`, `quota` and `sharingLink`.

use std::fmt;

use ms_messenger_core::open_enum;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::identity::IdentitySet;

open_enum! {
    /// The kind of a drive.
    pub enum DriveType {
        /// The OneDrive of a user of a directory.
        Business = "business",
        /// The files of a site, such as that of a team.
        DocumentLibrary = "documentLibrary",
        /// The OneDrive of a personal account.
        Personal = "personal",
    }
}

open_enum! {
    /// What a link to a file allows.
    pub enum LinkKind {
        /// To read it.
        View = "view",
        /// To read and change it.
        Edit = "edit",
    }
}

open_enum! {
    /// The users for which a link to a file works.
    pub enum LinkScope {
        /// All who have the link, without signing in. Tenants often forbid it.
        Anonymous = "anonymous",
        /// The users of the tenant, without its guests.
        Organization = "organization",
        /// The users that have access anyway.
        Users = "users",
    }
}

/// A drive.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DriveInfo {
    /// The id.
    pub id: String,
    /// The kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drive_type: Option<DriveType>,
    /// The name shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The address that opens it in a browser.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub web_url: Option<String>,
    /// The user or group that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<IdentitySet>,
    /// Its room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quota: Option<DriveQuota>,
    /// Members that this version does not know, kept as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The room of a drive, in bytes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct DriveQuota {
    /// All of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// What files take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used: Option<u64>,
    /// What is left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remaining: Option<u64>,
    /// Members that this version does not know, kept as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A link to a file. `Debug` does not print its address, which may be enough to read the file.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SharingLink {
    /// What it allows.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<LinkKind>,
    /// The users for which it works.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<LinkScope>,
    /// The address that opens the file in a browser.
    #[serde(default)]
    pub web_url: String,
    /// Members that this version does not know, kept as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl fmt::Debug for SharingLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharingLink")
            .field("kind", &self.kind)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}
