//! How the calls of the client are made.

use ms_messenger_core::Result;
use ms_messenger_http::{Call, HeaderName, HeaderValue, Method, OpenRequest, Pages};
use serde::{Serialize, de::DeserializeOwned};

use crate::client::GraphChatClient;

pub(crate) const PREFER: HeaderName = HeaderName::from_static("prefer");
/// Without it the service writes `unknownFutureValue` for the newer members of enumerations.
pub(crate) const ALL_MEMBERS: &str = "include-unknown-enum-members";

impl GraphChatClient {
    /// Returns a request for any path below the base address, for an operation that has no method
    /// here. It has the authorisation, retries, limits and checks of every other call. A method other
    /// than GET and HEAD is not retried after a lost response unless
    /// [the request says so](OpenRequest::with_retry_class).
    ///
    /// ```
    /// use ms_messenger_core::StaticToken;
    /// use ms_messenger_emulator::Emulator;
    /// use msgraph_chat::{GraphChatClient, Method};
    /// use serde_json::Value;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let graph = &emulator.seed().graph;
    /// let token = StaticToken::new(graph.token.as_str());
    /// let client = GraphChatClient::builder(token).with_base_url(&graph.base).build()?;
    ///
    /// let me: Value = client
    ///     .request(Method::GET, "/me")
    ///     .with_query("$select", "displayName")
    ///     .json()
    ///     .await?;
    /// assert_eq!(me["displayName"], "Alice");
    ///
    /// let mut chats = client.request(Method::GET, "/me/chats").pages::<Value>();
    /// assert_eq!(chats.next_page().await?.map(|page| page.len()), Some(1));
    /// # Ok(())
    /// # }
    /// ```
    pub fn request(&self, method: Method, path: impl Into<String>) -> OpenRequest {
        OpenRequest::new(self.pipeline(), method, path)
    }

    /// Makes a call and reads its response.
    pub(crate) async fn fetch<T: DeserializeOwned>(&self, call: Result<Call>) -> Result<T> {
        self.pipeline().call(preferring(call?)).await?.json()
    }

    /// Makes a call whose success says all.
    pub(crate) async fn execute(&self, call: Result<Call>) -> Result<()> {
        self.pipeline().call(call?).await.map(drop)
    }

    /// Makes a call with `body` and reads its response.
    pub(crate) async fn fetch_with<T: DeserializeOwned>(
        &self,
        call: Result<Call>,
        body: &(impl Serialize + Sync),
    ) -> Result<T> {
        let call = preferring(call?).with_json(body)?;
        self.pipeline().call(call).await?.json()
    }

    /// Makes a call with `body` whose success says all.
    pub(crate) async fn execute_with(
        &self,
        call: Result<Call>,
        body: &(impl Serialize + Sync),
    ) -> Result<()> {
        let call = call?.with_json(body)?;
        self.pipeline().call(call).await.map(drop)
    }

    /// The list whose first page `call` reads.
    pub(crate) fn paged<T: DeserializeOwned>(&self, call: Result<Call>) -> Pages<T> {
        Pages::new(self.pipeline(), call.map(preferring))
    }
}

fn preferring(call: Call) -> Call {
    call.with_header(PREFER, HeaderValue::from_static(ALL_MEMBERS))
}
