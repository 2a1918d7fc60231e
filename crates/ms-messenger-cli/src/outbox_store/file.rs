//! Whether a file can hold an outbox, before SQLite opens it.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::Path,
};

use ms_messenger::{Error, ErrorKind, Result};

use crate::{
    files::{misplaced, unreadable},
    text,
};

/// How a database of SQLite begins: <https://sqlite.org/fileformat.html>.
const BEGIN: [u8; 16] = *b"SQLite format 3\0";

/// Checks what is at a path. What is absent or empty can become an outbox.
///
/// # Errors
///
/// `Config` for what is not a regular file, and for one that is not a database.
pub(super) fn check(path: &Path) -> Result<()> {
    let refused = |rule: &str| Err(Error::new(ErrorKind::Config, rule.to_owned()));
    if path.to_str().is_none() {
        return refused(text::outbox::PATH_NOT_UTF8);
    }
    // Before it is opened: that of a device can have effects, and SQLite takes some for empty files.
    let Ok(about) = fs::metadata(path) else {
        // Why it cannot be used is found when it is created or opened.
        return Ok(());
    };
    if about.is_dir() {
        return refused(&unreadable(&io::ErrorKind::IsADirectory.into()));
    }
    if !about.is_file() {
        return refused(text::outbox::NOT_A_REGULAR_FILE);
    }
    let Ok(file) = File::open(path) else {
        return Ok(());
    };
    let mut begin = Vec::new();
    // Files of /proc are regular, and some have no bytes that could be read.
    let length = BEGIN.len() as u64;
    if let Err(error) = file.take(length).read_to_end(&mut begin) {
        return refused(&unreadable(&error));
    }
    if begin.is_empty() || begin == BEGIN {
        return Ok(());
    }
    refused(text::outbox::NOT_A_DATABASE)
}

/// Checks that the folder is there in which an outbox is created.
///
/// # Errors
///
/// `Config` when it is not.
pub(super) fn check_folder(path: &Path) -> Result<()> {
    let rule = misplaced(path);
    rule.map_or(Ok(()), |rule| Err(Error::new(ErrorKind::Config, rule)))
}

/// Checks the name of a file that an address names.
///
/// # Errors
///
/// `Config` for a file that would be created with a name that looks like a part of a URL.
pub(super) fn check_name(path: &Path) -> Result<()> {
    let name = path.as_os_str().to_string_lossy();
    if name.contains(['?', '%']) && fs::symlink_metadata(path).is_err() {
        let rule = text::outbox::PARAMETERS;
        return Err(Error::new(ErrorKind::Config, rule));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_database_and_what_can_become_one_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            fs::write(&path, bytes).unwrap();
            path
        };
        assert!(check(&folder.path().join("absent")).is_ok());
        assert!(check(&at("empty", b"")).is_ok());
        assert!(check(&at("database", b"SQLite format 3\0 and more")).is_ok());
        let short = at("short", b"SQLite");
        let text = at("text", b"{\"to\": \"sip:bob@contoso.com\"}");
        for path in [&*short, &text, folder.path()] {
            let error = check(path).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        }
        #[cfg(target_os = "linux")]
        for path in [
            "/dev/zero",
            "/dev/null",
            "/proc/self/mem",
            "/proc/self/status",
        ] {
            let error = check(Path::new(path)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        }
    }

    #[test]
    fn a_new_file_has_no_name_that_looks_like_a_url() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["o.db?mode=ro", "50%25.db"] {
            let path = folder.path().join(name);
            let error = check_name(&path).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{error}");
            fs::write(&path, "").unwrap();
            assert!(check_name(&path).is_ok());
        }
        assert!(check_name(&folder.path().join("o.db")).is_ok());
    }
}
