//! The last failures of this user, for `msm report`: what the line of a failure says, but no
//! request and no evidence.

use std::{
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
    time::SystemTime,
};

use serde_json::{Value, json};

use crate::{
    outcome::{Line, one_line},
    state,
};

/// Name of the file in the state folder.
const FILE: &str = "failures.jsonl";
/// Size at which the older half is dropped, in bytes.
const LARGEST: u64 = 64 << 10;
/// How many failures a report has.
const REPORTED: usize = 20;

/// Notes a failure that followed a request. That it cannot be noted is no failure.
pub(crate) fn note(folder: Option<PathBuf>, command: &str, line: &Line<'_>) {
    let has_sent = line.attempts.is_some_and(|attempts| attempts > 0);
    if let Some(folder) = folder.filter(|_| has_sent) {
        let _ = append(&folder, &form(command, line).to_string());
    }
}

fn form(command: &str, line: &Line<'_>) -> Value {
    let now = humantime::format_rfc3339_seconds(SystemTime::now());
    json!({
        "time": now.to_string(),
        "command": command,
        "exit_code": line.exit_code,
        "delivery": line.delivery,
        "platform": line.platform,
        "kind": line.kind,
        "code": line.code,
        "http_status": line.http_status,
        "attempts": line.attempts,
        "request_id": line.request_id,
        "message": line.message.map(one_line),
        "causes": line.causes,
    })
}

fn append(folder: &Path, line: &str) -> io::Result<()> {
    state::make_folder(folder)?;
    let path = folder.join(FILE);
    if fs::metadata(&path).is_ok_and(|it| it.len() > LARGEST) {
        halve(folder, &path)?;
    }
    let mut options = fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // One write, so that the lines of processes that fail at once stay apart.
    options
        .open(path)?
        .write_all(format!("{line}\n").as_bytes())
}

/// Keeps the newer half.
fn halve(folder: &Path, path: &Path) -> io::Result<()> {
    let text = fs::read_to_string(path)?;
    let lines: Vec<&str> = text.lines().collect();
    let mut newer = tempfile::NamedTempFile::new_in(folder)?;
    for line in &lines[lines.len() / 2..] {
        writeln!(newer, "{line}")?;
    }
    newer.persist(path).map(drop).map_err(|lost| lost.error)
}

/// Returns the last failures, the newest last.
pub(crate) fn last(folder: &Path) -> Vec<Value> {
    let text = fs::read_to_string(folder.join(FILE)).unwrap_or_default();
    let failures: Vec<Value> = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let older = failures.len().saturating_sub(REPORTED);
    failures.into_iter().skip(older).collect()
}

#[cfg(test)]
mod tests {
    use ms_messenger::{Error, ErrorKind};

    use super::*;
    use crate::exit::Exit;

    #[test]
    fn failures_without_a_request_are_not_noted_and_the_file_stays_small() {
        let folder = tempfile::tempdir().unwrap();
        let some = || Some(folder.path().to_owned());
        let error = Error::new(ErrorKind::Service, "x".repeat(200));
        note(some(), "send", &Line::of(&error, Exit::Temporary));
        assert!(last(folder.path()).is_empty());
        let error = error.with_attempts(2);
        for _ in 0..500 {
            note(some(), "send", &Line::of(&error, Exit::Temporary));
        }
        let failures = last(folder.path());
        assert_eq!(failures.len(), REPORTED);
        assert_eq!(failures[0]["attempts"], 2);
        let size = fs::metadata(folder.path().join(FILE)).unwrap().len();
        assert!(size <= LARGEST + 1000, "{size}");
    }
}
