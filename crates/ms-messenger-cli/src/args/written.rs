//! Paths of files and folders that are written.

use std::path::{Path, PathBuf};

use clap::builder::{PathBufValueParser, TypedValueParser as _, ValueParser};

use crate::text::options::{NO_FILE, NO_FILE_OF_VARIABLES, NO_FOLDER};

/// Takes the path of a file. `-` would create a file of that name, and standard output is in use.
pub(crate) fn file() -> ValueParser {
    path_but(NO_FILE)
}

/// Takes the path of a file of variables, which a command prints, too.
pub(crate) fn file_of_variables() -> ValueParser {
    path_but(NO_FILE_OF_VARIABLES)
}

/// Takes the path of a folder.
pub(crate) fn folder() -> ValueParser {
    path_but(NO_FOLDER)
}

fn path_but(rule: &'static str) -> ValueParser {
    let refuse = move |path: PathBuf| {
        if path == Path::new("-") {
            Err(rule)
        } else {
            Ok(path)
        }
    };
    PathBufValueParser::new().try_map(refuse).into()
}
