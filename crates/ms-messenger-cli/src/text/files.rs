//! Files and folders.

use std::fmt::Display;

pub(crate) const STANDARD_INPUT: &str = "standard input";
pub(crate) const EMPTY: &str = "the file is empty";
pub(crate) const NOT_UTF8: &str = "is not UTF-8";
pub(crate) const NOT_REGULAR: &str = "it is no regular file";
pub(crate) const CHANGING: &str = "it is being changed: wait until it is complete";
pub(crate) const ABSENT: &str = "no such file";
pub(crate) const NO_STANDARD_INPUT: &str =
    "no such file: it is not standard input here, which /dev/stdin is on most systems";
pub(crate) const DENIED: &str = "permission denied";
pub(crate) const FOLDER: &str = "is a folder, not a file";
pub(crate) const NO_FOLDER: &str = "it or a folder above it is not a folder";
pub(crate) const EXISTS: &str = "exists already";

/// A pipe that another program has to write to, or a device.
pub(crate) fn waiting(path: impl Display) -> String {
    format!("waiting for what is written to {path}, which is no regular file; press Ctrl-C to stop")
}

/// A folder that is needed for a file, and the one to create if it is another.
pub(crate) fn missing_folder(missing: impl Display, needed: Option<impl Display>) -> String {
    match needed {
        Some(needed) => format!("the folder {missing} does not exist: create {needed} first"),
        None => format!("the folder {missing} does not exist: create it first"),
    }
}

pub(crate) fn not_a_folder(path: impl Display) -> String {
    format!("{path} is a file, not a folder")
}

pub(crate) fn too_large(mebibytes: u64) -> String {
    format!("has more than {mebibytes} MiB")
}

pub(crate) fn unreadable(why: &str) -> String {
    format!("cannot be read: {why}")
}

pub(crate) fn unwritable(why: &str) -> String {
    format!("cannot be written: {why}")
}

/// A user without folders who names none for the state.
pub(crate) const NO_STATE_FOLDER: &str =
    "MSM_STATE_DIR: must be set, because this user has no home folder";
