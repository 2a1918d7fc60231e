//! The first use of each idempotency key, so that a command can be run again with the same key.
//!
//! The platform needs the key and the time of its first use to recognise a repeated send.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use ms_messenger::{Error, ErrorKind, IdempotencyKey, Result, SendRequest, Uuid};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{files::unwritable, outcome::moment, platform::Platform, state::make_folder, text};

/// Folder inside the state folder.
const FOLDER: &str = "keys";
/// How long a key is remembered: longer than a command is run again with the same key.
const MEMORY: Duration = Duration::from_secs(90 * 24 * 3600);
/// Interval between two searches for old keys.
const CLEANING_INTERVAL: Duration = Duration::from_secs(24 * 3600);

/// The keys that were used on this machine.
#[derive(Debug)]
pub(crate) struct FirstUses {
    folder: PathBuf,
}

/// The stored form of a key: only a hash of the message.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    #[serde(flatten)]
    key: IdempotencyKey,
    message: String,
}

/// A key that this send uses.
#[derive(Debug)]
pub(crate) struct KeyUse {
    path: PathBuf,
    is_first: bool,
}

impl FirstUses {
    /// Returns the keys in the state folder.
    pub(crate) fn new(state: &Path) -> Self {
        let folder = state.join(FOLDER);
        Self { folder }
    }

    /// Returns the key `id` with the time of its first use for this message, which is now if there
    /// was none.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` when the key was used for another message; `Config` when it cannot be
    /// stored.
    pub(crate) fn begin(
        &self,
        id: Uuid,
        platform: Platform,
        request: &SendRequest,
    ) -> Result<(IdempotencyKey, KeyUse)> {
        self.clean();
        let path = self.folder.join(format!("{id}.json"));
        let message = fingerprint(platform, request);
        let key = IdempotencyKey::new(id, SystemTime::now());
        let entry = Entry { key, message };
        let is_first = write_new(&path, &entry).map_err(|error| self.unusable(&error))?;
        if is_first {
            return Ok((key, KeyUse { path, is_first }));
        }
        let known = read(&path).map_err(|error| self.unusable(&error))?;
        if known.message != entry.message {
            let text = text::keys::other_message(moment(known.key.first_sent));
            return Err(Error::new(ErrorKind::InvalidRequest, text));
        }
        Ok((known.key, KeyUse { path, is_first }))
    }

    /// Returns the error of a folder that cannot be used.
    fn unusable(&self, error: &io::Error) -> Error {
        let text = text::keys::not_stored(self.folder.display(), &unwritable(&self.folder, error));
        Error::new(ErrorKind::Config, text)
    }

    /// Deletes old keys, once a day. Files that cannot be deleted stay.
    fn clean(&self) {
        let marker = self.folder.join(".cleaned");
        if !is_older(&marker, CLEANING_INTERVAL) {
            return;
        }
        let _ = fs::write(&marker, "");
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            if is_older(&entry.path(), MEMORY) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

impl KeyUse {
    /// Deletes the key after a send that was certainly not sent, unless it had an earlier use.
    pub(crate) fn forget(self) {
        if self.is_first {
            let _ = fs::remove_file(self.path);
        }
    }
}

/// Returns whether a file is older than `age`.
fn is_older(path: &Path, age: Duration) -> bool {
    let changed = fs::metadata(path).and_then(|about| about.modified());
    changed.is_ok_and(|changed| changed.elapsed().is_ok_and(|elapsed| elapsed > age))
}

/// Writes the file atomically; returns `false` when it exists already.
fn write_new(path: &Path, entry: &Entry) -> io::Result<bool> {
    if path.exists() {
        return Ok(false);
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    make_folder(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(serde_json::to_string(entry)?.as_bytes())?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(true),
        // Another process was faster, so its use is the first.
        Err(lost) if lost.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(lost) => Err(lost.error),
    }
}

/// Reads a stored key.
fn read(path: &Path) -> io::Result<Entry> {
    let entry = serde_json::from_str(&fs::read_to_string(path)?);
    entry.map_err(|_| io::Error::other(text::keys::DAMAGED))
}

/// Returns a hash of the request and its platform.
fn fingerprint(platform: Platform, request: &SendRequest) -> String {
    let mut bare = request.clone();
    bare.idempotency = None;
    // All keys are strings, so this cannot fail.
    let form = serde_json::to_string(&bare).unwrap_or_default();
    let digest = Sha256::new()
        .chain_update(platform.as_str())
        .chain_update([0])
        .chain_update(form)
        .finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use ms_messenger::{Message, Target};

    use super::*;

    fn request(text: &str) -> SendRequest {
        SendRequest::new(Target::conversation("19:a"), Message::text(text))
    }

    #[test]
    fn the_first_use_is_remembered_for_the_same_message() {
        let state = tempfile::tempdir().unwrap();
        let keys = FirstUses::new(state.path());
        let id = Uuid::from_u128(1);
        let begin = |text| keys.begin(id, Platform::AcsMessages, &request(text));
        let (first, _) = begin("a").unwrap();
        let (second, again) = begin("a").unwrap();
        let age = |key: &IdempotencyKey| key.first_sent.duration_since(SystemTime::UNIX_EPOCH);
        assert_eq!(
            age(&first).unwrap().as_secs(),
            age(&second).unwrap().as_secs()
        );
        let error = begin("b").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.message().contains("another message"), "{error}");
        // The message of an earlier use may have been sent.
        again.forget();
        assert!(begin("b").is_err());
    }

    #[test]
    fn a_use_that_sent_nothing_leaves_nothing() {
        let state = tempfile::tempdir().unwrap();
        let keys = FirstUses::new(state.path());
        let id = Uuid::from_u128(1);
        let (_, first) = keys
            .begin(id, Platform::AcsMessages, &request("a"))
            .unwrap();
        first.forget();
        assert!(keys.begin(id, Platform::AcsMessages, &request("b")).is_ok());
    }

    #[test]
    fn no_text_is_stored_and_an_unusable_folder_is_reported() {
        let state = tempfile::tempdir().unwrap();
        let keys = FirstUses::new(state.path());
        keys.begin(
            Uuid::from_u128(1),
            Platform::AcsMessages,
            &request("attack at dawn"),
        )
        .unwrap();
        let file = keys.folder.join(format!("{}.json", Uuid::from_u128(1)));
        assert!(!fs::read_to_string(file).unwrap().contains("dawn"));
        let blocked = state.path().join("blocked");
        fs::write(&blocked, "").unwrap();
        let keys = FirstUses::new(&blocked);
        let error = keys.begin(Uuid::from_u128(1), Platform::AcsMessages, &request("a"));
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.message().contains("--first-sent"), "{error}");
    }

    #[test]
    fn old_keys_are_deleted_and_others_stay() {
        let state = tempfile::tempdir().unwrap();
        let keys = FirstUses::new(state.path());
        fs::create_dir_all(&keys.folder).unwrap();
        let age = |name: &str, days: u64| {
            let file = fs::File::create(keys.folder.join(name)).unwrap();
            let then = SystemTime::now() - Duration::from_secs(days * 24 * 3600);
            file.set_modified(then).unwrap();
        };
        age(".cleaned", 2);
        age("old.json", 91);
        age("young.json", 89);
        keys.clean();
        assert!(!keys.folder.join("old.json").exists());
        assert!(keys.folder.join("young.json").exists());
    }
}
