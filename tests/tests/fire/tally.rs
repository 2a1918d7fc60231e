//! The counts of a cell, and its errors.

use std::fmt;

use ms_messenger::Settled;

/// The verdicts of one settler.
#[derive(Clone, Copy, Default)]
pub(crate) struct Verdicts {
    pub(crate) found: usize,
    pub(crate) not_found: usize,
    pub(crate) undecided: usize,
}

impl Verdicts {
    /// Counts a verdict.
    pub(crate) fn count(&mut self, settled: &Settled) {
        match settled {
            Settled::Found(_) => self.found += 1,
            Settled::NotFound => self.not_found += 1,
            _ => self.undecided += 1,
        }
    }
}

impl fmt::Display for Verdicts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}/{}/{}", self.found, self.not_found, self.undecided);
        f.pad(&text)
    }
}

/// The counts of a cell.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) platform: String,
    pub(crate) fault: String,
    pub(crate) sends: usize,
    pub(crate) ok: usize,
    pub(crate) sent: usize,
    pub(crate) not_sent: usize,
    pub(crate) unknown: usize,
    pub(crate) stored: usize,
    pub(crate) duplicates: usize,
    pub(crate) false_claims: usize,
    /// Verdicts of the client that sent.
    pub(crate) sender: Verdicts,
    /// Verdicts of a client that has only the JSON form of the evidence.
    pub(crate) fresh: Verdicts,
    pub(crate) false_found: usize,
    pub(crate) false_not_found: usize,
    /// One line for each error.
    pub(crate) wrong: Vec<String>,
}

impl Tally {
    /// Returns whether something was wrong.
    pub(crate) fn is_wrong(&self) -> bool {
        !self.wrong.is_empty()
            || self.duplicates + self.false_claims + self.false_found + self.false_not_found > 0
    }

    /// Returns the heading of the table.
    pub(crate) fn heading() -> String {
        format!(
            "{:<20}{:<42}{:>6}{:>6}{:>6}{:>9}{:>8}{:>7} |{:>15}{:>15} |{:>12}{:>16}{:>11}{:>13}",
            "platform",
            "fault",
            "sends",
            "ok",
            "sent",
            "not sent",
            "unknown",
            "stored",
            "sender f/n/?",
            "fresh f/n/?",
            "false found",
            "false not found",
            "duplicates",
            "false claims",
        )
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<20}{:<42}{:>6}{:>6}{:>6}{:>9}{:>8}{:>7} |{:>15}{:>15} |{:>12}{:>16}{:>11}{:>13}",
            self.platform,
            self.fault,
            self.sends,
            self.ok,
            self.sent,
            self.not_sent,
            self.unknown,
            self.stored,
            self.sender,
            self.fresh,
            self.false_found,
            self.false_not_found,
            self.duplicates,
            self.false_claims,
        )
    }
}
