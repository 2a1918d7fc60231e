//! Files and standard input: read up to a limit, with errors that name what is wrong.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

/// The most bytes of a secret, a setting or a set of rules.
pub(crate) const SETTING: u64 = 1024 * 1024;
/// The most bytes of one message, with what is embedded in it.
pub(crate) const MESSAGE: u64 = 64 * 1024 * 1024;
/// The most bytes of many messages, or of the body of a request.
pub(crate) const BULK: u64 = 1024 * 1024 * 1024;

/// Reads a file of at most `limit` bytes of UTF-8.
///
/// # Errors
///
/// `FileTooLarge` above the limit, `InvalidData` for what is not UTF-8, else that of the system.
pub(crate) fn text(path: &Path, limit: u64) -> io::Result<String> {
    utf8(bounded(File::open(path)?, limit)?)
}

/// As [`text`], and `-` is standard input.
///
/// # Errors
///
/// As [`text`].
pub(crate) fn text_or_input(path: &Path, limit: u64) -> io::Result<String> {
    utf8(bytes_or_input(path, limit)?)
}

/// As [`text_or_input`], for any bytes.
///
/// # Errors
///
/// `FileTooLarge` above the limit, else that of the system.
pub(crate) fn bytes_or_input(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    if path.as_os_str() == "-" {
        bounded(io::stdin().lock(), limit)
    } else {
        bounded(File::open(path)?, limit)
    }
}

fn utf8(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// Returns the name of a file, or that of standard input for `-`.
pub(crate) fn name(path: &Path) -> String {
    if path.as_os_str() == "-" {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    }
}

/// Reads until the end. A file can grow, and a device has no size: the size is not asked for.
fn bounded(source: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        let rule = format!("has more than {} MiB", limit / 1024 / 1024);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, rule));
    }
    Ok(bytes)
}

/// Describes why something cannot be read, without the text of the operating system.
pub(crate) fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "is a folder, not a file".to_owned(),
        io::ErrorKind::InvalidData => "is not UTF-8".to_owned(),
        io::ErrorKind::FileTooLarge if error.get_ref().is_some() => error.to_string(),
        kind => format!("cannot be read: {kind}"),
    }
}

/// Describes an error of the operating system in its words, without its number.
pub(crate) fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    // What follows the number names a temporary file.
    let text = text.split(" (os error ").next().unwrap_or_default();
    let mut rest = text.chars();
    let first = rest.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(rest).collect()
}

/// The cause of an error, to be appended to its text; nothing if there is none.
pub(crate) fn because(error: &(dyn std::error::Error + 'static)) -> String {
    let Some(cause) = error.source() else {
        return String::new();
    };
    match cause.downcast_ref::<io::Error>() {
        Some(cause) => format!(": {}", plain(cause)),
        None => format!(": {cause}"),
    }
}

/// Removes the byte order mark that some programs write before UTF-8.
pub(crate) fn without_bom(text: String) -> String {
    match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_an_error_is_left_out() {
        for number in [2, 13, 17, 21, 28, 98] {
            let text = plain(&io::Error::from_raw_os_error(number));
            assert!(!text.contains("os error") && !text.ends_with(')'), "{text}");
            assert!(text.starts_with(|c: char| c.is_ascii_lowercase()), "{text}");
        }
        assert_eq!(plain(&io::Error::other("Own (text)")), "own (text)");
    }

    #[test]
    fn a_limit_is_kept_and_named() {
        assert_eq!(
            bounded(io::repeat(0).take(SETTING), SETTING).unwrap().len(),
            1 << 20
        );
        let error = bounded(io::repeat(0), SETTING).unwrap_err();
        assert_eq!(unreadable(&error), "has more than 1 MiB");
    }
}
