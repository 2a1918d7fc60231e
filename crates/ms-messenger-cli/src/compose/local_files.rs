//! Local files: cards, pictures, and files that are uploaded.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use ms_messenger::{Attachment, Card, CardKind, Error, ErrorKind, InlineImage, Problem, Result};

use super::card;
use crate::{
    files::{self, unreadable, without_bom},
    text,
};

/// The most bytes of a picture: the largest call that Graph takes holds it in Base64.
const LARGEST_PICTURE: u64 = 3 * 1024 * 1024;
/// The most bytes of a card that are read: far above what Teams takes.
const LARGEST_CARD: u64 = 1024 * 1024;
/// The sizes of the second header of a BMP file.
const BMP_HEADERS: [u32; 7] = [12, 40, 52, 56, 64, 108, 124];

/// Reads a card and checks it. Returns it with what Teams would not show.
///
/// # Errors
///
/// `Config` for a file that cannot be read, `InvalidRequest` for a card that Teams refuses.
pub(super) fn card(path: &Path) -> Result<(Attachment, Vec<Problem>)> {
    let name = path.display().to_string();
    let bytes = read(path, LARGEST_CARD, text::compose::CARD_TOO_LARGE)?;
    let text = String::from_utf8(bytes);
    let text = text.map_err(|_| {
        let rule = text::files::NOT_UTF8;
        invalid(ErrorKind::InvalidRequest, &name, rule)
    })?;
    let content = serde_json::from_str(&without_bom(text)).map_err(|error| {
        let rule = text::input::not_json(&error);
        invalid(ErrorKind::InvalidRequest, &name, &rule)
    })?;
    let findings = card::check(&content);
    findings.problems.into_result(ErrorKind::InvalidRequest)?;
    let card = Card::new(CardKind::Adaptive, content);
    Ok((Attachment::Card(card), findings.warnings))
}

/// Reads a picture that is shown within the message.
///
/// # Errors
///
/// `Config` for a file that cannot be read, `InvalidRequest` for one that is no picture.
pub(super) fn picture(path: &Path) -> Result<Attachment> {
    let bytes = read(path, LARGEST_PICTURE, text::compose::PICTURE_TOO_LARGE)?;
    let Some(kind) = format(&bytes) else {
        let name = path.display().to_string();
        let rule = text::compose::NOT_A_PICTURE;
        return Err(invalid(ErrorKind::InvalidRequest, &name, rule));
    };
    let alt = path.file_name().map(|name| name.to_string_lossy());
    let image = InlineImage::new(kind, bytes);
    Ok(Attachment::InlineImage(match alt {
        Some(alt) => image.with_alt(alt),
        None => image,
    }))
}

/// Returns the media type of a picture, by how it begins.
fn format(bytes: &[u8]) -> Option<&'static str> {
    let at = |from: usize, what: &[u8]| bytes.get(from..).is_some_and(|it| it.starts_with(what));
    let is_bmp = || {
        let size = bytes.get(14..18).and_then(|it| it.try_into().ok());
        at(0, b"BM") && size.is_some_and(|it| BMP_HEADERS.contains(&u32::from_le_bytes(it)))
    };
    if at(0, b"\x89PNG\r\n\x1a\n") {
        Some("image/png")
    } else if at(0, b"\xff\xd8\xff") {
        Some("image/jpeg")
    } else if at(0, b"GIF87a") || at(0, b"GIF89a") {
        Some("image/gif")
    } else if at(0, b"RIFF") && at(8, b"WEBP") {
        Some("image/webp")
    } else {
        is_bmp().then_some("image/bmp")
    }
}

