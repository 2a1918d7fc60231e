//! The lines of a recording.

use ms_messenger_core::{Capabilities, Error, ErrorKind, Problem, Result, json};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::outcome::{Outcome, Verdict};

/// The version of the form.
const VERSION: u32 = 1;

/// One line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    /// The first one.
    Recording(Header),
    Send(Send),
    Settle(Settle),
}

/// The messenger that was recorded.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    version: u32,
    pub(super) platform: String,
    pub(super) capabilities: Capabilities,
}

/// The version of a recording, whatever else it has.
#[derive(Deserialize)]
struct Versioned {
    recording: OnlyVersion,
}

#[derive(Deserialize)]
struct OnlyVersion {
    version: u32,
}

/// A send and its outcome.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Send {
    pub(super) request: Value,
    pub(super) outcome: Outcome,
}

/// A settling and its verdict.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settle {
    pub(super) request: Value,
    pub(super) verdict: Verdict,
}

impl Header {
    pub(super) fn new(platform: &str, capabilities: Capabilities) -> Self {
        Self {
            version: VERSION,
            platform: platform.to_owned(),
            capabilities,
        }
    }
}

impl Line {
    /// Reads the line of this number, from 1.
    ///
    /// # Errors
    ///
    /// `Config` that names the line and what was expected, and repeats nothing of it.
    pub(super) fn read(number: usize, text: &str) -> Result<Self> {
        let place = format!("line {number}");
        // A later version may have other members: it is named, and not those.
        let version = serde_json::from_str::<Versioned>(text).ok();
        if version.is_some_and(|it| it.recording.version != VERSION) {
            let rule = "has a version that this library does not know";
            return Err(wrong(&place, rule));
        }
        let line: Self = json::from_str(text).map_err(|error| {
            let problem = error.into_problem_within(&place);
            problem.into_error(ErrorKind::Config)
        })?;
        match &line {
            Self::Recording(_) if number != 1 => Err(wrong(&place, "must be a send or a settle")),
            Self::Send(_) | Self::Settle(_) if number == 1 => {
                Err(wrong(&place, "must be that of a recording"))
            }
            _ => Ok(line),
        }
    }
}

fn wrong(place: &str, rule: &str) -> Error {
    Problem::new(place, rule).into_error(ErrorKind::Config)
}
