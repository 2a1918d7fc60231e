//! Files and standard input: read up to a limit, with errors that name what is wrong.

use std::{
    fs::{File, Metadata},
    io::{self, Read},
    path::Path,
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use ms_messenger::{Error, ErrorKind, Problem};

use crate::{
    interrupt::while_reading,
    notes::note,
    terminal::shown_line,
    text::{self, foreign},
};

mod output;
mod steady;

pub(crate) use steady::Stamp;

pub(crate) use output::{misplaced, no_folder, replace, unwritable};

/// The most bytes of a secret, a setting or a set of rules.
pub(crate) const SETTING: u64 = 1024 * 1024;
/// The most bytes of one message, with what is embedded in it.
pub(crate) const MESSAGE: u64 = 64 * 1024 * 1024;
/// The most bytes of many messages, or of the body of a request.
pub(crate) const BULK: u64 = 1024 * 1024 * 1024;

/// How long a pipe or a device is read before a note says so.
const PATIENCE: Duration = Duration::from_secs(1);

/// Reads a file of at most `limit` bytes of UTF-8.
///
/// # Errors
///
/// `FileTooLarge` above the limit, `InvalidData` for what is not UTF-8, else that of the system.
pub(crate) fn text(path: &Path, limit: u64) -> io::Result<String> {
    utf8(bytes(path, limit)?)
}

/// As [`text()`], and `-` is standard input.
///
/// # Errors
///
/// As [`text()`].
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
        // It may be a terminal, or a pipe that stays open.
        while_reading(|| bounded(io::stdin().lock(), limit))
    } else {
        bytes(path, limit)
    }
}

/// As [`text()`], for any bytes.
///
/// # Errors
///
/// `FileTooLarge` above the limit, `ResourceBusy` for a file that is changed meanwhile, else that of
/// the system.
pub(crate) fn bytes(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let read = || steady::read(&File::open(path)?, |file| bounded(file, limit));
    // What is no file may wait for whatever writes to it, also when it is opened.
    let about = look(path)?;
    if about.is_file() && about.len() > limit {
        return Err(too_large(limit));
    }
    if !about.is_file() && !about.is_dir() {
        while_reading(|| noting(path, read))
    } else {
        read()
    }
}

/// Says after a while what is waited for: nothing else shows that a pipe has no writer.
fn noting<T>(path: &Path, read: impl FnOnce() -> T) -> T {
    let waiting = text::files::waiting(path.display());
    let (reading, read_to_end) = mpsc::channel::<()>();
    thread::spawn(move || {
        if read_to_end.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            note(shown_line(&waiting));
        }
    });
    let read = read();
    drop(reading);
    read
}

fn utf8(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// Returns what is known of a file, without opening it: that of a pipe would wait for whatever writes
/// to it.
///
/// # Errors
///
/// That of the system, and that `-` is not standard input.
pub(crate) fn look(path: &Path) -> io::Result<Metadata> {
    path.metadata().map_err(|error| no_input(path, error))
}

/// The error of a file that is not there: `-` is standard input for some options only.
pub(crate) fn no_input(path: &Path, error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::NotFound && path.as_os_str() == "-" {
        io::Error::new(error.kind(), text::files::NO_STANDARD_INPUT)
    } else {
        error
    }
}

/// Returns the name of a file, or that of standard input for `-`.
pub(crate) fn name(path: &Path) -> String {
    if path.as_os_str() == "-" {
        text::files::STANDARD_INPUT.to_owned()
    } else {
        path.display().to_string()
    }
}

/// Reads until the end. A file can grow, and a device has no size: the size is not asked for.
fn bounded(source: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(too_large(limit));
    }
    Ok(bytes)
}

fn too_large(limit: u64) -> io::Error {
    let rule = text::files::too_large(limit / 1024 / 1024);
    io::Error::new(io::ErrorKind::FileTooLarge, rule)
}

/// Describes why something cannot be read.
pub(crate) fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::InvalidData => text::files::NOT_UTF8.to_owned(),
        io::ErrorKind::FileTooLarge if error.get_ref().is_some() => error.to_string(),
        kind if is_plain(kind) => reason(error),
        _ => text::files::unreadable(&reason(error)),
    }
}

