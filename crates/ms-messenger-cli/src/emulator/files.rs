//! An export as a folder of files.

use std::{fs, io, path::Path};

use tar::{Archive, EntryType};

use crate::{
    files::{reason, unwritable},
    text,
};

/// Checks that a folder is empty or new, so that an export is never mixed with an earlier one.
///
/// # Errors
///
/// What is wrong with it.
pub(crate) fn check(folder: &Path) -> Result<(), String> {
    let name = folder.display();
    match fs::read_dir(folder).map(|mut entries| entries.next().is_none()) {
        Ok(true) => Ok(()),
        Ok(false) => Err(format!("{name}: {}", text::emulator::NOT_EMPTY)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(text::emulator::unusable(name, &reason(&error))),
    }
}

/// Creates the folder of a later export, and proves that files can be written to it.
///
/// # Errors
///
/// What is wrong with it.
pub(crate) fn prepare(folder: &Path) -> Result<(), String> {
    check(folder)?;
    let created = fs::create_dir_all(folder);
    let proven = created.and_then(|()| tempfile::tempfile_in(folder));
    proven
        .map(drop)
        .map_err(|error| format!("{}: {}", folder.display(), unwritable(folder, &error)))
}

/// Unpacks an export. Returns the number of messages in it.
///
/// # Errors
///
/// What prevented it, with the name of the folder.
pub(crate) fn unpack(archive: &[u8], folder: &Path) -> Result<usize, String> {
    write(archive, folder)
        .map_err(|error| format!("{}: {}", folder.display(), unwritable(folder, &error)))
}

fn write(archive: &[u8], folder: &Path) -> io::Result<usize> {
    fs::create_dir_all(folder)?;
    let mut messages = 0;
    let mut archive = Archive::new(archive);
    for entry in archive.entries()? {
        let mut entry = entry?;
        // Files alone: a link could lead out of the folder.
        if entry.header().entry_type() != EntryType::Regular {
            continue;
        }
        messages += usize::from(entry.path()?.starts_with("messages"));
        // The library skips what would lead out of the folder.
        entry.unpack_in(folder)?;
    }
    Ok(messages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_writes_nothing_outside_of_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("inside");
        let mut archive = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(1);
        header.set_mode(0o644);
        // As the library refuses to write such a name, its bytes are set.
        header.as_old_mut().name[..5].copy_from_slice(b"../ab");
        header.set_cksum();
        archive.append(&header, &b"x"[..]).unwrap();
        let bytes = archive.into_inner().unwrap();
        assert_eq!(unpack(&bytes, &inside), Ok(0));
        assert!(!folder.path().join("ab").exists());
        assert!(
            unpack(&bytes[..700], &inside).is_ok_and(|it| it == 0) || !inside.join("ab").exists()
        );
    }

    #[test]
    fn a_folder_is_created_before_what_is_written_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let new = folder.path().join("new/folder");
        assert_eq!(prepare(&new), Ok(()));
        assert_eq!(fs::read_dir(&new).unwrap().count(), 0);
        assert_eq!(prepare(&new), Ok(()));
        fs::write(new.join("a"), "").unwrap();
        for unusable in [&new, &new.join("a"), &new.join("a/b")] {
            let problem = prepare(unusable).unwrap_err();
            let name = unusable.display().to_string();
            assert!(problem.starts_with(&name), "{problem}");
        }
    }

    #[test]
    fn a_folder_with_files_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(check(folder.path()), Ok(()));
        assert_eq!(check(&folder.path().join("new")), Ok(()));
        fs::write(folder.path().join("a"), "").unwrap();
        assert!(check(folder.path()).is_err_and(|problem| problem.ends_with("is not empty")));
    }
}
