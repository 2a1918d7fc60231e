//! Files and folders of a store: for their owner alone, replaced as a whole, never deleted.

use std::{
    fs,
    io::{self, ErrorKind as IoKind},
    path::{Path, PathBuf},
};

use ms_messenger_core::{Error, ErrorKind, Result};

use super::unreadable::{StoreError, StoreFault};

/// Opens the empty lock file at `path`.
pub(super) fn open_lock(path: &Path) -> Result<fs::File> {
    make_folder(path)?;
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path);
    file.map_err(|error| unusable(path, "cannot be locked", Some(error)))
}

/// Creates the folder of `path`, for its owner alone, if it does not exist.
pub(super) fn make_folder(path: &Path) -> Result<&Path> {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let made = builder.create(folder);
    made.map_err(|error| unusable(folder, "cannot be created", Some(error)))?;
    Ok(folder)
}

/// The error for a file of the store. It never contains the content of the file.
pub(super) fn unusable(path: &Path, why: &str, error: Option<io::Error>) -> Error {
    let name = path.display();
    let Some(error) = error else {
        return Error::new(ErrorKind::Config, format!("{name} {why}"));
    };
    let message = format!("{name} {why}: {}", error.kind());
    Error::new(ErrorKind::Config, message).with_source(error)
}

/// The error for a file whose content cannot be used.
pub(super) fn unreadable(path: &Path, fault: StoreFault) -> Error {
    let path = path.to_owned();
    unusable(&path, fault.as_str(), None).with_source(StoreError { path, fault })
}

/// The fault in an error of [`unreadable`].
pub(super) fn fault(error: &Error) -> Option<StoreFault> {
    let source = std::error::Error::source(error)?;
    Some(source.downcast_ref::<StoreError>()?.fault)
}

/// Whether there is no such file: a service may have a home that is no folder, e.g. `/dev/null`.
pub(super) fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), IoKind::NotFound | IoKind::NotADirectory)
}

/// Renames the file at `path` to the first free name of its own with `aside` and a number.
/// Returns the new name; `None` when there is no file.
pub(super) fn move_aside(path: &Path) -> Result<Option<PathBuf>> {
    let wrong = |error| unusable(path, "cannot be set aside", Some(error));
    match fs::symlink_metadata(path) {
        Ok(_) => {}
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(wrong(error)),
    }
    for number in 1_u32.. {
        let mut place = path.as_os_str().to_owned();
        place.push(format!(".aside-{number}"));
        let place = PathBuf::from(place);
        // Taken first: a rename alone would replace what another process put there.
        match fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&place)
        {
            Ok(_) => {}
            Err(error) if error.kind() == IoKind::AlreadyExists => continue,
            Err(error) => return Err(wrong(error)),
        }
        if let Err(error) = fs::rename(path, &place) {
            let _ = fs::remove_file(&place);
            return Err(wrong(error));
        }
        return Ok(Some(place));
    }
    Err(unusable(path, "cannot be set aside: no name is free", None))
}
