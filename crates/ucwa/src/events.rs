//! The packages of the event channel.
//!
//! A package names the next address, and groups the events by the resource that reports them:
//!
//! ```json
//! {"_links": {"next": {"href": "/apps/1/events?ack=2"}},
//!  "sender": [{"rel": "conversation", "href": "/apps/1/conversations/7", "events": [
//!    {"link": {"rel": "message", "href": "/apps/1/conversations/7/messages/3"},
//!     "type": "completed", "status": "Success",
//!     "_embedded": {"message": {"direction": "Outgoing", "operationId": "74a9…"}}}]}]}
//! ```
//!
//! `resume` and `resync` stand in place of `next` after a long absence or an old `ack`. The server
//! may leave out `_embedded`: the resource is then looked up if it matters.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    reason::{ErrorCode, Reason},
    resource::{Link, OneOrMany, Resource},
};

/// One response of the event channel.
#[derive(Clone, Debug)]
pub(crate) struct Package {
    pub(crate) next: Next,
    pub(crate) senders: Vec<Sender>,
    /// A hash by which its events differ from others; `None` without events.
    pub(crate) fingerprint: Option<u64>,
}

/// The next address to poll, and what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// The channel continues.
    Package(String),
    /// The client was away for too long: conversations and invitations have ended.
    Resume(String),
    /// The client asked for an old package: its state may be out of date.
    Resync(String),
}

impl Next {
    pub(crate) fn href(&self) -> &str {
        match self {
            Self::Package(href) | Self::Resume(href) | Self::Resync(href) => href,
        }
    }
}

/// The resource that reports events. It may occur several times in a package.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Sender {
    #[serde(default)]
    pub(crate) href: String,
    #[serde(default)]
    pub(crate) events: OneOrMany<Event>,
}

/// One event.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Event {
    /// The resource that changed.
    pub(crate) link: Link,
    /// The resource that contains it.
    #[serde(default, rename = "in")]
    pub(crate) container: Option<Link>,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// How an operation ended: see [`Event::ending`].
    #[serde(default, deserialize_with = "if_readable")]
    status: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    pub(crate) reason: Option<Reason>,
    /// The resource, if the server included it.
    #[serde(flatten)]
    carrier: Resource,
}

impl Event {
    /// Returns the resource that changed, if the server included it.
    pub(crate) fn resource(&self) -> Option<&Resource> {
        let named = self.carrier.embedded(&self.link.rel);
        named.or_else(|| self.carrier.any_embedded())
    }

    /// Returns how the operation of a `completed` event ended. Only the status of success is
    /// documented: any other is a failure if the server gives a reason, and a missing one means
    /// nothing.
    pub(crate) fn ending(&self) -> Ending {
        let is_failure = |status: &str| {
            ["Failure", "Failed"].contains(&status)
                || self
                    .reason
                    .as_ref()
                    .is_some_and(|reason| reason.code != ErrorCode::Informational)
        };
        match self.status.as_deref() {
            Some("Success") => Ending::Success,
            Some(status) if is_failure(status) => Ending::Failure,
            _ => Ending::Unsaid,
        }
    }
}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Success,
    Failure,
    /// The server did not report it.
    Unsaid,
}

/// A member of another type counts as missing: the rest of the event matters.
fn if_readable<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}

