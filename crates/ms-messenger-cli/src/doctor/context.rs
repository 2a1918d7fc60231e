//! The checks that all platforms share.

use std::time::SystemTime;

use ms_messenger::{
    ErrorKind,
    http::{Authorize, Endpoint, HttpClient, HttpOptions, Probe},
};

use crate::{
    claims::Claims,
    config::{Origin, Settings},
    doctor::finding::Findings,
    exit::Exit,
    outcome::{moment, one_line},
    platform::Platform,
    text,
    token::{self, Service},
};

/// Clock difference at which signatures are rejected, in seconds.
const SKEW_LIMIT: i64 = 300;

/// The settings to check, and a client for requests.
#[derive(Debug)]
pub(crate) struct DoctorContext {
    pub(crate) settings: Settings,
    pub(crate) http: HttpClient,
    pub(crate) options: HttpOptions,
}

impl DoctorContext {
    /// Returns whether a setting that only `platform` uses is set.
    pub(crate) fn is_mentioned(&self, platform: Platform) -> bool {
        let is_set = |name: &str| self.settings.origin(name).is_some();
        self.settings.configures(platform) || variables(platform).iter().any(|name| is_set(name))
    }

    /// Reports where each setting comes from, never its value.
    pub(crate) fn origins(&self, names: &[&'static str], findings: &mut Findings) {
        for name in names {
            if let Some(origin) = self.settings.origin(name) {
                let other_name = match origin {
                    Origin::Variable(variable) if variable != name => Some(*variable),
                    _ => None,
                };
                findings.ok("setting", text::doctor::origin(name, origin, other_name));
            }
        }
    }

    /// Checks the address and returns it if it is usable.
    pub(crate) fn address(&self, text: &str, findings: &mut Findings) -> Option<Endpoint> {
        match Endpoint::parse(text) {
            Ok(endpoint) => {
                findings.ok("address", endpoint.to_string());
                Some(endpoint)
            }
            Err(error) => {
                findings.failure("address", error, &self.settings);
                None
            }
        }
    }

    /// Checks whether the server responds, and its clock. Returns whether further requests make
    /// sense.
    pub(crate) async fn reach(&self, endpoint: &Endpoint, findings: &mut Findings) -> bool {
        let probe = match self.http.probe(endpoint, "/", None).await {
            Ok(probe) => probe,
            Err(error) => {
                findings.failure("reachable", error, &self.settings);
                return false;
            }
        };
        let took = probe.elapsed.as_millis();
        findings.ok("reachable", text::doctor::reachable(took));
        clock(&probe, findings);
        true
    }

    /// Checks whether the service accepts the credential, by a request that changes nothing.
    /// `judge` decides on a status whose meaning depends on the service.
    pub(crate) async fn accepted(
        &self,
        endpoint: &Endpoint,
        path: &str,
        authorize: &dyn Authorize,
        judge: impl FnOnce(u16) -> Verdict,
        findings: &mut Findings,
    ) {
        let status = match self.http.probe(endpoint, path, Some(authorize)).await {
            Err(error) => return findings.failure("credential", error, &self.settings),
            Ok(probe) => probe.status,
        };
        let verdict = match status {
            200..=299 => return findings.ok("credential", text::doctor::ACCEPTED),
            401 => Verdict::Problem(Exit::Denied, text::doctor::REJECTED.to_owned()),
            429 | 500.. => {
                let text = text::doctor::NOT_CHECKED.to_owned();
                Verdict::Problem(Exit::Temporary, text)
            }
            status => judge(status),
        };
        match verdict {
            Verdict::Note(text) => {
                findings.note("credential", text::doctor::with_status(&text, status))
            }
            Verdict::Problem(exit, text) => {
                findings.problem(exit, "credential", text::doctor::with_status(&text, status));
            }
        }
    }

    /// Reports the claims of a token, and what is wrong with it for `service`.
    pub(crate) fn token(&self, token: &str, service: Service<'_>, findings: &mut Findings) {
        let now = SystemTime::now();
        let faults = token::faults(token, service, now);
        let has_expired = token::expired(token, now).is_some_and(|fault| faults.contains(&fault));
        match Claims::read(token) {
            None => findings.note("token", text::doctor::OPAQUE_TOKEN),
            Some(claims) if !has_expired => findings.ok("token", describe(&claims)),
            Some(_) => {}
        }
        for fault in faults {
            let (exit, check) = match fault.kind {
                ErrorKind::PermissionDenied => (Exit::Denied, "permission"),
                ErrorKind::Unauthenticated => (Exit::Denied, "token"),
                _ => (Exit::Config, "token"),
            };
            findings.problem(exit, check, text::doctor::fault(&fault.rule));
        }
    }
}

/// What a status says about a credential.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It may work or not.
    Note(String),
    /// It does not work.
    Problem(Exit, String),
}

impl Verdict {
    /// Returns the verdict on a status that the service does not return for this request.
    pub(crate) fn wrong_address(address: &str) -> Self {
        let text = text::doctor::no_service(address);
        Self::Problem(Exit::NotFound, text)
    }
}

/// Returns the variables that only this platform uses.
const fn variables(platform: Platform) -> &'static [&'static str] {
    match platform {
        Platform::AcsMessages => &[
            "ACS_CONNECTION_STRING",
            "ACS_ACCESS_KEY",
            "ACS_ACCESS_TOKEN",
            "ACS_CHANNEL_REGISTRATION_ID",
        ],
        Platform::AcsChat => &["ACS_CHAT_TOKEN", "ACS_CHAT_ENDPOINT"],
        Platform::MsgraphChat => &["MSGRAPH_TOKEN", "MSGRAPH_BASE_URL", "MSGRAPH_CLOUD"],
        Platform::Ucwa => &["UCWA_SIP", "UCWA_USERNAME", "UCWA_PASSWORD"],
    }
}

/// Reports how far the clocks differ.
fn clock(probe: &Probe, findings: &mut Findings) {
    let Some(ahead) = probe.clock_ahead_seconds(SystemTime::now()) else {
        return findings.note("clock", text::doctor::NO_DATE);
    };
    let text = text::doctor::clock(ahead);
    if ahead.abs() < SKEW_LIMIT / 5 {
        findings.ok("clock", text);
    } else if ahead.abs() < SKEW_LIMIT {
        findings.note("clock", text);
    } else {
        findings.problem(Exit::Config, "clock", text::doctor::wrong_clock(&text));
    }
}

/// Describes the user of a token and its expiry.
fn describe(claims: &Claims) -> String {
    let owner = match (&claims.user, &claims.application) {
        (Some(user), _) => text::doctor::of_user(&one_line(user)),
        (None, Some(application)) => text::doctor::of_application(&one_line(application)),
        (None, None) => text::doctor::OF_UNNAMED.to_owned(),
    };
    match claims.expires_at {
        Some(end) => text::doctor::expires(&owner, moment(end)),
        None => text::doctor::expires_unknown(&owner),
    }
}
