//! What was found, and how bad it is.

use std::fmt::Write as _;

use ms_messenger::Error;
use serde_json::{Value, json};

use crate::{
    exit::Exit,
    explain::{Explained, explain},
    outcome::causes,
    platform::Platform,
};

/// One thing that was looked at.
#[derive(Debug)]
struct Finding {
    check: &'static str,
    text: String,
    level: Level,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    /// As it should be.
    Sound,
    /// Something cannot be done, or may surprise; messages go out all the same.
    Note,
    /// No message would go out; the exit code with which sending would end.
    Problem(Exit),
}

impl Level {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Sound => "ok",
            Self::Note => "note",
            Self::Problem(_) => "problem",
        }
    }
}

/// What was found on one platform.
#[derive(Debug)]
pub(crate) struct Findings {
    platform: Platform,
    list: Vec<Finding>,
}

impl Findings {
    pub(crate) const fn new(platform: Platform) -> Self {
        Self {
            platform,
            list: Vec::new(),
        }
    }

    fn add(&mut self, level: Level, check: &'static str, text: String) {
        self.list.push(Finding { check, text, level });
    }

    /// Something is as it should be.
    pub(crate) fn sound(&mut self, check: &'static str, text: impl Into<String>) {
        self.add(Level::Sound, check, text.into());
    }

    /// Something that should be known.
    pub(crate) fn note(&mut self, check: &'static str, text: impl Into<String>) {
        self.add(Level::Note, check, text.into());
    }

    /// Something that keeps messages from going out.
    pub(crate) fn problem(&mut self, exit: Exit, check: &'static str, text: impl Into<String>) {
        self.add(Level::Problem(exit), check, text.into());
    }

    /// What must be set before anything can be sent.
    pub(crate) fn unconfigured(&mut self) {
        let text = format!("not configured: set {}", self.platform.needs());
        self.problem(Exit::Config, "settings", text);
    }

    /// An error that keeps messages from going out, with its innermost cause.
    pub(crate) fn failure(&mut self, check: &'static str, error: Error) {
        let Explained { error, advice } = explain(error, None);
        // Nothing was sent here: what counts is the kind.
        let exit = match Exit::of(&error) {
            Exit::Unknown | Exit::Out => Exit::Temporary,
            exit => exit,
        };
        let mut text = error.message().to_owned();
        if let Some(code) = error.code() {
            text.push_str(&format!(" ({code})"));
        }
        if let Some(cause) = causes(&error).last() {
            text.push_str(&format!(": {cause}"));
        }
        if let Some(advice) = advice {
            text.push_str(&format!("; {advice}"));
        }
        self.problem(exit, check, text);
    }
}

/// All that was found.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) platforms: Vec<Findings>,
    /// How many platforms are configured.
    pub(crate) examined: usize,
}

/// From the worst on.
const SEVERITY: [Exit; 6] = [
    Exit::Config,
    Exit::Denied,
    Exit::NotFound,
    Exit::Refused,
    Exit::Temporary,
    Exit::Other,
];

impl Report {
    /// The exit code of the worst problem; that of an unusable configuration when there is none
    /// to look at.
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
            None => Exit::Sent,
        }
    }

    /// The report for people.
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

    /// The report for programs, as one line.
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
            Exit::Sent => "ok",
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
    fn the_worst_problem_is_the_exit_code() {
        let mut report = Report::default();
        assert_eq!(report.exit(), Exit::Config, "nothing is configured");
        report.examined = 1;
        let mut findings = Findings::new(Platform::AcsChat);
        findings.sound("a", "x");
        findings.note("b", "y");
        report.platforms.push(findings);
        assert_eq!(report.exit(), Exit::Sent);
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
