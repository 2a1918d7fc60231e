//! Receivers of events, subscribed in the same process.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use http::{Method, StatusCode, Uri};
use serde_json::Value;

use crate::{
    emulator::Emulator,
    engine::registry::Registry,
    services::acs::events::{statuses::MessageStatuses, subscription::EventSubscription},
    wire::{request::Request, response::Response},
};

/// Error returned when a subscription is refused: every problem with its member.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SubscribeEventsError {
    /// One line per problem, for example `url: the receiver responded to OPTIONS with 405 in place of 200`.
    pub problems: Vec<String>,
}

impl fmt::Display for SubscribeEventsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "invalid event subscription: {}",
            self.problems.join("; ")
        )
    }
}

impl std::error::Error for SubscribeEventsError {}

impl Emulator {
    /// Subscribes a receiver to the events of ACS, as `PUT /_emulator/event-subscriptions`: performs the
    /// handshake, then delivers what happens. Replaces a subscription of the same name.
    ///
    /// ```no_run
    /// use ms_messenger_emulator::{Emulator, EventSubscription};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let receiver = "http://127.0.0.1:8080/events?key=secret"; // it must run already
    /// emulator.subscribe_events(&EventSubscription::new("demo", receiver)).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`SubscribeEventsError`] names each member that is wrong, or what was wrong with the handshake.
    pub async fn subscribe_events(
        &self,
        subscription: &EventSubscription,
    ) -> Result<(), SubscribeEventsError> {
        let document = subscription.to_json();
        let response = self
            .admin(Method::PUT, "event-subscriptions", Some(&document))
            .await;
        match response {
            Some(response) if response.status == StatusCode::OK => Ok(()),
            response => Err(SubscribeEventsError {
                problems: problems(response.as_ref()),
            }),
        }
    }

    /// Ends a subscription to events. Returns whether there was one.
    ///
    /// ```
    /// use ms_messenger_emulator::Emulator;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// assert!(!emulator.unsubscribe_events("demo").await);
    /// # Ok(()) }
    /// ```
    pub async fn unsubscribe_events(&self, name: &str) -> bool {
        let path = format!("event-subscriptions/{name}");
        let response = self.admin(Method::DELETE, &path, None).await;
        response.is_some_and(|response| response.status == StatusCode::NO_CONTENT)
    }

    /// The events of a subscription that were given up, oldest first, as
    /// `GET /_emulator/event-subscriptions/{name}/dead-letters`; empty without such a subscription.
    ///
    /// ```
    /// use ms_messenger_emulator::Emulator;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// assert!(emulator.dead_letters("demo").await.is_empty());
    /// # Ok(()) }
    /// ```
    pub async fn dead_letters(&self, name: &str) -> Vec<Value> {
        let path = format!("event-subscriptions/{name}/dead-letters");
        let response = self.admin(Method::GET, &path, None).await;
        let found = response.filter(|response| response.status == StatusCode::OK);
        let list = found.and_then(|found| serde_json::from_slice(&found.body).ok());
        list.unwrap_or_default()
    }

    /// Sets what becomes of the messages that ACS accepts from now on, as
    /// `PUT /_emulator/message-statuses`.
    ///
    /// ```
    /// use ms_messenger_emulator::{Emulator, MessageStatuses};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let refused = MessageStatuses::new().with_failure("+14255550199", "131026");
    /// emulator.set_message_statuses(&refused).await;
    /// # Ok(()) }
    /// ```
    pub async fn set_message_statuses(&self, statuses: &MessageStatuses) {
        let document = statuses.to_json();
        self.admin(Method::PUT, "message-statuses", Some(&document))
            .await;
    }

    /// The response of a service to a request below `/_emulator/`, on the emulator's own threads.
    async fn admin(
        &self,
        method: Method,
        path: &str,
        document: Option<&Value>,
    ) -> Option<Response> {
        let registry = Arc::clone(self.registry());
        let mut incoming = http::Request::new(());
        *incoming.method_mut() = method;
        *incoming.uri_mut() = Uri::from_static("/_emulator/");
        let body = document.map_or_else(Bytes::new, |document| document.to_string().into());
        let parts = incoming.into_parts().0;
        let request = Request::new(parts, body, &registry.engine.authority);
        let path = path.to_owned();
        let runtime = self.registry().engine.runtime()?;
        runtime.spawn(serve(registry, path, request)).await.ok()?
    }
}

async fn serve(registry: Arc<Registry>, path: String, request: Request) -> Option<Response> {
    registry.admin(&path, &request).await
}

/// The problems that a refusal names.
fn problems(response: Option<&Response>) -> Vec<String> {
    let body = response.and_then(|response| serde_json::from_slice(&response.body).ok());
    let body: Value = body.unwrap_or_default();
    let details = body["error"]["details"].as_array();
    let details = details.map(|all| all.iter().filter_map(Value::as_str).map(str::to_owned));
    details.map_or_else(
        || vec!["the emulator has ended".to_owned()],
        Iterator::collect,
    )
}
