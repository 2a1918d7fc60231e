//! What a recording keeps of strings, addresses and JSON.

use http::Uri;
use serde_json::{Map, Number, Value};

use crate::{
    record::{
        path,
        pseudonym::{Pseudonyms, is_id, is_type, text_instead_of},
        words,
    },
    wire::{clock, request::Query},
};

/// In place of a secret.
const REMOVED: &str = "removed";
/// In place of the origin of the service, in a link.
pub(crate) const ORIGIN: &str = "{origin}";
/// Hosts that have no name of a tenant.
const PUBLIC_HOSTS: [&str; 7] = [
    "graph.microsoft.com",
    "graph.microsoft.us",
    "login.microsoftonline.com",
    "login.microsoftonline.us",
    "teams.microsoft.com",
    "schemas.microsoft.com",
    "developer.microsoft.com",
];
/// Whole numbers from here on may be identifiers or telephone numbers.
const LARGE: u64 = 100_000;
/// So many digits have the numbers below.
const SMALL_DIGITS: usize = 5;

/// Removes secrets and people. It keeps what is on a list, and replaces everything else.
#[derive(Debug)]
pub(crate) struct Redactor {
    pseudonyms: Pseudonyms,
    /// The authorities of the service, in lower case.
    own: Vec<String>,
}

impl Redactor {
    /// `own` are the authorities of the service: links to them are kept as links.
    pub(crate) fn new(own: Vec<String>) -> Self {
        Self {
            pseudonyms: Pseudonyms::new(),
            own,
        }
    }

    /// The path of a request, its identifiers replaced.
    pub(crate) fn path(&self, path: &str) -> String {
        path::with_encoded_ids(path, |id| self.pseudonyms.id(id))
    }

    /// The parameters of a query or the fields of a form.
    pub(crate) fn pairs(&self, raw: &str) -> Vec<(String, String)> {
        let pair = |(name, value): (String, String)| {
            let value = self.parameter(&name, &value);
            let is_kept = words::is_query(&name);
            let name = if is_kept {
                name
            } else {
                self.pseudonyms.id(&name)
            };
            (name, value)
        };
        Query::parse(raw).into_pairs().map(pair).collect()
    }

    /// The value of a parameter. Small numbers and versions stay.
    fn parameter(&self, name: &str, value: &str) -> String {
        if words::is_secret(name) || matches!(name, "code" | "state" | "login_hint" | "username") {
            return REMOVED.to_owned();
        }
        let is_version = name == "api-version" && words::is_version(value);
        let is_small = words::is_query(name)
            && !is_number_of_a_person(name)
            && value.len() <= SMALL_DIGITS
            && value.bytes().all(|b| b.is_ascii_digit());
        if is_version || is_small {
            value.to_owned()
        } else {
            self.string(name, value)
        }
    }

    /// An address: its path and query, and its host if it is the service's or public.
    pub(crate) fn url(&self, url: &str) -> String {
        let (url, fragment) = url.split_once('#').unwrap_or((url, ""));
        let parsed = url.parse::<Uri>().ok();
        let authority = parsed.as_ref().and_then(Uri::authority);
        let Some((uri, authority)) = parsed.as_ref().zip(authority) else {
            return text_instead_of(url);
        };
        let host = authority.host().to_ascii_lowercase();
        let scheme = uri.scheme_str().unwrap_or("https");
        let scheme = if scheme == "http" { "http" } else { "https" };
        let mut made = if self.own.contains(&authority.as_str().to_ascii_lowercase()) {
            ORIGIN.to_owned()
        } else if PUBLIC_HOSTS.contains(&host.as_str()) {
            format!("{scheme}://{host}")
        } else {
            format!("{scheme}://{}", self.pseudonyms.id(&host))
        };
        let raw = &url[url.find("://").map_or(0, |at| at + 3)..];
        let target = raw.find(['/', '?']).map_or("", |at| &raw[at..]);
        made.push_str(&self.target(target));
        if !fragment.is_empty() {
            made.push('#');
            made.push_str(&self.fragment(fragment));
        }
        made
    }

