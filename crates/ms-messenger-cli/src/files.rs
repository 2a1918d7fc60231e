//! Errors of files and of standard input.

use std::io;

/// Describes why something cannot be read, without the text of the operating system.
pub(crate) fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "is a folder, not a file".to_owned(),
        io::ErrorKind::InvalidData => "is not UTF-8".to_owned(),
        kind => format!("cannot be read: {kind}"),
    }
}

/// Removes the byte order mark that some programs write before UTF-8.
pub(crate) fn without_bom(text: String) -> String {
    match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    }
}
