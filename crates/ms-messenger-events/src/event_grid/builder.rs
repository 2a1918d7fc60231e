//! Builds a receiver of Event Grid.

use std::num::NonZeroU32;

use http::HeaderName;
use ms_messenger_core::{ErrorKind, Problems, Result, SecretString};

use super::receiver::EventGrid;
#[cfg(feature = "jwt")]
use crate::jwt::EntraTokens;
use crate::{guard::Guard, limits::Limits};

/// The service principal of Event Grid in the public cloud.
#[cfg(feature = "jwt")]
const EVENT_GRID: &str = "4962773b-9cdb-44cf-a8bf-237846a00ab7";

/// Builds an [`EventGrid`].
///
/// Event Grid does not sign what it sends. At least one of the three ways to recognise it is
/// required, and each that is set must be fulfilled by every request.
///
/// ```
/// use ms_messenger_events::EventGrid;
///
/// let events = EventGrid::builder()
///     .with_secret("key", "the new one")
///     .with_secret("key", "the old one, until the subscription is updated")
///     .with_subscription_name("deliveries")
///     .build()?;
/// assert!(EventGrid::builder().build().is_err());
/// # Ok::<(), ms_messenger_core::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct EventGridBuilder {
    guard: Guard,
    accepts_anonymous: bool,
    limits: Limits,
    subscriptions: Vec<String>,
    origins: Vec<String>,
    rate: Option<NonZeroU32>,
    problems: Problems,
}

impl EventGridBuilder {
    pub(crate) fn new() -> Self {
        Self {
            guard: Guard::default(),
            accepts_anonymous: false,
            limits: Limits::new(2 << 20, 5000),
            subscriptions: Vec::new(),
            origins: vec!["eventgrid.azure.net".to_owned()],
            rate: None,
            problems: Problems::for_platform("event-grid"),
        }
    }

    /// Requires the secret `value` in the parameter `name` of the query, as in the address of the
    /// subscription `https://contoso.com/events?key=hunter2`. Called again with the same name, it
    /// adds a value, so that the old one is valid until all subscriptions have the new one.
    pub fn with_secret(mut self, name: impl Into<String>, value: impl Into<SecretString>) -> Self {
        let (guard, problems) = (&mut self.guard, &mut self.problems);
        guard.add_query(name.into(), value.into(), problems);
        self
    }

    /// Requires the secret `value` in the header `name`, which is configured as a delivery property
    /// of the subscription. Called again with the same name, it adds a value.
    pub fn with_secret_header(mut self, name: HeaderName, value: impl Into<SecretString>) -> Self {
        let (guard, problems) = (&mut self.guard, &mut self.problems);
        guard.add_header(name, value.into(), problems);
        self
    }

    /// Requires a bearer token of Entra ID that was issued to Event Grid.
    #[cfg(feature = "jwt")]
    #[cfg_attr(docsrs, doc(cfg(feature = "jwt")))]
    pub fn with_tokens(mut self, tokens: EntraTokens) -> Self {
        self.guard.set_tokens(tokens.or_sender(EVENT_GRID));
        self
    }

    /// Sets whether requests of every sender are accepted; off by default. Only for an address that
    /// no other sender can reach, e.g. behind a gateway that authenticates.
    pub fn with_anonymous_senders(mut self, accepted: bool) -> Self {
        self.accepts_anonymous = accepted;
        self
    }

    /// Completes the handshake only for subscriptions with this name, ignoring case; several are
    /// possible. By default the name is not compared.
    pub fn with_subscription_name(mut self, name: impl Into<String>) -> Self {
        self.subscriptions.push(name.into());
        self
    }

    /// Adds an origin that may deliver CloudEvents, beside `eventgrid.azure.net`.
    pub fn with_origin(mut self, origin: impl Into<String>) -> Self {
        self.origins.push(origin.into());
        self
    }

    /// Sets how many requests a minute the handshake of CloudEvents allows. Unlimited by default.
    pub fn with_requests_per_minute(mut self, rate: NonZeroU32) -> Self {
        self.rate = Some(rate);
        self
    }

    /// Sets the largest body in bytes; 2 MiB by default. Event Grid sends at most 1 MiB.
    pub fn with_max_body(mut self, bytes: usize) -> Self {
        self.limits.body = bytes;
        self
    }

    /// Sets the largest number of events in a batch; 5000 by default, as many as Event Grid sends.
    pub fn with_max_events(mut self, events: usize) -> Self {
        self.limits.items = events;
        self
    }

    /// Builds the receiver.
    ///
    /// # Errors
    ///
    /// `Config`, with all problems: no way to recognise the sender, an empty secret, a limit of 0.
    pub fn build(self) -> Result<EventGrid> {
        let mut problems = self.problems;
        let (field, rule) = ("authentication", "a secret or tokens are required");
        problems.add_if(self.guard.is_none() && !self.accepts_anonymous, field, rule);
        self.guard.problems(&mut problems);
        self.limits.problems(&mut problems);
        problems.into_result(ErrorKind::Config)?;
        Ok(EventGrid {
            guard: self.guard,
            limits: self.limits,
            subscriptions: self.subscriptions,
            origins: self.origins,
            rate: self.rate,
        })
    }
}
