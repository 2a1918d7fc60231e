//! What is wrong with the lines of an input.

use ms_messenger::{Error, ErrorKind, Problem, Problems};

use crate::{exit::Exit, text};

/// How many problems are listed.
const LISTED: usize = 20;

/// Problems of lines: the first ones, and how many there are.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    listed: Vec<Problem>,
    total: usize,
    exit: Option<Exit>,
    /// The line that was looked at last, and what is wrong with it.
    line: u64,
    of_line: Vec<Problem>,
}

impl Findings {
    /// Adds a problem of a line.
    pub(crate) fn add(&mut self, line: u64, field: &str, rule: &str) {
        self.note(line, field, rule, Exit::Rejected);
    }

    /// Adds a problem of a message that no line has.
    pub(crate) fn add_message(&mut self, id: &str, rule: &str) {
        self.push(text::batch::message(id), rule, Exit::Rejected);
    }

    /// Adds what an error says of a line.
    pub(crate) fn add_error(&mut self, line: u64, error: &Error) {
        let exit = match error.kind() {
            ErrorKind::Config => Exit::Config,
            ErrorKind::Unauthenticated | ErrorKind::PermissionDenied => Exit::Denied,
            _ => Exit::Rejected,
        };
        if error.problems().is_empty() {
            self.note(line, "", error.message(), exit);
        }
        for problem in error.problems() {
            self.note(line, &problem.field, &problem.rule, exit);
        }
    }

    fn note(&mut self, line: u64, field: &str, rule: &str, exit: Exit) {
        if self.line != line {
            self.line = line;
            self.of_line.clear();
        }
        // A client and the outbox have some rules in common.
        let problem = Problem::new(field, rule);
        if !self.of_line.contains(&problem) {
            self.push(text::batch::place(line, field), rule, exit);
            self.of_line.push(problem);
        }
    }

    fn push(&mut self, place: String, rule: &str, exit: Exit) {
        self.total += 1;
        // What is wrong with the lines weighs more than what is wrong with the settings.
        if self.exit != Some(Exit::Rejected) {
            self.exit = Some(exit);
        }
        if self.listed.len() < LISTED {
            self.listed.push(Problem::new(place, rule));
        }
    }

    /// Returns whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// Returns the problems that are listed as one error.
    pub(crate) fn to_error(&self) -> Error {
        let kind = match self.exit() {
            Exit::Config => ErrorKind::Config,
            Exit::Denied => ErrorKind::Unauthenticated,
            _ => ErrorKind::InvalidRequest,
        };
        let mut problems = Problems::new();
        for Problem { field, rule, .. } in &self.listed {
            problems.add(field.clone(), rule.clone());
        }
        let error = problems.into_error(kind);
        error.unwrap_or_else(|| Error::new(kind, text::batch::UNUSABLE))
    }

    /// Returns how many problems there are beside those that are listed.
    pub(crate) fn more(&self) -> usize {
        self.total - self.listed.len()
    }

    /// Returns the exit code.
    pub(crate) fn exit(&self) -> Exit {
        self.exit.unwrap_or(Exit::Rejected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_checks_find_in_a_line_counts_once() {
        let mut findings = Findings::default();
        for (line, field) in [(1, "a"), (1, "b"), (1, "a"), (2, "a")] {
            findings.add(line, field, "is too long");
        }
        let fields: Vec<&str> = findings.listed.iter().map(|it| &*it.field).collect();
        assert_eq!(fields, ["line 1: a", "line 1: b", "line 2: a"]);
        assert_eq!(findings.total, 3);
    }

    #[test]
    fn twenty_are_listed_and_the_rest_is_counted() {
        let mut findings = Findings::default();
        assert!(findings.is_empty());
        for line in 1..=25 {
            findings.add(line, "to", "must not be empty");
        }
        assert_eq!((findings.listed.len(), findings.more()), (20, 5));
        assert_eq!(findings.listed[1].field, "line 2: to");
        let config = Error::new(ErrorKind::Config, "not configured");
        findings.add_error(26, &config);
        assert_eq!(findings.exit(), Exit::Rejected);
    }
}
