//! Members that are a text of a certain form: errors do not repeat the text.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, Unexpected, Visitor},
};

use super::listed;

/// Returns an error of serde that says what was expected. Unlike that of `Error::custom` its text
/// is kept in a [`JsonError`](super::JsonError), so it must not have anything of the input.
pub fn expected<E: Error>(what: impl fmt::Display) -> E {
    let what = what.to_string();
    E::invalid_value(Unexpected::Other("another value"), &what.as_str())
}

/// Reads one of `words`.
pub(crate) fn word<'de, D: Deserializer<'de>>(
    input: D,
    words: &'static [&'static str],
) -> Result<&'static str, D::Error> {
    struct Words(&'static [&'static str]);

    impl Visitor<'_> for Words {
        type Value = &'static str;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(&listed(self.0))
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<&'static str, E> {
            let word = self.0.iter().find(|word| **word == text);
            word.copied().ok_or_else(|| expected(listed(self.0)))
        }
    }

    input.deserialize_str(Words(words))
}

fn read<'de, D, T>(
    input: D,
    parse: impl FnOnce(&str) -> Option<T>,
    what: &str,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
{
    parse(&String::deserialize(input)?).ok_or_else(|| expected(what))
}

/// A URL.
pub(crate) mod url {
    use serde::{Deserializer, Serialize as _, Serializer};
    use url::Url;

    pub(crate) fn serialize<S: Serializer>(url: &Url, out: S) -> Result<S::Ok, S::Error> {
        url.serialize(out)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Url, D::Error> {
        let what = "an absolute URL, e.g. https://contoso.com/a.png";
        super::read(input, |text| Url::parse(text).ok(), what)
    }
}

/// A UUID.
pub(crate) mod uuid {
    use serde::{Deserializer, Serialize as _, Serializer};
    use uuid::Uuid;

    pub(crate) fn serialize<S: Serializer>(id: &Uuid, out: S) -> Result<S::Ok, S::Error> {
        id.serialize(out)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Uuid, D::Error> {
        super::read(input, |text| text.parse().ok(), "a UUID")
    }
}

/// Bytes in Base64.
pub(crate) mod base64 {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use serde::{Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&STANDARD.encode(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<u8>, D::Error> {
        super::read(input, |text| STANDARD.decode(text).ok(), "Base64")
    }
}