impl Package {
    /// Reads a response. `None` if it names no next address: it cannot be acknowledged then, and
    /// is requested again.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Body {
            #[serde(default)]
            sender: Value,
            #[serde(flatten)]
            resource: Resource,
        }
        let response: Body = serde_json::from_slice(body).ok()?;
        let link = |rel| response.resource.href(rel).map(str::to_owned);
        // The order is that of Microsoft's own client, with `resume` in between.
        let next = None
            .or_else(|| link("resync").map(Next::Resync))
            .or_else(|| link("resume").map(Next::Resume))
            .or_else(|| link("next").map(Next::Package))?;
        let mut hasher = DefaultHasher::new();
        response.sender.hash(&mut hasher);
        let senders: OneOrMany<Sender> =
            serde_json::from_value(response.sender).unwrap_or_default();
        let any = senders.0.iter().any(|sender| !sender.events.0.is_empty());
        Some(Self {
            next,
            senders: senders.0,
            fingerprint: any.then(|| hasher.finish()),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Package {
        Package::read(text.as_bytes()).unwrap()
    }

    #[test]
    fn an_idle_response_has_no_sender_or_an_empty_one() {
        for text in [
            r#"{"_links":{"next":{"href":"/e?ack=2"}}}"#,
            r#"{"_links":{"next":{"href":"/e?ack=2"}},"sender":[]}"#,
            r#"{"_links":{"next":{"href":"/e?ack=2"}},"sender":null}"#,
        ] {
            let package = read(text);
            assert_eq!(package.next, Next::Package("/e?ack=2".into()));
            assert!(package.senders.is_empty());
        }
    }

    #[test]
    fn resync_goes_before_resume_and_resume_before_next() {
        let all = read(
            r#"{"_links":{"next":{"href":"/n"},"resume":{"href":"/r"},"resync":{"href":"/s"}}}"#,
        );
        assert_eq!(all.next, Next::Resync("/s".into()));
        let two = read(r#"{"_links":{"next":{"href":"/n"},"resume":{"href":"/r"}}}"#);
        assert_eq!(two.next, Next::Resume("/r".into()));
    }

    #[test]
    fn an_event_carries_its_resource_under_its_own_name_or_another() {
        let package = read(
            r#"{"_links":{"next":{"href":"/n"}},"sender":[{"rel":"conversation","href":"/c","events":[
              {"link":{"rel":"message","href":"/m"},"type":"completed","status":"Success",
               "_embedded":{"message":{"direction":"Outgoing"}}},
              {"link":{"rel":"localParticipant","href":"/p"},"type":"added","in":{"rel":"x","href":"/x"},
               "_embedded":{"participant":{"rel":"participant","uri":"sip:a@b"}}},
              {"link":{"rel":"message","href":"/m"},"type":"completed","status":"Failure",
               "reason":{"code":"RemoteFailure","subcode":"Timeout"}},
              {"nonsense":true}]}]}"#,
        );
        let events = &package.senders[0].events.0;
        assert_eq!(events.len(), 3);
        assert_eq!(events[0].ending(), Ending::Success);
        assert_eq!(
            events[0].resource().unwrap().text("direction"),
            Some("Outgoing")
        );
        assert_eq!(events[1].resource().unwrap().text("uri"), Some("sip:a@b"));
        assert_eq!(events[2].ending(), Ending::Failure);
        assert!(events[2].resource().is_none());
        assert_eq!(
            events[2].reason.as_ref().unwrap().to_string(),
            "RemoteFailure/Timeout"
        );
    }

    #[test]
    fn an_unknown_status_is_not_a_failure() {
        let ending = |members: &str| {
            let event = format!(
                r#"{{"link":{{"rel":"message","href":"/m"}},"type":"completed"{members}}}"#
            );
            serde_json::from_str::<Event>(&event).unwrap().ending()
        };
        for members in [
            "",
            r#","status":null"#,
            r#","status":7"#,
            r#","status":"""#,
            r#","status":"Pending""#,
            r#","reason":{"code":"RemoteFailure"}"#,
            r#","status":"Pending","reason":{"code":"Informational"}"#,
            r#","status":"Pending","reason":"nonsense""#,
        ] {
            assert_eq!(ending(members), Ending::Unsaid, "{members}");
        }
        for members in [
            r#","status":"Failure""#,
            r#","status":"Failed","reason":{}"#,
            r#","status":"Other","reason":{"code":"RemoteFailure"}"#,
        ] {
            assert_eq!(ending(members), Ending::Failure, "{members}");
        }
        assert_eq!(ending(r#","status":"Success","reason":7"#), Ending::Success);
    }

    #[test]
    fn a_response_without_a_next_link_is_rejected() {
        for text in [
            "",
            "{}",
            "[]",
            "<html>",
            r#"{"_links":{"next":{}}}"#,
            r#"{"_links":{}}"#,
        ] {
            assert!(Package::read(text.as_bytes()).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn hostile_bytes_end(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = Package::read(&bytes);
        }

        #[test]
        fn hostile_shapes_end(text in r#"(\{|\}|\[|\]|"_links"|"sender"|"events"|"next"|"href"|"link"|"type"|:|,|"x"|null|1){0,60}"#) {
            let _ = Package::read(text.as_bytes());
        }
    }
}
