//! The file of what was acknowledged.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use ms_messenger::{ErrorKind, Problem, Result, events::event_grid::Event};

use crate::{
    files::{unreadable, unwritable},
    text,
};

/// The longest line that can hold an event: a request is smaller.
const LONGEST_LINE: u64 = 8 << 20;

/// What other processes may do with a file that is open.
#[cfg(windows)]
const FILE_SHARE_READ: u32 = 1;

/// A file to which events are appended, one a line. Each line ends with a line break.
#[derive(Debug)]
pub(super) struct Kept {
    file: File,
    path: PathBuf,
}

impl Kept {
    /// Checks that the file is a regular one, if there is one. It is not opened: that of a device can
    /// have effects.
    ///
    /// # Errors
    ///
    /// `Config` for anything else.
    pub(super) fn check(path: &Path) -> Result<()> {
        match path.metadata() {
            Ok(about) if about.is_dir() => {
                let error = io::ErrorKind::IsADirectory.into();
                Err(unusable(path, &error))
            }
            Ok(about) if !about.is_file() => {
                let rule = text::listen::NO_REGULAR_FILE;
                let name = path.display().to_string();
                Err(Problem::new(name, rule).into_error(ErrorKind::Config))
            }
            // Why it cannot be looked at is found when it is opened.
            _ => Ok(()),
        }
    }

    /// Opens the file, readable by its owner only; creates it if there is none. Ends its last line if
    /// a process ended in the middle of it. As long as it is open, no other process keeps events in it:
    /// each knows only its own, and could end a line that the other one writes.
    ///
    /// # Errors
    ///
    /// `Config` when it cannot be used, `Service` while another process uses it.
    pub(super) fn open(path: &Path) -> Result<Self> {
        Self::check(path)?;
        let mut options = OpenOptions::new();
        options.create(true).append(true).read(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        // Others may read it. A lock of this system would keep them out, too.
        #[cfg(windows)]
        std::os::windows::fs::OpenOptionsExt::share_mode(&mut options, FILE_SHARE_READ);
        let file = options.open(path).map_err(|error| unused(path, &error))?;
        #[cfg(unix)]
        lock(&file, path)?;
        let mut kept = Self {
            file,
            path: path.to_owned(),
        };
        kept.append(String::new())
            .map_err(|error| unused(path, &error))?;
        Ok(kept)
    }

    /// Reads the events of Event Grid that are kept, at most those in the last `most` bytes, one after
    /// the other: a file can be larger than the memory.
    ///
    /// # Errors
    ///
    /// `Config` when the file cannot be read.
    pub(super) fn events(&self, most: u64) -> Result<Events> {
        let opened = File::open(&self.path).and_then(|mut file| {
            let length = file.metadata()?.len();
            let mut reader = if length > most {
                // One byte earlier, so that a line that begins there is not taken for a part.
                file.seek(SeekFrom::Start(length - most - 1))?;
                let mut reader = BufReader::new(file);
                skip_line(&mut reader)?;
                reader
            } else {
                BufReader::new(file)
            };
            reader.fill_buf()?;
            Ok(reader)
        });
        let reader = opened.map_err(|error| unusable(&self.path, &error))?;
        let path = self.path.clone();
        Ok(Events { reader, path })
    }

    /// Appends lines and waits until they are on the disk.
    ///
    /// # Errors
    ///
    /// When that fails; what was not synced must not be acknowledged.
    pub(super) fn keep(&mut self, lines: &[String]) -> io::Result<()> {
        self.append(lines.iter().map(|line| format!("{line}\n")).collect())?;
        self.file.sync_data()
    }

    /// Appends whole lines, but none to a line that a crash or a full disk left incomplete.
    fn append(&mut self, lines: String) -> io::Result<()> {
        let text = if self.is_within_a_line()? {
            format!("\n{lines}")
        } else {
            lines
        };
        self.file.write_all(text.as_bytes())
    }

    fn is_within_a_line(&mut self) -> io::Result<bool> {
        if self.file.seek(SeekFrom::End(0))? == 0 {
            return Ok(false);
        }
        let mut last = [0];
        self.file.seek(SeekFrom::End(-1))?;
        self.file.read_exact(&mut last)?;
        Ok(last != *b"\n")
    }
}

/// The events in a file.
#[derive(Debug)]
pub(super) struct Events {
    reader: BufReader<File>,
    path: PathBuf,
}

impl Iterator for Events {
    type Item = Result<Event>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let mut line = Vec::new();
            let part = self.reader.by_ref().take(LONGEST_LINE);
            let read = { part }.read_until(b'\n', &mut line);
            let skipped = read.and_then(|length| {
                if length as u64 == LONGEST_LINE && !line.ends_with(b"\n") {
                    skip_line(&mut self.reader)?;
                }
                Ok(length)
            });
            match skipped {
                Ok(0) => return None,
                // A line is incomplete if the process ended while it was written: its event was not
                // acknowledged, and is sent again.
                Ok(_) => {
                    if let Ok(event) = Event::parse(&String::from_utf8_lossy(&line)) {
                        return Some(Ok(event));
                    }
                }
                Err(error) => return Some(Err(unusable(&self.path, &error))),
            }
        }
    }
}

