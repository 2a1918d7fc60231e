//! Settings: options, files and environment.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use ms_messenger::{
    Error, ErrorKind, Problems, Result, acs_messages::ConnectionString, entra::ClientCredentials,
    http::Variables,
};
use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    args::ConnectionArgs,
    environment::{Environment, variable},
    files::unreadable,
    platform::Platform,
    sign_in::SignedIn,
};

/// The variables of an application of Entra ID.
pub(crate) const APPLICATION: [&str; 5] = [
    "AZURE_TENANT_ID",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_AUTHORITY_HOST",
];

/// Where a setting came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    CommandLine,
    File(PathBuf),
    Variable(&'static str),
    SignIn(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CommandLine => f.write_str("the command line"),
            Self::File(path) => write!(f, "the file {}", path.display()),
            Self::Variable(_) => f.write_str("the environment"),
            Self::SignIn(name) => write!(f, "the sign-in `{name}`"),
        }
    }
}

impl Origin {
    /// The setting that `variable` can set, as whoever set it knows it.
    pub(crate) fn setting(&self, variable: &str) -> String {
        match self {
            Self::CommandLine => option(variable),
            Self::File(path) => path.display().to_string(),
            Self::Variable(name) => (*name).to_owned(),
            Self::SignIn(_) => self.to_string(),
        }
    }
}

/// `--acs-chat-token` of `ACS_CHAT_TOKEN`.
fn option(variable: &str) -> String {
    format!("--{}", variable.to_ascii_lowercase().replace('_', "-"))
}

/// What is wrong with a setting, in the words of what reads it.
fn unusable(setting: &str, error: &Error) -> Error {
    let rules: Vec<&str> = match error.problems() {
        [] => vec![error.message()],
        problems => problems
            .iter()
            .map(|problem| problem.rule.as_str())
            .collect(),
    };
    let message = format!("{setting} is unusable: {}", rules.join("; "));
    Error::new(ErrorKind::Config, message)
}

/// A secret, and where it came from.
#[derive(Debug)]
struct SecretSource {
    secret: SecretString,
    origin: Origin,
}

impl SecretSource {
    const fn is_of_the_environment(&self) -> bool {
        matches!(self.origin, Origin::Variable(_))
    }
}

/// What is configured. Nothing is checked here but that files can be read.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    connection_string: Option<SecretSource>,
    access_key: Option<SecretSource>,
    access_token: Option<SecretSource>,
    /// The application of the `AZURE_…` variables, where an endpoint says that it is for ACS.
    application: Option<ClientCredentials>,
    acs_endpoint: Option<String>,
    chat_endpoint: Option<String>,
    pub(crate) channel_registration_id: Option<String>,
    pub(crate) chat_token: Option<SecretString>,
    pub(crate) graph_token: Option<SecretString>,
    /// Who signed in, where no token is given.
    pub(crate) signed_in: Option<SignedIn>,
    pub(crate) graph_cloud: Option<String>,
    pub(crate) graph_base_url: Option<String>,
    pub(crate) graph_user: Option<String>,
    pub(crate) ucwa: Ucwa,
    origins: Vec<(&'static str, Origin)>,
}

/// Who signs in to Skype for Business, and where.
#[derive(Debug, Default)]
pub(crate) struct Ucwa {
    pub(crate) sip: Option<String>,
    pub(crate) username: Option<String>,
    pub(crate) password: Option<SecretString>,
    pub(crate) discovery_url: Option<String>,
    pub(crate) endpoint_id: Option<String>,
    pub(crate) trusted_domain: Option<String>,
}

