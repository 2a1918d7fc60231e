//! Which platform a message goes through.

use std::{sync::Arc, time::SystemTime};

use clap::ValueEnum;
use ms_messenger::{
    Address, Body, Error, ErrorKind, Problem, Result, RetryPolicy, SendRequest, SharedMessenger,
    StaticToken, Target, TokenProvider,
    acs_chat::AcsChatClient,
    acs_messages::{AcsMessagesClient, Credential},
    http::HttpOptions,
    msgraph_chat::{Cloud, GraphChatClient},
    ucwa::{self, UcwaBuilder, UcwaSession},
};
use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    config::{AcsCredential, Settings},
    token::{self, Service},
};

/// A platform of this build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Platform {
    /// WhatsApp and conversations, through Azure Communication Services
    AcsMessages,
    /// Azure Communication Services Chat
    AcsChat,
    /// Teams through Microsoft Graph
    MsgraphChat,
    /// Skype for Business Server through UCWA
    Ucwa,
}

/// A client that can send, and the session behind it, if it has one that must be ended.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) messenger: SharedMessenger,
    session: Option<UcwaSession>,
}

impl Connection {
    /// Signs out, where somebody signed in.
    pub(crate) async fn end(self) {
        if let Some(session) = self.session {
            session.sign_out().await;
        }
    }
}

impl Platform {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [
        Self::AcsMessages,
        Self::AcsChat,
        Self::MsgraphChat,
        Self::Ucwa,
    ];

    /// The name, as messengers and the ledger have it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::AcsMessages => "acs-messages",
            Self::AcsChat => "acs-chat",
            Self::MsgraphChat => "msgraph-chat",
            Self::Ucwa => "ucwa",
        }
    }

    /// Whether it has such targets at all. It only picks the platform: what a client carries, it
    /// says itself.
    const fn has(self, target: &Target) -> bool {
        match target {
            // A conversation of Skype for Business lives no longer than a session.
            Target::Conversation(_) => !matches!(self, Self::Ucwa),
            Target::Person(Address::Sip(_)) => matches!(self, Self::Ucwa),
            Target::Channel { .. } | Target::Person(Address::User(_)) => {
                matches!(self, Self::MsgraphChat)
            }
            Target::Person(Address::Phone(_) | Address::WhatsApp(_)) => {
                matches!(self, Self::AcsMessages)
            }
            _ => false,
        }
    }

    /// What configures it.
    pub(crate) const fn needs(self) -> &'static str {
        match self {
            Self::AcsMessages => {
                "ACS_CONNECTION_STRING, or ACS_ENDPOINT with ACS_ACCESS_KEY, ACS_ACCESS_TOKEN or the \
                 AZURE_… variables of an application"
            }
            Self::AcsChat => "ACS_CHAT_TOKEN and ACS_CHAT_ENDPOINT",
            Self::MsgraphChat => "MSGRAPH_TOKEN, or sign in with `msm login`",
            Self::Ucwa => "UCWA_SIP and UCWA_PASSWORD",
        }
    }

    /// The platform that `request` goes through: the one that is named, else the only one that
    /// is configured and has such targets.
    ///
    /// # Errors
    ///
    /// `Unsupported` for a target that no platform has; `Config` when none or several would do,
    /// or something that the target needs is not configured.
    pub(crate) fn choose(
        named: Option<Self>,
        request: &SendRequest,
        settings: &Settings,
    ) -> Result<Self> {
        if !Self::ALL.iter().any(|platform| platform.has(&request.to)) {
            return Err(nobody_has());
        }
        let chosen = match named.or_else(|| native_platform(request)) {
            Some(platform) => platform,
            None => only_one(&request.to, settings)?,
        };
        if !settings.configures(chosen) {
            return Err(incomplete(chosen));
        }
        let missing = match (&request.to, chosen) {
            (Target::Person(Address::Phone(_) | Address::WhatsApp(_)), Self::AcsMessages)
                if settings.channel_registration_id.is_none() =>
            {
                "a WhatsApp user needs the channel that the message comes from: set \
                 ACS_CHANNEL_REGISTRATION_ID"
            }
            (Target::Person(Address::User(_)), Self::MsgraphChat)
                if settings.graph_own_user().is_none() =>
            {
                "a one-on-one chat needs your own id: set MSGRAPH_USER"
            }
            _ => return Ok(chosen),
        };
        Err(Error::new(ErrorKind::Config, missing).with_platform(chosen.as_str()))
    }

    /// Runs every check that a send runs before anything leaves this machine, and those of the
    /// token that only a service would run. Answers what whoever sends should know.
    ///
    /// # Errors
    ///
    /// `Config` when something is missing or unusable; what the client would refuse; what the
    /// token says of itself.
    pub(crate) fn check(
        self,
        settings: &Settings,
        options: HttpOptions,
        request: &SendRequest,
    ) -> Result<Vec<Problem>> {
        let retry = RetryPolicy::never();
        let checked = match self {
            Self::AcsMessages => acs_messages(settings, options, retry)?.check(request),
            Self::AcsChat => acs_chat(settings, options, retry)?.check(request),
            Self::MsgraphChat => msgraph_chat(settings, options, retry)?.check(request),
            Self::Ucwa => {
                // What is set up wrongly is said here; who signs in is seen by the server.
                drop(skype(settings, options, retry)?);
                ucwa::check(request)
            }
        };
        let mut warnings = checked?;
        if self == Self::MsgraphChat {
            let without = address_without_version(settings);
            warnings.extend(without.map(|rule| Problem::new("MSGRAPH_BASE_URL", rule)));
        }
        self.check_token(settings, request)?;
        Ok(warnings)
    }

    fn check_token(self, settings: &Settings, request: &SendRequest) -> Result<()> {
        let Some((setting, token)) = settings.token_of(self) else {
            return self.check_sign_in(settings);
        };
        let token = token.expose_secret();
        let now = SystemTime::now();
        let faults = match self {
            Self::AcsMessages => token::faults(token, Service::AcsMessages, now),
            Self::AcsChat => token::faults(token, Service::AcsChat, now),
            Self::MsgraphChat => {
                let address = graph_address(settings)?;
                let mut faults = token::faults(token, Service::Graph(&address), now);
                faults.extend(token::missing_permission(token, request));
                faults
            }
            Self::Ucwa => Vec::new(),
        };
        token::refuse(&setting, faults).map_err(|error| error.with_platform(self.as_str()))
    }

    /// A sign-in whose token has expired is renewed when something is sent, if that can be.
    fn check_sign_in(self, settings: &Settings) -> Result<()> {
        let (Self::MsgraphChat, Some(signed_in)) = (self, &settings.signed_in) else {
            return Ok(());
        };
        let sign_in = signed_in.sign_in()?;
        let end = sign_in.access_token.expires_at();
        let has_expired = end.is_some_and(|end| end <= SystemTime::now());
        match has_expired && sign_in.refresh_token.is_none() {
            true => Err(signed_in.profile.over()),
            false => Ok(()),
        }
    }

    /// The client of this platform, as it is configured: signed in where it must be, else
    /// nothing is connected yet.
    ///
    /// # Errors
    ///
    /// `Config` when something is missing or unusable; what keeps a user from signing in.
    pub(crate) async fn connect(
        self,
        settings: &Settings,
        options: HttpOptions,
        retry: RetryPolicy,
    ) -> Result<Connection> {
        let mut session = None;
        let messenger: SharedMessenger = match self {
            Self::AcsMessages => Arc::new(acs_messages(settings, options, retry)?),
            Self::AcsChat => Arc::new(acs_chat(settings, options, retry)?),
            Self::MsgraphChat => Arc::new(msgraph_chat(settings, options, retry)?),
            Self::Ucwa => {
                let signed_in = skype(settings, options, retry)?.sign_in().await?;
                session = Some(signed_in.clone());
                Arc::new(signed_in)
            }
        };
        Ok(Connection { messenger, session })
    }
}