/// Reads up to the next line.
fn skip_line(reader: &mut impl BufRead) -> io::Result<()> {
    reader.skip_until(b'\n').map(drop)
}

/// The error of a file to which nothing can be appended.
fn unused(path: &Path, error: &io::Error) -> ms_messenger::Error {
    let name = path.display().to_string();
    Problem::new(name, unwritable(path, error)).into_error(ErrorKind::Config)
}

/// Locks the file against other processes that keep events in it, until it is closed.
#[cfg(unix)]
fn lock(file: &File, path: &Path) -> Result<()> {
    use fs4::{FileExt, TryLockError};

    match FileExt::try_lock(file) {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => {
            let name = path.display().to_string();
            Err(Problem::new(name, text::listen::IN_USE).into_error(ErrorKind::Service))
        }
        // A file system without locks.
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(()),
        Err(TryLockError::Error(error)) => Err(unused(path, &error)),
    }
}

fn unusable(path: &Path, error: &io::Error) -> ms_messenger::Error {
    let name = path.display().to_string();
    Problem::new(name, unreadable(error)).into_error(ErrorKind::Config)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a file has when it was opened and an event was kept.
    fn after(before: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        std::fs::write(&path, before).unwrap();
        let mut kept = Kept::open(&path).unwrap();
        let opened = std::fs::read_to_string(&path).unwrap();
        assert!(opened.is_empty() || opened.ends_with('\n'), "{opened:?}");
        kept.keep(&["new".to_owned()]).unwrap();
        std::fs::read_to_string(&path).unwrap()
    }

    #[test]
    fn each_line_has_its_ending_and_none_is_appended_to_another() {
        assert_eq!(after(""), "new\n");
        assert_eq!(after("whole\n"), "whole\nnew\n");
        assert_eq!(after("torn"), "torn\nnew\n");
        // As earlier versions wrote it.
        assert_eq!(after("\nold\nlast"), "\nold\nlast\nnew\n");
    }

    #[test]
    fn a_line_that_was_torn_while_the_file_is_open_is_ended_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        let mut kept = Kept::open(&path).unwrap();
        // As a full disk leaves it.
        kept.file.write_all(b"torn").unwrap();
        kept.keep(&["new".to_owned()]).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "torn\nnew\n");
    }

    #[test]
    fn an_incomplete_line_and_foreign_ones_are_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        let event = r#"{"id":"1","topic":"/t","subject":"s","dataVersion":"1.0","eventType":"T","eventTime":"2026-01-02T03:04:05Z","data":{}}"#;
        std::fs::write(&path, format!("{event}\n\u{fffd}{{\"id\":\"2\",\"to")).unwrap();
        let mut kept = Kept::open(&path).unwrap();
        assert_eq!(kept.events(u64::MAX).unwrap().count(), 1);
        kept.keep(&[event.to_owned(), "{}".to_owned()]).unwrap();
        assert_eq!(kept.events(u64::MAX).unwrap().count(), 2);
        let text = std::fs::read_to_string(&path).unwrap();
        let torn = "\u{fffd}{\"id\":\"2\",\"to";
        assert_eq!(text, format!("{event}\n{torn}\n{event}\n{{}}\n"));
        for other in [folder.path(), Path::new("/dev/null")] {
            let error = Kept::open(other).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        }
    }

    fn event(id: &str) -> String {
        format!(
            r#"{{"id":"{id}","topic":"/t","subject":"s","dataVersion":"1.0","eventType":"T","eventTime":"2026-01-02T03:04:05Z","data":{{}}}}"#
        )
    }

    fn ids(kept: &Kept, most: u64) -> String {
        let events = kept.events(most).unwrap();
        events.map(|event| event.unwrap().id).collect()
    }

    #[test]
    fn only_whole_events_of_the_end_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        let mut kept = Kept::open(&path).unwrap();
        let lines = ["a", "b", "c"].map(event);
        let length = lines[0].len() as u64 + 1;
        kept.keep(&lines).unwrap();
        for (most, expected) in [
            (0, ""),
            (1, ""),
            (length - 1, ""),
            (length, "c"),
            (length + 1, "c"),
            (2 * length, "bc"),
            (3 * length - 1, "bc"),
            (3 * length, "abc"),
        ] {
            assert_eq!(ids(&kept, most), expected, "{most}");
        }
    }

    #[test]
    fn a_line_without_an_end_is_passed_over_without_reading_it_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        let mut kept = Kept::open(&path).unwrap();
        kept.keep(&[event("a")]).unwrap();
        // Zeros, of which nothing is on the disk.
        let length = kept.file.metadata().unwrap().len();
        kept.file.set_len(length + 3 * LONGEST_LINE + 1).unwrap();
        kept.keep(&[event("b")]).unwrap();
        assert_eq!(ids(&kept, u64::MAX), "ab");
    }
}
