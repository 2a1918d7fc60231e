//! What one member of a composition did with a request.

use serde::{Deserialize, Serialize};

use crate::{error_kind::Delivery, receipt::Receipt, settle::Evidence};

/// What is known of a send through one member of a composition: a messenger that sends through
/// other messengers, each under a name, such as a router or a fallback.
///
/// A receipt and evidence of a composition list them, so that it is known which member has the
/// message, and the evidence of a member is settled by that member and no other.
///
/// # JSON form
///
/// ```json
/// {"name": "teams", "platform": "msgraph-chat", "delivery": "not_sent",
///  "error": "msgraph-chat: no connection (not sent)"}
/// ```
///
/// ```
/// use ms_messenger_core::{Acceptance, Delivery, MemberReport, Receipt};
///
/// let mut receipt = Receipt::new(Acceptance::Posted);
/// receipt.members.push(MemberReport::new("teams", "msgraph-chat", Delivery::NotSent));
/// receipt.members.push(MemberReport::new("whatsapp", "acs-messages", Delivery::Sent));
/// assert_eq!(receipt.sent_by().map(|it| it.name.as_str()), Some("whatsapp"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct MemberReport {
    /// The name of the member in the composition.
    pub name: String,
    /// The platform of the member.
    pub platform: String,
    /// The target in its text form, if it is not that of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Whether this member sent the message.
    pub delivery: Delivery,
    /// Its error, in one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Its receipt, if it says more than that of the composition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
    /// What settles its send, if the delivery is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
}

impl MemberReport {
    /// Creates the report of the member `name`, whose messenger has this `platform`.
    #[must_use]
    pub fn new(name: impl Into<String>, platform: impl Into<String>, delivery: Delivery) -> Self {
        Self {
            name: name.into(),
            platform: platform.into(),
            to: None,
            delivery,
            error: None,
            receipt: None,
            evidence: None,
        }
    }
}
