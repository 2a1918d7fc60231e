//! Errors in terms of the command line: flags and variables, not methods of a library.

use std::{borrow::Cow, fmt, time::SystemTime};

use ms_messenger::{Delivery, Error, ErrorKind};

use crate::{
    config::Settings,
    graph,
    outcome::{causes, moment},
    platform::Platform,
    text::{self, wording::in_own_terms},
    token::{Service, faults},
};

/// An error and what to do about it.
#[derive(Debug)]
pub(crate) struct Explained {
    pub(crate) error: Error,
    pub(crate) advice: Option<String>,
}

/// Explains an error. `settings` are those that the command ran with.
pub(crate) fn explain(error: Error, settings: Option<&Settings>) -> Explained {
    let error = match settings {
        Some(settings) => settings.with_names(error),
        None => error,
    };
    if is_untrusted(&error) {
        let error = untrusted(&error);
        let advice = Some(text::explain::TRUST.to_owned());
        return Explained { error, advice };
    }
    let advice = match error.kind() {
        _ if is_used_key(&error) => Some(text::explain::USED_KEY.to_owned()),
        ErrorKind::Unauthenticated => {
            settings.and_then(|settings| sign_in_advice(settings, &error))
        }
        ErrorKind::PermissionDenied => {
            settings.and_then(|settings| permission_advice(settings, &error))
        }
        ErrorKind::RateLimited => wait_advice(&error),
        ErrorKind::NotFound | ErrorKind::InvalidRequest if error.status().is_some() => {
            let address = settings.and_then(|settings| address_advice(&error, settings));
            address.or_else(|| absence_advice(&error))
        }
        ErrorKind::NotFound => name_advice(&error),
        _ => None,
    };
    let error = reworded(error);
    Explained {
        error: match settings {
            Some(settings) => with_settings(error, settings),
            None => error,
        },
        advice,
    }
}

/// Names the settings at which the causes begin as the user gave them, instead of by variables.
fn with_settings(error: Error, settings: &Settings) -> Error {
    let causes = causes(&error);
    let named: Vec<String> = causes
        .iter()
        .map(|cause| settings.named(cause).unwrap_or_else(|| cause.clone()))
        .collect();
    match Cause::of(&named) {
        Some(cause) if named != causes => error.with_source(cause),
        _ => error,
    }
}

/// Code of an error whose server has an untrusted certificate.
const UNTRUSTED: &str = "untrusted_certificate";

/// Returns whether the certificate of the server is untrusted.
fn is_untrusted(error: &Error) -> bool {
    let is_code = |error: &Error| error.code() == Some(UNTRUSTED);
    let mut cause = std::error::Error::source(error);
    let mut found = is_code(error);
    while let Some(inner) = cause {
        found |= inner.downcast_ref().is_some_and(is_code);
        cause = inner.source();
    }
    let signs = || text::foreign::UNTRUSTED.iter();
    let names_it = |text: &String| signs().any(|sign| text.contains(sign));
    found || (error.kind() == ErrorKind::Connect && causes(error).iter().any(names_it))
}

/// Turns it into a configuration error, because waiting does not help.
fn untrusted(error: &Error) -> Error {
    let message = in_own_terms(error.message());
    let message = if message.contains("certificate") {
        message
    } else {
        text::explain::UNTRUSTED.into()
    };
    let error = configuration_error(error, message.into_owned());
    error.with_code(UNTRUSTED)
}

/// Says the message in terms of this program.
fn reworded(error: Error) -> Error {
    match in_own_terms(error.message()) {
        Cow::Borrowed(_) => error,
        Cow::Owned(message) => error.with_message(message),
    }
}

/// Returns a configuration error with the facts of `error`.
fn configuration_error(error: &Error, message: String) -> Error {
    let mut copy = Error::new(ErrorKind::Config, message)
        .with_delivery(error.delivery())
        .with_attempts(error.attempts());
    if let Some(platform) = error.platform() {
        copy = copy.with_platform(platform.to_owned());
    }
    if let Some(status) = error.status() {
        copy = copy.with_status(status);
    }
    if let Some(code) = error.code() {
        copy = copy.with_code(code);
    }
    if let Some(id) = error.request_id() {
        copy = copy.with_request_id(id);
    }
    if let Some(key) = error.idempotency() {
        copy = copy.with_idempotency(*key);
    }
    if let Some(id) = error.client_request_id() {
        copy = copy.with_client_request_id(id);
    }
    if let Some(operation) = error.operation() {
        copy = copy.with_operation(operation.to_owned());
    }
    if let Some(began_at) = error.began_at() {
        copy = copy.with_began_at(began_at);
    }
    if let Some(evidence) = error.evidence() {
        copy = copy.with_evidence(evidence.clone());
    }
    match Cause::of(&causes(error)) {
        Some(cause) => copy.with_source(cause),
        None => copy,
    }
}

