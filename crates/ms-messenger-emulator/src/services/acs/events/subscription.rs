//! A subscription: the receiver, its events, and their delivery.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value, json};

/// The schema in which events are delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventSchema {
    /// Event Grid's own: an array of events, and the handshake by `validationCode`.
    #[default]
    EventGrid,
    /// CloudEvents 1.0: one event, and the handshake by `OPTIONS`.
    CloudEvents,
}

impl EventSchema {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::EventGrid => "eventgrid",
            Self::CloudEvents => "cloudevents",
        }
    }
}

/// A subscription of a receiver to the events of ACS, as Event Grid delivers them.
///
/// ```
/// use ms_messenger_emulator::{EventSchema, EventSubscription};
///
/// let subscription = EventSubscription::new("statuses", "http://127.0.0.1:8080/events?key=secret")
///     .with_schema(EventSchema::CloudEvents)
///     .with_event_types(["AdvancedMessageDeliveryStatusUpdated"])
///     .with_time_factor(1000);
/// assert!(!format!("{subscription:?}").contains("secret"));
/// ```
#[derive(Clone)]
#[must_use]
pub struct EventSubscription {
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) schema: EventSchema,
    pub(crate) headers: HeaderMap,
    pub(crate) bearer: Option<Bearer>,
    pub(crate) batch: usize,
    pub(crate) event_types: Vec<String>,
    pub(crate) time_factor: u64,
    pub(crate) response_ms: u64,
    pub(crate) max_attempts: u32,
    pub(crate) ttl_minutes: u64,
    pub(crate) is_validated_by_hand: bool,
    /// Names and values that are no headers.
    pub(crate) bad_headers: Vec<String>,
}

/// The Entra token that a receiver gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bearer {
    pub(crate) audience: String,
    /// The tenant; the seeded one when absent.
    pub(crate) tenant: Option<String>,
    pub(crate) app_id: String,
}

/// The application id of Event Grid in the public cloud.
pub(crate) const EVENT_GRID_APP: &str = "4962773b-9cdb-44cf-a8bf-237846a00ab7";

