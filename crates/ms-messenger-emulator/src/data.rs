//! The data file: a journal on disk, so that the next start has the same world.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use fs4::{FileExt, TryLockError};
use serde_json::{Value, json};

use crate::{
    engine::journal::{
        Journal, Waiting,
        entry::Entry,
        format::{Title, decode},
    },
    start_error::StartError,
    wire::{
        lock::lock,
        plain::{plain, uncreated},
    },
};

/// So long a change waits for others before it is written.
const DELAY: Duration = Duration::from_millis(200);
/// So long until a write that failed is attempted again.
const RETRY: Duration = Duration::from_secs(2);
/// The largest file that is read, in bytes.
const LARGEST: u64 = 1 << 30;

/// The journal of an emulator, its file, and what was in that.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) file: Arc<DataFile>,
    pub(crate) journal: Arc<Journal>,
    pub(crate) entries: Vec<Entry>,
}

impl Kept {
    /// What is needed to write the rest at the end.
    pub(crate) fn writing(&self) -> (Arc<DataFile>, Arc<Journal>) {
        (Arc::clone(&self.file), Arc::clone(&self.journal))
    }
}

/// A data file that no other emulator uses.
#[derive(Debug)]
pub(crate) struct DataFile {
    path: PathBuf,
    title: Title,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Locked until it is closed.
    file: File,
    /// How many bytes are whole records.
    length: u64,
}

impl DataFile {
    /// Opens the file, or makes it, and reads what is in it.
    ///
    /// # Errors
    ///
    /// [`StartError::Data`] when it cannot be opened, is used, is no data file, is damaged, or is that
    /// of another world. It is not changed then.
    pub(crate) fn open(
        path: &Path,
        seed: u64,
        strict: bool,
    ) -> Result<(Self, Vec<Entry>), StartError> {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let title = Title::new(seed, strict);
        match read(&path, &title) {
            Ok((state, entries)) => {
                let file = Self {
                    path,
                    title,
                    state: Mutex::new(state),
                };
                Ok((file, entries))
            }
            Err(problem) => Err(StartError::Data { path, problem }),
        }
    }

    /// Writes what was recorded, soon after it was, until the emulator ends.
    pub(crate) async fn follow(self: Arc<Self>, journal: Arc<Journal>) {
        self.write(&journal);
        loop {
            journal.added().await;
            tokio::time::sleep(DELAY).await;
            let (file, changes) = (Arc::clone(&self), Arc::clone(&journal));
            // A disk may be slow; requests do not wait for it.
            let written = tokio::task::spawn_blocking(move || file.write(&changes)).await;
            if let Ok(false) = written {
                tokio::time::sleep(RETRY).await;
                // What was put back is attempted again, whatever is recorded meanwhile.
                journal.wake();
            }
        }
    }

    /// Writes what was recorded.
    pub(crate) fn write(&self, journal: &Journal) -> bool {
        let mut state = lock(&self.state);
        let taken = journal.take();
        let is_cut = taken.is_cut;
        let failure = match state.append(&self.title, &taken) {
            Ok(()) => is_cut.then(|| "too much waited to be written".to_owned()),
            Err(error) => {
                journal.put_back(taken);
                Some(plain(&error))
            }
        };
        let is_written = failure.is_none() || is_cut;
        journal.set_report(self.report(state.length, failure));
        is_written
    }

    /// The error of a start that cannot use the file.
    pub(crate) fn unusable(&self, problem: String) -> StartError {
        StartError::Data {
            path: self.path.clone(),
            problem,
        }
    }

    fn report(&self, length: u64, failure: Option<String>) -> Value {
        json!({
            "file": self.path.to_string_lossy(),
            "bytes": length,
            "failure": failure,
        })
    }
}

impl State {
    /// Appends records. What an earlier attempt wrote of them is overwritten.
    fn append(&mut self, title: &Title, taken: &Waiting) -> io::Result<()> {
        if taken.begins_anew {
            let title = title.encode();
            self.file.set_len(title.len() as u64)?;
            self.length = title.len() as u64;
        }
        if taken.bytes.is_empty() {
            return Ok(());
        }
        self.file.set_len(self.length)?;
        self.file.seek(SeekFrom::Start(self.length))?;
        self.file.write_all(&taken.bytes)?;
        self.file.sync_data()?;
        self.length += taken.bytes.len() as u64;
        Ok(())
    }
}

fn read(path: &Path, title: &Title) -> Result<(State, Vec<Entry>), String> {
    let cannot =
        |what: &'static str| move |error: io::Error| format!("cannot be {what}: {}", plain(&error));
    // Before it is opened: that of a device or a pipe can have effects.
    let about = path.metadata();
    if about.is_ok_and(|it| !it.is_file() && !it.is_dir()) {
        return Err("is not a regular file".to_owned());
    }
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let opened = options.open(path);
    let file = opened.map_err(|error| cannot("opened")(uncreated(path, error)))?;
    match FileExt::try_lock(&file) {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err("is used by another emulator".to_owned()),
        Err(TryLockError::Error(error)) => return Err(cannot("locked")(error)),
    }
    let length = file.metadata().map_err(cannot("read"))?.len();
    if length > LARGEST {
        return Err(format!("is larger than {LARGEST} bytes"));
    }
    let mut state = State { file, length: 0 };
    if length == 0 {
        let first = Waiting {
            bytes: title.encode(),
            ..Waiting::default()
        };
        state.append(title, &first).map_err(cannot("written"))?;
        return Ok((state, Vec::new()));
    }
    let mut bytes = Vec::new();
    state.file.read_to_end(&mut bytes).map_err(cannot("read"))?;
    let contents = decode(&Bytes::from(bytes))?;
    check(&contents.title, title)?;
    state.length = contents.length as u64;
    Ok((state, contents.entries))
}

/// Ids follow from the seed, and what is accepted from the strictness.
fn check(found: &Title, wanted: &Title) -> Result<(), String> {
    if found.seed != wanted.seed {
        return Err(format!("is that of the seed {}", found.seed));
    }
    match (found.strict, wanted.strict) {
        (true, false) => Err("is that of a strict emulator".to_owned()),
        (false, true) => Err("is that of an emulator that is not strict".to_owned()),
        _ => Ok(()),
    }
}
