//! Findings and their severity.

use std::fmt::Write as _;

use ms_messenger::{Error, clause};
use serde_json::{Value, json};

use crate::{
    config::Settings,
    exit::Exit,
    explain::{Explained, explain},
    outcome::causes,
    platform::Platform,
    text,
};

/// The result of one check.
#[derive(Debug)]
struct Finding {
    check: &'static str,
    text: String,
    level: Level,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    /// In order.
    Ok,
    /// Something is not possible, or worth knowing; messages can be sent.
    Note,
    /// No message can be sent; the exit code of a send.
    Problem(Exit),
}

impl Level {
    /// Returns the name in the report.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Problem(_) => "problem",
        }
    }
}

/// The findings on one platform.
#[derive(Debug)]
pub(crate) struct Findings {
    platform: Platform,
    list: Vec<Finding>,
}

impl Findings {
    /// Returns no findings on `platform` yet.
    pub(crate) const fn new(platform: Platform) -> Self {
        Self {
            platform,
            list: Vec::new(),
        }
    }

    fn add(&mut self, level: Level, check: &'static str, text: String) {
        self.list.push(Finding { check, text, level });
    }

    /// Adds something that is in order.
    pub(crate) fn ok(&mut self, check: &'static str, text: impl Into<String>) {
        self.add(Level::Ok, check, text.into());
    }

    /// Adds something worth knowing.
    pub(crate) fn note(&mut self, check: &'static str, text: impl Into<String>) {
        self.add(Level::Note, check, text.into());
    }

    /// Adds something that prevents a send.
    pub(crate) fn problem(&mut self, exit: Exit, check: &'static str, text: impl Into<String>) {
        self.add(Level::Problem(exit), check, text.into());
    }

    /// Adds what must be configured.
    pub(crate) fn unconfigured(&mut self) {
        let text = text::doctor::unconfigured(self.platform.needs());
        self.problem(Exit::Config, "settings", text);
    }

    /// Adds an error that prevents a send, with its innermost cause.
    pub(crate) fn failure(&mut self, check: &'static str, error: Error, settings: &Settings) {
        let Explained { error, advice } = explain(error, Some(settings));
        // Nothing was sent here, so that only the kind counts.
        let exit = match Exit::of(&error) {
            Exit::Unknown | Exit::SentUnread => Exit::Temporary,
            exit => exit,
        };
        self.problem(exit, check, sentence(&error, advice.as_deref()));
    }
}

/// Joins what an error says with its code, its innermost cause and the advice.
fn sentence(error: &Error, advice: Option<&str>) -> String {
    let code = error.code().map(|code| format!(" ({code})"));
    let cause = causes(error).pop().map(|cause| format!(": {cause}"));
    let advice = advice.map(|advice| format!("; {advice}"));
    let more = [code, cause, advice].into_iter().flatten();
    more.fold(error.message().to_owned(), |text, more| {
        format!("{}{more}", clause(&text))
    })
}

/// All findings.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Findings by platform, in the order of [`Platform::ALL`].
    pub(crate) platforms: Vec<Findings>,
    /// Number of platforms that were checked.
    pub(crate) examined: usize,
}

/// Exit codes from the worst to the mildest.
const SEVERITY: [Exit; 6] = [
    Exit::Config,
    Exit::Denied,
    Exit::NotFound,
    Exit::Rejected,
    Exit::Temporary,
    Exit::Other,
];

impl Report {
    /// Returns the exit code of the worst problem; that of a configuration error when nothing is
    /// configured.
    pub(crate) fn exit(&self) -> Exit {
        let found: Vec<Exit> = self
            .platforms
            .iter()
            .flat_map(|findings| &findings.list)
            .filter_map(|finding| match finding.level {
                Level::Problem(exit) => Some(exit),
                _ => None,
            })
            .collect();
        let worst = SEVERITY.into_iter().find(|exit| found.contains(exit));
        match worst {
            Some(exit) => exit,
            None if self.examined == 0 => Exit::Config,
            None => Exit::Success,
        }
    }

    /// Returns the report as text.
    pub(crate) fn to_text(&self) -> String {
        let mut text = String::new();
        for findings in &self.platforms {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{}", findings.platform.as_str());
            for finding in &findings.list {
                let (level, check) = (finding.level.as_str(), finding.check);
                let _ = writeln!(text, "  {level:<8} {check:<12} {}", finding.text);
            }
        }
        text
    }

    /// Returns the report as JSON.
    pub(crate) fn to_json(&self) -> Value {
        let finding = |finding: &Finding| {
            json!({
                "check": finding.check,
                "level": finding.level.as_str(),
                "text": finding.text,
            })
        };
        let platform = |findings: &Findings| {
            let list: Vec<Value> = findings.list.iter().map(finding).collect();
            json!({"platform": findings.platform.as_str(), "findings": list})
        };
        let platforms: Vec<Value> = self.platforms.iter().map(platform).collect();
        let exit = self.exit();
        let status = match exit {
            Exit::Success => "ok",
            _ => "problem",
        };
        json!({
            "status": status,
            "exit_code": exit.code(),
            "delivery": "not_sent",
            "platforms": platforms,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_a_service_has_no_full_stop_where_more_follows() {
        use ms_messenger::ErrorKind;
        let error = Error::new(ErrorKind::Service, "Injected by a fault rule.");
        assert_eq!(sentence(&error, None), "Injected by a fault rule.");
        let cause = std::io::Error::other("It is closed.");
        let error = error.with_code("Busy").with_source(cause);
        let text = "Injected by a fault rule (Busy): It is closed; wait";
        assert_eq!(sentence(&error, Some("wait")), text);
    }

    #[test]
    fn the_worst_problem_is_the_exit_code() {
        let mut report = Report::default();
        assert_eq!(report.exit(), Exit::Config, "nothing is configured");
        report.examined = 1;
        let mut findings = Findings::new(Platform::AcsChat);
        findings.ok("a", "x");
        findings.note("b", "y");
        report.platforms.push(findings);
        assert_eq!(report.exit(), Exit::Success);
        for (found, worst) in [
            (Exit::Temporary, Exit::Temporary),
            (Exit::Denied, Exit::Denied),
            (Exit::Temporary, Exit::Denied),
            (Exit::Config, Exit::Config),
        ] {
            report.platforms[0].problem(found, "c", "z");
            assert_eq!(report.exit(), worst);
        }
    }
}
