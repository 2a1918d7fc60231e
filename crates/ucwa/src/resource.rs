//! The JSON of UCWA: resources with properties, links and embedded resources. A link or an
//! embedded value may be one or many; both forms are read. Unknown members are ignored.
//!
//! ```json
//! {"rel": "messaging", "state": "Connected", "negotiatedMessageFormats": ["Plain", "Html"],
//!  "_links": {"self": {"href": "/apps/1/conversations/7/messaging"},
//!             "sendMessage": {"href": "/apps/1/conversations/7/messages"}},
//!  "_embedded": {"participant": [{"rel": "participant", "uri": "sip:lene@contoso.com"}]}}
//! ```

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _},
};
use serde_json::{Map, Value};

/// The longest address that is kept: some are kept as long as a conversation.
const MAX_ADDRESS: usize = 8 << 10;
/// The longest text and the longest list that are kept of a resource.
const MAX_TEXT: usize = 1 << 10;
const MAX_TEXTS: usize = 16;
/// The first moment without a four-digit year: 10000-01-01.
const YEAR_10000: Duration = Duration::from_secs(253_402_300_800);

/// One resource.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Resource {
    #[serde(default, rename = "_links")]
    links: HashMap<String, OneOrMany<Link>>,
    #[serde(default, rename = "_embedded")]
    embedded: HashMap<String, OneOrMany<Resource>>,
    #[serde(flatten)]
    pub(crate) properties: Map<String, Value>,
}

/// A reference to a resource.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Link {
    #[serde(default)]
    pub(crate) rel: String,
    #[serde(deserialize_with = "href")]
    pub(crate) href: String,
    #[serde(default)]
    pub(crate) title: Option<String>,
}

/// An address holds no white space, but some documents and servers print it.
fn href<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let mut href = String::deserialize(deserializer)?;
    if is_data(&href) {
        return Ok(href);
    }
    if href.len() > MAX_ADDRESS {
        return Err(D::Error::custom("the address is too long"));
    }
    if href.contains(' ') {
        href.retain(|c| c != ' ');
    }
    Ok(href)
}

fn is_data(href: &str) -> bool {
    let scheme = href.get(..5);
    scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"))
}

/// One value or a list of values, and how many more could not be read.
#[derive(Clone, Debug)]
pub(crate) struct OneOrMany<T>(pub(crate) Vec<T>, usize);

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        Self(Vec::new(), 0)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let values = match Value::deserialize(deserializer)? {
            Value::Array(values) => values,
            Value::Null => Vec::new(),
            value => vec![value],
        };
        // A value that cannot be read counts as missing: the rest is still read.
        let all = values.len();
        let read = values
            .into_iter()
            .filter_map(|v| serde_json::from_value(v).ok());
        let read: Vec<T> = read.collect();
        let unreadable = all - read.len();
        Ok(Self(read, unreadable))
    }
}

impl Resource {
    /// Returns the first link with a relation.
    pub(crate) fn link(&self, rel: &str) -> Option<&Link> {
        self.links(rel).next()
    }

    /// Returns all links with a relation.
    pub(crate) fn links(&self, rel: &str) -> impl Iterator<Item = &Link> {
        self.links.get(rel).into_iter().flat_map(|many| &many.0)
    }

    /// Returns the address of the first link with a relation.
    pub(crate) fn href(&self, rel: &str) -> Option<&str> {
        self.link(rel).map(|link| link.href.as_str())
    }

    /// The same, to be kept: a `data:` URI counts as missing.
    pub(crate) fn address(&self, rel: &str) -> Option<String> {
        let href = self.href(rel).filter(|href| !is_data(href));
        href.map(str::to_owned)
    }

    /// Returns how many links or embedded resources with a relation there are, readable or not.
    pub(crate) fn count(&self, rel: &str) -> usize {
        let links = self.links.get(rel).map_or(0, |many| many.0.len() + many.1);
        let embedded = self.embedded.get(rel);
        links.max(embedded.map_or(0, |many| many.0.len() + many.1))
    }

    /// Returns all embedded resources with a relation.
    pub(crate) fn all_embedded(&self, rel: &str) -> impl Iterator<Item = &Resource> {
        self.embedded.get(rel).into_iter().flat_map(|many| &many.0)
    }

    /// Returns the first embedded resource with a relation.
    pub(crate) fn embedded(&self, rel: &str) -> Option<&Resource> {
        self.embedded.get(rel)?.0.first()
    }

    /// Returns an embedded resource, whatever its relation.
    pub(crate) fn any_embedded(&self) -> Option<&Resource> {
        self.embedded.values().next()?.0.first()
    }

