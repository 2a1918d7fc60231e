//! What `msm doctor` finds.

use std::fmt::Display;

/// A platform without credentials that was asked for.
pub(crate) fn unconfigured(needs: &str) -> String {
    format!("not configured: set {needs}")
}

/// A platform without credentials among others.
pub(crate) fn not_configured(needs: &str) -> String {
    format!("not configured: {needs}")
}

/// Where a setting comes from, with the variable that holds it if that has another name.
pub(crate) fn origin(name: &str, origin: impl Display, other_name: Option<&str>) -> String {
    let other_name = other_name.map(|name| format!(" ({name})"));
    format!("{name} from {origin}{}", other_name.unwrap_or_default())
}

pub(crate) fn reachable(milliseconds: u128) -> String {
    format!("the server responds, after {milliseconds} ms")
}

pub(crate) const ACCEPTED: &str = "the service accepts it";
pub(crate) const ACCEPTED_BUT_FOR_ME: &str = "the service accepts it, but not for reading /me";
pub(crate) const REJECTED: &str = "the service rejects it";
pub(crate) const FORBIDDEN: &str = "the service forbids it";
pub(crate) const NOT_CHECKED: &str = "the service cannot check it at the moment";
pub(crate) const UNCERTAIN: &str = "it is not rejected, but without ACS_CHANNEL_REGISTRATION_ID it \
                                    is not certain that it is accepted";
pub(crate) const NO_SUCH_CHANNEL: &str =
    "the channel does not exist: check ACS_CHANNEL_REGISTRATION_ID and the address";
pub(crate) const NO_CHANNEL: &str =
    "telephone numbers need ACS_CHANNEL_REGISTRATION_ID; conversations do not";

pub(crate) fn no_service(address: &str) -> String {
    format!("there is no such service at {address}: check the address")
}

/// A verdict on a credential, with the status of the response.
pub(crate) fn with_status(verdict: &str, status: u16) -> String {
    format!("{verdict} ({status})")
}

pub(crate) const OPAQUE_TOKEN: &str = "it is not a JWT, so its user and its expiry are unknown";

/// A fault of a token.
pub(crate) fn fault(rule: &str) -> String {
    format!("it {rule}")
}

/// A token of this owner, which expires then.
pub(crate) fn expires(owner: &str, at: impl Display) -> String {
    format!("{owner}, expires at {at}")
}

pub(crate) fn expires_unknown(owner: &str) -> String {
    format!("{owner}; its expiry is unknown")
}

pub(crate) const OF_UNNAMED: &str = "of an unnamed user";

pub(crate) fn of_user(name: &str) -> String {
    format!("of {name}")
}

pub(crate) fn of_application(id: &str) -> String {
    format!("of application {id}")
}

pub(crate) const NO_DATE: &str = "the response has no date to compare";

/// How many seconds the clock of this machine is ahead of the service.
pub(crate) fn clock(ahead: i64) -> String {
    match ahead {
        0 => "same as the service".to_owned(),
        1.. => format!("{ahead} s ahead of the service"),
        _ => format!("{} s behind the service", -ahead),
    }
}

/// A difference of the clocks, as [`clock`] says it, that is too large.
pub(crate) fn wrong_clock(clock: &str) -> String {
    format!("{clock}: correct it, or tokens and signatures are rejected")
}

/// The scope by which a token can send to a thread.
pub(crate) fn thread_scope(scope: &str) -> String {
    format!("send to a thread: {scope}")
}

/// Why `ACS_CHAT_ENDPOINT` is needed.
pub(crate) const CHAT_ENDPOINT: &str = "the endpoint of acs-chat";

pub(crate) fn signed_in_as(name: &str) -> String {
    format!("MSGRAPH_TOKEN from the sign-in `{name}`")
}

/// A permission that an operation needs.
pub(crate) fn needs(what: &str, permission: &str, is_of_administrator: bool) -> String {
    let consent = if is_of_administrator {
        ", with the consent of an administrator"
    } else {
        ""
    };
    format!("{what}: needs {permission}{consent}")
}

/// The operations for which a permission is missing.
pub(crate) fn needed_for(permission: &str, operations: &str) -> String {
    format!("needs {permission}: {operations}")
}

pub(crate) const SIGNED_IN_AND_OUT: &str = "signed in, and out again";
pub(crate) const SIGNED_IN: &str = "signed in";
