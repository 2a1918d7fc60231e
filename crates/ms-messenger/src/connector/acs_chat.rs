//! ACS Chat.

use acs_chat::AcsChatBuilder;
use ms_messenger_layers::{OptionSpec, Scheme};

use super::{
    ready::ready,
    settings::{ENV, Name, configure},
};

const OPTIONS: &[OptionSpec] = &[
    ENV,
    OptionSpec::plain("endpoint"),
    OptionSpec::secret("connection_string"),
    OptionSpec::secret("token"),
    OptionSpec::flag("client_message_ids"),
    OptionSpec::plain("sender_display_name"),
];

const NAMES: &[Name] = &[
    ("endpoint", "ACS_CHAT_ENDPOINT"),
    ("connection_string", "ACS_CONNECTION_STRING"),
    ("token", "ACS_CHAT_TOKEN"),
];

pub(super) fn scheme() -> Scheme {
    Scheme::new("acs-chat", OPTIONS, |options| {
        let address = ("endpoint", "https://");
        let builder = configure(options, &[NAMES], address, AcsChatBuilder::from_variables)?;
        // By these a message is recognised when its send is settled.
        let with_ids = options.flag("client_message_ids").unwrap_or(true);
        let mut builder = builder.with_client_message_ids(with_ids);
        if let Some(name) = options.get("sender_display_name") {
            builder = builder.with_sender_display_name(name);
        }
        Ok(ready(builder.build()?))
    })
    .with_address()
}
