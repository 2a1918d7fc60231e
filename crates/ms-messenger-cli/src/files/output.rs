//! Files and folders that are written.

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use super::{is_plain, reason};
use crate::text;

/// Writes a file in one step: readers see the old content or all of the new. A link goes on to lead
/// where it leads.
///
/// # Errors
///
/// Those of the system; `InvalidInput` for a device or a pipe, in whose place there would be a file.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    no_folder(path)?;
    if path.metadata().is_ok_and(|it| !it.is_file()) {
        let text = text::files::NOT_REGULAR;
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    let path = path.canonicalize().unwrap_or_else(|_| target(path));
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let mut beside = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    beside.write_all(content)?;
    beside.persist(path).map(drop).map_err(|lost| lost.error)
}

/// Checks that a path is not that of a folder, which the system reports in several ways.
///
/// # Errors
///
/// `IsADirectory`.
pub(crate) fn no_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        Err(io::ErrorKind::IsADirectory.into())
    } else {
        Ok(())
    }
}

/// Describes why a file or folder cannot be written, and what to do.
pub(crate) fn unwritable(path: &Path, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            misplaced(path).unwrap_or_else(|| reason(error))
        }
        kind if is_plain(kind) => reason(error),
        _ => text::files::unwritable(&reason(error)),
    }
}

/// Describes what is wrong with the folder of a file that is to be written, if there is something.
pub(crate) fn misplaced(path: &Path) -> Option<String> {
    let target = target(path);
    let folder = target.parent()?;
    let mut missing = None;
    for above in folder.ancestors().filter(|it| !it.as_os_str().is_empty()) {
        if above.is_dir() {
            break;
        }
        if above.symlink_metadata().is_ok() && !is_dangling(above) {
            return Some(text::files::not_a_folder(above.display()));
        }
        missing = Some(above);
    }
    let missing = missing?;
    let needed = (missing != folder).then(|| folder.display());
    Some(text::files::missing_folder(missing.display(), needed))
}

/// Where a file is written: a link may lead elsewhere.
fn target(path: &Path) -> PathBuf {
    match (path.read_link(), path.parent()) {
        (Ok(link), Some(folder)) => folder.join(link),
        _ => path.to_owned(),
    }
}

fn is_dangling(path: &Path) -> bool {
    path.is_symlink() && !path.exists()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_link_stays_one_and_its_target_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("a")).unwrap();
        fs::write(at("a/file"), "old").unwrap();
        for (link, to) in [("link", "a/file"), ("dangling", "a/new")] {
            std::os::unix::fs::symlink(to, at(link)).unwrap();
            replace(&at(link), b"new").unwrap();
            assert!(at(link).is_symlink());
            assert_eq!(fs::read_to_string(at(to)).unwrap(), "new");
        }
        assert_eq!(fs::read_dir(at("a")).unwrap().count(), 2);
    }

    #[test]
    fn the_folder_that_is_missing_is_named_and_what_to_create() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let shown = |name: &str| at(name).display().to_string();
        let error = fs::write(at("a/x"), "").unwrap_err();
        let text = unwritable(&at("a/x"), &error);
        let folder_a = shown("a");
        assert_eq!(
            text,
            format!("the folder {folder_a} does not exist: create it first")
        );
        let text = unwritable(&at("a/b/x"), &error);
        let folder_b = shown("a/b");
        assert_eq!(
            text,
            format!("the folder {folder_a} does not exist: create {folder_b} first")
        );
        assert_eq!(misplaced(&at("x")), None);
        assert_eq!(misplaced(Path::new("x")), None);
        assert_eq!(misplaced(Path::new("/")), None);
        let text = misplaced(Path::new("no/such/x")).unwrap();
        assert_eq!(text, "the folder no does not exist: create no/such first");
    }

    #[test]
    fn a_file_in_the_place_of_a_folder_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        for below in [file.join("x"), file.join("a/x")] {
            let error = fs::write(&below, "").unwrap_err();
            let name = file.display();
            assert_eq!(
                unwritable(&below, &error),
                format!("{name} is a file, not a folder")
            );
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_followed_to_where_the_file_would_be() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("gone/file", &link).unwrap();
        let gone = folder.path().join("gone").display().to_string();
        let error = fs::write(&link, "").unwrap_err();
        assert_eq!(
            unwritable(&link, &error),
            format!("the folder {gone} does not exist: create it first")
        );
        // A link to a folder that is gone.
        let error = fs::write(link.join("x"), "").unwrap_err();
        let text = unwritable(&link.join("x"), &error);
        let name = link.display();
        assert_eq!(
            text,
            format!("the folder {name} does not exist: create it first")
        );
    }
}
