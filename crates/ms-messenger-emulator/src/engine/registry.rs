//! The services that are mounted, by path and by name.

use std::sync::Arc;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    engine::{
        description::{Catalog, Description},
        faults::action::FaultStatus,
        injection::{InjectError, Injection},
        inspect::Inspect,
        journal::entry::{Entry, Head, Kept, Moment},
        ledger::row::INJECT,
        mounted::Mounted,
        platform::Platform,
        relay::Relay,
        resources::Engine,
        routing::{Found, Routing},
        service::{AnyCall, DynService},
        stats::Event,
    },
    wire::{request::Request, response::Response},
};

/// The engine and the services that are mounted on it.
#[derive(Debug)]
pub(crate) struct Registry {
    pub(crate) engine: Arc<Engine>,
    services: Vec<Arc<dyn DynService>>,
    inspectors: Vec<Option<Arc<dyn Inspect>>>,
    descriptions: Vec<Description>,
    /// Where each stored message is posted.
    pub(crate) relay: Option<Arc<Relay>>,
}

/// An operation of a service.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    /// The service's place in the registry.
    pub(crate) service: usize,
    pub(crate) found: Found<AnyCall>,
}

/// Where a request goes.
#[derive(Debug)]
pub(crate) enum Routed {
    Operation(Route),
    /// A path of that service that takes other methods only.
    WrongMethod(usize, &'static str),
    /// A path of that service without an operation.
    Unknown(usize),
    /// A path of no service.
    Nowhere,
}

impl Registry {
    pub(crate) fn new(engine: Arc<Engine>, mounted: Vec<Mounted>) -> Self {
        let receiver = engine.settings.on_message.clone();
        let (services, inspectors): (Vec<_>, _) = mounted
            .into_iter()
            .map(|mounted| (mounted.service, mounted.inspector))
            .unzip();
        Self {
            engine,
            relay: receiver.map(|receiver| Arc::new(Relay::new(receiver))),
            descriptions: services.iter().map(|s| s.description()).collect(),
            services,
            inspectors,
        }
    }

    /// What shows the messages of that platform; a service of your own shows none.
    pub(crate) fn inspector(&self, platform: Platform) -> Option<&dyn Inspect> {
        self.inspectors[self.index_of(platform)?].as_deref()
    }

    /// Routes a request by its raw target (before decoding, so that an encoded `/` or `:` in an id
    /// cannot change the structure): the first service that knows the path has it.
    pub(crate) fn route(&self, method: &Method, target: &str) -> Routed {
        for (service, mounted) in self.services.iter().enumerate() {
            return match mounted.route(method, target) {
                Routing::NotMine => continue,
                Routing::Unknown => Routed::Unknown(service),
                Routing::WrongMethod(allowed) => Routed::WrongMethod(service, allowed),
                Routing::Found(found) => Routed::Operation(Route { service, found }),
            };
        }
        Routed::Nowhere
    }

    pub(crate) fn service(&self, index: usize) -> &dyn DynService {
        &*self.services[index]
    }

    pub(crate) fn services(&self) -> &[Arc<dyn DynService>] {
        &self.services
    }

    pub(crate) fn description(&self, index: usize) -> &Description {
        &self.descriptions[index]
    }

    /// The descriptions of all services.
    pub(crate) fn catalog(&self) -> Catalog<'_> {
        Catalog(&self.descriptions)
    }

    /// The place of the service of that name.
    pub(crate) fn index_of(&self, platform: Platform) -> Option<usize> {
        let mut descriptions = self.descriptions.iter();
        descriptions.position(|description| description.platform == platform)
    }

    pub(crate) fn count(&self, service: usize, event: Event) {
        let platform = self.description(service).platform;
        self.engine.stats.count(platform, event);
    }

    /// The service's own error body for a status.
    pub(crate) fn error(
        &self,
        service: usize,
        request: &Request,
        status: StatusCode,
        message: &str,
    ) -> Response {
        self.service(service)
            .error(&self.engine, request, status, message)
    }

