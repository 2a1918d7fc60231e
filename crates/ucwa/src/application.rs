//! The application: the signed-in client as the server sees it.
//!
//! `POST applications` creates it, or finds it if the identity is the same:
//!
//! ```json
//! {"UserAgent": "ms-messenger/0.1.0", "EndpointId": "5f5a1f5e-…", "Culture": "en-US"}
//! ```
//!
//! The response links the event channel, and embeds `me` (makeMeAvailable, reportMyActivity) and
//! `communication` (startMessaging, startOnlineMeeting). A missing link means that the policy of
//! the user forbids the operation. The server ends an application that does not poll for 15
//! minutes, or whose user was made available and reports no activity for 5.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use ms_messenger_core::{ClockOffset, Deadline, ErrorKind, Result};
use ms_messenger_http::{
    Call, HeaderValue, Method, OpenRequest, Operation, Pipeline, Response, header,
};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    error::{UcwaErrorExt as _, protocol},
    hosts::{Hosts, no_retry},
    message::Format,
    operations::{
        ACTIVITY_REPORT, APPLICATION_CREATE, APPLICATION_DELETE, APPLICATION_GET, AVAILABLE_SET,
        COMMUNICATION_GET, COMMUNICATION_SET, EVENTS_GET, ME_GET, PEOPLE_GET,
    },
    reason::ErrorSubcode,
    resource::Resource,
    state::key,
};

/// The number of the next application of this process.
static CREATED: AtomicU64 = AtomicU64::new(1);

const FORMATS: &str = "supportedMessageFormats";

/// The longest time to read a resource that an event only named.
pub(crate) const READ: Duration = Duration::from_secs(10);

/// The identity of an installation: with the same identity the server returns the same
/// application.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Identity {
    pub(crate) user_agent: String,
    pub(crate) endpoint_id: String,
    pub(crate) culture: String,
}

/// An application, on the host that it lives on.
#[derive(Debug)]
pub(crate) struct Application {
    /// Its number in this process.
    pub(crate) id: u64,
    pipeline: Pipeline,
    /// For the event channel, which has retry rules of its own.
    once: Pipeline,
    href: String,
    pub(crate) events: String,
    links: Mutex<Links>,
}

/// The links that come and go. A missing link is a missing capability.
#[derive(Clone, Debug, Default)]
struct Links {
    me: Option<String>,
    make_me_available: Option<String>,
    report_my_activity: Option<String>,
    communication: Option<String>,
    start_messaging: Option<String>,
    start_online_meeting: Option<String>,
    conversations: Option<String>,
    presence: Option<String>,
    note: Option<String>,
    search: Option<String>,
    /// The formats that the server offers for this user.
    formats: Vec<String>,
}

impl Application {
    /// Creates the application at `applications`, or finds it there.
    pub(crate) async fn create(
        hosts: &Hosts,
        applications: &str,
        identity: &Identity,
    ) -> Result<Self> {
        let (pipeline, path) = hosts.signed_in(applications)?;
        // The same identity gets the same application, so that a retry is safe.
        let call = Call::of(&APPLICATION_CREATE, path).with_json(identity)?;
        let resource: Resource = pipeline.call(call).await?.json()?;
        let link = |rel: &str| {
            resource
                .address(rel)
                .ok_or_else(|| protocol(format!("the application has no link {rel}")))
        };
        let application = Self {
            id: CREATED.fetch_add(1, Ordering::Relaxed),
            once: pipeline.clone().with_retry_policy(no_retry()),
            href: link("self")?,
            events: link("events")?,
            links: Mutex::default(),
            pipeline,
        };
        if let Some(me) = resource.embedded("me") {
            application.take_me(me);
        }
        if let Some(communication) = resource.embedded("communication") {
            application.take_communication(communication);
        }
        if let Some(people) = resource.embedded("people") {
            application.take_people(people);
        }
        Ok(application)
    }

