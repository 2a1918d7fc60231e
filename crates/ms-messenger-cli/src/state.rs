//! Folders of this program.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use etcetera::BaseStrategy;
use ms_messenger::{Error, ErrorKind, Result};

use crate::{
    environment::{Environment, variable},
    text,
};

/// Name of this program's folder inside the folders of a user.
pub(crate) const FOLDER: &str = "msm";

/// Returns the folder in which this program keeps its state: `named`, else `MSM_STATE_DIR`, else
/// that of the user.
///
/// # Errors
///
/// `Config` when the user has no folders and names none.
pub(crate) fn state_dir(named: Option<&Path>, env: Environment<'_>) -> Result<PathBuf> {
    let named = named.map(Path::to_owned);
    if let Some(folder) = named.or_else(|| variable(env, "MSM_STATE_DIR").map(PathBuf::from)) {
        return Ok(folder);
    }
    let folders = user_folders()?;
    let folder = folders.state_dir().unwrap_or_else(|| folders.data_dir());
    Ok(folder.join(FOLDER))
}

/// Returns the folder in which this program keeps its configuration.
///
/// # Errors
///
/// `Config` when the user has no folders.
pub(crate) fn config_dir() -> Result<PathBuf> {
    Ok(user_folders()?.config_dir().join(FOLDER))
}

/// Returns whether this user has folders at all.
pub(crate) fn has_user_folders() -> bool {
    user_folders().is_ok()
}

/// Creates a folder that only its owner can read, if it does not exist.
///
/// # Errors
///
/// When it cannot be created.
pub(crate) fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| match error.kind() {
        // It exists, but is no folder.
        io::ErrorKind::AlreadyExists => io::ErrorKind::NotADirectory.into(),
        _ => error,
    })
}

/// Returns the folders of this user, as the operating system defines them.
fn user_folders() -> Result<impl BaseStrategy> {
    let folders = etcetera::choose_base_strategy().ok();
    // Tests depend neither on a sign-in nor on a configuration file of whoever runs them.
    let folders = folders.filter(|_| !cfg!(test));
    folders.ok_or_else(|| Error::new(ErrorKind::Config, text::files::NO_STATE_FOLDER))
}
