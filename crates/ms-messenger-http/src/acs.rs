//! What the clients of Azure Communication Services (ACS) share: credentials, connection strings,
//! environment variables, the head of their builders, the body of an error, and times.
//!
//! ```
//! use ms_messenger_http::acs::{ConnectionString, Credential};
//!
//! let string: ConnectionString =
//!     "endpoint=https://contoso.communication.azure.com/;accesskey=c2VjcmV0".parse()?;
//! let credential = Credential::from(string.access_key().clone());
//! assert!(!format!("{credential:?}").contains("c2VjcmV0"));
//! # Ok::<(), ms_messenger_core::Error>(())
//! ```

mod access_key;
mod connection;
mod connection_string;
mod credential;
mod environment;
mod error_envelope;
mod open;
mod time;

pub use access_key::AccessKey;
pub use connection::{Connection, check_version};
pub use connection_string::ConnectionString;
pub use credential::Credential;
pub use environment::{
    CONNECTION_STRING_VARIABLES, OtherCredential, Precedence, endpoint_from, read,
};
pub use error_envelope::ErrorEnvelope;
pub use open::open_request;
pub use time::{deserialize_time, read_time};
