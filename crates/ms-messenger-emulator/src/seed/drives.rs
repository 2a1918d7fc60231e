//! The addresses and ids of the seeded tenant's drives.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use crate::seed::{
    Seed,
    derive::{digest, guid},
};

/// The host of the users' own drives.
pub(crate) const OWN_SITES: &str = "https://contoso-my.sharepoint.test";
/// The host of the teams' drives.
pub(crate) const TEAM_SITES: &str = "https://contoso.sharepoint.test";

impl Seed {
    /// The id of a drive, `b!…`, by the text that names its owner.
    pub(crate) fn drive_id(&self, owner: &str) -> String {
        let first = digest(self.seed, &format!("drive/{owner}"));
        let second = digest(self.seed, &format!("drive/{owner}/list"));
        let bytes: Vec<u8> = first.into_iter().chain(second).take(48).collect();
        format!("b!{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The GUID of something in a drive that is there from the start.
    pub(crate) fn drive_guid(&self, label: &str) -> Uuid {
        guid(self.seed, &format!("drive-item/{label}"))
    }
}
