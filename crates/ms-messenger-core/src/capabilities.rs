//! A set of capabilities.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::capability::Capability;

/// The capabilities that a messenger supports, and its limits. Empty until they are named.
///
/// [`check`](Self::check) holds a request against them, [`fit`](Self::fit) removes from a request
/// what is not supported.
///
/// # JSON form
///
/// ```json
/// {"supported": ["to_conversation", "text"], "max_text_chars": 4096}
/// ```
///
/// ```
/// use ms_messenger_core::{Capabilities, Capability, Message, SendRequest, Target};
///
/// const SMS: Capabilities = Capabilities::new(&[Capability::ToPhone, Capability::Text])
///     .with_max_text_chars(160);
///
/// let html = Message::html("<b>hi</b>").with_subject("greeting");
/// let request = SendRequest::new(Target::phone("+14255550123")?, html);
/// let error = SMS.check("sms", &request).unwrap_err();
/// assert_eq!(error.problems().len(), 2);
/// # Ok::<(), ms_messenger_core::Error>(())
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Capabilities {
    bits: u64,
    /// The most characters (Unicode scalar values) that a text may have; `None` if the platform
    /// documents no limit.
    pub max_text_chars: Option<usize>,
}

impl Capabilities {
    /// Creates an empty set.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            bits: 0,
            max_text_chars: None,
        }
    }

    /// Creates a set of `supported`; usable in a constant.
    #[must_use]
    pub const fn new(supported: &[Capability]) -> Self {
        let mut capabilities = Self::none();
        let mut i = 0;
        while i < supported.len() {
            capabilities.bits |= supported[i].bit();
            i += 1;
        }
        capabilities
    }

    /// Adds `capability`.
    #[must_use]
    pub const fn with(mut self, capability: Capability) -> Self {
        self.bits |= capability.bit();
        self
    }

    /// Removes `capability`.
    #[must_use]
    pub const fn without(mut self, capability: Capability) -> Self {
        self.bits &= !capability.bit();
        self
    }

    /// Limits the characters of a text.
    #[must_use]
    pub const fn with_max_text_chars(mut self, limit: usize) -> Self {
        self.max_text_chars = Some(limit);
        self
    }

    /// Returns whether `capability` is supported.
    pub const fn supports(&self, capability: Capability) -> bool {
        self.bits & capability.bit() != 0
    }

    /// Returns what is supported, in the order of [`Capability::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = Capability> + '_ {
        let all = Capability::ALL.iter().copied();
        all.filter(|capability| self.supports(*capability))
    }
}

impl<const N: usize> From<[Capability; N]> for Capabilities {
    fn from(supported: [Capability; N]) -> Self {
        Self::new(&supported)
    }
}

impl FromIterator<Capability> for Capabilities {
    fn from_iter<I: IntoIterator<Item = Capability>>(supported: I) -> Self {
        supported.into_iter().fold(Self::none(), Self::with)
    }
}

impl fmt::Debug for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Capabilities")
            .field("supported", &self.iter().collect::<Vec<_>>())
            .field("max_text_chars", &self.max_text_chars)
            .finish()
    }
}

/// The JSON form.
#[derive(Serialize, Deserialize)]
#[serde(rename = "Capabilities", deny_unknown_fields)]
struct Wire {
    supported: Vec<Capability>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_text_chars: Option<usize>,
}

impl Serialize for Capabilities {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let supported = self.iter().collect();
        let max_text_chars = self.max_text_chars;
        Wire {
            supported,
            max_text_chars,
        }
        .serialize(out)
    }
}

impl<'de> Deserialize<'de> for Capabilities {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let wire = Wire::deserialize(input)?;
        Ok(Self {
            max_text_chars: wire.max_text_chars,
            ..wire.supported.into_iter().collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_capability_has_a_bit_of_its_own() {
        for one in Capability::ALL {
            let only = Capabilities::from([*one]);
            assert_eq!(only.iter().collect::<Vec<_>>(), [*one]);
            assert_eq!(only.without(*one), Capabilities::none());
        }
        let all: Capabilities = Capability::ALL.iter().copied().collect();
        assert_eq!(all.iter().count(), Capability::ALL.len());
    }

    #[test]
    fn the_json_form_reads_back() {
        let some = Capabilities::new(&[Capability::Text, Capability::ToPhone]);
        for (capabilities, json) in [
            (some, r#"{"supported":["to_phone","text"]}"#),
            (
                some.with_max_text_chars(160),
                r#"{"supported":["to_phone","text"],"max_text_chars":160}"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&capabilities).unwrap(), json);
            let read: Capabilities = serde_json::from_str(json).unwrap();
            assert_eq!(read, capabilities);
        }
    }
}
