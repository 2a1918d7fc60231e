//! The recording that an emulator responds with.

use std::path::Path;

use ms_messenger_emulator::{Emulator, Recording};

use crate::{
    files::because,
    print::{self, counted},
};

/// Reads a recording; each difference is printed when it is found.
///
/// # Errors
///
/// What is wrong with the file.
pub(crate) fn read(file: &Path) -> Result<Recording, String> {
    let recording = Recording::read(file).map_err(|error| format!("{error}{}", because(&error)))?;
    Ok(recording.with_listener(|difference| print::note(format_args!("differs: {difference}"))))
}

/// Prints what became of the recording, if there is one. Whether the emulator differs from it.
pub(crate) fn note(emulator: &Emulator) -> bool {
    let Some(report) = emulator.replay_report() else {
        return false;
    };
    let found = report.differences.len() as u64 + report.omitted;
    let (replayed, exchanges) = (report.replayed, report.exchanges);
    let (exchanges, differences) = (
        counted(exchanges as u64, "exchange"),
        counted(found, "difference"),
    );
    let mut text = format!("replay: {replayed} of {exchanges}, {differences}");
    if report.unmatched > 0 {
        text.push_str(&format!(
            "; no exchange was left for {}, served by the emulator alone",
            counted(report.unmatched, "request")
        ));
    }
    print::note(text);
    found > 0
}
