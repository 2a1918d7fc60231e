//! Local files of a message that waits: their contents are kept with it, so that it is sent as it was
//! handed over, whatever becomes of the files.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use ms_messenger::{
    Attachment, Error, ErrorKind, FileSource, FileUpload, Message, Problem, Result,
};

use crate::{
    files::{self, unreadable},
    text,
};

/// The most bytes of all files of a message: an outbox reads and writes a message as a whole.
const LARGEST: u64 = 16 * 1024 * 1024;

/// Puts the contents of the local files of `message` in the place of their paths. Returns how many
/// bytes its files have.
///
/// # Errors
///
/// `Config` for a file that cannot be read, `InvalidRequest` for one that cannot be kept: each with
/// the member of the request and the file. After `Config`, the contents of those that can be read are
/// in their places.
pub(crate) fn keep(message: &mut Message) -> Result<u64> {
    let mut left = LARGEST;
    let mut unread = None;
    for (index, attachment) in message.attachments.iter_mut().enumerate() {
        let Attachment::Upload(upload) = attachment else {
            continue;
        };
        match &upload.source {
            FileSource::Path(path) => {
                let path = path.clone();
                let refused = |kind, rule: &str| refused(index, &path, kind, rule);
                match read(&path, left, refused) {
                    Ok(bytes) => {
                        left -= bytes.len() as u64;
                        put(upload, &path, bytes);
                    }
                    Err(error) if error.kind() == ErrorKind::Config => {
                        unread.get_or_insert(error);
                    }
                    Err(error) => return Err(error),
                }
            }
            FileSource::Bytes(bytes) => left = left.saturating_sub(bytes.len() as u64),
            // What another version of the library reads is checked when it is sent.
            _ => {}
        }
    }
    unread.map_or(Ok(LARGEST - left), Err)
}

/// Checks that each local file of `message` is one, without reading it.
///
/// # Errors
///
/// `Config` for the first that is not, with the member of the request and the file.
pub(crate) fn look(message: &Message) -> Result<()> {
    for (index, attachment) in message.attachments.iter().enumerate() {
        if let Attachment::Upload(upload) = attachment
            && let FileSource::Path(path) = &upload.source
        {
            look_at(path, &|kind, rule| refused(index, path, kind, rule))?;
        }
    }
    Ok(())
}

/// Puts the contents that are stored in the place of the files of `message` that could not be read.
pub(crate) fn restore(message: &mut Message, stored: &Message) {
    let pairs = message.attachments.iter_mut().zip(&stored.attachments);
    for (attachment, stored) in pairs {
        if let (Attachment::Upload(upload), Attachment::Upload(stored)) = (attachment, stored)
            && let FileSource::Path(path) = &upload.source
            && let FileSource::Bytes(bytes) = &stored.source
        {
            let path = path.clone();
            put(upload, &path, bytes.clone());
        }
    }
}

/// Puts the contents of a file in the place of its path.
fn put(upload: &mut FileUpload, path: &Path, bytes: Vec<u8>) {
    if upload.name.is_none() {
        let name = path.file_name().and_then(|name| name.to_str());
        upload.name = name.map(str::to_owned);
    }
    upload.source = FileSource::Bytes(bytes);
}

/// Reads a regular file of at most `most` bytes.
fn read(path: &Path, most: u64, refused: impl Fn(ErrorKind, &str) -> Error) -> Result<Vec<u8>> {
    let failed = |error: io::Error| refused(ErrorKind::Config, &unreadable(&error));
    look_at(path, &refused)?;
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    // A file can grow after its size was looked at.
    file.take(most + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.is_empty() {
        return Err(refused(ErrorKind::InvalidRequest, text::input::EMPTY));
    }
    if bytes.len() as u64 > most {
        let rule = text::compose::KEPT_FILES_TOO_LARGE;
        return Err(refused(ErrorKind::InvalidRequest, rule));
    }
    Ok(bytes)
}

/// Checks that there is a regular file, without opening it.
fn look_at(path: &Path, refused: &impl Fn(ErrorKind, &str) -> Error) -> Result<()> {
    let failed = |error: io::Error| refused(ErrorKind::Config, &unreadable(&error));
    let about = files::look(path).map_err(failed)?;
    if about.is_dir() {
        return Err(failed(io::ErrorKind::IsADirectory.into()));
    }
    if !about.is_file() {
        let rule = text::input::NOT_A_REGULAR_FILE;
        return Err(refused(ErrorKind::Config, rule));
    }
    Ok(())
}

fn refused(index: usize, path: &Path, kind: ErrorKind, rule: &str) -> Error {
    let field = format!("message.attachments[{index}].source");
    Problem::new(field, format!("{}: {rule}", path.display())).into_error(kind)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn keep_files(paths: &[&Path]) -> (Message, Result<u64>) {
        let mut message = Message::text("x");
        for path in paths {
            message.attachments.push(Attachment::file(*path));
        }
        let kept = keep(&mut message);
        (message, kept)
    }

    #[test]
    fn the_contents_and_the_name_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.txt");
        fs::write(&path, "as it was").unwrap();
        let (message, kept) = keep_files(&[&path]);
        assert_eq!(kept.unwrap(), 9);
        let expected = FileUpload::bytes("log.txt", *b"as it was");
        assert_eq!(message.attachments, [Attachment::Upload(expected)]);
    }

    #[test]
    fn what_is_stored_takes_the_place_of_files_that_are_gone_and_of_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let (here, gone) = (folder.path().join("here"), folder.path().join("gone"));
        fs::write(&here, "as it is").unwrap();
        fs::write(&gone, "as it was").unwrap();
        let (stored, kept) = keep_files(&[&gone, &here]);
        kept.unwrap();
        fs::remove_file(&gone).unwrap();
        let (mut message, kept) = keep_files(&[&gone, &here]);
        assert_eq!(kept.unwrap_err().kind(), ErrorKind::Config);
        assert_ne!(message, stored);
        restore(&mut message, &stored);
        assert_eq!(message, stored);
        fs::write(&here, "changed").unwrap();
        let (mut message, _) = keep_files(&[&gone, &here]);
        restore(&mut message, &stored);
        assert_ne!(message, stored);
    }

    #[test]
    fn what_cannot_be_kept_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str, size: u64| {
            let path = folder.path().join(name);
            File::create(&path).unwrap().set_len(size).unwrap();
            path
        };
        let (half, empty) = (at("half", LARGEST / 2 + 1), at("empty", 0));
        let (large, absent) = (at("large", LARGEST + 1), folder.path().join("absent"));
        for (paths, kind, member) in [
            (&[&*half, &half][..], ErrorKind::InvalidRequest, 1),
            (&[&large], ErrorKind::InvalidRequest, 0),
            (&[&empty], ErrorKind::InvalidRequest, 0),
            (&[&absent], ErrorKind::Config, 0),
            (&[folder.path()], ErrorKind::Config, 0),
            #[cfg(unix)]
            (&[Path::new("/dev/zero")], ErrorKind::Config, 0),
        ] {
            let error = keep_files(paths).1.unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
            let problem = &error.problems()[0];
            let field = format!("message.attachments[{member}].source");
            assert_eq!(problem.field, field);
            let name = paths[member].display().to_string();
            assert!(problem.rule.starts_with(&name), "{error}");
        }
    }
}
