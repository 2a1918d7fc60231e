//! Options that say how the platforms are reached.

use std::path::{Path, PathBuf};

use clap::Args;
use ms_messenger::{ExposeSecret, SecretString};

use super::values::secret;
use crate::{
    profile::StoreArgs,
    text::options::{SKYPE, TEAMS},
};

/// Two credentials for one service conflict: none is ignored.
const STRING: [&str; 2] = ["acs_connection_string", "acs_connection_string_file"];
/// Options that give a credential with less precedence than a token.
const KEYS: [&str; 4] = [
    "acs_connection_string",
    "acs_connection_string_file",
    "acs_access_key",
    "acs_access_key_file",
];
/// Options that choose a stored sign-in.
const STORED: [&str; 2] = ["profile", "store_key_file"];

#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Azure Communication Services")]
pub(crate) struct ConnectionArgs {
    /// Connection string, as the portal prints it [env: ACS_CONNECTION_STRING, COMMUNICATION_SERVICES_CONNECTION_STRING]
    #[arg(long, value_name = "STRING", value_parser = secret)]
    pub(crate) acs_connection_string: Option<SecretString>,
    /// File that holds the connection string
    #[arg(long, value_name = "FILE", conflicts_with = "acs_connection_string")]
    pub(crate) acs_connection_string_file: Option<PathBuf>,
    /// Endpoint, if there is no connection string [env: ACS_ENDPOINT]
    #[arg(long, value_name = "URL")]
    pub(crate) acs_endpoint: Option<String>,
    /// Access key for acs-messages [env: ACS_ACCESS_KEY]
    #[arg(long, value_name = "KEY", value_parser = secret, conflicts_with_all = STRING)]
    pub(crate) acs_access_key: Option<SecretString>,
    /// File that holds the access key
    #[arg(long, value_name = "FILE", conflicts_with = "acs_access_key", conflicts_with_all = STRING)]
    pub(crate) acs_access_key_file: Option<PathBuf>,
    /// Entra ID or user access token for acs-messages [env: ACS_ACCESS_TOKEN]
    #[arg(long, value_name = "TOKEN", value_parser = secret, conflicts_with_all = KEYS)]
    pub(crate) acs_access_token: Option<SecretString>,
    /// File that holds the token for acs-messages
    #[arg(long, value_name = "FILE", conflicts_with = "acs_access_token", conflicts_with_all = KEYS)]
    pub(crate) acs_access_token_file: Option<PathBuf>,
    /// Channel that messages to telephone numbers are sent from, a GUID [env: ACS_CHANNEL_REGISTRATION_ID]
    #[arg(long, value_name = "GUID")]
    pub(crate) acs_channel_registration_id: Option<String>,
    /// Endpoint of acs-chat; by default that of acs-messages [env: ACS_CHAT_ENDPOINT]
    #[arg(long, value_name = "URL")]
    pub(crate) acs_chat_endpoint: Option<String>,
    /// User access token with the scope chat, for acs-chat [env: ACS_CHAT_TOKEN]
    #[arg(long, value_name = "TOKEN", value_parser = secret)]
    pub(crate) acs_chat_token: Option<SecretString>,
    /// File that holds the token for acs-chat
    #[arg(long, value_name = "FILE", conflicts_with = "acs_chat_token")]
    pub(crate) acs_chat_token_file: Option<PathBuf>,

    /// Delegated token for Graph; by default the sign-in of `msm login` [env: MSGRAPH_TOKEN]
    #[arg(long, value_name = "TOKEN", value_parser = secret, help_heading = TEAMS, conflicts_with_all = STORED)]
    pub(crate) msgraph_token: Option<SecretString>,
    /// File that holds the token for Graph
    #[arg(long, value_name = "FILE", conflicts_with = "msgraph_token", help_heading = TEAMS, conflicts_with_all = STORED)]
    pub(crate) msgraph_token_file: Option<PathBuf>,
    /// National cloud: global, us-gov-l4, us-gov-l5, china [env: MSGRAPH_CLOUD]
    #[arg(long, value_name = "CLOUD", help_heading = TEAMS)]
    pub(crate) msgraph_cloud: Option<String>,
    /// Base address with its version, instead of that of the cloud [env: MSGRAPH_BASE_URL]
    #[arg(long, value_name = "URL", conflicts_with = "msgraph_cloud", help_heading = TEAMS)]
    pub(crate) msgraph_base_url: Option<String>,
    /// Your own id or user principal name, to send to user: targets [env: MSGRAPH_USER]
    #[arg(long, value_name = "USER", help_heading = TEAMS)]
    pub(crate) msgraph_user: Option<String>,

