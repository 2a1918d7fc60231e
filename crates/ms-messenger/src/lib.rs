#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub use ms_messenger_core::*;

#[cfg(feature = "acs-chat")]
#[cfg_attr(docsrs, doc(cfg(feature = "acs-chat")))]
pub use acs_chat;
#[cfg(feature = "acs-identity")]
#[cfg_attr(docsrs, doc(cfg(feature = "acs-identity")))]
pub use acs_identity;
#[cfg(feature = "acs-messages")]
#[cfg_attr(docsrs, doc(cfg(feature = "acs-messages")))]
pub use acs_messages;
/// Sign-in with Entra ID.
#[cfg(feature = "entra")]
#[cfg_attr(docsrs, doc(cfg(feature = "entra")))]
pub use ms_messenger_entra as entra;
#[cfg(feature = "msgraph-chat")]
#[cfg_attr(docsrs, doc(cfg(feature = "msgraph-chat")))]
pub use msgraph_chat;
#[cfg(feature = "ucwa")]
#[cfg_attr(docsrs, doc(cfg(feature = "ucwa")))]
pub use ucwa;

/// How calls travel: shared connections, time-outs, proxy, trusted certificates.
#[cfg(any(
    feature = "acs-messages",
    feature = "acs-chat",
    feature = "acs-identity",
    feature = "entra",
    feature = "msgraph-chat",
    feature = "ucwa"
))]
#[cfg_attr(
    docsrs,
    doc(cfg(any(
        feature = "acs-messages",
        feature = "acs-chat",
        feature = "acs-identity",
        feature = "entra",
        feature = "msgraph-chat",
        feature = "ucwa"
    )))
)]
pub mod http {
    pub use ms_messenger_http::{
        Authorize, Bearer, Endpoint, HttpClient, HttpOptions, HttpVersions, Probe, Proxy,
        RejectedToken, Variables, encode_path_segment,
    };
}

/// What nearly every program needs.
pub mod prelude {
    pub use ms_messenger_core::{
        Acceptance, Body, Delivery, Error, ErrorKind, Evidence, IdempotencyKey, Message, Messenger,
        MessengerExt, Receipt, Result, RetryPolicy, SendRequest, Settled, SharedMessenger,
        StaticToken, Target, TokenProvider,
    };
}