/// Returns a file that is uploaded, by its absolute path: another process may send it.
///
/// # Errors
///
/// `Config` for what cannot be read or is no file.
pub(super) fn file(path: &Path) -> Result<Attachment> {
    let name = path.display().to_string();
    let refused = |error: io::Error| invalid(ErrorKind::Config, &name, &unreadable(&error));
    let about = files::look(path).map_err(refused)?;
    if about.is_dir() {
        return Err(refused(io::ErrorKind::IsADirectory.into()));
    }
    if !about.is_file() {
        let rule = text::input::NOT_A_REGULAR_FILE;
        return Err(invalid(ErrorKind::Config, &name, rule));
    }
    File::open(path).map_err(refused)?;
    if about.len() == 0 {
        return Err(invalid(
            ErrorKind::InvalidRequest,
            &name,
            text::input::EMPTY,
        ));
    }
    if path.file_name().is_some_and(|name| name.to_str().is_none()) {
        let rule = text::compose::FILE_NAME_NOT_UTF8;
        return Err(invalid(ErrorKind::InvalidRequest, &name, rule));
    }
    let path: PathBuf = std::path::absolute(path).map_err(refused)?;
    Ok(Attachment::file(path))
}

/// Reads a file of at most `limit` bytes.
fn read(path: &Path, limit: u64, too_large: &str) -> Result<Vec<u8>> {
    let name = path.display().to_string();
    let bytes = files::bytes(path, limit).map_err(|error| match error.kind() {
        io::ErrorKind::FileTooLarge => invalid(ErrorKind::InvalidRequest, &name, too_large),
        _ => invalid(ErrorKind::Config, &name, &unreadable(&error)),
    })?;
    if bytes.is_empty() {
        return Err(invalid(
            ErrorKind::InvalidRequest,
            &name,
            text::input::EMPTY,
        ));
    }
    Ok(bytes)
}

fn invalid(kind: ErrorKind, what: &str, rule: &str) -> Error {
    Problem::new(what, rule).into_error(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_empty_large_or_something_else_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let png = at("a.png", b"\x89PNG\r\n\x1a\nrest");
        assert!(picture(&png).is_ok());
        let large = at("b.png", &vec![0x89; 3 * 1024 * 1024 + 1]);
        let text = at("c.png", b"text");
        let empty = at("d", b"");
        for (result, kind) in [
            (picture(&large), ErrorKind::InvalidRequest),
            (picture(&text), ErrorKind::InvalidRequest),
            (picture(&empty), ErrorKind::InvalidRequest),
            (file(&empty), ErrorKind::InvalidRequest),
            (picture(folder.path()), ErrorKind::Config),
            (file(folder.path()), ErrorKind::Config),
            (file(&folder.path().join("e")), ErrorKind::Config),
            (card(&text).map(|it| it.0), ErrorKind::InvalidRequest),
            (card(&png).map(|it| it.0), ErrorKind::InvalidRequest),
        ] {
            assert_eq!(result.unwrap_err().kind(), kind);
        }
        assert!(file(&text).is_ok());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_whose_name_is_not_utf_8_is_to_be_renamed() {
        use std::os::unix::ffi::OsStrExt as _;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(std::ffi::OsStr::from_bytes(b"\xff.txt"));
        std::fs::write(&path, "x").unwrap();
        let error = file(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.message().ends_with("rename it"), "{error}");
    }

    #[test]
    fn a_picture_is_known_by_its_bytes() {
        let bmp = [b"BM".as_slice(), &[0; 12], &[40, 0, 0, 0], &[0; 8]].concat();
        for (bytes, kind) in [
            (&b"\x89PNG\r\n\x1a\nx"[..], Some("image/png")),
            (b"\xff\xd8\xff\xe0", Some("image/jpeg")),
            (b"GIF89ax", Some("image/gif")),
            (b"RIFF\0\0\0\0WEBPVP8 ", Some("image/webp")),
            (&bmp, Some("image/bmp")),
            (b"RIFF\0\0\0\0WAVEfmt ", None),
            (b"BMW is a car, and this is a text", None),
            (b"GIF8", None),
            (b"RIFF", None),
            (b"", None),
        ] {
            assert_eq!(format(bytes), kind, "{bytes:?}");
        }
    }
}
