//! Names of files and folders, and what happens when one is taken.

use serde_json::Value;

use crate::services::graph::{drives::error, error::GraphError};

const MAX_NAME: usize = 255;
/// The longest path in a library, decoded.
const MAX_PATH: usize = 400;
const REFUSED: [char; 10] = ['"', '*', ':', '<', '>', '?', '/', '\\', '|', '\u{7f}'];

/// What happens when the name is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conflict {
    Fail,
    Replace,
    Rename,
}

impl Conflict {
    /// The behaviour that a request asks for, if it does.
    pub(crate) fn read(text: Option<&str>, default: Self) -> Result<Self, GraphError> {
        let Some(text) = text else {
            return Ok(default);
        };
        match text.to_ascii_lowercase().as_str() {
            "fail" => Ok(Self::Fail),
            "replace" => Ok(Self::Replace),
            "rename" => Ok(Self::Rename),
            _ => Err(error::invalid(
                "@microsoft.graph.conflictBehavior must be fail, replace or rename.",
            )),
        }
    }

    /// The same of a member of a body.
    pub(crate) fn of(body: &Value, default: Self) -> Result<Self, GraphError> {
        let value = &body["@microsoft.graph.conflictBehavior"];
        match value {
            Value::Null => Ok(default),
            value => Self::read(Some(value.as_str().unwrap_or_default()), default),
        }
    }
}

/// Refuses a name that SharePoint refuses.
pub(crate) fn check(name: &str) -> Result<(), GraphError> {
    let problem = if name.is_empty() || name.len() > MAX_NAME {
        "The provided name must have 1 to 255 characters."
    } else if name.contains(REFUSED) || name.contains(|c: char| c.is_control()) {
        "The provided name cannot contain any of the following characters: \" * : < > ? / \\ |"
    } else if name != name.trim() || name == "." || name == ".." {
        "The provided name cannot start or end with a blank."
    } else if is_reserved(name) {
        "The provided name is reserved."
    } else {
        return Ok(());
    };
    Err(error::invalid(problem))
}

/// Refuses a path that is too long; `parent` is that of the folder.
pub(crate) fn check_path(parent: &str, name: &str) -> Result<(), GraphError> {
    if parent.chars().count() + 1 + name.chars().count() <= MAX_PATH {
        return Ok(());
    }
    Err(error::invalid("The path is longer than 400 characters."))
}

fn is_reserved(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_device = |name: &str| {
        let (device, number) = name.split_at_checked(3).unwrap_or((name, ""));
        let is_numbered = number.len() == 1 && number.chars().all(|c| c.is_ascii_digit());
        match device {
            "con" | "prn" | "aux" | "nul" => number.is_empty(),
            "com" | "lpt" => is_numbered,
            _ => false,
        }
    };
    let is_file = matches!(name.as_str(), ".lock" | "desktop.ini");
    is_file || is_device(&name) || name.contains("_vti_") || name.starts_with("~$")
}

/// The form of a name under which two names are the same.
pub(crate) fn key(name: &str) -> String {
    name.to_lowercase()
}

/// `report 1.pdf`, the n-th other name for `report.pdf`.
pub(crate) fn numbered(name: &str, n: u64) -> String {
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => format!("{stem} {n}.{extension}"),
        _ => format!("{name} {n}"),
    }
}

/// The media type that the extension of a name stands for.
pub(crate) fn media_type(name: &str) -> &'static str {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension.to_ascii_lowercase().as_str() {
        "csv" => "text/csv",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "gif" => "image/gif",
        "htm" | "html" => "text/html",
        "jpg" | "jpeg" => "image/jpeg",
        "json" => "application/json",
        "mp3" => "audio/mpeg",
        "mp4" => "video/mp4",
        "pdf" => "application/pdf",
        "png" => "image/png",
        "pptx" => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "txt" => "text/plain",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "zip" => "application/zip",
        _ => "application/octet-stream",
    }
}

/// The letter of a share link for this kind of document.
pub(crate) fn link_kind(name: &str, is_folder: bool) -> char {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension.to_ascii_lowercase().as_str() {
        _ if is_folder => 'f',
        "docx" => 'w',
        "xlsx" => 'x',
        "pptx" => 'p',
        "pdf" => 'b',
        "txt" => 't',
        "png" | "jpg" | "jpeg" | "gif" => 'i',
        "mp4" => 'v',
        _ => 'u',
    }
}

/// Whether the name is that of a document that opens in an editor of the browser.
pub(crate) fn is_office(name: &str) -> bool {
    matches!(link_kind(name, false), 'w' | 'x' | 'p')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_refused_as_sharepoint_refuses_them() {
        for name in [
            "a.pdf",
            "#3.pdf",
            "100%.txt",
            "Grüße.docx",
            "con.txt",
            "company",
        ] {
            assert!(check(name).is_ok(), "{name}");
        }
        let long = "x".repeat(256);
        for name in [
            "",
            " a",
            "a ",
            ".",
            "..",
            "a/b",
            "a\\b",
            "a:b",
            "a*b",
            "a?b",
            "\"a\"",
            "<a>",
            "a|b",
            "CON",
            "com1",
            "LPT9",
            ".lock",
            "desktop.ini",
            "~$a.docx",
            "x_vti_y",
            "a\nb",
            &long,
        ] {
            assert!(check(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn another_name_keeps_the_extension() {
        assert_eq!(numbered("a.tar.gz", 2), "a.tar 2.gz");
        assert_eq!(numbered(".profile", 1), ".profile 1");
        assert_eq!(numbered("a", 1), "a 1");
    }
}
