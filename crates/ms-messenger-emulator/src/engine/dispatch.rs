//! One request, from its head to its response: routing, faults, the service, the response.

use std::{sync::Arc, time::Duration};

use http::header::{CONNECTION, DATE, HOST, HeaderValue};
use hyper::body::Incoming;

use crate::{
    engine::{
        body,
        carry_out::{carry_out, changed, instead},
        exchange::Exchange,
        faults::{
            action::{FaultAction, When},
            delivery::{deliver, end_when, respond},
        },
        late,
        playback::Ticket,
        recording::Recording,
        refusal::Refusal,
        registry::{Registry, Route, Routed},
        server::{control::Control, payload::Payload},
        service::BoxFuture,
        stats::Event,
    },
    wire::{
        clock,
        request::{Request, Scheme, client_request_id},
        response::{Response, Undated},
    },
};

/// Serves what no service does: the admin API and its page.
pub(crate) trait Front: std::fmt::Debug + Send + Sync {
    /// The path below `/_emulator/`, if the request is one of the admin API.
    fn path<'a>(&self, target: &'a str) -> Option<&'a str>;

    /// Responds to a request of the admin API.
    fn serve<'a>(
        &'a self,
        registry: &'a Arc<Registry>,
        path: &'a str,
        request: &'a Request,
    ) -> BoxFuture<'a, http::Response<Payload>>;

    /// Responds to a request that cannot be served.
    fn refuse(&self, refusal: Refusal) -> Response;

    /// The refusal of a request that names another host, where the listeners can be reached from other
    /// machines.
    fn foreign(&self, registry: &Registry, incoming: &http::Request<Incoming>) -> Option<Response>;

    /// The page for a browser, if the request comes from one.
    fn page(&self, incoming: &http::Request<Incoming>) -> Option<Response>;
}

/// The services and the admin API in front of them.
#[derive(Clone, Debug)]
pub(crate) struct Dispatcher {
    pub(crate) registry: Arc<Registry>,
    pub(crate) front: Arc<dyn Front>,
}

impl Dispatcher {
    /// Responds to one request. Every response has the services' `Date`, unless a fault removed it.
    pub(crate) async fn handle(
        &self,
        control: Control,
        incoming: http::Request<Incoming>,
    ) -> http::Response<Payload> {
        let mut outgoing = self.respond(control, incoming).await;
        let is_undated = outgoing.extensions().get::<Undated>().is_some();
        if !is_undated && !outgoing.headers().contains_key(DATE) {
            let now = clock::at_ms(self.registry.engine.now_ms());
            if let Ok(date) = HeaderValue::from_str(&httpdate::fmt_http_date(now)) {
                outgoing.headers_mut().insert(DATE, date);
            }
        }
        outgoing
    }

    async fn respond(
        &self,
        control: Control,
        incoming: http::Request<Incoming>,
    ) -> http::Response<Payload> {
        let registry = &self.registry;
        if let Some(refusal) = self.front.foreign(registry, &incoming) {
            let mut outgoing = respond(refusal);
            // The body is not read, so the connection cannot be used again.
            let close = HeaderValue::from_static("close");
            outgoing.headers_mut().insert(CONNECTION, close);
            return outgoing;
        }
        let uri = incoming.uri();
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        if let Some(path) = self.front.path(target) {
            let path = path.to_owned();
            return match self.read(incoming, None).await {
                Ok(request) => self.front.serve(registry, &path, &request).await,
                Err((_, refusal)) => respond(self.front.refuse(refusal)),
            };
        }
        if let Some(page) = self.front.page(&incoming) {
            return respond(page);
        }
        let ticket = self.begin_playback(&incoming);
        let outgoing = self.serve(control, incoming).await;
        match ticket {
            Some(ticket) => self.play(&ticket, outgoing),
            None => outgoing,
        }
    }

    /// Takes the exchange that responds in place of the services.
    fn begin_playback(&self, incoming: &http::Request<Incoming>) -> Option<Ticket> {
        let engine = &self.registry.engine;
        let playback = engine.playback()?;
        let target = incoming.uri().path_and_query();
        let target = target.map_or("/", |target| target.as_str());
        playback.begin(
            incoming.method(),
            target,
            origin(incoming, &engine.authority),
        )
    }

    /// The recorded response in place of that of the services.
    fn play(&self, ticket: &Ticket, outgoing: http::Response<Payload>) -> http::Response<Payload> {
        let playback = self.registry.engine.settings.playback.as_deref();
        let Some((playback, body)) = playback.zip(outgoing.body().as_whole()) else {
            return outgoing;
        };
        let mut ours = Response::empty(outgoing.status());
        ours.headers.clone_from(outgoing.headers());
        ours.body = body;
        let mut played = respond(playback.respond(ticket, &ours));
        if let Some(connection) = outgoing.headers().get(CONNECTION) {
            let connection = connection.clone();
            played.headers_mut().insert(CONNECTION, connection);
        }
        played
    }

    /// Lets the service of the path respond.
    async fn serve(
        &self,
        control: Control,
        incoming: http::Request<Incoming>,
    ) -> http::Response<Payload> {
        let registry = &self.registry;
        let target = incoming.uri().path_and_query();
        let target = target.map_or("/", |target| target.as_str());
        let routed = registry.route(incoming.method(), target);
        let service = match &routed {
            Routed::Operation(Route { service, .. })
            | Routed::WrongMethod(service, _)
            | Routed::Unknown(service) => *service,
            Routed::Nowhere => return respond(self.front.refuse(Refusal::Unrouted)),
        };
        if control.is_first_of(service) {
            registry.count(service, Event::Connection);
        }
        registry.count(service, Event::Request);
        match routed {
            Routed::Operation(route) => self.operation(&control, route, incoming).await,
            Routed::WrongMethod(_, allowed) => {
                self.unrouted(service, Some(allowed), incoming).await
            }
            _ => self.unrouted(service, None, incoming).await,
        }
    }

