//! The input of a batch: every line is read and checked before the first is sent.

use std::{collections::HashMap, path::Path};

use ms_messenger::{Error, ErrorKind, Message, Problem, Result, http::HttpOptions};
use ms_messenger_outbox::Envelope;
use sha2::{Digest as _, Sha256};

use crate::{
    batch::{
        findings::Findings,
        line,
        table::{self, TextLine},
    },
    choose::choose,
    compose::controls,
    config::Settings,
    dry_run::{Checker, check_token},
    files::{self, without_bom},
    kept_files,
    platform::Platform,
    print, text,
};

/// The most bytes of one line.
const LONGEST_LINE: usize = 1024 * 1024;
/// The most bytes of all files that are kept with the messages: all are handed over at once.
const MOST_KEPT: u64 = 256 * 1024 * 1024;
/// How many warnings are printed.
const WARNINGS: usize = 20;
/// How the ids of lines without one begin.
pub(crate) const OWN_ID: &str = "line-";

/// A message of the input.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The number of its line, from 1.
    pub(crate) line: u64,
    pub(crate) platform: Platform,
    pub(crate) envelope: Envelope,
    /// Why the contents of its files could not be kept, if they should be.
    pub(crate) unread: Option<Error>,
}

/// The messages of an input.
#[derive(Debug, Default)]
pub(crate) struct Input {
    pub(crate) entries: Vec<Entry>,
    /// Problems that do not prevent a send.
    pub(crate) warnings: Vec<Problem>,
}

impl Input {
    /// Prints the first warnings on standard error.
    pub(crate) fn warn(&self) {
        for warning in self.warnings.iter().take(WARNINGS) {
            print::note(text::outcome::warning(warning));
        }
        let more = self.warnings.len().saturating_sub(WARNINGS);
        if more > 0 {
            print::note(text::batch::more_warnings(more));
        }
    }
}

/// Why an input cannot be used.
#[derive(Debug)]
pub(crate) enum Unusable {
    Error(Error),
    Findings(Findings),
}

impl From<Error> for Unusable {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// How lines are read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    /// The platform of lines that name none.
    pub(crate) platform: Option<Platform>,
    /// Whether the token is checked, too.
    pub(crate) checks_token: bool,
    /// Whether it is checked that local files are there; they are read when they are sent.
    pub(crate) checks_files: bool,
    /// Whether a line without id gets one; else it is a problem.
    pub(crate) makes_ids: bool,
    /// Whether the contents of local files are kept with the messages.
    pub(crate) keeps_files: bool,
}

/// Reads and checks every line of a file, of CSV if there is a template.
///
/// # Errors
///
/// What prevents the input from being read, or everything that is wrong with its lines.
pub(crate) fn read(
    file: &Path,
    csv: Option<&Path>,
    reading: Reading,
    settings: &Settings,
    options: &HttpOptions,
) -> std::result::Result<Input, Unusable> {
    let text = text(file)?;
    let lines = match csv {
        Some(path) => table::read(&text, &template(path)?).map_err(Unusable::Findings)?,
        None if is_table(file, &text) => {
            let name = files::name(file);
            let rule = text::batch::TABLE;
            return Err(invalid(ErrorKind::InvalidRequest, &format!("{name}: {rule}")).into());
        }
        None => lines(&text),
    };
    let mut reader = Reader {
        reading,
        settings,
        options,
        checkers: HashMap::new(),
        lines_by_id: HashMap::new(),
        kept: 0,
        input: Input::default(),
        findings: Findings::default(),
    };
    for line in lines {
        reader.read(&line)?;
    }
    if reader.findings.is_empty() {
        Ok(reader.input)
    } else {
        Err(Unusable::Findings(reader.findings))
    }
}

/// Returns the lines that are not blank.
fn lines(text: &str) -> Vec<TextLine> {
    let numbered = (1..).zip(text.lines());
    let filled = numbered.filter(|(_, line)| !line.trim().is_empty());
    let lines = filled.map(|(number, line)| TextLine {
        number,
        text: line.trim().to_owned(),
    });
    lines.collect()
}

/// Whether this is a file of CSV by its name, and holds no JSON.
fn is_table(path: &Path, text: &str) -> bool {
    let is_named_so = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
    is_named_so && !text.trim_start().starts_with('{')
}

fn invalid(kind: ErrorKind, text: &str) -> Error {
    Error::new(kind, text.to_owned())
}

fn text(path: &Path) -> Result<String> {
    let text = files::text_or_input(path, files::BULK);
    let text = text.map_err(|error| files::unusable(path, &error))?;
    Ok(without_bom(text))
}

/// Reads the template of a table.
fn template(path: &Path) -> Result<serde_json::Value> {
    let text = text(path)?;
    serde_json::from_str(&text).map_err(|error| {
        let text = text::compose::not_json(path.display(), &error);
        Error::new(ErrorKind::InvalidRequest, text)
    })
}