    /// Returns a text property.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.properties.get(name)?.as_str()
    }

    /// The same, to be kept: a long text counts as missing.
    pub(crate) fn short_text(&self, name: &str) -> Option<&str> {
        self.text(name).filter(|text| text.len() <= MAX_TEXT)
    }

    /// Returns a property that is a list of texts.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        let values = self.properties.get(name).and_then(Value::as_array);
        let texts = values.into_iter().flatten().filter_map(Value::as_str);
        let short = texts.filter(|text| text.len() <= MAX_TEXT);
        short.take(MAX_TEXTS).map(str::to_owned).collect()
    }

    /// Returns a time property: `/Date(ms)/` or ISO 8601.
    pub(crate) fn time(&self, name: &str) -> Option<SystemTime> {
        read_time(self.text(name)?)
    }
}

/// Reads a time. One outside the years 1970 to 9999 counts as missing: no text form can hold it.
fn read_time(text: &str) -> Option<SystemTime> {
    let inner = text
        .strip_prefix("/Date(")
        .and_then(|rest| rest.strip_suffix(")/"));
    let since_epoch = match inner {
        Some(ms) => {
            // A time zone may follow; the number is UTC in any case.
            let digits = ms.split(['+', '-']).next()?;
            Duration::from_millis(digits.parse().ok()?)
        }
        None => {
            let time = humantime::parse_rfc3339_weak(text.trim_end_matches('Z')).ok()?;
            time.duration_since(SystemTime::UNIX_EPOCH).ok()?
        }
    };
    let time = SystemTime::UNIX_EPOCH.checked_add(since_epoch)?;
    (since_epoch < YEAR_10000).then_some(time)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_and_many_read_alike_and_unreadable_members_are_skipped() {
        let resource: Resource = serde_json::from_str(
            r#"{"state":"Connected","_links":{"self":{"href":"/a"},"x":[{"href":"/b"},{"href":7}],"y":3},
                "_embedded":{"p":{"rel":"participant","uri":"sip:a@b"},"q":[{"uri":"sip:c@d"}]},"etag":"1"}"#,
        )
        .unwrap();
        assert_eq!(resource.href("self"), Some("/a"));
        assert_eq!(resource.links("x").count(), 1);
        assert_eq!(resource.link("y"), None);
        assert_eq!(resource.embedded("p").unwrap().text("uri"), Some("sip:a@b"));
        assert_eq!(resource.embedded("q").unwrap().text("uri"), Some("sip:c@d"));
        assert_eq!(resource.text("state"), Some("Connected"));
    }

    #[test]
    fn both_spellings_of_a_time_are_read() {
        let expected = SystemTime::UNIX_EPOCH + Duration::from_millis(1_364_327_898_968);
        assert_eq!(read_time("/Date(1364327898968)/"), Some(expected));
        assert_eq!(read_time("2013-03-26T19:58:18.968Z"), Some(expected));
        for text in [
            "",
            "/Date()/",
            "/Date(x)/",
            "/Date(99999999999999999999)/",
            "/Date(999999999999999)/",
            "/Date(253402300800000)/",
            "/Date(18446744073709551615)/",
            "/Date(-1)/",
            "soon",
        ] {
            assert_eq!(read_time(text), None, "{text}");
        }
        assert!(read_time("/Date(253402300799999)/").is_some());
    }

    #[test]
    fn kept_values_are_bounded() {
        let long = "x".repeat(MAX_ADDRESS + 1);
        let many: Vec<&str> = vec![&long; 100];
        let resource = serde_json::json!({"state": long, "formats": many,
            "_links": {"a": {"href": long}, "b": {"href": format!("data:,{long}")},
                       "failed": [{"href": "/1"}, {"title": "no address"}]}});
        let resource: Resource = serde_json::from_value(resource).unwrap();
        assert_eq!(
            (resource.short_text("state"), resource.href("a")),
            (None, None)
        );
        assert!(resource.href("b").is_some() && resource.address("b").is_none());
        assert!(resource.texts("formats").is_empty());
        assert_eq!(
            (resource.links("failed").count(), resource.count("failed")),
            (1, 2)
        );
    }

    /// Any time of a server can be written as JSON, as in a receipt.
    fn has_a_text_form(time: SystemTime) {
        let receipt = ms_messenger_core::Receipt::new(ms_messenger_core::Acceptance::Posted);
        serde_json::to_string(&receipt.with_accepted_at(time)).unwrap();
    }

    proptest! {
        #[test]
        fn any_time_of_a_server_has_a_text_form(ms in any::<i128>(), zone in "([+-][0-9]{0,6})?") {
            if let Some(time) = read_time(&format!("/Date({ms}{zone})/")) {
                has_a_text_form(time);
            }
        }

        #[test]
        fn any_iso_time_has_a_text_form(
            text in r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{0,12})?Z{0,2}"
        ) {
            if let Some(time) = read_time(&text) {
                has_a_text_form(time);
            }
        }

        #[test]
        fn any_text_is_a_time_or_none(text in ".*") {
            let _ = read_time(&text);
            let _ = read_time(&format!("/Date({text})/"));
        }

        #[test]
        fn hostile_bytes_end(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = serde_json::from_slice::<Resource>(&bytes);
        }
    }
}