    /// Your own SIP address, e.g. sip:bot@contoso.com [env: UCWA_SIP]
    #[arg(long, value_name = "SIP", help_heading = SKYPE)]
    pub(crate) ucwa_sip: Option<String>,
    /// User name, DOMAIN\user or a UPN; by default the SIP address without sip: [env: UCWA_USERNAME]
    #[arg(long, value_name = "NAME", help_heading = SKYPE)]
    pub(crate) ucwa_username: Option<String>,
    /// Password [env: UCWA_PASSWORD]
    #[arg(long, value_name = "PASSWORD", value_parser = secret, help_heading = SKYPE)]
    pub(crate) ucwa_password: Option<SecretString>,
    /// File that holds the password
    #[arg(long, value_name = "FILE", conflicts_with = "ucwa_password", help_heading = SKYPE)]
    pub(crate) ucwa_password_file: Option<PathBuf>,
    /// Address where discovery starts, instead of the names of the domain [env: UCWA_DISCOVERY_URL]
    #[arg(long, value_name = "URL", help_heading = SKYPE)]
    pub(crate) ucwa_discovery_url: Option<String>,
    /// Stable id of this installation [env: UCWA_ENDPOINT_ID]
    #[arg(long, value_name = "ID", help_heading = SKYPE)]
    pub(crate) ucwa_endpoint_id: Option<String>,
    /// Additional domain that the server may redirect to [env: UCWA_TRUSTED_DOMAIN]
    #[arg(long, value_name = "DOMAIN", help_heading = SKYPE)]
    pub(crate) ucwa_trusted_domain: Option<String>,

    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

/// A setting as the command line gives it.
#[derive(Debug)]
pub(crate) struct Given<'a> {
    /// The variable that the option replaces.
    pub(crate) variable: &'static str,
    /// The value of the option.
    pub(crate) value: Option<&'a str>,
    /// The file that holds the value.
    pub(crate) file: Option<&'a Path>,
    /// Whether it must not be printed.
    pub(crate) is_secret: bool,
}

impl<'a> Given<'a> {
    fn text(variable: &'static str, value: &'a Option<String>) -> Self {
        Self {
            variable,
            value: value.as_deref(),
            file: None,
            is_secret: false,
        }
    }

    fn secret(
        variable: &'static str,
        value: &'a Option<SecretString>,
        file: &'a Option<PathBuf>,
    ) -> Self {
        Self {
            variable,
            value: value.as_ref().map(ExposeSecret::expose_secret),
            file: file.as_deref(),
            is_secret: true,
        }
    }
}

impl ConnectionArgs {
    /// Returns every setting, given or not, by the variable that its option replaces.
    pub(crate) fn settings(&self) -> [Given<'_>; 17] {
        let (text, secret) = (Given::text, Given::secret);
        [
            secret(
                "ACS_CONNECTION_STRING",
                &self.acs_connection_string,
                &self.acs_connection_string_file,
            ),
            text("ACS_ENDPOINT", &self.acs_endpoint),
            secret(
                "ACS_ACCESS_KEY",
                &self.acs_access_key,
                &self.acs_access_key_file,
            ),
            secret(
                "ACS_ACCESS_TOKEN",
                &self.acs_access_token,
                &self.acs_access_token_file,
            ),
            text(
                "ACS_CHANNEL_REGISTRATION_ID",
                &self.acs_channel_registration_id,
            ),
            text("ACS_CHAT_ENDPOINT", &self.acs_chat_endpoint),
            secret(
                "ACS_CHAT_TOKEN",
                &self.acs_chat_token,
                &self.acs_chat_token_file,
            ),
            secret(
                "MSGRAPH_TOKEN",
                &self.msgraph_token,
                &self.msgraph_token_file,
            ),
            text("MSGRAPH_CLOUD", &self.msgraph_cloud),
            text("MSGRAPH_BASE_URL", &self.msgraph_base_url),
            text("MSGRAPH_USER", &self.msgraph_user),
            text("UCWA_SIP", &self.ucwa_sip),
            text("UCWA_USERNAME", &self.ucwa_username),
            secret(
                "UCWA_PASSWORD",
                &self.ucwa_password,
                &self.ucwa_password_file,
            ),
            text("UCWA_DISCOVERY_URL", &self.ucwa_discovery_url),
            text("UCWA_ENDPOINT_ID", &self.ucwa_endpoint_id),
            text("UCWA_TRUSTED_DOMAIN", &self.ucwa_trusted_domain),
        ]
    }
}