impl EventSubscription {
    /// A subscription of the receiver at `url` to all events, in Event Grid's schema. `name` has 3 to 64
    /// letters, digits and hyphens; `url` is an `http` URL of a loopback address, its query included in
    /// every request.
    pub fn new(name: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            url: url.into(),
            schema: EventSchema::EventGrid,
            headers: HeaderMap::new(),
            bearer: None,
            batch: 1,
            event_types: Vec::new(),
            time_factor: 1,
            response_ms: 30_000,
            max_attempts: 30,
            ttl_minutes: 1440,
            is_validated_by_hand: false,
            bad_headers: Vec::new(),
        }
    }

    /// Sets the schema. Default [`EventSchema::EventGrid`].
    pub fn with_schema(mut self, schema: EventSchema) -> Self {
        self.schema = schema;
        self
    }

    /// Adds a header to every delivery (10 at most); its value may be secret.
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        let name_read = HeaderName::from_bytes(name.as_bytes()).ok();
        match name_read.zip(HeaderValue::from_str(value).ok()) {
            Some((name, mut value)) => {
                value.set_sensitive(true);
                self.headers.insert(name, value);
            }
            None => self.bad_headers.push(name.to_owned()),
        }
        self
    }

    /// Sends an Entra token with every request: for `audience`, signed (RS256) with the emulator's key, whose
    /// discovery document is `/{tenant}/v2.0/.well-known/openid-configuration`. Its `appid` is Event
    /// Grid's, its tenant the seeded one. Default: no token.
    pub fn with_bearer(mut self, audience: impl Into<String>) -> Self {
        self.bearer = Some(Bearer {
            audience: audience.into(),
            tenant: None,
            app_id: EVENT_GRID_APP.to_owned(),
        });
        self
    }

    /// Sets the tenant and the application id of the token of [`with_bearer`](Self::with_bearer), for
    /// tokens that a receiver must refuse.
    pub fn with_bearer_of(mut self, tenant: impl Into<String>, app_id: impl Into<String>) -> Self {
        if let Some(bearer) = &mut self.bearer {
            bearer.tenant = Some(tenant.into());
            bearer.app_id = app_id.into();
        }
        self
    }

    /// Sets how many events a request carries at most, 1 to 5000. Default 1, as the service; what is due at
    /// the same time travels together.
    pub fn with_batch(mut self, events: usize) -> Self {
        self.batch = events;
        self
    }

    /// Limits the events to these types, with or without `Microsoft.Communication.`. Default: all.
    pub fn with_event_types<T: Into<String>>(mut self, types: impl IntoIterator<Item = T>) -> Self {
        self.event_types = types.into_iter().map(Into::into).collect();
        self
    }

    /// Sets how many times faster the waits between attempts pass, 1 to 1000000: with 1000, its ten seconds
    /// pass in ten milliseconds. Default 1.
    pub fn with_time_factor(mut self, factor: u64) -> Self {
        self.time_factor = factor;
        self
    }

    /// Sets how long a response may take, in milliseconds from 1 to 300000. The time factor does not change
    /// it. Default 30000.
    pub fn with_response_limit(mut self, ms: u64) -> Self {
        self.response_ms = ms;
        self
    }

    /// Sets after how many attempts an event is given up, 1 to 30. Default 30.
    pub fn with_max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// Sets after how many minutes an event is given up, 1 to 1440; the time factor shortens them. Default 1440.
    pub fn with_time_to_live(mut self, minutes: u64) -> Self {
        self.ttl_minutes = minutes;
        self
    }

    /// Accepts a receiver that responds to the handshake with 200 and nothing else, as the service does:
    /// the subscription is `AwaitingManualAction`, and nothing is delivered, until the URL of the
    /// handshake (`validationUrl`, or `WebHook-Request-Callback`) is requested, which is possible for
    /// ten minutes. Default: such a receiver is refused.
    ///
    /// ```
    /// use ms_messenger_emulator::EventSubscription;
    ///
    /// let receiver = "http://127.0.0.1:8080/events?key=secret";
    /// let subscription = EventSubscription::new("by-hand", receiver).with_manual_validation(true);
    /// ```
    pub fn with_manual_validation(mut self, accepted: bool) -> Self {
        self.is_validated_by_hand = accepted;
        self
    }

    /// The document of `PUT /_emulator/event-subscriptions`.
    pub(crate) fn to_json(&self) -> Value {
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = self.headers.iter();
        let headers = headers.map(|(name, value)| (name.to_string(), text(value).into()));
        let bad = self.bad_headers.iter();
        let bad = bad.map(|name| (name.clone(), Value::Null));
        let mut document = json!({
            "name": self.name,
            "url": self.url,
            "schema": self.schema.as_str(),
            "headers": headers.chain(bad).collect::<Map<String, Value>>(),
            "batch": self.batch,
            "event_types": self.event_types,
            "time_factor": self.time_factor,
            "response_ms": self.response_ms,
            "max_attempts": self.max_attempts,
            "ttl_minutes": self.ttl_minutes,
            "manual_validation": self.is_validated_by_hand,
        });
        if let Some(bearer) = &self.bearer {
            document["bearer"] = json!({
                "audience": bearer.audience,
                "app_id": bearer.app_id,
            });
            if let Some(tenant) = &bearer.tenant {
                document["bearer"]["tenant"] = json!(tenant);
            }
        }
        document
    }
}

impl fmt::Debug for EventSubscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // URL, headers and audience may hold secrets.
        f.debug_struct("EventSubscription")
            .field("name", &self.name)
            .field("schema", &self.schema)
            .field("event_types", &self.event_types)
            .finish_non_exhaustive()
    }
}
