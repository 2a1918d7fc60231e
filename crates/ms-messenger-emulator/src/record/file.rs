//! The file of a recording: new, readable by its owner alone, and only appended to.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use serde::Serialize;

use crate::{
    record::exchange::{Exchange, Heading},
    wire::{lock::lock, plain::uncreated},
};

/// The file of a recording.
#[derive(Debug)]
pub(crate) struct RecordingFile {
    file: Mutex<File>,
    written: AtomicU64,
    failed: AtomicU64,
}

impl RecordingFile {
    /// Makes the file, which must not exist: a second recording would have other pseudonyms.
    pub(crate) fn create(path: &Path, heading: &Heading) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.append(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let opened = options.open(path);
        let made = Self {
            file: Mutex::new(opened.map_err(|error| uncreated(path, error))?),
            written: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        };
        made.line(heading)?;
        Ok(made)
    }

    /// Appends an exchange with the next number, in one write, so that no end of the process leaves
    /// a part of it.
    pub(crate) fn append(&self, mut exchange: Exchange) {
        let mut file = lock(&self.file);
        exchange.n = self.written.load(Ordering::Relaxed) + 1;
        let counter = match write(&mut file, &exchange) {
            Ok(()) => &self.written,
            Err(_) => &self.failed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// How many exchanges were written, and how many could not be.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (count(&self.written), count(&self.failed))
    }

    fn line(&self, line: &impl Serialize) -> io::Result<()> {
        write(&mut lock(&self.file), line)
    }
}

fn write(file: &mut File, line: &impl Serialize) -> io::Result<()> {
    let mut bytes = serde_json::to_vec(line)?;
    bytes.push(b'\n');
    let length = file.metadata()?.len();
    file.write_all(&bytes).inspect_err(|_| {
        // A part of a line would spoil the next one.
        let _ = file.set_len(length);
    })
}
