//! Skype for Business Server.

use std::sync::Arc;

use ms_messenger_core::SharedMessenger;
use ms_messenger_layers::{OptionSpec, Pending, Scheme};
use ucwa::UcwaBuilder;

use super::settings::{ENV, Name, configure};

const OPTIONS: &[OptionSpec] = &[
    ENV,
    OptionSpec::plain("sip"),
    OptionSpec::plain("username"),
    OptionSpec::secret("password"),
    OptionSpec::plain("discovery_url"),
    OptionSpec::plain("endpoint_id"),
    OptionSpec::plain("trusted_domain"),
];

const NAMES: &[Name] = &[
    ("sip", "UCWA_SIP"),
    ("username", "UCWA_USERNAME"),
    ("password", "UCWA_PASSWORD"),
    ("discovery_url", "UCWA_DISCOVERY_URL"),
    ("endpoint_id", "UCWA_ENDPOINT_ID"),
    ("trusted_domain", "UCWA_TRUSTED_DOMAIN"),
];

pub(super) fn scheme() -> Scheme {
    Scheme::new("ucwa", OPTIONS, |options| {
        let address = ("sip", "sip:");
        let builder = configure(options, &[NAMES], address, UcwaBuilder::from_variables)?;
        let signed_in: Pending = Box::pin(async move {
            let session: SharedMessenger = Arc::new(builder.sign_in().await?);
            Ok(session)
        });
        Ok(signed_in)
    })
    .with_address()
}