/// A body in a platform's own JSON names its platform.
fn native_platform(request: &SendRequest) -> Option<Platform> {
    let Body::Native { platform, .. } = &request.message.body else {
        return None;
    };
    Platform::ALL.into_iter().find(|p| p.as_str() == platform)
}

fn only_one(to: &Target, settings: &Settings) -> Result<Platform> {
    let having: Vec<Platform> = Platform::ALL.into_iter().filter(|p| p.has(to)).collect();
    let ready: Vec<Platform> = having
        .iter()
        .copied()
        .filter(|p| settings.configures(*p))
        .collect();
    match ready.as_slice() {
        [platform] => Ok(*platform),
        [] => {
            let needs = having
                .iter()
                .map(|p| format!("{} needs {}", p.as_str(), p.needs()));
            let needs: Vec<String> = needs.collect();
            Err(Error::new(
                ErrorKind::Config,
                format!(
                    "no platform for this target is configured: {}",
                    needs.join("; ")
                ),
            ))
        }
        several => {
            let names: Vec<&str> = several.iter().map(|p| p.as_str()).collect();
            Err(Error::new(
                ErrorKind::Config,
                format!(
                    "several platforms could carry this: say which with --platform, or unset the \
                     others: {}",
                    names.join(", ")
                ),
            ))
        }
    }
}

fn nobody_has() -> Error {
    let rule = "no enabled platform carries this target";
    Problem::new("to", rule).into_error(ErrorKind::Unsupported)
}

