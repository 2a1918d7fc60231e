//! The checks of `msm send --dry-run`.

use std::time::SystemTime;

use ms_messenger::{
    Problem, Result, RetryPolicy, SendRequest,
    acs_chat::{self, AcsChatClient},
    acs_messages::{self, AcsMessagesClient},
    http::{HttpOptions, Preview},
    msgraph_chat::{self, GraphChatClient},
    ucwa,
};

use crate::{
    config::Settings,
    connect, graph,
    platform::Platform,
    token::{self, Service},
};

/// Checks requests as the client of a platform does before any I/O.
#[derive(Debug)]
pub(crate) enum Checker {
    AcsMessages(AcsMessagesClient),
    AcsChat(AcsChatClient),
    MsgraphChat(GraphChatClient),
    Ucwa,
}

impl Checker {
    /// Builds the client of a platform.
    ///
    /// # Errors
    ///
    /// `Config` when a setting is missing or unusable, `Unauthenticated` for an expired token.
    pub(crate) fn open(
        platform: Platform,
        settings: &Settings,
        options: HttpOptions,
    ) -> Result<Self> {
        let retry = RetryPolicy::never();
        Ok(match platform {
            Platform::AcsMessages => {
                Self::AcsMessages(connect::acs_messages(settings, options, retry)?)
            }
            Platform::AcsChat => Self::AcsChat(connect::acs_chat(settings, options, retry)?),
            Platform::MsgraphChat => {
                Self::MsgraphChat(connect::msgraph_chat(settings, options, retry)?)
            }
            Platform::Ucwa => {
                // The settings are checked here; only the server can check the credential.
                drop(connect::skype(settings, options, retry)?);
                Self::Ucwa
            }
        })
    }

    /// Returns warnings.
    ///
    /// # Errors
    ///
    /// What the client rejects.
    pub(crate) fn check(&self, request: &SendRequest) -> Result<Vec<Problem>> {
        match self {
            Self::AcsMessages(client) => client.check(request),
            Self::AcsChat(client) => client.check(request),
            Self::MsgraphChat(client) => client.check(request),
            Self::Ucwa => ucwa::check(request),
        }
    }
}

impl Checker {
    /// Returns the request that a send would make.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check).
    fn preview(&self, request: &SendRequest) -> Result<Preview> {
        match self {
            Self::AcsMessages(client) => client.preview(request),
            Self::AcsChat(client) => client.preview(request),
            Self::MsgraphChat(client) => client.preview(request),
            Self::Ucwa => ucwa::preview(request),
        }
    }
}

/// Returns the permission that an operation needs, in the words of its service.
pub(crate) fn permission(platform: Platform, operation: &str) -> Option<&'static str> {
    let operations = match platform {
        Platform::AcsMessages => acs_messages::OPERATIONS,
        Platform::AcsChat => acs_chat::OPERATIONS,
        Platform::MsgraphChat => msgraph_chat::OPERATIONS,
        Platform::Ucwa => ucwa::OPERATIONS,
    };
    let named = operations.iter().find(|it| it.name() == operation)?;
    named.permission()
}

/// Runs every check that a send runs before any I/O, and those of the token that only a service
/// would run otherwise. Returns warnings, and the request that a send would make.
///
/// # Errors
///
/// `Config` when a setting is missing or unusable; what the client rejects; what is wrong with
/// the token.
pub(crate) fn check(
    platform: Platform,
    settings: &Settings,
    options: HttpOptions,
    request: &SendRequest,
) -> Result<(Vec<Problem>, Preview)> {
    let checker = Checker::open(platform, settings, options)?;
    let mut warnings = checker.check(request)?;
    if platform == Platform::MsgraphChat {
        let rule = graph::address_without_version(settings);
        warnings.extend(rule.map(|rule| Problem::new("MSGRAPH_BASE_URL", rule)));
    }
    check_token(platform, settings, request)?;
    Ok((warnings, checker.preview(request)?))
}

/// Checks the claims of a fixed token, or the stored sign-in.
///
/// # Errors
///
/// What is wrong with the token.
pub(crate) fn check_token(
    platform: Platform,
    settings: &Settings,
    request: &SendRequest,
) -> Result<()> {
    let Some((setting, token)) = settings.token_of(platform) else {
        return check_sign_in(platform, settings);
    };
    let now = SystemTime::now();
    let faults = match platform {
        Platform::AcsMessages => token::faults(token, Service::AcsMessages, now),
        Platform::AcsChat => token::faults(token, Service::AcsChat, now),
        Platform::MsgraphChat => {
            let address = graph::address(settings)?;
            let mut faults = token::faults(token, Service::Graph(&address), now);
            faults.extend(token::missing_permission(token, request));
            faults
        }
        Platform::Ucwa => Vec::new(),
    };
    token::reject(&setting, faults).map_err(|error| error.with_platform(platform.as_str()))
}

/// An expired sign-in is no error when a send can renew it.
fn check_sign_in(platform: Platform, settings: &Settings) -> Result<()> {
    let (Platform::MsgraphChat, Some(signed_in)) = (platform, &settings.signed_in) else {
        return Ok(());
    };
    let sign_in = signed_in.sign_in()?;
    let end = sign_in.access_token.expires_at();
    let has_expired = end.is_some_and(|end| end <= SystemTime::now());
    if has_expired && sign_in.refresh_token.is_none() {
        return Err(signed_in.profile.expired());
    }
    Ok(())
}
