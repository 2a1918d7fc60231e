//! Messages of which it is unknown whether they are out: what is kept of them, and the question.

use std::{
    fs, io,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
    time::SystemTime,
};

use ms_messenger::{Error, ErrorKind, Evidence, Result, SendRequest};
use serde_json::Value;

use crate::{
    files::{unreadable, without_bom},
    outcome::moment,
    platform::Platform,
};

/// The folder beside the sign-ins.
const FOLDER: &str = "unsettled";

/// A send whose delivery is unknown.
#[derive(Debug)]
pub(crate) struct Doubt {
    pub(crate) request: SendRequest,
    pub(crate) evidence: Evidence,
    /// That it was sent through, if that is known.
    pub(crate) platform: Option<Platform>,
}

impl Doubt {
    /// Reads a line that a send printed or kept; or evidence alone, and the request beside it.
    ///
    /// # Errors
    ///
    /// `Config` for a file that cannot be read, `InvalidRequest` for what it holds.
    pub(crate) fn read(evidence: &Path, request: Option<&Path>) -> Result<Self> {
        let line = json(evidence)?;
        let own = line.get("evidence");
        let beside = line.get("request").filter(|it| !it.is_null());
        let request = match request {
            Some(path) => {
                let form = json(path)?;
                // A line will do, too.
                let inner = form.get("request").filter(|it| !it.is_null());
                inner.unwrap_or(&form).clone()
            }
            None => beside
                .ok_or_else(|| invalid("the evidence has no request beside it: give --request"))?
                .clone(),
        };
        let form = match own {
            Some(Value::Null) => {
                return Err(invalid(
                    "the line has no evidence: its send is not in doubt",
                ));
            }
            Some(own) => own,
            None => &line,
        };
        let named = line.get("platform").and_then(Value::as_str);
        Ok(Self {
            request: SendRequest::from_json(&request.to_string())?,
            evidence: Evidence::from_json(&form.to_string())?,
            platform: Platform::ALL
                .into_iter()
                .find(|it| Some(it.as_str()) == named),
        })
    }
}

fn json(path: &Path) -> Result<Value> {
    let (name, text) = match path.as_os_str() == "-" {
        true => {
            let mut text = String::new();
            let read = io::stdin().lock().read_to_string(&mut text);
            ("standard input".to_owned(), read.map(|_| text))
        }
        false => (path.display().to_string(), fs::read_to_string(path)),
    };
    let text = text.map_err(|error| {
        Error::new(ErrorKind::Config, format!("{name}: {}", unreadable(&error)))
    })?;
    serde_json::from_str(&without_bom(text)).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        invalid(&format!("{name} is not JSON (line {line} column {column})"))
    })
}

fn invalid(text: &str) -> Error {
    Error::new(ErrorKind::InvalidRequest, text.to_owned())
}

/// Keeps the line of a send in doubt, for its owner alone: the message is in it, no secret is.
///
/// # Errors
///
/// When it cannot be written.
pub(crate) fn keep(state: &Path, line: &str) -> io::Result<PathBuf> {
    let folder = state.join(FOLDER);
    crate::profile::make_folder(&folder)?;
    let day = moment(SystemTime::now()).replace([':', '-'], "");
    let mut builder = tempfile::Builder::new();
    let builder = builder.prefix(&*day).suffix(".json");
    let mut file = builder.tempfile_in(&folder)?;
    writeln!(file, "{line}")?;
    let (_, path) = file.keep().map_err(|kept| kept.error)?;
    Ok(path)
}

/// Deletes what [`keep`] kept, once it is settled. Another file is not ours.
pub(crate) fn forget(state: &Path, path: &Path) {
    let folder = state.join(FOLDER);
    let of_it = |folder: PathBuf| {
        let file = path.canonicalize().ok()?;
        (file.parent()? == folder).then_some(file)
    };
    if let Some(file) = folder.canonicalize().ok().and_then(of_it) {
        let _ = fs::remove_file(file);
    }
}
