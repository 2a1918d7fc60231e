//! Times in the JSON form: RFC 3339 in UTC, e.g. `2026-04-01T12:34:56.789Z`.

use std::time::SystemTime;

use serde::{Deserialize, Deserializer, Serializer};

use crate::json;

pub(crate) fn serialize<S: Serializer>(time: &SystemTime, out: S) -> Result<S::Ok, S::Error> {
    out.collect_str(&humantime::format_rfc3339(*time))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<SystemTime, D::Error> {
    let text = String::deserialize(input)?;
    humantime::parse_rfc3339(&text)
        .map_err(|_| json::expected("a time as RFC 3339 writes it, e.g. 2026-04-01T12:34:56Z"))
}

/// The same for a time that may be missing.
pub(crate) mod optional {
    use super::{Deserialize, Deserializer, Serializer, SystemTime};

    pub(crate) fn serialize<S: Serializer>(
        time: &Option<SystemTime>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => super::serialize(time, out),
            None => out.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        input: D,
    ) -> Result<Option<SystemTime>, D::Error> {
        #[derive(Deserialize)]
        struct Time(#[serde(with = "super")] SystemTime);
        Ok(Option::<Time>::deserialize(input)?.map(|time| time.0))
    }
}
