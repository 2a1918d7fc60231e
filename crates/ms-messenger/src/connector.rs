//! The platforms as schemes of a registry.

#[cfg(feature = "acs-chat")]
mod acs_chat;
#[cfg(feature = "acs-messages")]
mod acs_messages;
#[cfg(feature = "msgraph-chat")]
mod msgraph_chat;
#[cfg(any(
    feature = "acs-messages",
    feature = "acs-chat",
    feature = "msgraph-chat"
))]
mod ready;
#[cfg(any(
    feature = "acs-messages",
    feature = "acs-chat",
    feature = "msgraph-chat",
    feature = "ucwa"
))]
mod settings;
#[cfg(feature = "ucwa")]
mod ucwa;

use ms_messenger_core::{Result, SharedMessenger};
use ms_messenger_layers::{ConnectConfig, Registry};

/// Connects what a text describes: a platform, or a composition of several. See
/// [`layers`](crate::layers#connecting-at-run-time) for the grammar, and the
/// [README](crate#connecting-at-run-time) for the options of each platform.
///
/// Only Skype for Business signs in here; the other platforms open no connection yet. What is not
/// secret may stand in the text, a secret is named: by a variable (`token_env=NAME`) or a file
/// (`token_file=PATH`).
///
/// ```
/// use ms_messenger::{Target, connect, prelude::*};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> ms_messenger::Result<()> {
/// // In the place of `memory:`, e.g. `msgraph-chat:?token_env=MSGRAPH_TOKEN`.
/// let text = "fallback(teams=memory:, whatsapp[to=tel:+14255550123]=memory:)";
/// let on_call = connect(text).await?;
/// on_call.send_text(Target::conversation("19:a"), "The disk is full").await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// `Config` with every problem, each with the path of its option; that of a failed sign-in.
pub async fn connect(text: &str) -> Result<SharedMessenger> {
    connect_with(&text.parse()?).await
}

/// Connects what a table describes, as [`connect`] does for a text.
///
/// ```
/// use ms_messenger::{connect_with, layers::ConnectConfig, prelude::*};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> ms_messenger::Result<()> {
/// // Or a member of the program's own configuration, in any format of serde.
/// let config: ConnectConfig = r#"{"type": "deadline", "timeout": "30s", "messenger": "memory:"}"#.parse()?;
/// let messenger = connect_with(&config).await?;
/// messenger.send_text(Target::conversation("1"), "hello").await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// As [`connect`].
pub async fn connect_with(config: &ConnectConfig) -> Result<SharedMessenger> {
    registry().connect(config).await
}

/// Returns what [`connect`] knows: add platforms of your own, or read the variables from elsewhere.
///
/// ```
/// let config = "acs-chat://contoso.communication.azure.com?token_env=CHAT".parse()?;
/// let registry = ms_messenger::registry().with_variables(|_| None);
/// let error = registry.check(&config).unwrap_err();
/// assert_eq!(error.problems().len(), 1);
/// # Ok::<(), ms_messenger::Error>(())
/// ```
pub fn registry() -> Registry {
    let registry = Registry::new();
    #[cfg(feature = "acs-messages")]
    let registry = registry.with_scheme(acs_messages::scheme());
    #[cfg(not(feature = "acs-messages"))]
    let registry = registry.with_missing("acs-messages", "acs-messages");
    #[cfg(feature = "acs-chat")]
    let registry = registry.with_scheme(acs_chat::scheme());
    #[cfg(not(feature = "acs-chat"))]
    let registry = registry.with_missing("acs-chat", "acs-chat");
    #[cfg(feature = "msgraph-chat")]
    let registry = registry.with_scheme(msgraph_chat::scheme());
    #[cfg(not(feature = "msgraph-chat"))]
    let registry = registry.with_missing("msgraph-chat", "msgraph-chat");
    #[cfg(feature = "ucwa")]
    let registry = registry.with_scheme(ucwa::scheme());
    #[cfg(not(feature = "ucwa"))]
    let registry = registry.with_missing("ucwa", "ucwa");
    registry
}
