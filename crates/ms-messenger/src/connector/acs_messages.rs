//! ACS Advanced Messaging.

use acs_messages::AcsMessagesBuilder;
use ms_messenger_layers::{OptionSpec, Scheme};

use super::{
    ready::ready,
    settings::{APPLICATION, ENV, Name, configure},
};

const OPTIONS: &[OptionSpec] = &[
    ENV,
    OptionSpec::plain("endpoint"),
    OptionSpec::secret("connection_string"),
    OptionSpec::secret("access_key"),
    OptionSpec::secret("token"),
    OptionSpec::plain("channel_registration_id"),
    OptionSpec::plain("tenant_id"),
    OptionSpec::plain("client_id"),
    OptionSpec::secret("client_secret"),
    OptionSpec::plain("federated_token_file"),
    OptionSpec::plain("authority_host"),
];

const NAMES: &[Name] = &[
    ("endpoint", "ACS_ENDPOINT"),
    ("connection_string", "ACS_CONNECTION_STRING"),
    ("access_key", "ACS_ACCESS_KEY"),
    ("token", "ACS_ACCESS_TOKEN"),
    ("channel_registration_id", "ACS_CHANNEL_REGISTRATION_ID"),
];

pub(super) fn scheme() -> Scheme {
    Scheme::new("acs-messages", OPTIONS, |options| {
        let names = [NAMES, &APPLICATION];
        let address = ("endpoint", "https://");
        let from_variables = AcsMessagesBuilder::from_variables;
        let builder = configure(options, &names, address, from_variables)?;
        Ok(ready(builder.build()?))
    })
    .with_address()
}
