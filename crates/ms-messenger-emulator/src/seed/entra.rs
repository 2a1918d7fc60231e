//! The seeded token endpoints of Entra ID.

use serde_json::{Value, json};

use crate::seed::derive::guid;

/// The seeded token endpoints and app registrations of Entra ID.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EntraSeed {
    /// Origin of the authority over plain HTTP; with HTTPS, the ready line has the HTTPS one.
    pub authority: String,
    /// GUID of the tenant, the same as in the seed of Graph. The domain `contoso.test` names it too.
    pub tenant: String,
    /// GUID of an application without a secret; the seeded Graph tokens are issued to it.
    pub public_client_id: String,
    /// GUID of an application with a secret.
    pub confidential_client_id: String,
    /// The secret of that application.
    pub client_secret: String,
    /// The value of `X-IDENTITY-HEADER` (`IDENTITY_HEADER`) for `/msi/token`.
    pub identity_header: String,
}

impl EntraSeed {
    /// The endpoints of that seed at `origin`.
    pub(super) fn new(seed: u64, origin: &str) -> Self {
        Self {
            authority: origin.to_owned(),
            tenant: guid(seed, "tenant").to_string(),
            public_client_id: guid(seed, "app").to_string(),
            confidential_client_id: guid(seed, "entra-app").to_string(),
            client_secret: format!("emu~{}", guid(seed, "entra-secret").simple()),
            identity_header: guid(seed, "entra-identity-header").to_string(),
        }
    }

    /// The member `entra` of the ready line.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "authority": self.authority,
            "tenant": self.tenant,
            "public_client_id": self.public_client_id,
            "confidential_client_id": self.confidential_client_id,
            "client_secret": self.client_secret,
            "identity_header": self.identity_header,
        })
    }
}