/// Returns the error of a file that cannot be read: one of the settings if it is missing or may not
/// be read, else one of its content.
pub(crate) fn unusable(path: &Path, error: &io::Error) -> Error {
    let kind = match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::FileTooLarge => ErrorKind::InvalidRequest,
        io::ErrorKind::ResourceBusy => ErrorKind::Service,
        _ => ErrorKind::Config,
    };
    Problem::new(name(path), unreadable(error)).into_error(kind)
}

/// Describes what the operating system refused, without its number.
pub(crate) fn reason(error: &io::Error) -> String {
    match error.kind() {
        // The emulator names the folder that is missing.
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory if says_more(error) => {
            error.to_string()
        }
        io::ErrorKind::NotFound => text::files::ABSENT.to_owned(),
        io::ErrorKind::PermissionDenied => text::files::DENIED.to_owned(),
        io::ErrorKind::IsADirectory => text::files::FOLDER.to_owned(),
        io::ErrorKind::NotADirectory => text::files::NO_FOLDER.to_owned(),
        io::ErrorKind::AlreadyExists => text::files::EXISTS.to_owned(),
        // The standard library has no name for it.
        _ if error.kind().to_string().starts_with(foreign::UNCATEGORIZED) => {
            without_number(&error.to_string()).to_lowercase()
        }
        // An error of a library says more than its kind.
        _ if error.get_ref().is_some() => without_number(&error.to_string()),
        kind => kind.to_string(),
    }
}

/// The cause of an error, to be appended to its text; nothing if there is none.
pub(crate) fn because(error: &(dyn std::error::Error + 'static)) -> String {
    error
        .source()
        .map_or_else(String::new, |it| format!(": {}", cause(it)))
}

/// Describes the cause of an error, an error of the operating system without its number.
pub(crate) fn cause(error: &(dyn std::error::Error + 'static)) -> String {
    match error.downcast_ref::<io::Error>() {
        Some(error) => reason(error),
        None => without_number(&error.to_string()),
    }
}

/// Cuts the number of an error of the operating system, whose text begins in lower case here.
fn without_number(text: &str) -> String {
    let parts = text.split_once(foreign::OS_ERROR);
    match parts.and_then(|(before, rest)| Some((before, rest.split_once(')')?.1))) {
        Some((before, after)) => {
            let begin = before.rfind(": ").map_or(0, |at| at + 2);
            let (place, said) = before.split_at(begin);
            let mut said = said.chars();
            let first = said.next().map(|it| it.to_ascii_lowercase());
            let first = first.map(String::from).unwrap_or_default();
            format!("{place}{first}{}{after}", said.as_str())
        }
        None => text.to_owned(),
    }
}

/// Whether a library has given an error a text of its own.
fn says_more(error: &io::Error) -> bool {
    let own = error.get_ref().map(ToString::to_string);
    own.is_some_and(|text| !text.contains(foreign::OS_ERROR))
}

/// Whether the kind alone says enough.
fn is_plain(kind: io::ErrorKind) -> bool {
    matches!(
        kind,
        io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied | io::ErrorKind::IsADirectory
    )
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
    fn errors_of_the_operating_system_have_no_number() {
        for number in [2, 13, 28, 36, 40, 111] {
            let error = io::Error::from_raw_os_error(number);
            let wrapped = io::Error::other(error.to_string());
            for text in [
                reason(&error),
                unreadable(&error),
                unwritable(Path::new("x"), &error),
                cause(&wrapped),
            ] {
                assert!(!text.is_empty() && !text.contains("os error"), "{text}");
            }
        }
        assert_eq!(reason(&io::ErrorKind::NotFound.into()), "no such file");
        let text = "tcp: refused (os error 111), at once";
        assert_eq!(without_number(text), "tcp: refused, at once");
        let denied = io::Error::from_raw_os_error(13);
        for (text, expected) in [
            (denied.to_string(), "permission denied"),
            (format!("x.db: {denied}"), "x.db: permission denied"),
        ] {
            assert_eq!(cause(&io::Error::other(text)), expected);
        }
    }

    #[test]
    fn a_limit_is_kept_and_named() {
        assert_eq!(
            bounded(io::repeat(0).take(SETTING), SETTING).unwrap().len(),
            1 << 20
        );
        let error = bounded(io::repeat(0), SETTING).unwrap_err();
        assert_eq!(unreadable(&error), "has more than 1 MiB");
        // Of a file the size is known, so nothing of it is read.
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(BULK + 1).unwrap();
        let error = bytes(file.path(), BULK).unwrap_err();
        assert_eq!(unreadable(&error), "has more than 1024 MiB");
    }
}
