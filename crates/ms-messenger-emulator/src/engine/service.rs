//! The trait of a service, and its form without the type of its calls.

use std::{any::Any, fmt, future::Future, pin::Pin, sync::Arc};

use http::{Method, StatusCode};
use serde_json::Value;

use crate::{
    engine::{
        description::Description,
        exchange::Exchange,
        faults::own::OwnFault,
        injection::{InjectError, Injection},
        outcome::Outcome,
        resources::Engine,
        routing::Routing,
        token_request::{TokenGrant, TokenRequest},
    },
    wire::{request::Request, response::Response},
};

/// A boxed future, as a service returns it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A service of the emulator: one folder with routes, a store and operations.
///
/// The engine does the rest for every service: faults, limits, the ledger, `/_emulator/…`, request
/// ids, statistics and reset. The built-in services use it too;
/// [`EmulatorBuilder::with_service`](crate::EmulatorBuilder::with_service) mounts one of your own.
///
/// Lock the store first and call the engine inside, never the other way round.
///
/// ```
/// use ms_messenger_emulator::{Emulator, Platform, service::*};
/// use http::{Method, StatusCode};
///
/// const PAGER: Platform = Platform::new("pager");
///
/// #[derive(Debug)]
/// struct Pager;
///
/// impl Service for Pager {
///     type Call = String;
///
///     fn description(&self) -> Description {
///         Description::new(PAGER, &["send"])
///     }
///
///     fn route(&self, method: &Method, target: &str) -> Routing<String> {
///         match target.strip_prefix("/pager/") {
///             None => Routing::NotMine,
///             Some(_) if *method != Method::POST => Routing::WrongMethod("POST"),
///             Some(room) => match decode_segment(room) {
///                 Some(room) => Routing::found("send", room),
///                 None => Routing::Unknown,
///             },
///         }
///     }
///
///     async fn serve(&self, exchange: &Exchange<'_>, room: &String) -> Outcome {
///         let text = String::from_utf8_lossy(exchange.request().body());
///         let row = NewRow::new(PAGER, "send", room, "1").with_text("text", text);
///         exchange.engine().append(row, exchange.request());
///         Outcome::new(Response::empty(StatusCode::CREATED), true)
///     }
///
///     fn error(&self, _: &Engine, _: &Request, status: StatusCode, message: &str) -> Response {
///         Response::json(status, &serde_json::json!({ "error": message }))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = Emulator::builder().with_service(Pager).start().await?;
/// assert!(emulator.stats()["platforms"]["pager"].is_object());
/// # Ok(()) }
/// ```
pub trait Service: fmt::Debug + Send + Sync + 'static {
    /// An operation with its path parameters.
    type Call: fmt::Debug + Send + Sync + 'static;

    /// Describes the service. It must return the same value every time.
    fn description(&self) -> Description;

    /// Finds the operation of a method and a raw target (path and query, percent-encoded).
    fn route(&self, method: &Method, target: &str) -> Routing<Self::Call>;

    /// Processes a request. A stored message is appended to the ledger under the lock of the store
    /// ([`Engine::append`]).
    fn serve(
        &self,
        exchange: &Exchange<'_>,
        call: &Self::Call,
    ) -> impl Future<Output = Outcome> + Send;

    /// Returns the response of an error in the service's own form: for an unknown path, for a body
    /// that cannot be read, and for the fault `status`.
    fn error(
        &self,
        engine: &Engine,
        request: &Request,
        status: StatusCode,
        message: &str,
    ) -> Response;

    /// Returns the response of a fault that only this service has; the request is not processed.
    /// With `None`, the default, it is processed, and [`Exchange::own_fault`] has the fault.
    fn fault_response(&self, _exchange: &Exchange<'_>, _fault: &OwnFault) -> Option<Response> {
        None
    }

    /// Stores a message from the other side, `POST /_emulator/inject`, and returns its ids.
    ///
    /// # Errors
    ///
    /// [`InjectError`] names what is wrong with the document. The default rejects every document.
    fn inject(&self, _engine: &Engine, _injection: &Injection<'_>) -> Result<Value, InjectError> {
        Err(InjectError::new("platform: takes no injected messages"))
    }

    /// Grants a bearer token, `POST /_emulator/tokens`, if the description declares bearer tokens.
    ///
    /// # Errors
    ///
    /// The wrong member and the rule that it breaks, `user: must be …`. The default rejects every
    /// request.
    fn grant_token(
        &self,
        _engine: &Engine,
        _request: &TokenRequest<'_>,
    ) -> Result<TokenGrant, String> {
        Err("platform: issues no tokens".to_owned())
    }

    /// Responds to a request below `/_emulator/` that the emulator itself does not know; `path` is
    /// the rest of the path. `None`, the default, leaves it to other services.
    fn admin(&self, _engine: &Engine, _path: &str, _request: &Request) -> Option<Response> {
        None
    }

    /// The same for a request whose response takes time; asked before [`admin`](Self::admin). `None`,
    /// the default, leaves it to that.
    fn admin_task(
        self: Arc<Self>,
        _path: &str,
        _request: &Request,
    ) -> Option<BoxFuture<'static, Response>> {
        None
    }

    /// Forgets a message whose ledger row was dropped
    /// ([`EmulatorBuilder::with_keep`](crate::EmulatorBuilder::with_keep)).
    fn forget(&self, _conversation: &str, _message_id: &str) {}

    /// Empties the store, and calls `rest` before its lock is released. The other services and the
    /// ledger are reset inside, so that no message remains without its row.
    fn reset(&self, rest: &mut dyn FnMut()) {
        rest();
    }

    /// Adds counters of the service to its object in the statistics.
    fn add_stats(&self, _counters: &mut Value) {}

    /// Adds what clients need to the line that the program prints when it is ready; `https` is the
    /// origin of the HTTPS listener, if there is one.
    fn add_ready(&self, _line: &mut Value, _https: Option<&str>) {}

    /// Returns a task that runs as long as the emulator does.
    fn background(self: Arc<Self>) -> Option<BoxFuture<'static, ()>> {
        None
    }

    /// Releases held requests, because the emulator shuts down.
    fn shut_down(&self) {}
}

