#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub use ms_messenger_core::{
    Acceptance, AccessToken, Address, Attachment, Attempt, Body, CachedTokenProvider, CancelHandle,
    Capabilities, Capability, Card, CardKind, ChannelId, ClockBasis, ClockOffset, ConversationId,
    Deadline, Decision, Delivery, DeliveryStatus, Error, ErrorKind, Evidence, ExposeSecret,
    FileReference, FileSource, FileUpload, Fitted, IdempotencyKey, Importance, InlineImage,
    Journal, JsonError, Mark, MarkKind, Media, MediaKind, MemberReport, MemoryMessenger, Message,
    MessageId, Messenger, MessengerExt, ParseNameError, ParseTargetError, PhoneNumber, Problem,
    Problems, Reached, Receipt, Result, RetryPolicy, SecretString, SendJournal, SendOutcome,
    SendRequest, SettlePolicy, Settled, SharedMessenger, SipUri, StaticToken, Target, TeamId,
    TeamsLink, Template, TemplateButton, TemplateHeader, TemplateLocation, TemplateMedia,
    TokenProvider, TokenRequest, Url, UserId, Uuid, WhatsAppUserId, Window, async_trait, auth,
    clause, json, open_enum, random_uuid, rfc3339,
};

#[cfg(feature = "acs-chat")]
#[cfg_attr(docsrs, doc(cfg(feature = "acs-chat")))]
pub use acs_chat;
#[cfg(feature = "acs-identity")]
#[cfg_attr(docsrs, doc(cfg(feature = "acs-identity")))]
pub use acs_identity;
#[cfg(feature = "acs-messages")]
#[cfg_attr(docsrs, doc(cfg(feature = "acs-messages")))]
pub use acs_messages;
#[cfg(feature = "entra")]
#[cfg_attr(docsrs, doc(cfg(feature = "entra")))]
pub use ms_messenger_entra as entra;
#[cfg(feature = "events")]
#[cfg_attr(docsrs, doc(cfg(feature = "events")))]
pub use ms_messenger_events as events;
/// The HTTP pipeline under every client: its options, and what a client of another service needs.
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
pub use ms_messenger_http as http;
#[cfg(feature = "layers")]
#[cfg_attr(docsrs, doc(cfg(feature = "layers")))]
pub use ms_messenger_layers as layers;
#[cfg(feature = "outbox")]
#[cfg_attr(docsrs, doc(cfg(feature = "outbox")))]
pub use ms_messenger_outbox as outbox;
#[cfg(feature = "msgraph-chat")]
#[cfg_attr(docsrs, doc(cfg(feature = "msgraph-chat")))]
pub use msgraph_chat;
#[cfg(feature = "ucwa")]
#[cfg_attr(docsrs, doc(cfg(feature = "ucwa")))]
pub use ucwa;

#[cfg(feature = "connect")]
mod connector;
#[cfg(feature = "connect")]
#[cfg_attr(docsrs, doc(cfg(feature = "connect")))]
pub use connector::{connect, connect_with, registry};

/// The traits, and the types of a send. No name of it is one of the standard prelude or of a
/// platform crate, so that all of them can be imported with `*` side by side.
pub mod prelude {
    pub use ms_messenger_core::{
        Delivery, Evidence, IdempotencyKey, Message, Messenger, MessengerExt, Receipt, SendRequest,
        Settled, SharedMessenger, StaticToken, Target, TokenProvider,
    };
}

#[doc = include_str!("../docs/operations.md")]
#[cfg(any(doc, doctest))]
pub mod operations {}

/// How to get a credential for each platform: what to register, which permission to ask for,
/// which variables to set, and what can go wrong. In the documentation only.
#[cfg(any(doc, doctest))]
pub mod credentials {
    #[doc = include_str!("../docs/acs-chat.md")]
    pub mod acs_chat {}
    #[doc = include_str!("../docs/acs-messages.md")]
    pub mod acs_messages {}
    #[doc = include_str!("../docs/skype.md")]
    pub mod skype {}
    #[doc = include_str!("../docs/teams.md")]
    pub mod teams {}
}