    async fn operation(
        &self,
        control: &Control,
        route: Route,
        incoming: http::Request<Incoming>,
    ) -> http::Response<Payload> {
        let registry = &self.registry;
        let description = registry.description(route.service);
        let fault = self.decide_fault(&route, &incoming);
        let operation = route.found.operation;
        let mut recording =
            Recording::begin(&registry.engine, description, operation, fault.as_ref());
        end_when(fault.as_ref(), When::BeforeRead, control).await;
        let mut request = match self.read(incoming, route.found.max_body).await {
            Ok(request) => request,
            Err((request, refusal)) => {
                let response = self.refusal(route.service, &request, refusal);
                recording.told(&response);
                return refused(response, refusal);
            }
        };
        recording.asked(&mut request);
        end_when(fault.as_ref(), When::AfterRead, control).await;
        if let Some(FaultAction::LateStore(late)) = fault {
            let response = late::response(registry, control, route, request, late).await;
            recording.told(&response);
            return deliver(None, response, control).await;
        }
        let exchange = Exchange {
            registry,
            route: &route,
            request: &request,
            fault: fault.as_ref(),
        };
        if let Some(response) = instead(&exchange) {
            recording.told(&response);
            return deliver(None, response, control).await;
        }
        let done = carry_out(&exchange).await;
        let fault = fault.or(done.fault);
        let response = match &fault {
            Some(FaultAction::Delay { ms }) => {
                tokio::time::sleep(Duration::from_millis(*ms)).await;
                done.response
            }
            Some(FaultAction::StatusAfterStore(instead)) => {
                registry.fault_response(route.service, &request, instead)
            }
            _ => done.response,
        };
        drop(done.hold);
        end_when(fault.as_ref(), When::AfterStore, control).await;
        let response = changed(registry, response, &request, fault.as_ref());
        recording.told(&response);
        deliver(fault, response, control).await
    }

    /// The fault of a request, which is counted.
    fn decide_fault(
        &self,
        route: &Route,
        incoming: &http::Request<Incoming>,
    ) -> Option<FaultAction> {
        let (registry, operation) = (&self.registry, route.found.operation);
        let description = registry.description(route.service);
        let call = client_request_id(incoming.headers());
        let fault = registry.engine.decide_fault(description, operation, call);
        if fault.is_some() {
            registry.count(route.service, Event::Fault);
        }
        fault
    }

    /// Reads the body under the size limit, the operation's own if it has one. A refusal comes with
    /// the request, its body left out.
    async fn read(
        &self,
        incoming: http::Request<Incoming>,
        limit: Option<usize>,
    ) -> Result<Request, (Box<Request>, Refusal)> {
        let engine = &self.registry.engine;
        let limit = limit.unwrap_or(engine.settings.max_body);
        body::read(incoming, limit, &engine.authority).await
    }

    /// Responds to a request without an operation; `allowed` are the methods of its path, if it has
    /// any.
    async fn unrouted(
        &self,
        service: usize,
        allowed: Option<&'static str>,
        incoming: http::Request<Incoming>,
    ) -> http::Response<Payload> {
        let (request, refusal) = match self.read(incoming, None).await {
            Ok(request) => (Box::new(request), None),
            Err((request, refusal)) => (request, Some(refusal)),
        };
        let refusal = refusal.unwrap_or(match allowed {
            Some(_) => Refusal::WrongMethod,
            None => Refusal::Unrouted,
        });
        let response = self.refusal(service, &request, refusal);
        let mut outgoing = refused(response, refusal);
        if let (Some(allowed), Refusal::WrongMethod) = (allowed, refusal) {
            let allowed = HeaderValue::from_static(allowed);
            outgoing.headers_mut().insert(http::header::ALLOW, allowed);
        }
        outgoing
    }

    /// The service's response to a request that cannot be served.
    fn refusal(&self, service: usize, request: &Request, refusal: Refusal) -> Response {
        let registry = &self.registry;
        registry.count(service, Event::Rejected);
        let (status, message) = (refusal.status(), refusal.message());
        registry.error(service, request, status, message)
    }
}

/// The scheme and the host that the client called.
fn origin(incoming: &http::Request<Incoming>, fallback: &str) -> String {
    let scheme: Scheme = incoming.extensions().get().copied().unwrap_or_default();
    let host = incoming.headers().get(HOST);
    let host = host.and_then(|host| host.to_str().ok());
    let host = host.or_else(|| incoming.uri().authority().map(http::uri::Authority::as_str));
    format!("{}://{}", scheme.as_str(), host.unwrap_or(fallback))
}

fn refused(response: Response, refusal: Refusal) -> http::Response<Payload> {
    let mut outgoing = respond(response);
    if matches!(refusal, Refusal::TooLarge | Refusal::Incomplete) {
        // The rest of the body is not read, so the connection cannot be used again.
        let close = HeaderValue::from_static("close");
        outgoing.headers_mut().insert(CONNECTION, close);
    }
    outgoing
}
