//! One subscription, as the app that made it sees it.

use serde_json::{Value, json};

use crate::{
    engine::push::address::Address,
    services::graph::notifications::{
        certificate::Certificate, change::ChangeType, narrowing::Narrowing, resource::Watch,
    },
    wire::clock,
};

/// A subscription of an app to the changes of messages.
pub(crate) struct Subscription {
    pub(crate) id: String,
    /// Its place in lists.
    pub(crate) number: u64,
    /// The application.
    pub(crate) app: String,
    /// Object id of the user or of the service principal.
    pub(crate) creator: String,
    pub(crate) changes: Vec<ChangeType>,
    /// As the app wrote it.
    pub(crate) resource: String,
    pub(crate) watch: Watch,
    pub(crate) narrowing: Narrowing,
    pub(crate) url: String,
    pub(crate) address: Address,
    pub(crate) lifecycle: Option<(String, Address)>,
    /// Epoch milliseconds.
    pub(crate) expires: u64,
    pub(crate) client_state: Option<String>,
    /// Where notifications carry the message.
    pub(crate) certificate: Option<Certificate>,
}

impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The client state and the queries of the addresses are secrets.
        f.debug_struct("Subscription")
            .field("id", &self.id)
            .field("watch", &self.watch)
            .finish_non_exhaustive()
    }
}

impl Subscription {
    /// The subscription without its secrets; `base` is origin and version as the app called them.
    pub(crate) fn to_json(&self) -> Value {
        let changes: Vec<&str> = self.changes.iter().map(|change| change.as_str()).collect();
        let certificate = self.certificate.as_ref();
        json!({
            "id": self.id,
            "resource": self.resource,
            "applicationId": self.app,
            "changeType": changes.join(","),
            "clientState": null,
            "notificationUrl": self.url,
            "notificationQueryOptions": null,
            "lifecycleNotificationUrl": self.lifecycle.as_ref().map(|(url, _)| url),
            "expirationDateTime": clock::rfc3339_trimmed(self.expires),
            "creatorId": self.creator,
            "includeResourceData": certificate.is_some(),
            "latestSupportedTlsVersion": "v1_2",
            "encryptionCertificate": null,
            "encryptionCertificateId": certificate.map(|certificate| &certificate.id),
            "notificationUrlAppId": null,
        })
    }
}
