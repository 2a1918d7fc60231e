//! Files that do not change while they are read: half of what another program writes is not its content.

use std::{
    fs::{File, Metadata},
    io,
    path::Path,
    time::SystemTime,
};

use crate::text;

/// What shows that a file was changed: its size, and when it was written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    fn of(about: &Metadata) -> Self {
        Self {
            length: about.len(),
            modified: about.modified().ok(),
        }
    }

    /// Returns that of a regular file; `None` for what is none, or is not there.
    pub(crate) fn look(path: &Path) -> Option<Self> {
        let about = path.metadata().ok()?;
        about.is_file().then(|| Self::of(&about))
    }
}

/// Reads a file, unless it is changed meanwhile. What is no regular file is read as it comes.
///
/// # Errors
///
/// `ResourceBusy` for a file that is changed, else those of `read` and of the system.
pub(super) fn read<T>(file: &File, read: impl FnOnce(&File) -> io::Result<T>) -> io::Result<T> {
    let about = file.metadata()?;
    let content = read(file)?;
    if !about.is_file() || Stamp::of(&file.metadata()?) == Stamp::of(&about) {
        Ok(content)
    } else {
        Err(io::Error::new(
            io::ErrorKind::ResourceBusy,
            text::files::CHANGING,
        ))
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Read as _};

    use super::*;

    fn all(mut file: &File) -> io::Result<String> {
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn a_file_that_is_changed_while_it_is_read_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("in.jsonl");
        let changes: [fn(&Path); 4] = [
            |path| fs::write(path, "{}\n{}\n{}\n").unwrap(),
            |path| fs::write(path, "{}\n").unwrap(),
            |path| File::create(path).map(drop).unwrap(),
            |path| {
                let file = File::options().write(true).open(path).unwrap();
                file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
            },
        ];
        for change in changes {
            fs::write(&path, "{}\n{}\n").unwrap();
            let file = File::open(&path).unwrap();
            let error = read(&file, |file| {
                let text = all(file)?;
                change(&path);
                Ok(text)
            });
            let error = error.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
            let said = crate::files::unreadable(&error);
            assert_eq!(
                said,
                "cannot be read: it is being changed: wait until it is complete"
            );
        }
    }

    #[test]
    fn a_file_that_is_replaced_while_it_is_read_is_that_which_was_opened() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("in.jsonl");
        fs::write(&path, "first").unwrap();
        let file = File::open(&path).unwrap();
        let before = Stamp::look(&path).unwrap();
        let text = read(&file, |file| {
            let next = folder.path().join("next");
            fs::write(&next, "the second")?;
            fs::rename(&next, &path)?;
            all(file)
        });
        assert_eq!(text.unwrap(), "first");
        assert_ne!(Stamp::look(&path).unwrap(), before);
        assert_eq!(Stamp::look(folder.path()), None);
        assert_eq!(Stamp::look(&folder.path().join("missing")), None);
    }
}