fn static_token(secret: &SecretString) -> StaticToken {
    StaticToken::new(secret.expose_secret())
}

fn acs_messages(
    settings: &Settings,
    options: HttpOptions,
    retry: RetryPolicy,
) -> Result<AcsMessagesClient> {
    let credential = match settings.acs_credential() {
        Some(AcsCredential::Token(token)) => Credential::entra(static_token(token)),
        Some(AcsCredential::Key(key)) => Credential::access_key(key.expose_secret())?,
        Some(AcsCredential::ConnectionString) => {
            Credential::AccessKey(settings.parsed_connection_string()?.access_key().clone())
        }
        Some(AcsCredential::Application(application)) => Credential::entra(application.clone()),
        None => return Err(incomplete(Platform::AcsMessages)),
    };
    let mut builder = AcsMessagesClient::builder(settings.messages_endpoint()?, credential)
        .with_http_options(options)
        .with_retry_policy(retry);
    if let Some(id) = &settings.channel_registration_id {
        builder = builder.with_channel_registration_id(id);
    }
    builder.build()
}

fn acs_chat(
    settings: &Settings,
    options: HttpOptions,
    retry: RetryPolicy,
) -> Result<AcsChatClient> {
    let token = settings.chat_token.as_ref();
    let token = token.ok_or_else(|| incomplete(Platform::AcsChat))?;
    AcsChatClient::builder(settings.chat_endpoint()?, static_token(token))
        // By them a message in doubt is recognised.
        .with_client_message_ids()
        .with_http_options(options)
        .with_retry_policy(retry)
        .build()
}

fn msgraph_chat(
    settings: &Settings,
    options: HttpOptions,
    retry: RetryPolicy,
) -> Result<GraphChatClient> {
    let mut builder = GraphChatClient::builder(graph_credential(settings)?)
        .with_http_options(options)
        .with_retry_policy(retry)
        .with_cloud(graph_cloud(settings)?);
    if let Some(url) = &settings.graph_base_url {
        builder = builder.with_base_url(url);
    }
    if let Some(own) = settings.graph_own_user() {
        builder = builder.with_one_on_one_chats(own);
    }
    builder.build()
}

/// As whom Graph is asked: by a token that was given, else by the sign-in.
///
/// # Errors
///
/// `Config` when there is neither; what kept the sign-in from being read.
pub(crate) fn graph_credential(settings: &Settings) -> Result<Box<dyn TokenProvider>> {
    if let Some(token) = &settings.graph_token {
        return Ok(Box::new(static_token(token)));
    }
    let signed_in = settings.signed_in.as_ref();
    let signed_in = signed_in.ok_or_else(|| incomplete(Platform::MsgraphChat))?;
    signed_in.sign_in()?;
    Ok(Box::new(signed_in.provider()))
}

/// The cloud that is named, else that of the sign-in.
///
/// # Errors
///
/// `Config` for a cloud that is none, or not that of the sign-in.
pub(crate) fn graph_cloud(settings: &Settings) -> Result<Cloud> {
    let named = settings.graph_cloud.as_deref().map(cloud).transpose()?;
    let own = match &settings.signed_in {
        Some(signed_in) => signed_in.cloud()?,
        None => None,
    };
    match (named, own) {
        // A token of one cloud is worth nothing in another.
        (Some(named), Some(own)) if named != own => Err(Error::new(
            ErrorKind::Config,
            "MSGRAPH_CLOUD: is not the cloud that was signed in to",
        )),
        (Some(cloud), _) | (None, Some(cloud)) => Ok(cloud),
        (None, None) => Ok(Cloud::GLOBAL),
    }
}

/// Where Graph is, with its version.
///
/// # Errors
///
/// As [`graph_cloud`].
pub(crate) fn graph_address(settings: &Settings) -> Result<String> {
    if let Some(url) = &settings.graph_base_url {
        return Ok(url.clone());
    }
    Ok(format!("{}/v1.0", graph_cloud(settings)?.graph_root))
}

/// What is wrong with a base address of Graph that ends in no version.
pub(crate) fn address_without_version(settings: &Settings) -> Option<String> {
    let url = settings.graph_base_url.as_deref()?;
    let address = url.trim_end_matches('/');
    let has_version = ["/v1.0", "/beta"].iter().any(|it| address.ends_with(it));
    let setting = settings
        .origin("MSGRAPH_BASE_URL")?
        .setting("MSGRAPH_BASE_URL");
    (!has_version).then(|| format!("{setting} ends in no version: did you mean it with /v1.0?"))
}

