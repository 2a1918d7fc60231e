//! How the calls of the client are made.

use ms_messenger_core::Result;
use ms_messenger_http::{Call, HeaderName, HeaderValue, Pages};
use serde::de::DeserializeOwned;

use crate::client::GraphChatClient;

const PREFER: HeaderName = HeaderName::from_static("prefer");
/// Without it the service writes `unknownFutureValue` for the newer members of enumerations.
const ALL_MEMBERS: HeaderValue = HeaderValue::from_static("include-unknown-enum-members");

impl GraphChatClient {
    /// Makes a call and reads its response.
    pub(crate) async fn fetch<T: DeserializeOwned>(&self, call: Result<Call>) -> Result<T> {
        self.pipeline().call(preferring(call?)).await?.json()
    }

    /// The list whose first page `call` reads.
    pub(crate) fn paged<T: DeserializeOwned>(&self, call: Result<Call>) -> Pages<T> {
        Pages::new(self.pipeline(), call.map(preferring))
    }
}

fn preferring(call: Call) -> Call {
    call.with_header(PREFER, ALL_MEMBERS)
}
