//! Sends whose delivery is unknown: what is stored of them, and how it is read.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::SystemTime,
};

use ms_messenger::{Error, ErrorKind, Evidence, Result, SendRequest};
use serde_json::Value;

use crate::{
    explain,
    files::{self, without_bom},
    outcome::moment,
    platform::Platform,
    state::make_folder,
    text,
};

/// Folder inside the state folder.
const FOLDER: &str = "unsettled";

/// A send whose delivery is unknown.
#[derive(Debug)]
pub(crate) struct Unsettled {
    pub(crate) request: SendRequest,
    pub(crate) evidence: Evidence,
    /// Whether the send was rejected because its key was used before.
    pub(crate) is_of_used_key: bool,
    /// The platform of the send, if known.
    pub(crate) platform: Option<Platform>,
}

impl Unsettled {
    /// Reads the JSON line that a send printed or stored, or evidence alone with a separate request.
    ///
    /// # Errors
    ///
    /// `Config` for a file that cannot be read, `InvalidRequest` for unusable content.
    pub(crate) fn read(evidence: &Path, request: Option<&Path>) -> Result<Self> {
        let line = json(evidence)?;
        let own = line.get("evidence");
        let included = line.get("request").filter(|it| !it.is_null());
        let request = match request {
            Some(path) => {
                let form = json(path)?;
                // The line of a send is accepted too.
                let inner = form.get("request").filter(|it| !it.is_null());
                inner.unwrap_or(&form).clone()
            }
            None => included
                .ok_or_else(|| invalid(text::settle::REQUEST_MISSING))?
                .clone(),
        };
        let form = match own {
            Some(Value::Null) => {
                return Err(invalid(text::settle::NO_EVIDENCE));
            }
            Some(own) => own,
            None => &line,
        };
        let named = line.get("platform").and_then(Value::as_str);
        Ok(Self {
            request: SendRequest::from_json(&request.to_string())?,
            evidence: Evidence::from_json(&form.to_string())?,
            is_of_used_key: is_of_used_key(&line),
            platform: named.and_then(Platform::named),
        })
    }
}

/// Whether the line is that of a key that was rejected as used.
fn is_of_used_key(line: &Value) -> bool {
    let status = line.get("http_status").and_then(Value::as_u64);
    let message = line.get("message").and_then(Value::as_str);
    let has_key = line.get("idempotency").is_some_and(|it| !it.is_null());
    has_key && explain::is_key_rejection(status, message.unwrap_or_default())
}

/// Reads JSON in a file, or on standard input for `-`.
fn json(path: &Path) -> Result<Value> {
    let name = files::name(path);
    let text = files::text_or_input(path, files::MESSAGE);
    let text = text.map_err(|error| files::unusable(path, &error))?;
    serde_json::from_str(&without_bom(text))
        .map_err(|error| invalid(&text::compose::not_json(name, &error)))
}

/// Returns the error of unusable content.
fn invalid(text: &str) -> Error {
    Error::new(ErrorKind::InvalidRequest, text.to_owned())
}

/// Stores the line of a send whose delivery is unknown, readable by its owner only. It contains
/// the message, but no secret.
///
/// # Errors
///
/// When it cannot be written.
pub(crate) fn store(state: &Path, line: &str) -> io::Result<PathBuf> {
    let folder = state.join(FOLDER);
    make_folder(&folder)?;
    let day = moment(SystemTime::now()).replace([':', '-'], "");
    let mut builder = tempfile::Builder::new();
    let builder = builder.prefix(&*day).suffix(".json");
    let mut file = builder.tempfile_in(&folder)?;
    writeln!(file, "{line}")?;
    let (_, path) = file.keep().map_err(|error| error.error)?;
    Ok(path)
}

/// Deletes a file of [`store`] once it is settled; other files stay.
pub(crate) fn delete(state: &Path, path: &Path) {
    let folder = state.join(FOLDER);
    let stored_in = |folder: PathBuf| {
        let file = path.canonicalize().ok()?;
        (file.parent()? == folder).then_some(file)
    };
    if let Some(file) = folder.canonicalize().ok().and_then(stored_in) {
        let _ = fs::remove_file(file);
    }
}
