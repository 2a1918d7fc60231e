//! UCWA 2.0, the web API of Skype for Business Server: discovery, tickets, applications, the event
//! channel, and conversations between their users.

pub(crate) mod admin;
pub(crate) mod applications;
pub(crate) mod background;
pub(crate) mod channel;
pub(crate) mod clock;
pub(crate) mod data_uri;
pub(crate) mod discovery;
pub(crate) mod encoding;
pub(crate) mod event;
pub(crate) mod faults;
pub(crate) mod gzip;
pub(crate) mod hrefs;
pub(crate) mod inject;
pub(crate) mod input;
pub(crate) mod invitation_outcomes;
pub(crate) mod invitations;
pub(crate) mod kept;
pub(crate) mod meeting_im;
pub(crate) mod meetings;
pub(crate) mod messages;
pub(crate) mod model;
pub(crate) mod operate;
pub(crate) mod past;
pub(crate) mod people;
pub(crate) mod pget;
pub(crate) mod presence;
pub(crate) mod published;
pub(crate) mod reads;
pub(crate) mod render;
pub(crate) mod responses;
pub(crate) mod ringing;
pub(crate) mod routes;
pub(crate) mod sessions;
pub(crate) mod settings;
pub(crate) mod shown;
pub(crate) mod state;
pub(crate) mod store;
pub(crate) mod ticket;
pub(crate) mod tickets;
pub(crate) mod time;
pub(crate) mod transaction;
pub(crate) mod xml;

use std::sync::Arc;

use http::{Method, StatusCode};
use serde_json::Value;

use crate::{
    engine::{
        description::Description,
        exchange::Exchange,
        injection::{InjectError, Injection},
        keeping::Keeping,
        outcome::Outcome,
        platform::Platform,
        resources::Engine,
        routing::Routing,
        service::{BoxFuture, Service},
    },
    services::ucwa::{
        routes::{Call, OPERATIONS},
        state::Ucwa,
    },
    wire::{request::Request, response::Response},
};

pub(crate) const DESCRIPTION: Description = Description::new(Platform::UCWA, &OPERATIONS)
    .with_injections(true)
    .with_recorded(&["send", "start"])
    .with_fault_kinds(faults::kinds)
    .with_keeping(Keeping::Rows);

impl Platform {
    /// Skype for Business Server through UCWA 2.0.
    pub const UCWA: Self = Self::new("ucwa");
}

impl Service for Ucwa {
    type Call = Call;

    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn route(&self, method: &Method, target: &str) -> Routing<Call> {
        // The query separates operations that share a path.
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        routes::route(method, path, query)
    }

    async fn serve(&self, exchange: &Exchange<'_>, call: &Call) -> Outcome {
        operate::handle(self, call, exchange.request(), exchange.own_fault()).await
    }

    fn error(&self, _: &Engine, request: &Request, status: StatusCode, message: &str) -> Response {
        responses::status_error(self, request, status, message)
    }

    fn inject(&self, _: &Engine, injection: &Injection<'_>) -> Result<Value, InjectError> {
        inject::inject(self, injection)
    }

    fn admin(&self, _: &Engine, path: &str, request: &Request) -> Option<Response> {
        kept::restore(self, path, request)
            .or_else(|| (path == "ucwa/clock").then(|| admin::handle(self, request)))
    }

    fn reset(&self, rest: &mut dyn FnMut()) {
        Ucwa::reset(self, rest);
    }

    fn add_stats(&self, counters: &mut Value) {
        self.store().add_stats(counters);
    }

    fn add_ready(&self, line: &mut Value, _: Option<&str>) {
        line["ucwa"] = self.seed.ucwa.to_json();
    }

    fn background(self: Arc<Self>) -> Option<BoxFuture<'static, ()>> {
        Some(Box::pin(background::keep_time(self)))
    }

    fn shut_down(&self) {
        self.store().end();
    }
}
