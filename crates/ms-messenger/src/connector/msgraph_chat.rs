//! Teams through Microsoft Graph.

use ms_messenger_layers::{OptionSpec, Scheme};
use msgraph_chat::GraphChatBuilder;

use super::{
    ready::ready,
    settings::{APPLICATION, ENV, Name, configure},
};

const OPTIONS: &[OptionSpec] = &[
    ENV,
    OptionSpec::secret("token"),
    OptionSpec::plain("cloud"),
    OptionSpec::plain("base_url"),
    OptionSpec::plain("user"),
    OptionSpec::plain("state_dir"),
    OptionSpec::plain("profile"),
    OptionSpec::secret("store_key"),
    OptionSpec::plain("tenant_id"),
    OptionSpec::plain("client_id"),
    OptionSpec::secret("client_secret"),
    OptionSpec::plain("federated_token_file"),
    OptionSpec::plain("authority_host"),
    OptionSpec::flag("app_only"),
];

const NAMES: &[Name] = &[
    ("token", "MSGRAPH_TOKEN"),
    ("cloud", "MSGRAPH_CLOUD"),
    ("base_url", "MSGRAPH_BASE_URL"),
    ("user", "MSGRAPH_USER"),
    ("state_dir", "MSM_STATE_DIR"),
    ("profile", "MSM_PROFILE"),
    ("store_key", "MSM_STORE_KEY"),
];

pub(super) fn scheme() -> Scheme {
    Scheme::new("msgraph-chat", OPTIONS, |options| {
        let names = [NAMES, &APPLICATION];
        let address = ("base_url", "https://");
        let from_variables = GraphChatBuilder::from_variables;
        let builder = configure(options, &names, address, from_variables)?;
        let app_only = options.flag("app_only").unwrap_or(false);
        Ok(ready(builder.with_app_only(app_only).build()?))
    })
    .with_address()
}