/// A cause, as text.
#[derive(Debug)]
struct Cause {
    text: String,
    source: Option<Box<Cause>>,
}

impl Cause {
    fn of(causes: &[String]) -> Option<Self> {
        let (first, rest) = causes.split_first()?;
        Some(Self {
            text: first.clone(),
            source: Self::of(rest).map(Box::new),
        })
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Cause {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// Explains how to sign in again, or what is wrong with a fixed token.
fn sign_in_advice(settings: &Settings, error: &Error) -> Option<String> {
    let is_graph = error
        .platform()
        .is_none_or(|it| it == Platform::MsgraphChat.as_str());
    match &settings.signed_in {
        Some(signed_in) if is_graph => {
            Some(text::explain::run(&signed_in.profile.command("login")))
        }
        _ if error.status().is_some() => token_advice(error, settings),
        _ => None,
    }
}

/// Explains which permission the stored sign-in lacks, with the command that requests it beside
/// those that it has.
fn permission_advice(settings: &Settings, error: &Error) -> Option<String> {
    let signed_in = settings.signed_in.as_ref()?;
    if error.platform() != Some(Platform::MsgraphChat.as_str()) {
        return None;
    }
    // The client says it after what the service says.
    let (_, needed) = error.message().rsplit_once(text::foreign::NEEDS)?;
    let needed = needed.split([',', ' ']).next()?;
    let is_permission = |c: char| c.is_ascii_alphanumeric() || c == '.';
    if !needed.contains('.') || !needed.chars().all(is_permission) {
        return None;
    }
    let scopes = &signed_in.sign_in().ok()?.scopes;
    let names = scopes
        .iter()
        .map(|scope| scope.rsplit('/').next().unwrap_or(scope));
    let mut names: Vec<&str> = names.collect();
    if names.iter().any(|name| name.eq_ignore_ascii_case(needed)) {
        return None;
    }
    names.push(needed);
    let names: String = names
        .iter()
        .map(|name| format!(" --scope {name}"))
        .collect();
    let login = signed_in.profile.command(&format!("login{names}"));
    Some(text::explain::missing_permission(needed, &login))
}

/// Explains a rejected token by its claims.
fn token_advice(error: &Error, settings: &Settings) -> Option<String> {
    let platform = Platform::named(error.platform()?)?;
    let address = graph::address(settings).ok()?;
    let service = match platform {
        Platform::MsgraphChat => Service::Graph(&address),
        Platform::AcsChat => Service::AcsChat,
        Platform::AcsMessages => Service::AcsMessages,
        Platform::Ucwa => return None,
    };
    let (setting, token) = settings.token_of(platform)?;
    let faults = faults(token, service, SystemTime::now());
    let rules: Vec<&str> = faults.iter().map(|fault| fault.rule.as_str()).collect();
    (!rules.is_empty()).then(|| text::explain::invalid_token(&setting, &rules, platform))
}

/// Explains how long the service asks to wait.
fn wait_advice(error: &Error) -> Option<String> {
    let wait = error.retry_after()?;
    Some(match SystemTime::now().checked_add(wait) {
        Some(then) => text::explain::wait(wait.as_secs(), moment(then)),
        None => text::explain::UNREASONABLE_WAIT.to_owned(),
    })
}

/// Explains a base address without a version.
fn address_advice(error: &Error, settings: &Settings) -> Option<String> {
    let is_graph = error.platform() == Some(Platform::MsgraphChat.as_str());
    let without = graph::address_without_version(settings)?;
    is_graph.then_some(without)
}

/// Explains what a service may not have found: it does not say which, and hides what the user may
/// not see.
fn absence_advice(error: &Error) -> Option<String> {
    if error.kind() != ErrorKind::NotFound {
        return None;
    }
    let absent = text::explain::absent(Platform::named(error.platform()?)?);
    absent.map(str::to_owned)
}

/// Explains where the names of teams and channels can be read.
fn name_advice(error: &Error) -> Option<String> {
    let is_of = |field: &str| {
        error
            .problems()
            .iter()
            .any(|problem| problem.field == field)
    };
    if is_of("channel") {
        Some(text::explain::LIST_CHANNELS.to_owned())
    } else {
        is_of("team").then(|| text::explain::LIST_TEAMS.to_owned())
    }
}

/// Marks the rejection of a key that was used before as an unknown delivery: it says nothing about
/// the message that was sent with the key.
pub(crate) fn mark_used_key(error: Error) -> Error {
    if !is_rejected_key(&error) {
        return error;
    }
    error.with_delivery(Delivery::Unknown)
}

/// Returns whether it is unknown what became of a message because its key was used before.
pub(crate) fn is_used_key(error: &Error) -> bool {
    error.delivery() == Delivery::Unknown && is_rejected_key(error)
}

fn is_rejected_key(error: &Error) -> bool {
    error.idempotency().is_some()
        && is_key_rejection(error.status().map(u64::from), error.message())
}

/// Returns whether a service rejects an idempotency key with this status and message.
pub(crate) fn is_key_rejection(status: Option<u64>, message: &str) -> bool {
    matches!(status, Some(400 | 409 | 412))
        && message.to_ascii_lowercase().contains("repeatability")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{exit::Exit, outcome::Line};

    #[test]
    fn an_untrusted_certificate_is_a_configuration_error() {
        let cause = std::io::Error::other("invalid peer certificate: UnknownIssuer");
        let error = Error::new(ErrorKind::Connect, "no connection")
            .with_platform("acs-chat")
            .with_attempts(1)
            .with_source(cause);
        let explained = explain(error, None);
        assert_eq!(Exit::of(&explained.error), Exit::Config);
        assert_eq!(explained.error.attempts(), 1);
        assert!(explained.advice.unwrap().contains("SSL_CERT_FILE"));
        let line = Line::of(&explained.error, Exit::Config).to_string();
        assert!(
            line.contains(r#""causes":["invalid peer certificate: UnknownIssuer"]"#),
            "{line}"
        );
    }

    #[test]
    fn the_certificate_error_keeps_name_and_reason_but_no_method() {
        let text = "the certificate of localhost:1 is not trusted: its issuer is unknown; trust is \
                    given by the system's store, by the file that SSL_CERT_FILE names, or by \
                    HttpOptions::with_extra_roots";
        let error = Error::new(ErrorKind::Config, text).with_code(UNTRUSTED);
        let wrapped = Error::new(ErrorKind::Connect, "no sign-in").with_source(error.to_string());
        assert!(!explain(wrapped, None).error.message().contains("with_"));
        let explained = explain(error, None);
        assert_eq!(
            explained.error.message(),
            "the certificate of localhost:1 is not trusted: its issuer is unknown"
        );
        assert!(explained.advice.unwrap().contains("SSL_CERT_FILE"));
    }

    #[test]
    fn no_method_of_a_library_is_named() {
        let text = "the message was sent without a client message id: set up the client \
                    with_client_message_ids before sending";
        let wait = std::time::Duration::from_secs(7);
        let error = Error::new(ErrorKind::Other, text).with_retry_after(wait);
        let explained = explain(error, None);
        assert_eq!(
            explained.error.message(),
            "the message was sent without a client message id, by which it could be recognised"
        );
        assert_eq!(explained.error.retry_after(), Some(wait));
    }

    #[test]
    fn what_was_not_found_is_explained_by_the_platform() {
        let advice = |platform: &'static str| {
            let error = Error::new(ErrorKind::NotFound, "NotFound").with_status(404);
            explain(error.with_platform(platform), None).advice
        };
        assert!(advice("msgraph-chat").unwrap().contains("is not a member"));
        assert!(advice("acs-chat").unwrap().contains("no such thread"));
        assert_eq!(advice("ucwa"), None);
    }

    #[test]
    fn a_wait_names_its_end() {
        let wait = |seconds| {
            let wait = std::time::Duration::from_secs(seconds);
            let error = Error::new(ErrorKind::RateLimited, "slow down").with_retry_after(wait);
            explain(error, None).advice.unwrap()
        };
        assert!(wait(120).contains("wait 120 s"), "{}", wait(120));
        assert!(wait(u64::MAX).contains("unreasonably long"));
    }
}