/// Reads lines, and checks each as its client would.
struct Reader<'a> {
    reading: Reading,
    settings: &'a Settings,
    options: &'a HttpOptions,
    checkers: HashMap<&'static str, Checker>,
    lines_by_id: HashMap<String, u64>,
    /// How many bytes of files are kept.
    kept: u64,
    input: Input,
    findings: Findings,
}

impl Reader<'_> {
    /// Reads a line.
    ///
    /// # Errors
    ///
    /// When the client of its platform cannot be built.
    fn read(&mut self, line: &TextLine) -> Result<()> {
        let number = line.number;
        if line.text.len() > LONGEST_LINE {
            self.findings.add(number, "", text::batch::LINE_TOO_LONG);
            return Ok(());
        }
        let mut read = match line::read(&line.text) {
            Ok(read) => read,
            Err(problems) => {
                for problem in problems {
                    self.findings.add(number, &problem.field, &problem.rule);
                }
                return Ok(());
            }
        };
        let named = read.platform.or(self.reading.platform);
        let platform = match choose(named, &read.request, self.settings) {
            Ok(platform) => platform,
            Err(error) => {
                self.findings.add_error(number, &error);
                return Ok(());
            }
        };
        self.check(number, platform, &read.request)?;
        if self.reading.checks_files
            && let Err(error) = kept_files::look(&read.request.message)
        {
            self.findings.add_error(number, &error);
        }
        let unread = self.keep_files(number, &mut read.request.message);
        let id = self.id(line, read.id);
        let mut envelope = Envelope::new(id, platform.as_str(), read.request);
        envelope.not_before = read.not_before;
        envelope.expires_at = read.expires_at;
        envelope.order_key = read.order_key;
        if let Err(error) = envelope.check() {
            for problem in error.problems() {
                let field = problem.field.strip_prefix("request.");
                let field = field.unwrap_or(&problem.field);
                self.findings.add(number, field, &problem.rule);
            }
        }
        self.input.entries.push(Entry {
            line: number,
            platform,
            envelope,
            unread,
        });
        Ok(())
    }

    /// Puts the contents of local files into a message that waits for another process. Returns why
    /// one cannot be read: the message may be stored already.
    fn keep_files(&mut self, number: u64, message: &mut Message) -> Option<Error> {
        if !self.reading.keeps_files || self.kept > MOST_KEPT {
            return None;
        }
        let mut unread = None;
        match kept_files::keep(message) {
            Ok(bytes) => self.kept += bytes,
            Err(error) if error.kind() == ErrorKind::Config => unread = Some(error),
            Err(error) => self.findings.add_error(number, &error),
        }
        if self.kept > MOST_KEPT {
            let rule = text::batch::FILES_TOO_LARGE;
            self.findings.add(number, "message.attachments", rule);
        }
        unread
    }

    /// Returns the id of a line: its own, or one of its number and text.
    fn id(&mut self, line: &TextLine, given: Option<String>) -> String {
        let number = line.number;
        match &given {
            Some(id) if self.reading.makes_ids && id.starts_with(OWN_ID) => {
                self.findings.add(number, "id", text::batch::OWN_ID);
            }
            None if !self.reading.makes_ids => {
                self.findings.add(number, "id", text::input::MISSING);
            }
            _ => {}
        }
        let id = given.unwrap_or_else(|| format!("{OWN_ID}{number}-{}", hash(&line.text)));
        if let Some(first) = self.lines_by_id.insert(id.clone(), number) {
            let rule = text::batch::same_id(first);
            self.findings.add(number, "id", &rule);
        }
        id
    }

    fn check(
        &mut self,
        number: u64,
        platform: Platform,
        request: &ms_messenger::SendRequest,
    ) -> Result<()> {
        let name = platform.as_str();
        if !self.checkers.contains_key(name) {
            let checker = Checker::open(platform, self.settings, self.options.clone())?;
            self.checkers.insert(name, checker);
        }
        let Some(checker) = self.checkers.get(name) else {
            return Ok(());
        };
        let mut checked = checker.check(request);
        if self.reading.checks_token && checked.is_ok() {
            let token = check_token(platform, self.settings, request);
            checked = checked.and_then(|warnings| token.map(|()| warnings));
        }
        match checked {
            Ok(mut warnings) => {
                warnings.extend(controls::find(&request.message, ""));
                let placed = warnings.into_iter().map(|it| {
                    let field = text::batch::place(number, &it.field);
                    Problem::new(field, it.rule)
                });
                self.input.warnings.extend(placed);
            }
            Err(error) => self.findings.add_error(number, &error),
        }
        Ok(())
    }
}

/// The hash of a line. It must never change, or a continued batch would be a conflict.
fn hash(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest[..8].iter().map(|it| format!("{it:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_count_and_are_skipped() {
        let lines = lines("a\r\n\n  \n b \n");
        let lines: Vec<_> = lines.iter().map(|it| (it.number, &*it.text)).collect();
        assert_eq!(lines, [(1, "a"), (4, "b")]);
    }

    #[test]
    fn the_hash_of_a_line_never_changes() {
        // Batches that are continued after an update of this program rely on this value.
        assert_eq!(hash("{}"), "44136fa355b3678a");
    }
}
