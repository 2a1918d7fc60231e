//! Change notifications of Microsoft Graph about chat messages.
//!
//! ```
//! use http::Request;
//! use ms_messenger_events::{GraphNotifications, Incoming, Outcome, graph::{Notification, Resource}};
//!
//! let graph = GraphNotifications::builder().with_client_state("s3cret").build()?;
//! let request = Request::post("/graph").body(r#"{"value": [{
//!     "subscriptionId": "1111", "clientState": "s3cret", "changeType": "created",
//!     "tenantId": "aaaa", "resource": "chats('19:0123@thread.v2')/messages('1767225600000')"
//! }]}"#)?;
//!
//! let Outcome::Events(batch) = graph.receive(&Incoming::of(&request)) else { panic!() };
//! if let Notification::Change(change) = &batch.events()[0]
//!     && let Resource::ChatMessage { chat, message, .. } = change.resource()
//! {
//!     println!("message {message} of chat {chat}");
//! }
//! // Keep the notifications here; only then:
//! assert_eq!(batch.kept().status, 202);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod builder;
mod client_states;
mod content;
#[cfg(feature = "decryption")]
mod decrypt;
#[cfg(feature = "decryption")]
mod decryption_key;
mod handshake;
mod notification;
mod receiver;
mod resource;
mod trust;
mod wire;

pub use builder::GraphNotificationsBuilder;
pub use content::ResourceContent;
#[cfg(feature = "decryption")]
#[cfg_attr(docsrs, doc(cfg(feature = "decryption")))]
pub use decryption_key::DecryptionKey;
pub use notification::{
    ChangeNotification, ChangeType, LifecycleEvent, LifecycleNotification, Notification,
    ResourceData,
};
pub use receiver::GraphNotifications;
pub use resource::Resource;