/// As whom acs-messages sends.
#[derive(Debug)]
pub(crate) enum AcsCredential<'a> {
    Token(&'a SecretString),
    Key(&'a SecretString),
    ConnectionString,
    Application(&'a ClientCredentials),
}

impl Settings {
    /// Reads options, files and environment.
    ///
    /// # Errors
    ///
    /// `Config` that names every file that cannot be used.
    pub(crate) fn read(args: &ConnectionArgs, env: Environment<'_>) -> Result<Self> {
        let mut source = Source {
            env,
            origins: Vec::new(),
            problems: Problems::new(),
        };
        let strings = [
            "ACS_CONNECTION_STRING",
            "COMMUNICATION_SERVICES_CONNECTION_STRING",
        ];
        let mut settings = Self {
            connection_string: source.secret(
                args.acs_connection_string.as_ref(),
                args.acs_connection_string_file.as_deref(),
                &strings,
            ),
            access_key: source.secret(
                args.acs_access_key.as_ref(),
                args.acs_access_key_file.as_deref(),
                &["ACS_ACCESS_KEY"],
            ),
            access_token: source.secret(
                args.acs_access_token.as_ref(),
                args.acs_access_token_file.as_deref(),
                &["ACS_ACCESS_TOKEN"],
            ),
            acs_endpoint: source.text(args.acs_endpoint.as_ref(), "ACS_ENDPOINT"),
            chat_endpoint: source.text(args.acs_chat_endpoint.as_ref(), "ACS_CHAT_ENDPOINT"),
            channel_registration_id: source.text(
                args.acs_channel_registration_id.as_ref(),
                "ACS_CHANNEL_REGISTRATION_ID",
            ),
            chat_token: source.token(
                args.acs_chat_token.as_ref(),
                args.acs_chat_token_file.as_deref(),
                "ACS_CHAT_TOKEN",
            ),
            graph_token: source.graph_token(args),
            graph_user: source.text(args.msgraph_user.as_ref(), "MSGRAPH_USER"),
            ucwa: Ucwa {
                sip: source.text(args.ucwa_sip.as_ref(), "UCWA_SIP"),
                username: source.text(args.ucwa_username.as_ref(), "UCWA_USERNAME"),
                password: source.token(
                    args.ucwa_password.as_ref(),
                    args.ucwa_password_file.as_deref(),
                    "UCWA_PASSWORD",
                ),
                discovery_url: source.text(args.ucwa_discovery_url.as_ref(), "UCWA_DISCOVERY_URL"),
                endpoint_id: source.text(args.ucwa_endpoint_id.as_ref(), "UCWA_ENDPOINT_ID"),
                trusted_domain: source
                    .text(args.ucwa_trusted_domain.as_ref(), "UCWA_TRUSTED_DOMAIN"),
            },
            ..Self::default()
        };
        settings.read_graph_address(args, &mut source);
        settings.read_sign_in(args, &mut source);
        settings.read_application(&mut source);
        settings.origins = source.origins;
        source.problems.into_result(ErrorKind::Config)?;
        Ok(settings)
    }

    /// An address or cloud of the command line puts aside both of the environment.
    fn read_graph_address(&mut self, args: &ConnectionArgs, source: &mut Source<'_>) {
        let (url, cloud) = (args.msgraph_base_url.as_ref(), args.msgraph_cloud.as_ref());
        if url.is_none() {
            self.graph_cloud = source.text(cloud, "MSGRAPH_CLOUD");
        }
        if cloud.is_none() {
            self.graph_base_url = source.text(url, "MSGRAPH_BASE_URL");
        }
    }

    /// An application is the last resort, and for ACS only where an endpoint is named: the
    /// variables may be there for something else.
    fn read_application(&mut self, source: &mut Source<'_>) {
        if self.acs_endpoint.is_none() || self.acs_credential().is_some() {
            return;
        }
        let mut variables = Variables::new(source.env);
        if !ClientCredentials::are_in(&variables) {
            return;
        }
        self.application = ClientCredentials::from_variables(&mut variables);
        for name in APPLICATION {
            if variables.optional(name).is_some() {
                source.origins.push((name, Origin::Variable(name)));
            }
        }
        if let Err(error) = variables.into_result() {
            for problem in error.problems() {
                source.problems.add(&problem.field, &problem.rule);
            }
        }
    }

    /// A token that is given puts the sign-in aside.
    fn read_sign_in(&mut self, args: &ConnectionArgs, source: &mut Source<'_>) {
        if self.graph_token.is_some() {
            return;
        }
        match SignedIn::find(&args.store, source.env) {
            Ok(None) => {}
            Ok(Some(signed_in)) => {
                let origin = Origin::SignIn(signed_in.profile.name.clone());
                source.origins.push(("MSGRAPH_TOKEN", origin));
                self.signed_in = Some(signed_in);
            }
            Err(error) => source.problems.add("sign-in", error.message().to_owned()),
        }
    }

    /// The own id or name of who sends through Graph.
    pub(crate) fn graph_own_user(&self) -> Option<&str> {
        let signed_in = || {
            let sign_in = self.signed_in.as_ref()?.sign_in().ok()?;
            sign_in.user_id.as_deref().or(sign_in.user.as_deref())
        };
        self.graph_user.as_deref().or_else(signed_in)
    }

    /// Where the setting that this variable can set came from; `None` when it is not set.
    pub(crate) fn origin(&self, variable: &str) -> Option<&Origin> {
        let mut known = self.origins.iter();
        let (_, origin) = known.find(|(name, _)| *name == variable)?;
        Some(origin)
    }

    /// The token that was given for `platform`, and the setting that holds it.
    pub(crate) fn token_of(&self, platform: Platform) -> Option<(String, &SecretString)> {
        let (variable, token) = match platform {
            Platform::AcsMessages => match self.acs_credential()? {
                AcsCredential::Token(token) => ("ACS_ACCESS_TOKEN", token),
                _ => return None,
            },
            Platform::AcsChat => ("ACS_CHAT_TOKEN", self.chat_token.as_ref()?),
            Platform::MsgraphChat => ("MSGRAPH_TOKEN", self.graph_token.as_ref()?),
            Platform::Ucwa => return None,
        };
        let setting = self.origin(variable)?.setting(variable);
        Some((setting, token))
    }

    /// Whether there is a credential for `platform`.
    pub(crate) fn configures(&self, platform: Platform) -> bool {
        match platform {
            Platform::AcsMessages => self.acs_credential().is_some(),
            Platform::AcsChat => self.chat_token.is_some(),
            Platform::MsgraphChat => self.graph_token.is_some() || self.signed_in.is_some(),
            Platform::Ucwa => self.ucwa.sip.is_some() && self.ucwa.password.is_some(),
        }
    }

    /// As whom acs-messages sends: the command line before the environment, and there a token
    /// before a key before a connection string; an application after all of them.
    pub(crate) fn acs_credential(&self) -> Option<AcsCredential<'_>> {
        let given = [false, true].into_iter().find_map(|of_the_environment| {
            let given =
                |given: &'_ &SecretSource| given.is_of_the_environment() == of_the_environment;
            if let Some(token) = self.access_token.as_ref().filter(given) {
                return Some(AcsCredential::Token(&token.secret));
            }
            if let Some(key) = self.access_key.as_ref().filter(given) {
                return Some(AcsCredential::Key(&key.secret));
            }
            let string = self.connection_string.as_ref().filter(given);
            string.map(|_| AcsCredential::ConnectionString)
        });
        given.or_else(|| self.application.as_ref().map(AcsCredential::Application))
    }

    /// The connection string, read.
    ///
    /// # Errors
    ///
    /// `Config` when there is none or it is unusable; nothing of it is repeated.
    pub(crate) fn parsed_connection_string(&self) -> Result<ConnectionString> {
        match &self.connection_string {
            Some(given) => {
                let parsed = ConnectionString::parse(given.secret.expose_secret());
                parsed.map_err(|error| {
                    let name = given.origin.setting("ACS_CONNECTION_STRING");
                    unusable(&name, &error)
                })
            }
            None => Err(Error::new(
                ErrorKind::Config,
                "an endpoint is missing: set ACS_ENDPOINT",
            )),
        }
    }

    /// Where acs-messages is.
    ///
    /// # Errors
    ///
    /// `Config` when nothing says it.
    pub(crate) fn messages_endpoint(&self) -> Result<String> {
        // A key is for its own resource: the endpoint beside it wins over one of another place.
        if let Some(AcsCredential::ConnectionString) = self.acs_credential() {
            let own = self.parsed_connection_string()?.endpoint().to_string();
            let named = self.acs_endpoint.as_deref().unwrap_or(&own);
            let is_asked_for = self.origin("ACS_ENDPOINT") == Some(&Origin::CommandLine);
            if is_asked_for && named.trim_end_matches('/') != own {
                let text = "--acs-endpoint is not that of the connection string, whose key is for \
                            its own resource";
                return Err(Error::new(ErrorKind::Config, text));
            }
            return Ok(own);
        }
        match &self.acs_endpoint {
            Some(endpoint) => Ok(endpoint.clone()),
            None => Ok(self.parsed_connection_string()?.endpoint().to_string()),
        }
    }

    /// Where acs-chat is.
    ///
    /// # Errors
    ///
    /// `Config` when nothing says it.
    pub(crate) fn chat_endpoint(&self) -> Result<String> {
        match self.chat_endpoint.as_ref().or(self.acs_endpoint.as_ref()) {
            Some(endpoint) => Ok(endpoint.clone()),
            None if self.connection_string.is_none() => Err(Error::new(
                ErrorKind::Config,
                "the endpoint of acs-chat is missing: set ACS_CHAT_ENDPOINT",
            )),
            None => Ok(self.parsed_connection_string()?.endpoint().to_string()),
        }
    }
}

struct Source<'a> {
    env: Environment<'a>,
    /// By the first variable that can set it.
    origins: Vec<(&'static str, Origin)>,
    problems: Problems,
}

impl Source<'_> {
    fn text(&mut self, given: Option<&String>, name: &'static str) -> Option<String> {
        let (value, origin) = match given {
            Some(value) => (value.trim().to_owned(), Origin::CommandLine),
            None => (variable(self.env, name)?, Origin::Variable(name)),
        };
        if value.is_empty() {
            self.problems.add(option(name), "is empty");
        }
        self.origins.push((name, origin));
        Some(value)
    }

    fn secret(
        &mut self,
        given: Option<&SecretString>,
        file: Option<&Path>,
        names: &[&'static str],
    ) -> Option<SecretSource> {
        let first = names.first()?;
        let (secret, origin) = match (given, file) {
            (Some(secret), _) => {
                let secret = SecretString::from(secret.expose_secret().trim());
                (secret, Origin::CommandLine)
            }
            (None, Some(file)) => (self.file(file)?, Origin::File(file.to_owned())),
            (None, None) => {
                let found = |name: &&'static str| Some((variable(self.env, name)?, *name));
                let (value, name) = names.iter().find_map(found)?;
                (SecretString::from(value), Origin::Variable(name))
            }
        };
        self.find_slips(&secret, &origin.setting(first));
        self.origins.push((first, origin.clone()));
        Some(SecretSource { secret, origin })
    }

    /// What every service would refuse, without a hint that it was never a secret.
    fn find_slips(&mut self, secret: &SecretString, setting: &str) {
        let secret = secret.expose_secret();
        if secret.is_empty() {
            self.problems.add(setting, "is empty");
        }
        let scheme = secret.get(..7).unwrap_or_default();
        if scheme.eq_ignore_ascii_case("bearer ") {
            let rule = "begins with \"Bearer \": give the token alone";
            self.problems.add(setting, rule);
        }
    }

    fn token(
        &mut self,
        given: Option<&SecretString>,
        file: Option<&Path>,
        name: &'static str,
    ) -> Option<SecretString> {
        self.secret(given, file, &[name]).map(|given| given.secret)
    }

    /// A sign-in that the command line names puts aside a token of the environment.
    fn graph_token(&mut self, args: &ConnectionArgs) -> Option<SecretString> {
        let (token, file) = (
            args.msgraph_token.as_ref(),
            args.msgraph_token_file.as_deref(),
        );
        let names_a_sign_in = args.store.profile.is_some() || args.store.store_key_file.is_some();
        if names_a_sign_in && token.is_none() && file.is_none() {
            return None;
        }
        self.token(token, file, "MSGRAPH_TOKEN")
    }

    /// The one line that a file holds. Its content is never part of an error.
    fn file(&mut self, path: &Path) -> Option<SecretString> {
        let name = path.display().to_string();
        match fs::read_to_string(path) {
            Ok(text) if text.trim().is_empty() => self.problems.add(name, "the file is empty"),
            Ok(text) => return Some(SecretString::from(text.trim())),
            Err(error) => self.problems.add(name, unreadable(&error)),
        }
        None
    }
}

#[cfg(test)]
mod tests;
