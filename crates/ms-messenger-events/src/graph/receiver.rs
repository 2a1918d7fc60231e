//! Receives requests of Graph.

use http::{HeaderValue, Method, StatusCode, header::ALLOW};
use ms_messenger_core::SecretString;

use super::{
    builder::GraphNotificationsBuilder,
    handshake,
    notification::Notification,
    trust::{Tenants, Trust},
    wire,
};
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

/// Receives change notifications and lifecycle notifications of Microsoft Graph: the validation of
/// the address, `clientState`, validation tokens and decryption.
///
/// Pure: it reads nothing but the request, and keeps nothing. The responses are:
///
/// | Status | For |
/// |---|---|
/// | 200 | the validation of the address |
/// | 202 | notifications that were kept; notifications that are not from Graph, and are dropped |
/// | 401 | a request without the secret of the address, if there is one |
/// | 405 | another method than POST |
/// | 503 | everything that was not kept or not understood: Graph sends it again for up to 4 hours |
///
/// Respond within 3 seconds, or Graph delays or drops what follows: keep the notifications, respond,
/// and work on them later.
///
/// ```
/// use http::Request;
/// use ms_messenger_events::{GraphNotifications, Incoming, Outcome};
///
/// let graph = GraphNotifications::builder().with_client_state("s3cret").build()?;
/// let request = Request::post("/graph?validationToken=Validation%3a+hello").body("")?;
/// let Outcome::Reply(reply) = graph.receive(&Incoming::of(&request)) else { panic!() };
/// assert_eq!(reply.body, b"Validation: hello");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct GraphNotifications {
    pub(super) guard: Guard,
    pub(super) limits: Limits,
    pub(super) trust: Trust,
}

impl GraphNotifications {
    /// Returns a builder.
    pub fn builder() -> GraphNotificationsBuilder {
        GraphNotificationsBuilder::new()
    }

    /// Adds a `clientState` of one subscription, e.g. after it was created; see
    /// [`with_subscription`](GraphNotificationsBuilder::with_subscription).
    pub fn add_subscription(
        &mut self,
        id: impl Into<String>,
        client_state: impl Into<SecretString>,
    ) {
        self.trust
            .client_states
            .add(Some(id.into()), client_state.into());
    }

    /// Forgets every `clientState` of one subscription, after it was deleted.
    pub fn remove_subscription(&mut self, id: &str) {
        self.trust.client_states.remove(id);
    }

    /// Replaces the keys by which validation tokens are checked, e.g. after a token was rejected as
    /// [`UnknownKey`](crate::TokenError::UnknownKey) and the keys were fetched again.
    #[cfg(feature = "jwt")]
    #[cfg_attr(docsrs, doc(cfg(feature = "jwt")))]
    pub fn set_signing_keys(&mut self, keys: SigningKeys) {
        if let Some(tokens) = &mut self.trust.tokens {
            tokens.set_keys(keys);
        }
    }

    /// Authenticates and reads a request, and returns what to do with it.
    pub fn receive(&self, request: &Incoming<'_>) -> Outcome<Notification> {
        let outcome = self.try_receive(request);
        outcome.unwrap_or_else(|rejection| {
            let reply = reply_to(&rejection);
            Outcome::rejected(rejection, reply)
        })
    }

    fn try_receive(&self, request: &Incoming<'_>) -> Result<Outcome<Notification>, Rejection> {
        self.guard.check_query(request)?;
        if *request.method != Method::POST {
            return Err(Rejection::Method);
        }
        if let Some(reply) = handshake::validate(request)? {
            return Ok(Outcome::Reply(reply));
        }
        self.limits.check_body(request)?;
        let (items, tokens) = wire::read(request.body, &self.limits)?;
        let checked: Vec<_> = items
            .iter()
            .map(|item| self.trust.check(item).map(|()| item))
            .collect();
        let mut tenants = Tenants::new();
        // Only for a request that holds a secret: checking signatures takes time.
        if checked.iter().any(Result::is_ok) {
            tenants = self.check_tokens(&tokens, request)?;
        }
        let (mut events, mut rejected) = (Vec::new(), Vec::new());
        for item in checked {
            match item.and_then(|item| self.trust.open(item, &tenants)) {
                Ok(event) => events.push(event),
                Err(rejection) => rejected.push(rejection),
            }
        }
        let batch = Batch::new(events, rejected, StatusCode::ACCEPTED);
        Ok(Outcome::Events(batch))
    }

    #[cfg(feature = "jwt")]
    fn check_tokens(
        &self,
        tokens: &[String],
        request: &Incoming<'_>,
    ) -> Result<Tenants, Rejection> {
        self.trust.check_tokens(tokens, request.received_at)
    }

    #[cfg(not(feature = "jwt"))]
    #[allow(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "as with the feature"
    )]
    fn check_tokens(&self, _: &[String], _: &Incoming<'_>) -> Result<Tenants, Rejection> {
        Ok(Tenants::new())
    }
}

/// Other senders get a success, as Graph documents it, and learn nothing.
fn reply_to(rejection: &Rejection) -> Reply {
    if rejection.is_sent_again() {
        return Reply::new(StatusCode::SERVICE_UNAVAILABLE);
    }
    match rejection {
        Rejection::Method => {
            let allow = HeaderValue::from_static("POST");
            Reply::new(StatusCode::METHOD_NOT_ALLOWED).with_header(ALLOW, allow)
        }
        Rejection::Unsigned(_) | Rejection::WrongSecret => Reply::new(StatusCode::UNAUTHORIZED),
        _ => Reply::new(StatusCode::ACCEPTED),
    }
}
