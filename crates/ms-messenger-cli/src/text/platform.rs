//! Texts on the choice of a platform and on its settings.

use crate::platform::Platform;

/// Returns which variables or commands configure a platform.
pub(crate) const fn settings_of(platform: Platform) -> &'static str {
    match platform {
        Platform::AcsMessages => {
            "ACS_CONNECTION_STRING, or ACS_ENDPOINT with ACS_ACCESS_KEY, ACS_ACCESS_TOKEN or the \
             AZURE_… variables of an application"
        }
        Platform::AcsChat => "ACS_CHAT_TOKEN and ACS_CHAT_ENDPOINT",
        Platform::MsgraphChat => "MSGRAPH_TOKEN, or sign in with `msm login`",
        Platform::Ucwa => "UCWA_SIP and UCWA_PASSWORD",
    }
}

pub(crate) fn not_configured(platform: Platform) -> String {
    let (name, settings) = (platform.as_str(), settings_of(platform));
    format!("{name} is not configured: set {settings}")
}

pub(crate) const NONE_CONFIGURED: &str =
    "no platform is configured: msm doctor says what each needs";

/// Several platforms have paths that can be called.
pub(crate) fn several_configured(names: &str) -> String {
    format!("several platforms are configured ({names}): choose one with --platform")
}

pub(crate) fn none_configured_for_target(candidates: impl Iterator<Item = Platform>) -> String {
    let needs = candidates.map(|it| format!("{} needs {}", it.as_str(), settings_of(it)));
    let needs = needs.collect::<Vec<_>>().join("; ");
    format!("no platform for this target is configured: {needs}")
}

pub(crate) fn several_configured_for_target(names: &str) -> String {
    format!(
        "several configured platforms support this target ({names}): choose one with --platform, \
         or unset the settings of the others"
    )
}

pub(crate) const NONE_FOR_TARGET: &str = "no enabled platform supports this target";
pub(crate) const CHANNEL_MISSING: &str = "a WhatsApp user needs the channel that the message is \
    sent from: set ACS_CHANNEL_REGISTRATION_ID";

/// The command is for another platform than that of `--platform`.
pub(crate) fn must_be(name: &str) -> String {
    format!("must be {name} here")
}

pub(crate) const OTHER_ENDPOINT: &str = "--acs-endpoint is not that of the connection string, \
    whose key is valid only for its own resource";

/// An error about the setting of the national cloud.
pub(crate) fn cloud(why: &str) -> String {
    format!("MSGRAPH_CLOUD: {why}")
}

pub(crate) const OTHER_CLOUD: &str = "is not the cloud of the sign-in";

pub(crate) fn address_without_version(setting: &str) -> String {
    format!("{setting} does not end with a version: add /v1.0")
}
