//! The checks that every platform has in common.

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
    token::{self, Service},
};

/// Beyond it, signatures with a date are refused.
const SKEW_LIMIT: i64 = 300;

/// What is looked at, and by what means.
#[derive(Debug)]
pub(crate) struct Patient {
    pub(crate) settings: Settings,
    pub(crate) http: HttpClient,
    pub(crate) options: HttpOptions,
}

impl Patient {
    /// Whether something is configured that only `platform` has a use for.
    pub(crate) fn mentions(&self, platform: Platform) -> bool {
        let is_set = |name: &str| self.settings.origin(name).is_some();
        self.settings.configures(platform) || variables(platform).iter().any(|name| is_set(name))
    }

    /// Says where each setting came from, never its value.
    pub(crate) fn origins(&self, names: &[&'static str], findings: &mut Findings) {
        for name in names {
            if let Some(origin) = self.settings.origin(name) {
                let of_another_name = match origin {
                    Origin::Variable(variable) if variable != name => format!(" ({variable})"),
                    _ => String::new(),
                };
                findings.sound("setting", format!("{name} from {origin}{of_another_name}"));
            }
        }
    }

    /// Whether the server answers at all, and whether the clocks agree. Answers whether it is
    /// worth going on.
    pub(crate) async fn reach(&self, endpoint: &Endpoint, findings: &mut Findings) -> bool {
        let probe = match self.http.probe(endpoint, "/", None).await {
            Ok(probe) => probe,
            Err(error) => {
                findings.failure("reachable", error);
                return false;
            }
        };
        let took = probe.elapsed.as_millis();
        findings.sound("reachable", format!("it responds, after {took} ms"));
        clock(&probe, findings);
        true
    }

    /// Whether the service takes the credential for a call that changes nothing. What `judge`
    /// makes of a status that is neither a success nor the same for every service.
    pub(crate) async fn accepted(
        &self,
        endpoint: &Endpoint,
        path: &str,
        authorize: &dyn Authorize,
        judge: impl FnOnce(u16) -> Verdict,
        findings: &mut Findings,
    ) {
        let status = match self.http.probe(endpoint, path, Some(authorize)).await {
            Err(error) => return findings.failure("credential", error),
            Ok(probe) => probe.status,
        };
        let verdict = match status {
            200..=299 => return findings.sound("credential", "the service accepts it"),
            401 => Verdict::Problem(Exit::Denied, "the service refuses it".to_owned()),
            429 | 500.. => {
                let text = "the service cannot say for now".to_owned();
                Verdict::Problem(Exit::Temporary, text)
            }
            status => judge(status),
        };
        match verdict {
            Verdict::Note(text) => findings.note("credential", format!("{text} ({status})")),
            Verdict::Problem(exit, text) => {
                findings.problem(exit, "credential", format!("{text} ({status})"));
            }
        }
    }

    /// What a token says of itself, and what is wrong with it for `service`.
    pub(crate) fn token(&self, token: &str, service: Service<'_>, findings: &mut Findings) {
        let faults = token::faults(token, service, SystemTime::now());
        let is_over = faults.iter().any(|fault| fault.rule.starts_with("expired"));
        match Claims::read(token) {
            None => {
                let text = "it is not a JWT, so its owner and end are unknown";
                findings.note("token", text);
            }
            Some(claims) if !is_over => findings.sound("token", describe(&claims)),
            Some(_) => {}
        }
        for fault in faults {
            let (exit, check) = match fault.kind {
                ErrorKind::PermissionDenied => (Exit::Denied, "permission"),
                ErrorKind::Unauthenticated => (Exit::Denied, "token"),
                _ => (Exit::Config, "token"),
            };
            findings.problem(exit, check, format!("it {}", fault.rule));
        }
    }
}

/// What a status says of a credential.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Neither that it works nor that it does not.
    Note(String),
    Problem(Exit, String),
}

impl Verdict {
    /// A status that no service gives to a call that it knows.
    pub(crate) fn elsewhere(address: &str) -> Self {
        let text = format!("there is no such service at {address}: check the address");
        Self::Problem(Exit::NotFound, text)
    }
}

/// Variables that no other platform has a use for.
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

fn clock(probe: &Probe, findings: &mut Findings) {
    let Some(ahead) = probe.clock_ahead_seconds(SystemTime::now()) else {
        return findings.note("clock", "the response has no date to compare with");
    };
    let text = match ahead {
        0 => "in step with the service".to_owned(),
        1.. => format!("{ahead} s ahead of the service"),
        _ => format!("{} s behind the service", -ahead),
    };
    if ahead.abs() < SKEW_LIMIT / 5 {
        findings.sound("clock", text);
    } else if ahead.abs() < SKEW_LIMIT {
        findings.note("clock", text);
    } else {
        let text = format!("{text}: set it, or tokens and signatures are refused");
        findings.problem(Exit::Config, "clock", text);
    }
}

/// Who a token is for, and how long it lasts.
fn describe(claims: &Claims) -> String {
    let owner = match (&claims.user, &claims.application) {
        (Some(user), _) => format!("of {}", one_line(user)),
        (None, Some(application)) => format!("of application {}", one_line(application)),
        (None, None) => "of a user whom it does not name".to_owned(),
    };
    match claims.expires_at {
        Some(end) => format!("{owner}, until {}", moment(end)),
        None => format!("{owner}; it does not say how long it lasts"),
    }
}
