//! Receives requests of Event Grid.

use std::num::NonZeroU32;

use http::{HeaderValue, Method, StatusCode, header::ALLOW};

use super::{builder::EventGridBuilder, event::Event, handshake, wire};
#[cfg(feature = "jwt")]
use crate::jwt::SigningKeys;
use crate::{
    guard::Guard,
    incoming::Incoming,
    limits::Limits,
    outcome::{Batch, Outcome},
    rejection::Rejection,
    reply::Reply,
};

/// Receives requests of Event Grid: handshakes, authentication, and events in both schemas.
///
/// Pure: it reads nothing but the request, and keeps nothing. The responses are:
///
/// | Status | For |
/// |---|---|
/// | 200 | events that were kept, and handshakes |
/// | 401 | another sender than Event Grid, which itself would drop the events |
/// | 405 | a method that Event Grid does not use |
/// | 503 | everything that was not kept or not understood: Event Grid sends it again |
///
/// Build it once, and share it; a clone is cheap enough to change one while others are in use.
///
/// ```
/// use http::Request;
/// use ms_messenger_events::{EventGrid, Incoming, Outcome};
///
/// let events = EventGrid::builder().with_secret("key", "hunter2").build()?;
/// let request = Request::post("/events?key=guess").body("[]")?;
/// match events.receive(&Incoming::of(&request)) {
///     Outcome::Rejected(rejected) => assert_eq!(rejected.into_reply().status, 401),
///     outcome => panic!("{outcome:?}"),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct EventGrid {
    pub(super) guard: Guard,
    pub(super) limits: Limits,
    pub(super) subscriptions: Vec<String>,
    pub(super) origins: Vec<String>,
    pub(super) rate: Option<NonZeroU32>,
}

impl EventGrid {
    /// Returns a builder.
    pub fn builder() -> EventGridBuilder {
        EventGridBuilder::new()
    }

    /// Authenticates and reads a request, and returns what to do with it.
    pub fn receive(&self, request: &Incoming<'_>) -> Outcome<Event> {
        let outcome = if *request.method == Method::OPTIONS {
            self.receive_options(request).map(Outcome::Reply)
        } else {
            self.receive_events(request)
        };
        outcome.unwrap_or_else(|rejection| {
            let reply = reply_to(&rejection);
            Outcome::rejected(rejection, reply)
        })
    }

    /// Replaces the keys by which tokens are checked, e.g. after a token was rejected as
    /// [`UnknownKey`](crate::TokenError::UnknownKey) and the keys were fetched again.
    #[cfg(feature = "jwt")]
    #[cfg_attr(docsrs, doc(cfg(feature = "jwt")))]
    pub fn set_signing_keys(&mut self, keys: SigningKeys) {
        self.guard.set_signing_keys(keys);
    }

    /// The handshake of CloudEvents. It is documented to have the query of the address, and nothing
    /// else by which it could be recognised; all that it grants is to deliver what is checked then.
    fn receive_options(&self, request: &Incoming<'_>) -> Result<Reply, Rejection> {
        self.guard.check_query(request)?;
        handshake::allow(request, &self.origins, self.rate)
    }

    fn receive_events(&self, request: &Incoming<'_>) -> Result<Outcome<Event>, Rejection> {
        self.guard.check(request)?;
        if *request.method != Method::POST {
            return Err(Rejection::Method);
        }
        self.limits.check_body(request)?;
        let events = wire::read(request.body, &self.limits)?;
        if let [event] = &events[..]
            && let Some(reply) = handshake::validate(event, request, &self.subscriptions)?
        {
            return Ok(Outcome::Reply(reply));
        }
        Ok(Outcome::Events(Batch::new(
            events,
            Vec::new(),
            StatusCode::OK,
        )))
    }
}

/// Never a 4xx for what may be an event: Event Grid drops it then.
fn reply_to(rejection: &Rejection) -> Reply {
    if rejection.is_sent_again() {
        return Reply::new(StatusCode::SERVICE_UNAVAILABLE);
    }
    if *rejection == Rejection::Method {
        let allow = HeaderValue::from_static("POST, OPTIONS");
        return Reply::new(StatusCode::METHOD_NOT_ALLOWED).with_header(ALLOW, allow);
    }
    Reply::new(StatusCode::UNAUTHORIZED)
}
