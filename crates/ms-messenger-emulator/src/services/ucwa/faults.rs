//! The faults that only UCWA has.

use serde_json::{Map, Value, json};

use crate::engine::{
    faults::{
        action::FaultAction,
        own::{FaultKind, OwnFault, ServiceFault, WrongMember},
    },
    platform::Platform,
};

/// A fault that only UCWA has. Each kind is for certain operations and does not affect others, even
/// if its rule names none.
///
/// ```
/// use ms_messenger_emulator::{Emulator, Platform, UcwaFault};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = Emulator::start().await?;
/// emulator.fail_next(Platform::UCWA, "start", UcwaFault::Declined.into())?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UcwaFault {
    /// `user`: the applications are on the other name of this host (`localhost` and `127.0.0.1`),
    /// which rejects the ticket of this one with 500 and diagnostics 28032.
    PoolSplit,
    /// From now on the ticket counts as that of another pool: 500 and diagnostics 28032.
    WrongPool,
    /// `discover`, `user`: a redirect; to the other name of this host unless `href` is set.
    DiscoveryRedirect {
        /// Where to.
        href: Option<String>,
    },
    /// A 401 has both challenges in one header line.
    MergedChallenge,
    /// A 401 has the address of the token endpoint without quotes.
    UnquotedChallenge,
    /// The ticket of the request expires: 401.
    ExpireTicket,
    /// A request with `X-Ms-Origin` is rejected: 403 and diagnostics 28070.
    RefuseOrigin,
    /// The response is sent after the event channel has delivered the events of the operation.
    EventsFirst,
    /// `events`: no event has its resource embedded.
    LinkOnly,
    /// `start`: no events until the invitation completes.
    SkipIntermediate,
    /// `events`: only a `resync` link.
    Resync,
    /// `events`: `resume` instead of `next`; all conversations of the application are dropped.
    Resume,
    /// `events`: 409 PGetReplaced.
    PgetReplaced,
    /// The application is removed: 404 ApplicationNotFound.
    ApplicationNotFound,
    /// The application is ended: 410 InactiveApplicationExpired, later 404.
    InactiveApplication,
    /// `application`: 410 TooManyApplications.
    TooManyApplications,
    /// `application`, `get_application`: `people` is a link, and not embedded.
    PeopleByLink,
    /// `send`: the message reaches no recipient; after 30 s it completes with a failure.
    MessageLost,
    /// `send`: the message reaches no recipient and completes at once with this reason.
    MessageFailed {
        /// `code` of the reason.
        code: String,
        /// `subcode` of the reason.
        subcode: String,
    },
    /// `send`: the other side ends the conversation between the 201 and the completion.
    EndedByPeer,
    /// `start`, `add_participant`: the other side declines.
    Declined,
    /// `start`, `add_participant`: the other side is busy.
    Busy,
    /// `start`, `add_participant`: the other side has set "do not disturb".
    DoNotDisturb,
    /// `start`, `add_participant`: the other side never responds.
    Unanswered,
    /// `start`, `accept`: the conversation never gets a `sendMessage` link.
    NoSendLink,
    /// `start`, `accept`: only plain text is negotiated.
    HtmlNotNegotiated,
    /// Time stamps in ISO 8601.
    IsoTimestamps,
    /// `events`: a response without events has no `sender`.
    SenderAbsent,
    /// The body is compressed.
    Gzip,
    /// The body is XML.
    Xml,
}

/// Operations that no ticket is needed for.
const OPEN: [&str; 2] = ["discover", "token"];
/// Operations outside an application.
const OUTSIDE: [&str; 4] = ["discover", "token", "user", "application"];

impl UcwaFault {
    /// Returns its name in a fault document.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::PoolSplit => "pool_split",
            Self::WrongPool => "wrong_pool",
            Self::DiscoveryRedirect { .. } => "discovery_redirect",
            Self::MergedChallenge => "merged_challenge",
            Self::UnquotedChallenge => "unquoted_challenge",
            Self::ExpireTicket => "expire_ticket",
            Self::RefuseOrigin => "refuse_origin",
            Self::EventsFirst => "events_first",
            Self::LinkOnly => "link_only",
            Self::SkipIntermediate => "skip_intermediate",
            Self::Resync => "resync",
            Self::Resume => "resume",
            Self::PgetReplaced => "pget_replaced",
            Self::ApplicationNotFound => "application_not_found",
            Self::InactiveApplication => "inactive_application",
            Self::TooManyApplications => "too_many_applications",
            Self::PeopleByLink => "people_by_link",
            Self::MessageLost => "message_lost",
            Self::MessageFailed { .. } => "message_failed",
            Self::EndedByPeer => "ended_by_peer",
            Self::Declined => "declined",
            Self::Busy => "busy",
            Self::DoNotDisturb => "do_not_disturb",
            Self::Unanswered => "unanswered",
            Self::NoSendLink => "no_send_link",
            Self::HtmlNotNegotiated => "html_not_negotiated",
            Self::IsoTimestamps => "iso_timestamps",
            Self::SenderAbsent => "sender_absent",
            Self::Gzip => "gzip",
            Self::Xml => "xml",
        }
    }

    /// Every kind, those with members in their plainest form.
    fn all() -> Vec<Self> {
        vec![
            Self::PoolSplit,
            Self::WrongPool,
            Self::DiscoveryRedirect { href: None },
            Self::MergedChallenge,
            Self::UnquotedChallenge,
            Self::ExpireTicket,
            Self::RefuseOrigin,
            Self::EventsFirst,
            Self::LinkOnly,
            Self::SkipIntermediate,
            Self::Resync,
            Self::Resume,
            Self::PgetReplaced,
            Self::ApplicationNotFound,
            Self::InactiveApplication,
            Self::TooManyApplications,
            Self::PeopleByLink,
            Self::MessageLost,
            Self::MessageFailed {
                code: "RemoteFailure".to_owned(),
                subcode: "Unreachable".to_owned(),
            },
            Self::EndedByPeer,
            Self::Declined,
            Self::Busy,
            Self::DoNotDisturb,
            Self::Unanswered,
            Self::NoSendLink,
            Self::HtmlNotNegotiated,
            Self::IsoTimestamps,
            Self::SenderAbsent,
            Self::Gzip,
            Self::Xml,
        ]
    }

    /// The members of its action in a fault document.
    const fn members(&self) -> &'static [&'static str] {
        match self {
            Self::DiscoveryRedirect { .. } => &["href"],
            Self::MessageFailed { .. } => &["reason"],
            _ => &[],
        }
    }

    /// Takes over the members of an action; an error names the member and its rule.
    fn fill(&mut self, action: &Map<String, Value>) -> Result<(), WrongMember> {
        match self {
            Self::DiscoveryRedirect { href } => match action.get("href") {
                None => {}
                Some(Value::String(text)) => *href = Some(text.clone()),
                Some(_) => return Err(("href", "must be a string")),
            },
            Self::MessageFailed { code, subcode } => match action.get("reason") {
                None => {}
                Some(Value::String(text)) => subcode.clone_from(text),
                Some(Value::Object(reason)) => {
                    for (name, value) in reason {
                        match (name.as_str(), value) {
                            ("code", Value::String(text)) => code.clone_from(text),
                            ("subcode", Value::String(text)) => subcode.clone_from(text),
                            _ => return Err(("reason", "takes code and subcode, both strings")),
                        }
                    }
                }
                Some(_) => return Err(("reason", "must be a string or an object")),
            },
            _ => {}
        }
        Ok(())
    }
}

