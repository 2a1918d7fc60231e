//! The state of sign-ins: device codes, authorization codes and refresh tokens.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::services::entra::scope::Scopes;

/// The sign-ins of one emulator.
#[derive(Debug, Default)]
pub(crate) struct Store {
    /// By device code.
    pub(crate) devices: HashMap<String, Device>,
    /// By authorization code.
    pub(crate) codes: HashMap<String, Code>,
    /// By refresh token.
    pub(crate) refresh: HashMap<String, Refresh>,
}

/// Who signed in to what.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    /// The application, lower case.
    pub(crate) client: String,
    pub(crate) scopes: Scopes,
    /// Claims that were asked for by `claims`.
    pub(crate) claims: Map<String, Value>,
    pub(crate) nonce: Option<String>,
}

/// What became of a device code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Pending,
    /// Approved as the user of that object id.
    Approved(String),
    Declined,
    /// The tokens were fetched.
    Redeemed,
}

/// A device code.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    pub(crate) user_code: String,
    pub(crate) grant: Grant,
    pub(crate) decision: Decision,
    /// Epoch milliseconds.
    pub(crate) expires: u64,
    /// Epoch milliseconds of the last poll.
    pub(crate) polled: Option<u64>,
    /// Seconds to keep between polls; grows with every `slow_down`.
    pub(crate) interval: u64,
}

/// An authorization code.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    pub(crate) grant: Grant,
    /// Object id.
    pub(crate) user: String,
    pub(crate) redirect_uri: String,
    /// `code_challenge`, and whether its method is S256.
    pub(crate) challenge: Option<(String, bool)>,
    /// Epoch milliseconds.
    pub(crate) expires: u64,
    pub(crate) is_used: bool,
}

/// A refresh token.
#[derive(Clone, Debug)]
pub(crate) struct Refresh {
    pub(crate) grant: Grant,
    /// Object id.
    pub(crate) user: String,
    pub(crate) is_revoked: bool,
}

impl Store {
    /// The device of a user code, however it is written.
    pub(crate) fn device_of(&mut self, user_code: &str) -> Option<&mut Device> {
        let typed = user_code.trim().replace('-', "").to_ascii_uppercase();
        self.devices.values_mut().find(|d| d.user_code == typed)
    }
}
