//! The sender of a message or an invitation.

use std::fmt;

use crate::{resource::Resource, words};

/// The sender of a message, an invitation or a typing notice.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sender {
    /// The SIP address with its scheme; empty if the server does not report it.
    pub uri: String,
    /// The display name, if the server reports it.
    pub name: Option<String>,
}

impl Sender {
    pub(crate) fn new(uri: String, name: Option<String>) -> Self {
        Self { uri, name }
    }

    pub(crate) fn read(participant: &Resource) -> Self {
        let text = |name| {
            participant
                .short_text(name)
                .filter(|t| !t.is_empty())
                .map(str::to_owned)
        };
        Self::new(text("uri").unwrap_or_default(), text("name"))
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.as_deref();
        f.debug_struct("Sender")
            .field("uri", &words::sip(&self.uri))
            .field("name", &name.map(|name| words::line(name, words::CODE)))
            .finish()
    }
}
