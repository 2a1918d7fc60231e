//! Advice about errors.

use std::fmt::Display;

use crate::platform::Platform;

/// Advice about an untrusted certificate.
pub(crate) const TRUST: &str = "if the server is the right one, set SSL_CERT_FILE to a PEM file with the \
                                certificate authority, or add it to the system's certificates";

/// Advice about a key that was rejected: neither the time of this use nor its evidence helps.
pub(crate) const USED_KEY: &str = "to run it again without a duplicate, give the --first-sent of the \
                                   first use of the key, within five minutes of it";

pub(crate) const UNTRUSTED: &str = "the certificate of the server is not trusted";

/// Advice when a channel is unknown.
pub(crate) const LIST_CHANNELS: &str = "msm list channels TEAM prints the names of the channels";

/// Advice when a team is unknown.
pub(crate) const LIST_TEAMS: &str = "msm list teams prints the names of the teams";

/// Advises to run a command, which is in quotes.
pub(crate) fn run(command: &str) -> String {
    format!("run {command}")
}

pub(crate) fn missing_permission(permission: &str, login: &str) -> String {
    format!("the sign-in lacks {permission}: run {login}")
}

/// What is wrong with the token of a setting.
pub(crate) fn invalid_token(setting: &str, rules: &[&str], platform: Platform) -> String {
    let login = match platform {
        Platform::MsgraphChat => ", or unset it and run `msm login`",
        _ => "",
    };
    format!("{setting} {}: get a new one{login}", rules.join(" and "))
}

/// The wait that a service asks for, and its end.
pub(crate) fn wait(seconds: u64, then: impl Display) -> String {
    format!(
        "the service asks to wait {seconds} s, longer than this command waits: run it again after \
         {then}"
    )
}

pub(crate) const UNREASONABLE_WAIT: &str = "the service asks to wait for an unreasonably long time";

/// What a service may not have found: it does not say which, and hides what the user may not see.
pub(crate) const fn absent(platform: Platform) -> Option<&'static str> {
    Some(match platform {
        Platform::MsgraphChat => {
            "there is no such team, channel, chat, message or user, or the signed-in user is not a member"
        }
        Platform::AcsChat => "there is no such thread or message, or the user is not a participant",
        Platform::AcsMessages => "there is no such conversation or channel in this resource",
        Platform::Ucwa => return None,
    })
}
