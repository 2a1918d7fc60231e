//! The JSON of UCWA: resources with properties, links and embedded resources. A link or an
//! embedded value may be one or many; both shapes are read. What is unknown is ignored.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::{Map, Value};

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

/// An address holds no white space, but some pages and servers print it.
fn href<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let mut href = String::deserialize(deserializer)?;
    if href.contains(' ') && !href.starts_with("data:") {
        href.retain(|c| c != ' ');
    }
    Ok(href)
}

/// One value or a list of them.
#[derive(Clone, Debug)]
pub(crate) struct OneOrMany<T>(pub(crate) Vec<T>);

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let values = match Value::deserialize(deserializer)? {
            Value::Array(values) => values,
            Value::Null => Vec::new(),
            value => vec![value],
        };
        // A value that cannot be read is as good as missing: never a reason to lose the rest.
        let read = values
            .into_iter()
            .filter_map(|v| serde_json::from_value(v).ok());
        Ok(Self(read.collect()))
    }
}

impl Resource {
    /// The first link with a relation.
    pub(crate) fn link(&self, rel: &str) -> Option<&Link> {
        self.links(rel).next()
    }

    /// All links with a relation.
    pub(crate) fn links(&self, rel: &str) -> impl Iterator<Item = &Link> {
        self.links.get(rel).into_iter().flat_map(|many| &many.0)
    }

    /// The address of the first link with a relation.
    pub(crate) fn href(&self, rel: &str) -> Option<&str> {
        self.link(rel).map(|link| link.href.as_str())
    }

    /// The first embedded resource with a relation.
    pub(crate) fn embedded(&self, rel: &str) -> Option<&Resource> {
        self.embedded.get(rel)?.0.first()
    }

    /// The only embedded resource, whatever it is called.
    pub(crate) fn any_embedded(&self) -> Option<&Resource> {
        self.embedded.values().next()?.0.first()
    }

    /// A property that is a text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.properties.get(name)?.as_str()
    }

    /// A property that is a list of texts.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        let values = self.properties.get(name).and_then(Value::as_array);
        let texts = values.into_iter().flatten().filter_map(Value::as_str);
        texts.map(str::to_owned).collect()
    }

    /// A property that is a time: `/Date(ms)/` or ISO 8601.
    pub(crate) fn time(&self, name: &str) -> Option<SystemTime> {
        read_time(self.text(name)?)
    }
}

fn read_time(text: &str) -> Option<SystemTime> {
    let inner = text
        .strip_prefix("/Date(")
        .and_then(|rest| rest.strip_suffix(")/"));
    match inner {
        Some(ms) => {
            // A time zone may follow; the number is UTC in any case.
            let digits = ms.split(['+', '-']).next()?;
            SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(digits.parse().ok()?))
        }
        None => humantime::parse_rfc3339_weak(text.trim_end_matches("Z")).ok(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_and_many_read_alike_and_nonsense_takes_nothing_else_along() {
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
            "soon",
        ] {
            assert_eq!(read_time(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn hostile_bytes_end(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = serde_json::from_slice::<Resource>(&bytes);
        }
    }
}