impl ServiceFault for UcwaFault {
    fn fits(&self, operation: &str) -> bool {
        match self {
            Self::PoolSplit => operation == "user",
            Self::DiscoveryRedirect { .. } => matches!(operation, "discover" | "user"),
            Self::WrongPool
            | Self::MergedChallenge
            | Self::UnquotedChallenge
            | Self::ExpireTicket => !OPEN.contains(&operation),
            Self::EventsFirst => matches!(
                operation,
                "start" | "send" | "accept" | "add_messaging" | "add_participant" | "meeting"
            ),
            Self::LinkOnly
            | Self::Resync
            | Self::Resume
            | Self::PgetReplaced
            | Self::SenderAbsent => operation == "events",
            Self::SkipIntermediate => operation == "start",
            Self::ApplicationNotFound | Self::InactiveApplication => !OUTSIDE.contains(&operation),
            Self::TooManyApplications => operation == "application",
            Self::PeopleByLink => matches!(operation, "application" | "get_application"),
            Self::MessageLost | Self::MessageFailed { .. } | Self::EndedByPeer => {
                operation == "send"
            }
            Self::Declined | Self::Busy | Self::DoNotDisturb | Self::Unanswered => {
                matches!(operation, "start" | "add_participant")
            }
            Self::NoSendLink | Self::HtmlNotNegotiated => {
                matches!(operation, "start" | "accept" | "add_messaging")
            }
            Self::IsoTimestamps | Self::Gzip | Self::Xml | Self::RefuseOrigin => true,
        }
    }

    fn to_json(&self) -> Value {
        let mut document = json!({"kind": self.kind()});
        match self {
            Self::DiscoveryRedirect { href: Some(href) } => document["href"] = json!(href),
            Self::MessageFailed { code, subcode } => {
                document["reason"] = json!({"code": code, "subcode": subcode});
            }
            _ => {}
        }
        document
    }
}

impl From<UcwaFault> for FaultAction {
    fn from(fault: UcwaFault) -> Self {
        Self::Own(OwnFault::new(Platform::UCWA, fault))
    }
}

/// The kinds as fault documents name them.
pub(crate) fn kinds() -> Vec<FaultKind> {
    let kind = |fault: &UcwaFault| FaultKind::new(fault.kind(), fault.members(), read);
    UcwaFault::all().iter().map(kind).collect()
}

fn read(kind: &str, members: &Map<String, Value>) -> Result<OwnFault, WrongMember> {
    let mut known = UcwaFault::all().into_iter();
    let mut fault = known
        .find(|fault| fault.kind() == kind)
        .ok_or(("kind", "is unknown"))?;
    fault.fill(members)?;
    Ok(OwnFault::new(Platform::UCWA, fault))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        engine::{description::Description, faults::rule::FaultRule},
        services::ucwa::{DESCRIPTION, routes::OPERATIONS},
    };

    #[test]
    fn every_kind_is_read_back_as_it_was_written_and_fits_somewhere() {
        for fault in UcwaFault::all() {
            assert!(OPERATIONS.iter().any(|o| fault.fits(o)), "{}", fault.kind());
            let mut members = fault.to_json();
            let members = members.as_object_mut().unwrap();
            members.remove("kind");
            let read = read(fault.kind(), members).unwrap();
            assert_eq!(read.downcast_ref(), Some(&fault));
        }
    }

    #[test]
    fn other_services_and_operations_are_not_affected() {
        const OTHER: Description = Description::new(Platform::new("other"), &["send"]);
        let rule = FaultRule::new(UcwaFault::Gzip.into());
        assert!(rule.concerns(&DESCRIPTION, "me") && !rule.concerns(&OTHER, "send"));
        let rule = FaultRule::new(UcwaFault::Busy.into());
        assert!(rule.concerns(&DESCRIPTION, "start") && !rule.concerns(&DESCRIPTION, "send"));
    }
}