    /// The response of a status fault, in the service's own form.
    pub(crate) fn fault_response(
        &self,
        service: usize,
        request: &Request,
        instead: &FaultStatus,
    ) -> Response {
        let status =
            StatusCode::from_u16(instead.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let message = match status.canonical_reason() {
            Some(reason) if instead.is_bare => reason,
            _ => "Injected by a fault rule.",
        };
        let response = self.error(service, request, status, message);
        instead.apply(response)
    }

    /// Lets the services forget the messages that were dropped from the ledger.
    pub(crate) fn forget_dropped(&self) {
        if self.engine.settings.keep == usize::MAX {
            return;
        }
        // The ledger is unlocked first: a store is locked before it, never inside.
        let dropped = self.engine.ledger().take_dropped();
        for row in dropped {
            if let Some(index) = self.index_of(row.platform) {
                let service = self.service(index);
                service.forget(&row.conversation, &row.message_id);
            }
        }
    }

    /// Stores a message of the other side for `request`. Returns the ids it made.
    pub(crate) fn inject(&self, document: &Value, request: &Request) -> Result<Value, InjectError> {
        let name = document.get("platform").and_then(Value::as_str);
        let platform = name.and_then(|name| self.catalog().platform(name));
        let index = platform.and_then(|platform| self.index_of(platform));
        let index = index.filter(|index| self.description(*index).has_injections);
        let Some(index) = index else {
            let takers = self.descriptions.iter().filter(|d| d.has_injections);
            let known = crate::engine::description::names(takers);
            let rule = format!("platform: is required and must be one of {known}");
            return Err(InjectError::new(rule));
        };
        let inject = || {
            let injection = Injection::new(document, request, self.engine.now_ms());
            self.service(index).inject(&self.engine, &injection)
        };
        let rows_alone = self.description(index).keeping.keeps_rows_alone();
        let mut made = match self.engine.journal().filter(|_| !rows_alone) {
            None => inject(),
            Some(journal) => journal.perform(
                || self.engine.moment(),
                inject,
                |made, moment| made.is_ok().then(|| admin_entry(moment, INJECT, request)),
            ),
        }?;
        made["platform"] = name.into();
        self.forget_dropped();
        self.engine.announce();
        self.engine.activity.note_change();
        Ok(made)
    }

    /// The response to a request below `/_emulator/` by the service that knows the path.
    pub(crate) async fn admin(&self, path: &str, request: &Request) -> Option<Response> {
        let mut services = self.services.iter();
        let task = services.find_map(|service| Arc::clone(service).admin_task(path, request));
        if let Some(task) = task {
            return Some(task.await);
        }
        let respond = || {
            let mut services = self.services.iter();
            services.find_map(|service| service.admin(&self.engine, path, request))
        };
        let mut descriptions = self.descriptions.iter();
        let is_kept = request.method != Method::GET
            && descriptions.any(|description| description.keeping.keeps_admin(path));
        match self.engine.journal().filter(|_| is_kept) {
            None => respond(),
            Some(journal) => journal.perform(
                || self.engine.moment(),
                respond,
                |response, moment| {
                    let response = response.as_ref();
                    let response = response.filter(|response| !response.is_refusal());
                    response.map(|_| admin_entry(moment, path, request))
                },
            ),
        }
    }

    /// The document of `GET /_emulator/world`: addresses, keys, tokens and ids, as the program prints
    /// them when it is ready.
    pub(crate) fn world(&self) -> Value {
        let addresses = self.engine.addresses().cloned().unwrap_or_default();
        let mut line = json!({"http": addresses.http});
        for service in &self.services {
            service.add_ready(&mut line, addresses.https.as_deref());
        }
        if let Some(https) = addresses.https {
            line["https"] = json!(https);
            if let Some(path) = addresses.ca {
                line["ca"] = json!(path.to_string_lossy());
            }
        }
        line
    }

    /// The document of `GET /_emulator/stats`.
    pub(crate) fn stats(&self) -> Value {
        let mut document = self.engine.stats.to_json();
        document["throttled_by"] = self.engine.throttled();
        document["faults_by_rule"] = self.engine.applied_faults().into();
        if let Some(journal) = self.engine.journal() {
            document["data"] = journal.report();
        }
        if let Some(relay) = &self.relay {
            document["on_message"] = relay.to_json(&self.engine);
        }
        for (service, description) in self.services.iter().zip(&self.descriptions) {
            let name = description.platform.as_str();
            service.add_stats(&mut document["platforms"][name]);
        }
        document
    }

    /// Back to the seeded state: stores, ledger, limits, statistics, faults and tokens.
    pub(crate) fn reset(&self) {
        let reset = || {
            self.engine.begin_reset();
            self.reset_from(0);
            self.engine.end_reset();
            if let Some(playback) = &self.engine.settings.playback {
                playback.reset();
            }
        };
        match self.engine.journal() {
            Some(journal) => journal.reset(reset),
            None => reset(),
        }
    }

    /// Resets the services from that place on, each inside the lock of the one before it, and the
    /// ledger inside all of them: a message that is stored meanwhile is gone from both, or in both.
    fn reset_from(&self, index: usize) {
        let Some(service) = self.services.get(index) else {
            return self.engine.clear();
        };
        let mut is_done = false;
        service.reset(&mut || {
            if !is_done {
                is_done = true;
                self.reset_from(index + 1);
            }
        });
        if !is_done {
            self.reset_from(index + 1);
        }
    }
}

fn admin_entry(moment: Moment, path: &str, request: &Request) -> Entry {
    let head = Head::Admin {
        moment,
        path: path.to_owned(),
        request: Kept::new(request).without_credentials(),
    };
    Entry {
        head,
        body: request.body.clone(),
    }
}
