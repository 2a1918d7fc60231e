//! Reads request bodies and reports every problem of a body at once.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::{
    services::acs::{
        chat::{
            locate::{self, Step},
            versions::{NEWEST, PREVIEW},
        },
        error::AcsError,
    },
    wire::request::Request,
};

const INVALID: &str = "One or more validation errors occurred.";
/// All metadata of a thread or of a participant together, in bytes.
const MAX_METADATA: usize = 1024;

/// The object in the body of a request.
pub(crate) fn object(request: &Request) -> Result<Map<String, Value>, AcsError> {
    if !request.is_json() {
        let message = "The media type must be application/json.";
        return Err(AcsError::of_status(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            message,
        ));
    }
    match serde_json::from_slice(&request.body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(AcsError::bad_request("The request body must be an object.")),
        Err(_) => Err(AcsError::bad_request("The request body is not valid JSON.")),
    }
}

fn detail(target: &str, message: &str) -> Value {
    json!({"code": "BadRequest", "message": message, "target": target})
}

/// What is wrong with one body; becomes the details of a 400.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    details: Vec<Value>,
    /// What the targets that are added begin with.
    within: String,
    /// The problem that makes the whole body unreadable; it is reported alone.
    unreadable: Vec<Value>,
}

impl Problems {
    pub(crate) fn add(&mut self, target: &str, message: &str) {
        let target = format!("{}{target}", self.within);
        self.details.push(detail(&target, message));
    }

    /// Lets `read` add problems of a part of the body, `participants[0]` for example.
    pub(crate) fn within<T>(&mut self, part: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::replace(&mut self.within, format!("{part}."));
        let result = read(self);
        self.within = outer;
        result
    }

    /// A value that cannot be read as what the body of kind `dto` has there.
    pub(crate) fn unreadable(&mut self, request: &Request, dto: &str, path: &[Step], why: &str) {
        if self.unreadable.is_empty() {
            let message =
                format!("A value for the '{dto}' parameter or property was not provided.");
            self.unreadable.push(detail(dto, &message));
        }
        let target = locate::written(path);
        let (line, position) = locate::place(&request.body, path).unwrap_or((1, 1));
        let message = format!("{why} Path '{target}', line {line}, position {position}.");
        self.unreadable.push(detail(&target, &message));
    }

    pub(crate) fn into_result(self) -> Result<(), AcsError> {
        let details = if self.unreadable.is_empty() {
            self.details
        } else {
            self.unreadable
        };
        if details.is_empty() {
            return Ok(());
        }
        Err(AcsError::bad_request(INVALID).with_details(details))
    }

    /// An optional string.
    pub(crate) fn text<'a>(&mut self, body: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
        match body.get(name) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text),
            Some(_) => {
                self.add(name, "The input was not valid.");
                None
            }
        }
    }

    /// An optional string that must say something when it is there.
    pub(crate) fn some_text<'a>(
        &mut self,
        body: &'a Map<String, Value>,
        name: &str,
    ) -> Option<&'a str> {
        let text = self.text(body, name)?;
        if text.trim().is_empty() {
            self.add(name, &format!("The {name} field must not be empty."));
        }
        Some(text)
    }

    /// An optional map of names to strings, or, in a merge patch, to null.
    pub(crate) fn metadata(
        &mut self,
        body: &Map<String, Value>,
        is_patch: bool,
    ) -> Option<Map<String, Value>> {
        let is_value = |v: &Value| v.is_string() || (is_patch && v.is_null());
        match body.get("metadata") {
            None | Some(Value::Null) => None,
            Some(Value::Object(map)) if map.values().all(is_value) => Some(map.clone()),
            Some(_) => {
                self.add("metadata", "The metadata field must map names to strings.");
                None
            }
        }
    }

    /// Metadata of a thread or participant, which the earlier versions do not have.
    pub(crate) fn small_metadata(
        &mut self,
        body: &Map<String, Value>,
        is_patch: bool,
        version: &str,
    ) -> Option<Map<String, Value>> {
        let metadata = self.metadata(body, is_patch)?;
        if !has_thread_metadata(version) {
            self.add(
                "metadata",
                "Metadata is not supported here by this API version.",
            );
        }
        if is_too_large(&metadata) {
            self.add("metadata", "The metadata exceeds the maximum size of 1 KB.");
        }
        Some(metadata)
    }
}

/// Whether a version knows metadata and retention of threads.
pub(crate) fn has_thread_metadata(version: &str) -> bool {
    version == PREVIEW || version == NEWEST
}

/// Whether metadata is above the published 1 KB.
pub(crate) fn is_too_large(metadata: &Map<String, Value>) -> bool {
    let size = |(name, value): (&String, &Value)| name.len() + value.as_str().map_or(0, str::len);
    metadata.iter().map(size).sum::<usize>() > MAX_METADATA
}

/// Merges a patch: null removes a name, and so does `""` when `empty_removes`.
pub(crate) fn merge(into: &mut Map<String, Value>, patch: Map<String, Value>, empty_removes: bool) {
    for (name, value) in patch {
        if value.is_null() || (empty_removes && value == "") {
            into.remove(&name);
        } else {
            into.insert(name, value);
        }
    }
}
