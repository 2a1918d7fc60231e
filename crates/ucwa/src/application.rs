//! The application: what a signed-in client is to the server.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use ms_messenger_core::{ClockOffset, Deadline, ErrorKind, Result, RetryPolicy};
use ms_messenger_http::{Call, HeaderValue, Pipeline, Response, header};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    error::{UcwaErrorExt as _, protocol},
    hosts::{Hosts, no_retry},
    message::Format,
    reason::ErrorSubcode,
    resource::Resource,
};

/// How many applications were created, from 1.
static CREATED: AtomicU64 = AtomicU64::new(1);

const FORMATS: &str = "supportedMessageFormats";

/// How long a resource is waited for that an event only named.
pub(crate) const READ: Duration = Duration::from_secs(10);

/// What identifies an installation: with the same identity the server gives the same
/// application back.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Identity {
    pub(crate) user_agent: String,
    pub(crate) endpoint_id: String,
    pub(crate) culture: String,
}

/// A living application, at the host that it lives on.
#[derive(Debug)]
pub(crate) struct Application {
    /// Tells the applications of a process apart.
    pub(crate) id: u64,
    pipeline: Pipeline,
    /// For the event channel, whose every repetition has a rule of its own.
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
    /// The formats that the server offers for this user.
    formats: Vec<String>,
}

impl Application {
    /// Creates the application at `applications`, or finds it there.
    pub(crate) async fn create(
        hosts: &Hosts,
        applications: &str,
        identity: &Identity,
        retry: &RetryPolicy,
    ) -> Result<Self> {
        let (pipeline, path) = hosts.signed_in(applications)?;
        let pipeline = pipeline.with_retry_policy(retry.clone());
        // The same identity gets the same application back, so it can be asked for again.
        let call = Call::post("application", path)
            .without_message()
            .with_json(identity)?;
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

    /// Reads the links of `me` anew.
    pub(crate) fn take_me(&self, me: &Resource) {
        let link = |rel| me.address(rel);
        self.update(|links| {
            links.me = link("self").or(links.me.take());
            links.make_me_available = link("makeMeAvailable");
            links.report_my_activity = link("reportMyActivity");
        });
    }

    /// Reads the links of `communication` anew.
    pub(crate) fn take_communication(&self, communication: &Resource) {
        let link = |rel| communication.address(rel);
        self.update(|links| {
            links.communication = link("self").or(links.communication.take());
            links.start_messaging = link("startMessaging");
            links.start_online_meeting = link("startOnlineMeeting");
            links.formats = communication.texts(FORMATS);
        });
    }

    /// The address of `startMessaging`, unless the policy of the user forbids it.
    pub(crate) fn start_messaging(&self) -> Option<String> {
        self.links().start_messaging
    }

    pub(crate) fn start_online_meeting(&self) -> Option<String> {
        self.links().start_online_meeting
    }

    /// What a link leads to: the path on the application's own host, and nowhere else.
    pub(crate) fn path(&self, href: &str) -> Result<String> {
        self.pipeline.endpoint().follow_path(href)
    }

    /// Makes a call to the application's host. Boxed: many steps hold a call, and their futures
    /// would all be as large as the whole pipeline.
    pub(crate) async fn call(&self, call: Call) -> Result<Response> {
        Box::pin(self.pipeline.call(call)).await
    }

    /// Makes a call of a send, which ends with it.
    pub(crate) async fn carry(&self, call: Call, deadline: &Deadline) -> Result<Response> {
        self.call(call.with_deadline(deadline.clone())).await
    }

    /// How far the server's clock is ahead, as far as it is known.
    pub(crate) fn service_clock(&self) -> Option<ClockOffset> {
        self.pipeline.service_clock()
    }

    /// Reads a resource within [`READ`], for what others wait for.
    pub(crate) async fn read(&self, href: &str) -> Option<Resource> {
        timeout(READ, self.get(href)).await.ok()?.ok()
    }

    /// Reads a resource.
    pub(crate) async fn get(&self, href: &str) -> Result<Resource> {
        let call = Call::get("resource", self.path(href)?);
        self.call(call).await?.json()
    }

    /// An operation that may be repeated: when the server finds nothing left to do, it is done.
    pub(crate) async fn post(
        &self,
        operation: &'static str,
        href: &str,
        body: Value,
    ) -> Result<()> {
        let mut call = Call::post(operation, self.path(href)?).without_message();
        if !body.is_null() {
            call = call.with_json(&body)?;
        }
        self.call(call).await.map(drop)
    }

    /// Deletes a resource; one that is gone already is deleted.
    pub(crate) async fn delete(&self, operation: &'static str, href: &str) -> Result<()> {
        let call = Call::delete(operation, self.path(href)?).with_expected(&[404]);
        self.call(call).await.map(drop)
    }

    /// Asks the event channel once.
    pub(crate) async fn poll(&self, path: &str, timeout: Duration) -> Result<Response> {
        self.once
            .call(Call::get("events", path).with_timeout(timeout))
            .await
    }

    /// Makes the user reachable. That somebody did so already is success.
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
        match self.post("me", &href, body).await {
            Err(error)
                if error.status() == Some(409) && error.says(&ErrorSubcode::AlreadyExists) => {}
            other => other?,
        }
        self.read_me().await
    }

    /// Offers HTML to whom this user writes to, unless it is offered already. A user who
    /// receives offered it on becoming available.
    ///
    /// The server wants all properties back, its own strange one included, under the etag in
    /// double quotes. An etag that is out of date is read anew once.
    pub(crate) async fn offer_html(&self) -> Result<()> {
        for _ in 0..2 {
            let links = self.links();
            let Some(href) = links.communication else {
                return Ok(());
            };
            if links.formats.iter().any(|f| f == Format::Html.as_str()) {
                return Ok(());
            }
            let communication = self.get(&href).await?;
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
        let call = Call::put("communication", self.path(href)?)
            .with_header(header::IF_MATCH, etag)
            .with_json(&properties)?;
        self.call(call).await?;
        self.take_communication(&self.get(href).await?);
        Ok(())
    }

    async fn read_me(&self) -> Result<()> {
        if let Some(href) = self.links().me {
            self.take_me(&self.get(&href).await?);
        }
        Ok(())
    }

    /// Reports that the user is active, when the user was made available.
    pub(crate) async fn report_activity(&self) -> Result<()> {
        if self.links().report_my_activity.is_none() {
            self.read_me().await?;
        }
        match self.links().report_my_activity {
            Some(href) => self.post("activity", &href, Value::Null).await,
            None => Ok(()),
        }
    }

    /// Signs out: the application ends.
    pub(crate) async fn end(&self) -> Result<()> {
        match self.delete("sign-out", &self.href).await {
            // Gone in any way is signed out.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }
}