    fn links(&self) -> Links {
        self.links
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn update(&self, change: impl FnOnce(&mut Links)) {
        change(&mut self.links.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Takes the current links of `me`.
    pub(crate) fn take_me(&self, me: &Resource) {
        let link = |rel| me.address(rel);
        self.update(|links| {
            links.me = link("self").or(links.me.take());
            links.make_me_available = link("makeMeAvailable");
            links.report_my_activity = link("reportMyActivity");
            links.presence = link("presence");
            links.note = link("note");
        });
    }

    /// Takes the current links of `communication`.
    pub(crate) fn take_communication(&self, communication: &Resource) {
        let link = |rel| communication.address(rel);
        self.update(|links| {
            links.communication = link("self").or(links.communication.take());
            links.start_messaging = link("startMessaging");
            links.start_online_meeting = link("startOnlineMeeting");
            links.conversations = link("conversations").or(links.conversations.take());
            links.formats = communication.texts(FORMATS);
        });
    }

    /// Takes the link of `people` that the client uses.
    fn take_people(&self, people: &Resource) {
        self.update(|links| links.search = people.address("search"));
    }

    /// Returns the address of the search for contacts, unless the policy of the user forbids it. A
    /// server that embeds no `people` is asked for it.
    pub(crate) async fn search(&self) -> Result<Option<String>> {
        if self.links().search.is_none() {
            let own = self.get(&APPLICATION_GET, &self.href).await?;
            match (own.embedded("people"), own.address("people")) {
                (Some(people), _) => self.take_people(people),
                (None, Some(href)) => self.take_people(&self.get(&PEOPLE_GET, &href).await?),
                (None, None) => {}
            }
        }
        Ok(self.links().search)
    }

    /// Returns its own address.
    pub(crate) fn href(&self) -> &str {
        &self.href
    }

    /// Returns the address of `me`.
    pub(crate) fn me(&self) -> Option<String> {
        self.links().me
    }

    /// Returns the address of the user's presence, which exists once the user is available.
    pub(crate) fn presence(&self) -> Option<String> {
        self.links().presence
    }

    /// The same for the user's note.
    pub(crate) fn note(&self) -> Option<String> {
        self.links().note
    }

    /// Returns the address of the list of conversations.
    pub(crate) fn conversations(&self) -> Option<String> {
        self.links().conversations
    }

    /// Whether a path is that of the event channel, which has one reader only.
    pub(crate) fn is_channel(&self, path: &str) -> bool {
        // Servers accept all spellings: doubled slashes, other case, more escapes than needed.
        let plain = |href: &str| {
            let path = percent_decode_str(key(href)).decode_utf8_lossy();
            let parts = path.split('/').filter(|part| !part.is_empty());
            parts.collect::<Vec<_>>().join("/").to_lowercase()
        };
        plain(path) == plain(&self.events)
    }

    /// Returns a request for a path of the application's host.
    pub(crate) fn open_request(&self, method: Method, path: String) -> OpenRequest {
        OpenRequest::new(&self.pipeline, method, path)
    }

    /// Returns the address of `startMessaging`, unless the policy of the user forbids it.
    pub(crate) fn start_messaging(&self) -> Option<String> {
        self.links().start_messaging
    }

    pub(crate) fn start_online_meeting(&self) -> Option<String> {
        self.links().start_online_meeting
    }

    /// Returns the path of a link. It must lead to the application's own host.
    pub(crate) fn path(&self, href: &str) -> Result<String> {
        self.pipeline.endpoint().follow_path(href)
    }

    /// Makes a call to the application's host. Boxed: many futures hold a call, and each would be
    /// as large as the whole pipeline.
    pub(crate) async fn call(&self, call: Call) -> Result<Response> {
        Box::pin(self.pipeline.call(call)).await
    }

    /// Makes a call of a send, within its deadline.
    pub(crate) async fn carry(&self, call: Call, deadline: &Deadline) -> Result<Response> {
        self.call(call.with_deadline(deadline.clone())).await
    }

    /// Uses no connection any more that there is now.
    pub(crate) fn distrust_connections(&self) {
        self.pipeline.distrust_connections();
    }

    /// Returns the offset of the server's clock, if it is known.
    pub(crate) fn service_clock(&self) -> Option<ClockOffset> {
        self.pipeline.service_clock()
    }

    /// Reads a resource within [`READ`]; `None` if that fails.
    pub(crate) async fn read(&self, operation: &'static Operation, href: &str) -> Option<Resource> {
        timeout(READ, self.get(operation, href)).await.ok()?.ok()
    }

    /// Reads a resource.
    pub(crate) async fn get(&self, operation: &'static Operation, href: &str) -> Result<Resource> {
        let call = Call::of(operation, self.path(href)?);
        self.call(call).await?.json()
    }

    /// Posts an operation that is safe to retry.
    pub(crate) async fn post(
        &self,
        operation: &'static Operation,
        href: &str,
        body: Value,
    ) -> Result<()> {
        let mut call = Call::of(operation, self.path(href)?);
        if !body.is_null() {
            call = call.with_json(&body)?;
        }
        self.call(call).await.map(drop)
    }

    /// Deletes a resource. One that does not exist counts as deleted.
    pub(crate) async fn delete(&self, operation: &'static Operation, href: &str) -> Result<()> {
        let call = Call::of(operation, self.path(href)?).with_expected(&[404]);
        self.call(call).await.map(drop)
    }

    /// Polls the event channel once.
    pub(crate) async fn poll(&self, path: &str, timeout: Duration) -> Result<Response> {
        self.once
            .call(Call::of(&EVENTS_GET, path).with_timeout(timeout))
            .await
    }

    /// Makes the user reachable. A user who is available already counts as success.
    pub(crate) async fn make_available(&self, formats: &[Format]) -> Result<()> {
        let Some(href) = self.links().make_me_available else {
            return Ok(());
        };
        let formats: Vec<&str> = formats.iter().map(Format::as_str).collect();
        let body = json!({
            "signInAs": "Online",
            FORMATS: formats,
            "supportedModalities": ["Messaging"],
        });
        match self.post(&AVAILABLE_SET, &href, body).await {
            Err(error)
                if error.status() == Some(409) && error.says(&ErrorSubcode::AlreadyExists) => {}
            other => other?,
        }
        self.read_me().await
    }

    /// Offers HTML to the recipients of this user, unless it is offered already. A user who
    /// receives has offered it on becoming available.
    ///
    /// The server requires all properties back, including its own, and the etag in double quotes.
    /// With an etag that is out of date, the resource is read again once.
    pub(crate) async fn offer_html(&self) -> Result<()> {
        for _ in 0..2 {
            let links = self.links();
            let Some(href) = links.communication else {
                return Ok(());
            };
            if links.formats.iter().any(|f| f == Format::Html.as_str()) {
                return Ok(());
            }
            let communication = self.get(&COMMUNICATION_GET, &href).await?;
            match self.put_formats(&href, &communication).await {
                Err(error) if error.status() == Some(412) => {}
                other => return other,
            }
        }
        Err(protocol("the resource communication changes all the time"))
    }

    async fn put_formats(&self, href: &str, communication: &Resource) -> Result<()> {
        let etag = communication.text("etag").unwrap_or_default();
        let etag = HeaderValue::from_str(&format!("\"{etag}\""))
            .map_err(|_| protocol("the etag of communication is no header value"))?;
        let mut properties = communication.properties.clone();
        properties.insert(
            FORMATS.to_owned(),
            json!([Format::Plain.as_str(), Format::Html.as_str()]),
        );
        let call = Call::of(&COMMUNICATION_SET, self.path(href)?)
            .with_header(header::IF_MATCH, etag)
            .with_json(&properties)?;
        self.call(call).await?;
        self.take_communication(&self.get(&COMMUNICATION_GET, href).await?);
        Ok(())
    }

    async fn read_me(&self) -> Result<()> {
        if let Some(href) = self.links().me {
            self.take_me(&self.get(&ME_GET, &href).await?);
        }
        Ok(())
    }

    /// Reports that the user is active, if the user was made available.
    pub(crate) async fn report_activity(&self) -> Result<()> {
        if self.links().report_my_activity.is_none() {
            self.read_me().await?;
        }
        match self.links().report_my_activity {
            Some(href) => self.post(&ACTIVITY_REPORT, &href, Value::Null).await,
            None => Ok(()),
        }
    }

    /// Signs out: deletes the application.
    pub(crate) async fn end(&self) -> Result<()> {
        match self.delete(&APPLICATION_DELETE, &self.href).await {
            // One that does not exist, or that the server has ended, is signed out.
            Err(error) if error.kind() == ErrorKind::NotFound || error.status() == Some(410) => {
                Ok(())
            }
            other => other,
        }
    }
}