/// A call of any service.
pub(crate) type AnyCall = Arc<dyn Any + Send + Sync>;

/// A service of any kind: [`Service`] without the type of its calls.
pub(crate) trait DynService: fmt::Debug + Send + Sync {
    fn description(&self) -> Description;
    fn route(&self, method: &Method, target: &str) -> Routing<AnyCall>;
    fn serve<'a>(
        &'a self,
        exchange: &'a Exchange<'a>,
        call: &'a AnyCall,
    ) -> BoxFuture<'a, Option<Outcome>>;
    fn error(
        &self,
        engine: &Engine,
        request: &Request,
        status: StatusCode,
        message: &str,
    ) -> Response;
    fn fault_response(&self, exchange: &Exchange<'_>, fault: &OwnFault) -> Option<Response>;
    fn inject(&self, engine: &Engine, injection: &Injection<'_>) -> Result<Value, InjectError>;
    fn grant_token(
        &self,
        engine: &Engine,
        request: &TokenRequest<'_>,
    ) -> Result<TokenGrant, String>;
    fn admin(&self, engine: &Engine, path: &str, request: &Request) -> Option<Response>;
    fn admin_task(
        self: Arc<Self>,
        path: &str,
        request: &Request,
    ) -> Option<BoxFuture<'static, Response>>;
    fn forget(&self, conversation: &str, message_id: &str);
    fn reset(&self, rest: &mut dyn FnMut());
    fn add_stats(&self, counters: &mut Value);
    fn add_ready(&self, line: &mut Value, https: Option<&str>);
    fn background(self: Arc<Self>) -> Option<BoxFuture<'static, ()>>;
    fn shut_down(&self);
}

impl<S: Service> DynService for S {
    fn description(&self) -> Description {
        Service::description(self)
    }

    fn route(&self, method: &Method, target: &str) -> Routing<AnyCall> {
        Service::route(self, method, target).map(|call| Arc::new(call) as AnyCall)
    }

    fn serve<'a>(
        &'a self,
        exchange: &'a Exchange<'a>,
        call: &'a AnyCall,
    ) -> BoxFuture<'a, Option<Outcome>> {
        Box::pin(async move {
            // The registry hands a service its own calls only.
            let call = call.downcast_ref::<S::Call>()?;
            Some(Service::serve(self, exchange, call).await)
        })
    }

    fn error(
        &self,
        engine: &Engine,
        request: &Request,
        status: StatusCode,
        message: &str,
    ) -> Response {
        Service::error(self, engine, request, status, message)
    }

    fn fault_response(&self, exchange: &Exchange<'_>, fault: &OwnFault) -> Option<Response> {
        Service::fault_response(self, exchange, fault)
    }

    fn inject(&self, engine: &Engine, injection: &Injection<'_>) -> Result<Value, InjectError> {
        Service::inject(self, engine, injection)
    }

    fn grant_token(
        &self,
        engine: &Engine,
        request: &TokenRequest<'_>,
    ) -> Result<TokenGrant, String> {
        Service::grant_token(self, engine, request)
    }

    fn admin(&self, engine: &Engine, path: &str, request: &Request) -> Option<Response> {
        Service::admin(self, engine, path, request)
    }

    fn admin_task(
        self: Arc<Self>,
        path: &str,
        request: &Request,
    ) -> Option<BoxFuture<'static, Response>> {
        Service::admin_task(self, path, request)
    }

    fn forget(&self, conversation: &str, message_id: &str) {
        Service::forget(self, conversation, message_id);
    }

    fn reset(&self, rest: &mut dyn FnMut()) {
        Service::reset(self, rest);
    }

    fn add_stats(&self, counters: &mut Value) {
        Service::add_stats(self, counters);
    }

    fn add_ready(&self, line: &mut Value, https: Option<&str>) {
        Service::add_ready(self, line, https);
    }

    fn background(self: Arc<Self>) -> Option<BoxFuture<'static, ()>> {
        Service::background(self)
    }

    fn shut_down(&self) {
        Service::shut_down(self);
    }
}
