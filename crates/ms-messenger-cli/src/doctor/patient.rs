//! The checks that every platform has in common.

use std::time::{Duration, SystemTime};

use ms_messenger::http::{Authorize, Endpoint, HttpClient, HttpOptions, Probe};

use crate::{
    config::Settings,
    doctor::{finding::Findings, token::Claims},
    exit::Exit,
    platform::Platform,
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
                findings.sound("setting", format!("{name} from {origin}"));
            }
        }
    }

    /// Whether the server answers at all, and whether the clocks agree. Answers whether it is
    /// worth going on.
    pub(crate) async fn reach(&self, endpoint: &Endpoint, findings: &mut Findings) -> bool {
        let probe = match self.http.probe(endpoint, "/", None).await {
            Ok(probe) => probe,
            Err(error) => {
                findings.failure("reachable", &error);
                return false;
            }
        };
        let took = probe.elapsed.as_millis();
        findings.sound(
            "reachable",
            format!("answered {} after {took} ms", probe.status),
        );
        clock(&probe, findings);
        true
    }

    /// Whether the service takes the credential for a call that changes nothing.
    pub(crate) async fn accepted(
        &self,
        endpoint: &Endpoint,
        path: &str,
        authorize: &dyn Authorize,
        findings: &mut Findings,
    ) {
        match self.http.probe(endpoint, path, Some(authorize)).await {
            Err(error) => findings.failure("credential", &error),
            Ok(probe) => match probe.status {
                401 => findings.problem(Exit::Denied, "credential", "the service refused it (401)"),
                429 | 500.. => {
                    let text = format!("the service could not say ({})", probe.status);
                    findings.problem(Exit::Temporary, "credential", text);
                }
                status => {
                    findings.sound("credential", format!("the service takes it ({status})"));
                }
            },
        }
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
        return findings.note("clock", "the answer has no date to compare with");
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
pub(crate) fn describe(claims: &Claims, findings: &mut Findings) {
    let user = claims
        .user
        .as_deref()
        .unwrap_or("somebody it does not name");
    let left = match claims
        .expires_at
        .map(|at| at.duration_since(SystemTime::now()))
    {
        None => "it does not say how long it lasts".to_owned(),
        Some(Ok(left)) => {
            let left = Duration::from_secs(left.as_secs());
            format!("for {} more", humantime::format_duration(left))
        }
        Some(Err(_)) => {
            let text = format!("of {user}, expired: get a new one");
            return findings.problem(Exit::Denied, "token", text);
        }
    };
    findings.sound("token", format!("of {user}, {left}"));
}
