//! One change of the state.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Uri};
use serde::{Deserialize, Serialize};

use crate::{
    engine::ledger::row::KeptFields,
    wire::{
        clock,
        request::{Request, Scheme},
    },
};

/// When something happened, and which ids it made.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Moment {
    /// By the services' clock, epoch milliseconds.
    pub(crate) at: u64,
    /// How many ids had been made before.
    pub(crate) ids: u64,
}

impl Moment {
    /// Does something at this time: all clocks stand still meanwhile.
    pub(crate) fn hold<T>(self, change: impl FnOnce() -> T) -> T {
        clock::hold(self.at, change)
    }
}

/// One change of the state: what it is, and the body of its request.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) head: Head,
    pub(crate) body: Bytes,
}

/// What an entry is, without the body.
#[derive(Debug, Deserialize, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(crate) enum Head {
    /// A request to a service, and the status of its response; 0 where it was not known yet.
    Request {
        #[serde(flatten)]
        moment: Moment,
        request: Kept,
        status: u16,
    },
    /// A request to the admin API; `path` is what follows `/_emulator/`.
    Admin {
        #[serde(flatten)]
        moment: Moment,
        path: String,
        request: Kept,
    },
    /// A part of a service's state as it is from now on, without the request that changed it; the
    /// body is its document. `path` names it, and leads to the service that takes it back.
    State {
        #[serde(flatten)]
        moment: Moment,
        path: String,
    },
    /// How much of some rates is used up; the body is the list.
    Rates,
    /// A row of a service whose state is not kept.
    Row {
        #[serde(flatten)]
        moment: Moment,
        seq: u64,
        platform: String,
        operation: String,
        row: Box<KeptFields>,
        request: Kept,
    },
    /// The services' clock was set.
    Clock { offset_ms: i64 },
    /// Fault rules were set or added; the body is their document.
    Faults { how: FaultChange },
    /// A request that fault rules counted.
    Counted {
        platform: String,
        operation: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        call: Option<String>,
    },
}

/// How fault rules were changed.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FaultChange {
    /// They are all there are.
    Set,
    /// They come after all others.
    Added,
    /// They come before all others that are not urgent.
    Urgent,
}

/// A request without its body.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Kept {
    method: String,
    target: String,
    is_https: bool,
    headers: Vec<(String, String)>,
}

impl Kept {
    pub(crate) fn new(request: &Request) -> Self {
        let headers = request.headers.iter();
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        Self {
            method: request.method.to_string(),
            target: request.target.clone(),
            is_https: request.origin().starts_with("https"),
            headers: headers
                .map(|(name, value)| (name.as_str().to_owned(), text(value)))
                .collect(),
        }
    }

    /// The request by which a part of a service's state is put back.
    pub(crate) fn of_state(path: &str) -> Self {
        Self {
            method: Method::PUT.to_string(),
            target: format!("/_emulator/{path}"),
            is_https: false,
            headers: Vec::new(),
        }
    }

    /// The same without credentials, for what is only shown again.
    pub(crate) fn without_credentials(mut self) -> Self {
        for (name, value) in &mut self.headers {
            if matches!(
                name.as_str(),
                "authorization" | "proxy-authorization" | "cookie"
            ) {
                "[removed]".clone_into(value);
            }
        }
        self
    }

    /// The request as it was; `None` if it is none.
    pub(crate) fn request(&self, body: Bytes, authority: &str) -> Option<Request> {
        let mut incoming = http::Request::new(());
        *incoming.method_mut() = Method::from_bytes(self.method.as_bytes()).ok()?;
        *incoming.uri_mut() = self.target.parse::<Uri>().ok()?;
        for (name, value) in &self.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            let value = HeaderValue::from_str(value).ok()?;
            incoming.headers_mut().append(name, value);
        }
        if self.is_https {
            incoming.extensions_mut().insert(Scheme::Https);
        }
        Some(Request::new(incoming.into_parts().0, body, authority))
    }
}
