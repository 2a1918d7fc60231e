//! Files in a drive. Source: Graph `driveItem`.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::scalar::Timestamp;

/// A file or folder in a drive. `Debug` prints neither names nor addresses: the service adds one
/// that is enough to read the file.
///
/// ```
/// use msgraph_chat::models::DriveItem;
///
/// let json = r#"{"id":"01A","eTag":"\"{5FF69C5F-1111-2222-3333-444455556666},2\"","newMember":7}"#;
/// let item: DriveItem = serde_json::from_str(json)?;
/// assert_eq!(item.guid(), Some("5FF69C5F-1111-2222-3333-444455556666"));
/// assert_eq!(item.other["newMember"], 7);
/// # Ok::<_, serde_json::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct DriveItem {
    /// The id within its drive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The size in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// The eTag, which names a GUID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub e_tag: Option<String>,
    /// The address that opens it in a browser.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub web_url: Option<String>,
    /// The address of the file itself; only in responses to a request that selects it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub web_dav_url: Option<String>,
    /// Its drive and folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_reference: Option<ItemReference>,
    /// What is known of its contents; absent for a folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<FileFacet>,
    /// What is in the folder; absent for a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<FolderFacet>,
    /// The time of creation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_date_time: Option<Timestamp>,
    /// The time of the last change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_modified_date_time: Option<Timestamp>,
    /// Members that this version does not know, kept as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl fmt::Debug for DriveItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DriveItem")
            .field("id", &self.id)
            .field("size", &self.size)
            .field("e_tag", &self.e_tag)
            .field("is_folder", &self.is_folder())
            .finish_non_exhaustive()
    }
}

/// The place of an item.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ItemReference {
    /// The id of the drive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drive_id: Option<String>,
    /// The path of the folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Members that this version does not know, kept as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What is known of the contents of a file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct FileFacet {
    /// The media type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// The hashes, if the service has computed them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hashes: Option<FileHashes>,
    /// Members that this version does not know, kept as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What is in a folder.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct FolderFacet {
    /// The number of files and folders directly in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub child_count: Option<u64>,
    /// Members that this version does not know, kept as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The hashes of a file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct FileHashes {
    /// The QuickXorHash in Base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quick_xor_hash: Option<String>,
    /// Members that this version does not know, kept as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl DriveItem {
    /// Returns the GUID in the eTag, which an attachment has as its id.
    #[must_use]
    pub fn guid(&self) -> Option<&str> {
        let (_, rest) = self.e_tag.as_deref()?.split_once('{')?;
        let (guid, _) = rest.split_once('}')?;
        Uuid::try_parse(guid).ok().map(|_| guid)
    }

    /// Returns whether it is a folder.
    #[must_use]
    pub fn is_folder(&self) -> bool {
        self.folder.is_some()
    }

    /// Returns the id of its drive.
    #[must_use]
    pub fn drive_id(&self) -> Option<&str> {
        self.parent_reference.as_ref()?.drive_id.as_deref()
    }

    pub(crate) fn quick_xor_hash(&self) -> Option<&str> {
        let hashes = self.file.as_ref()?.hashes.as_ref()?;
        hashes.quick_xor_hash.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_is_read_from_a_whole_etag_only() {
        let guid = |etag: &str| {
            let item = DriveItem {
                e_tag: Some(etag.to_owned()),
                ..DriveItem::default()
            };
            item.guid().map(str::to_owned)
        };
        for hostile in ["", "{}", "{5FF69C5F", "5FF69C5F}", "\"{x\"><b>},1\"", "}{"] {
            assert_eq!(guid(hostile), None, "{hostile}");
        }
        let known = "5ff69c5f-1111-2222-3333-444455556666";
        assert_eq!(guid(&format!("\"{{{known}}},12\"")).as_deref(), Some(known));
    }
}