    /// Path and query.
    pub(crate) fn target(&self, target: &str) -> String {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut made = self.path(path);
        let mut mark = '?';
        for (name, value) in self.pairs(query) {
            made.push(mark);
            made.push_str(&name);
            made.push('=');
            made.push_str(&path::encode(&value));
            mark = '&';
        }
        made
    }

    /// The fragment of an `@odata.context`: `chats('ID')/messages/$entity`.
    fn fragment(&self, fragment: &str) -> String {
        match fragment {
            "$entity" | "$delta" => fragment.to_owned(),
            _ => self.path(fragment),
        }
    }

    /// A string, by the name of its member.
    pub(crate) fn string(&self, member: &str, text: &str) -> String {
        let is_url = |text: &str| text.starts_with("https://") || text.starts_with("http://");
        if text.is_empty() {
            return String::new();
        }
        if words::is_secret(member) || is_jwt(text) {
            return REMOVED.to_owned();
        }
        let is_kept = (member.ends_with("@odata.type") && is_type(text))
            || (!words::is_text(member) && (words::is_value(text) || is_date(text)));
        if is_kept {
            return text.to_owned();
        }
        if words::is_text(member) {
            text_instead_of(text)
        } else if is_url(text) && !text.contains(char::is_whitespace) {
            self.url(text)
        } else if text.starts_with('/') && is_id(text) {
            self.target(text)
        } else if is_id(text) {
            self.pseudonyms.id(text)
        } else {
            text_instead_of(text)
        }
    }

    /// JSON: the names of members stay, except in maps that people fill.
    pub(crate) fn json(&self, value: &Value) -> Value {
        self.member("", value)
    }

    fn member(&self, name: &str, value: &Value) -> Value {
        match value {
            Value::Null | Value::Bool(_) => value.clone(),
            Value::Number(number) => Value::Number(self.number(name, number)),
            Value::String(text) => Value::String(self.string(name, text)),
            Value::Array(items) => items.iter().map(|item| self.member(name, item)).collect(),
            Value::Object(members) => Value::Object(self.members(name, members)),
        }
    }

    fn members(&self, name: &str, members: &Map<String, Value>) -> Map<String, Value> {
        let is_map = words::is_map(name);
        let redacted = members.iter().map(|(name, value)| {
            if words::is_name(name) && !is_map {
                return (name.clone(), self.member(name, value));
            }
            (self.pseudonyms.id(name), self.member("text", value))
        });
        redacted.collect()
    }

    fn number(&self, member: &str, number: &Number) -> Number {
        let is_identifier = is_number_of_a_person(member) || words::is_secret(member);
        let is_small = number.as_i64().is_some_and(|n| n.unsigned_abs() < LARGE);
        if is_small && !is_identifier {
            return number.clone();
        }
        if number.is_f64() {
            return Number::from_f64(0.5).unwrap_or_else(|| Number::from(0));
        }
        let text = number.to_string();
        let digits = text.trim_start_matches('-');
        Number::from(self.pseudonyms.digits(digits))
    }
}

/// Whether a number may identify, by the name of its member.
fn is_number_of_a_person(member: &str) -> bool {
    let lower = member.to_ascii_lowercase();
    let ends = [
        "id",
        "phone",
        "pin",
        "number",
        "passcode",
        "telephone",
        "extension",
    ];
    ends.iter().any(|end| lower.ends_with(end))
}

/// Whether a string is a date of a service: RFC 3339, with at most seven decimals.
pub(crate) fn is_date(text: &str) -> bool {
    let decimals = text.split_once('.').map_or("", |(_, rest)| rest);
    let decimals = decimals.trim_end_matches(|c: char| !c.is_ascii_digit());
    let is_short =
        text.len() <= 33 && decimals.split(['+', '-', 'Z']).next().unwrap_or("").len() <= 7;
    is_short
        && text.is_ascii()
        && text.get(10..11) == Some("T")
        && clock::parse_rfc3339(text).is_some()
}

/// Whether a string begins as a JSON Web Token does.
fn is_jwt(text: &str) -> bool {
    text.starts_with("eyJ") && text.matches('.').count() >= 2
}
