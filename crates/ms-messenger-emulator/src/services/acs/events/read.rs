//! Reads the document of a subscription, and notes every problem on the way.

use http::{HeaderName, HeaderValue};
use serde_json::{Map, Value};

use crate::{
    engine::push::address::Address,
    services::acs::events::{
        event::{PREFIX, TYPES},
        subscription::{Bearer, EVENT_GRID_APP, EventSchema, EventSubscription},
    },
};

const KNOWN: [&str; 12] = [
    "name",
    "url",
    "schema",
    "headers",
    "bearer",
    "batch",
    "event_types",
    "time_factor",
    "response_ms",
    "max_attempts",
    "ttl_minutes",
    "manual_validation",
];
const MAX_HEADERS: usize = 10;
const HEADERS: &str = "must be an object of at most 10 names with strings";

/// Members of an object, and their problems.
struct Reader<'a> {
    members: &'a Map<String, Value>,
    problems: Vec<String>,
}

/// The subscription of a document and where its receiver listens, or all problems.
pub(crate) fn subscription(document: &Value) -> Result<(EventSubscription, Address), Vec<String>> {
    let Some(members) = document.as_object() else {
        return Err(vec!["the subscription must be an object".to_owned()]);
    };
    let mut reader = Reader {
        members,
        problems: Vec::new(),
    };
    reader.check_names();
    let name = reader.name();
    let url = reader.text("url");
    let address = reader.address(url);
    let mut subscription = EventSubscription::new(name, url);
    subscription.schema = reader.schema();
    reader.headers(&mut subscription);
    subscription.bearer = reader.bearer();
    subscription.event_types = reader.event_types();
    let batch = reader.number("batch", 1, 1, 5000);
    subscription.batch = usize::try_from(batch).unwrap_or(1);
    subscription.time_factor = reader.number("time_factor", 1, 1, 1_000_000);
    subscription.response_ms = reader.number("response_ms", 30_000, 1, 300_000);
    let attempts = reader.number("max_attempts", 30, 1, 30);
    subscription.max_attempts = u32::try_from(attempts).unwrap_or(1);
    subscription.ttl_minutes = reader.number("ttl_minutes", 1440, 1, 1440);
    subscription.is_validated_by_hand = reader.flag("manual_validation");
    match address.filter(|_| reader.problems.is_empty()) {
        Some(address) => Ok((subscription, address)),
        None => Err(reader.problems),
    }
}

impl<'a> Reader<'a> {
    fn problem(&mut self, name: &str, rule: &str) {
        self.problems.push(format!("{name}: {rule}"));
    }

    fn check_names(&mut self) {
        for name in self.members.keys() {
            if !KNOWN.contains(&name.as_str()) {
                let known = KNOWN.join(", ");
                self.problems
                    .push(format!("{name}: is unknown here; known: {known}"));
            }
        }
    }

    fn text(&mut self, name: &str) -> &'a str {
        let text = self.members.get(name).and_then(Value::as_str);
        if text.is_none() {
            self.problem(name, "is required and must be a string");
        }
        text.unwrap_or_default()
    }

    fn name(&mut self) -> &'a str {
        let name = self.text("name");
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let is_sound = (3..=64).contains(&name.len()) && name.chars().all(is_plain);
        if !is_sound && self.problems.is_empty() {
            self.problem("name", "must have 3 to 64 letters, digits and hyphens");
        }
        name
    }

    fn address(&mut self, url: &str) -> Option<Address> {
        match Address::parse(url) {
            Ok(address) => Some(address),
            Err(rule) => {
                self.problem("url", rule);
                None
            }
        }
    }

    fn schema(&mut self) -> EventSchema {
        match self.members.get("schema").map(Value::as_str) {
            None | Some(Some("eventgrid")) => EventSchema::EventGrid,
            Some(Some("cloudevents")) => EventSchema::CloudEvents,
            Some(_) => {
                self.problem("schema", "must be one of eventgrid, cloudevents");
                EventSchema::EventGrid
            }
        }
    }

    fn headers(&mut self, subscription: &mut EventSubscription) {
        let Some(headers) = self.members.get("headers") else {
            return;
        };
        let Some(headers) = headers.as_object().filter(|all| all.len() <= MAX_HEADERS) else {
            return self.problem("headers", HEADERS);
        };
        for (name, value) in headers {
            let header = HeaderName::from_bytes(name.as_bytes()).ok();
            let value = value
                .as_str()
                .and_then(|value| HeaderValue::from_str(value).ok());
            match header.zip(value) {
                Some((header, mut value)) if !is_taken(&header) => {
                    value.set_sensitive(true);
                    subscription.headers.insert(header, value);
                }
                Some(_) => self.problem(&format!("headers.{name}"), "is set by the service itself"),
                None => self.problem(
                    &format!("headers.{name}"),
                    "is no name and value of a header",
                ),
            }
        }
    }

    fn bearer(&mut self) -> Option<Bearer> {
        let bearer = self.members.get("bearer")?;
        let known = ["audience", "tenant", "app_id"];
        let members = bearer.as_object();
        let is_sound = members.is_some_and(|members| {
            let is_text = |(name, value): (&String, &Value)| {
                known.contains(&name.as_str())
                    && value.as_str().is_some_and(|text| !text.is_empty())
            };
            members.contains_key("audience") && members.iter().all(is_text)
        });
        if !is_sound {
            let rule =
                "must be an object with the string audience, and the strings tenant and app_id";
            self.problem("bearer", rule);
            return None;
        }
        let text = |name: &str| bearer[name].as_str().map(str::to_owned);
        Some(Bearer {
            audience: text("audience")?,
            tenant: text("tenant"),
            app_id: text("app_id").unwrap_or_else(|| EVENT_GRID_APP.to_owned()),
        })
    }

    fn event_types(&mut self) -> Vec<String> {
        let Some(types) = self.members.get("event_types") else {
            return Vec::new();
        };
        let known = |name: &Value| {
            let name = name.as_str()?;
            let name = name.strip_prefix(PREFIX).unwrap_or(name);
            let known = TYPES.iter().find(|known| known.eq_ignore_ascii_case(name));
            known.map(|known| (*known).to_owned())
        };
        let read = types.as_array().map(|all| all.iter().map(known).collect());
        match read {
            Some(Some(types)) => types,
            _ => {
                let rule = format!("must be an array of {}", TYPES.join(", "));
                self.problem("event_types", &rule);
                Vec::new()
            }
        }
    }

    fn flag(&mut self, name: &str) -> bool {
        match self.members.get(name) {
            None => false,
            Some(Value::Bool(flag)) => *flag,
            Some(_) => {
                self.problem(name, "must be true or false");
                false
            }
        }
    }

    fn number(&mut self, name: &str, usual: u64, from: u64, to: u64) -> u64 {
        let Some(number) = self.members.get(name) else {
            return usual;
        };
        let number = number.as_u64().filter(|n| (from..=to).contains(n));
        if number.is_none() {
            let rule = format!("must be a whole number from {from} to {to}");
            self.problem(name, &rule);
        }
        number.unwrap_or(usual)
    }
}

/// Whether the service sets the header itself.
fn is_taken(name: &HeaderName) -> bool {
    let name = name.as_str();
    let own = [
        "host",
        "content-type",
        "content-length",
        "transfer-encoding",
        "connection",
    ];
    own.contains(&name) || name.starts_with("aeg-")
}
