//! Events as they are queued and written.

use serde_json::{Map, Value, json};

use crate::services::ucwa::model::Reason;

/// Who reports an event: rel and href.
pub(super) type Sender = (&'static str, String);

/// An event, ready to be written.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) rel: &'static str,
    pub(super) href: String,
    pub(super) title: Option<String>,
    pub(super) kind: &'static str,
    /// The container: rel, href and title.
    pub(super) within: Option<(&'static str, String, Option<String>)>,
    pub(super) status: Option<&'static str>,
    pub(super) reason: Option<Reason>,
    pub(super) embedded: Option<Value>,
    /// The delivery to be confirmed once the event is taken.
    pub(super) receipt: Option<u64>,
}

impl Event {
    pub(super) fn new(kind: &'static str, rel: &'static str, href: String) -> Self {
        Self {
            rel,
            href,
            title: None,
            kind,
            within: None,
            status: None,
            reason: None,
            embedded: None,
            receipt: None,
        }
    }

    pub(super) fn titled(mut self, title: &str) -> Self {
        self.title = Some(title.to_owned());
        self
    }

    pub(super) fn within(mut self, rel: &'static str, href: String, title: Option<&str>) -> Self {
        self.within = Some((rel, href, title.map(str::to_owned)));
        self
    }

    pub(super) fn embedding(mut self, resource: Value) -> Self {
        self.embedded = Some(resource);
        self
    }

    pub(super) fn success(mut self) -> Self {
        self.status = Some("Success");
        self
    }

    pub(super) fn because(mut self, reason: &Reason) -> Self {
        self.reason = Some(reason.clone());
        self
    }

    pub(super) fn failure(mut self, reason: &Reason) -> Self {
        self.status = Some("Failure");
        self.because(reason)
    }

    /// The event as JSON.
    pub(super) fn write(&self, is_link_only: bool) -> Value {
        let link = |rel: &str, href: &str, title: &Option<String>| {
            let mut link = json!({"rel": rel, "href": href});
            if let Some(title) = title {
                link["title"] = title.as_str().into();
            }
            link
        };
        let mut event = Map::new();
        event.insert("link".into(), link(self.rel, &self.href, &self.title));
        if let Some((rel, href, title)) = &self.within {
            event.insert("in".into(), link(rel, href, title));
        }
        if let Some(status) = self.status {
            event.insert("status".into(), status.into());
        }
        if let Some((code, subcode)) = &self.reason {
            let message = "The operation did not succeed, or has ended.";
            let reason = json!({"code": code, "subcode": subcode, "message": message});
            event.insert("reason".into(), reason);
        }
        if let Some(resource) = self.embedded.as_ref().filter(|_| !is_link_only) {
            let mut embedded = Map::new();
            embedded.insert(self.rel.into(), resource.clone());
            event.insert("_embedded".into(), embedded.into());
        }
        event.insert("type".into(), self.kind.into());
        event.into()
    }
}
