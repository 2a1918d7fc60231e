//! What is wrong with content that is read: a file, standard input, or a part of them.

pub(crate) const EMPTY: &str = "is empty";
pub(crate) const MISSING: &str = "is missing";
/// What a parser expects.
pub(crate) const OBJECT: &str = "an object";
pub(crate) const NOT_AN_OBJECT: &str = "must be a JSON object";
/// A file to upload is a pipe, a socket or a device.
pub(crate) const NOT_A_REGULAR_FILE: &str = "is not a regular file: only those are uploaded";

pub(crate) fn not_json(error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    format!("is not JSON (line {line} column {column})")
}