/// The one place where a session is set up.
pub(crate) fn skype(
    settings: &Settings,
    options: HttpOptions,
    retry: RetryPolicy,
) -> Result<UcwaBuilder> {
    let configured = &settings.ucwa;
    let (Some(sip), Some(password)) = (&configured.sip, &configured.password) else {
        return Err(incomplete(Platform::Ucwa));
    };
    let username = match &configured.username {
        Some(username) => username.as_str(),
        None => sip.strip_prefix("sip:").unwrap_or(sip),
    };
    let credential = ucwa::Credential::password(username, password.clone());
    let mut builder = UcwaSession::builder(sip, credential)
        .with_http_options(options)
        .with_user_agent(concat!("msm/", env!("CARGO_PKG_VERSION")))
        .with_retry_policy(retry);
    if let Some(url) = &configured.discovery_url {
        builder = builder.with_discovery_url(url);
    }
    if let Some(id) = &configured.endpoint_id {
        builder = builder.with_endpoint_id(id);
    }
    if let Some(domain) = &configured.trusted_domain {
        builder = builder.with_trusted_domain(domain);
    }
    Ok(builder)
}

/// The cloud of this name.
///
/// # Errors
///
/// `Config` when there is none.
pub(crate) fn cloud(name: &str) -> Result<Cloud> {
    match name {
        "global" => Ok(Cloud::GLOBAL),
        "us-gov-l4" => Ok(Cloud::US_GOV_L4),
        "us-gov-l5" => Ok(Cloud::US_GOV_L5),
        "china" => Ok(Cloud::CHINA),
        _ => Err(Error::new(
            ErrorKind::Config,
            "MSGRAPH_CLOUD: must be global, us-gov-l4, us-gov-l5 or china",
        )),
    }
}

fn incomplete(platform: Platform) -> Error {
    let message = format!(
        "{} is not configured: set {}",
        platform.as_str(),
        platform.needs()
    );
    Error::new(ErrorKind::Config, message)
}

#[cfg(test)]
mod tests {
    use ms_messenger::Message;

    use super::*;
    use crate::args::ConnectionArgs;

    fn settings(names: &[&str]) -> Settings {
        let env = |name: &str| names.contains(&name).then(|| "x".to_owned());
        Settings::read(&ConnectionArgs::default(), &env).unwrap()
    }

    fn choose(to: &str, names: &[&str]) -> Result<Platform> {
        let request = SendRequest::new(to.parse::<Target>().unwrap(), Message::text("hi"));
        Platform::choose(None, &request, &settings(names))
    }

    const ALL: &[&str] = &["ACS_CONNECTION_STRING", "ACS_CHAT_TOKEN", "MSGRAPH_TOKEN"];

    #[test]
    fn the_only_platform_that_is_configured_is_taken() {
        for (names, platform) in [
            (&["ACS_CONNECTION_STRING"], Platform::AcsMessages),
            (&["ACS_CHAT_TOKEN"], Platform::AcsChat),
            (&["MSGRAPH_TOKEN"], Platform::MsgraphChat),
        ] {
            assert_eq!(choose("conversation:19:a", names).unwrap(), platform);
        }
        assert_eq!(choose("channel:t/c", ALL).unwrap(), Platform::MsgraphChat);
    }

    #[test]
    fn several_candidates_are_listed_and_none_is_guessed() {
        let error = choose("conversation:19:a", ALL).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        for platform in Platform::ALL {
            // A conversation of Skype for Business cannot be named from outside.
            let named = error.message().contains(platform.as_str());
            assert_eq!(named, platform != Platform::Ucwa, "{error}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        for (to, names, missing) in [
            ("channel:t/c", &[][..], "MSGRAPH_TOKEN"),
            ("channel:t/c", &["ACS_CHAT_TOKEN"][..], "MSGRAPH_TOKEN"),
            ("tel:+14255550123", ALL, "ACS_CHANNEL_REGISTRATION_ID"),
            ("user:lene@contoso.com", ALL, "MSGRAPH_USER"),
        ] {
            let error = choose(to, names).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{to}");
            assert!(error.message().contains(missing), "{to}: {error}");
        }
    }

    #[test]
    fn a_sip_address_goes_to_skype_for_business() {
        let names = &["UCWA_SIP", "UCWA_PASSWORD", "MSGRAPH_TOKEN"];
        assert_eq!(
            choose("sip:lene@contoso.com", names).unwrap(),
            Platform::Ucwa
        );
        let error = choose("sip:lene@contoso.com", &["UCWA_SIP"]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.message().contains("UCWA_PASSWORD"), "{error}");
    }

    #[test]
    fn a_native_body_goes_to_its_platform() {
        let to = Target::conversation("19:a");
        let request = SendRequest::new(to, Message::native("acs-chat", serde_json::json!({})));
        let chosen = Platform::choose(None, &request, &settings(ALL)).unwrap();
        assert_eq!(chosen, Platform::AcsChat);
    }
}
