//! What a cell counted, and what was wrong in it.

use std::fmt;

use ms_messenger::Settled;

/// The verdicts of one who settles.
#[derive(Clone, Copy, Default)]
pub(crate) struct Verdicts {
    pub(crate) found: usize,
    pub(crate) not_found: usize,
    pub(crate) undecided: usize,
}

impl Verdicts {
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

/// What a cell counted.
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
    pub(crate) lies: usize,
    /// By the client that sent.
    pub(crate) sender: Verdicts,
    /// By a client that knows nothing but the JSON form of the evidence.
    pub(crate) fresh: Verdicts,
    pub(crate) false_found: usize,
    pub(crate) false_not_found: usize,
    /// One line for each thing that was wrong.
    pub(crate) wrong: Vec<String>,
}

impl Tally {
    pub(crate) fn is_wrong(&self) -> bool {
        !self.wrong.is_empty()
            || self.duplicates + self.lies + self.false_found + self.false_not_found > 0
    }

    pub(crate) fn heading() -> String {
        format!(
            "{:<20}{:<42}{:>6}{:>6}{:>6}{:>9}{:>8}{:>7} |{:>15}{:>15} |{:>12}{:>16}{:>11}{:>5}",
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
            "lies",
        )
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<20}{:<42}{:>6}{:>6}{:>6}{:>9}{:>8}{:>7} |{:>15}{:>15} |{:>12}{:>16}{:>11}{:>5}",
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
            self.lies,
        )
    }
}
