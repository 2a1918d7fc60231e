//! The recording that an emulator responds with.

use std::path::Path;

use ms_messenger_emulator::{Emulator, Recording};

use crate::{
    files::{self, because, unreadable},
    print, text,
};

/// Reads a recording; each difference is printed when it is found.
///
/// # Errors
///
/// What is wrong with the file.
pub(crate) fn read(file: &Path) -> Result<Recording, String> {
    files::look(file).map_err(|error| format!("{}: {}", file.display(), unreadable(&error)))?;
    let recording = Recording::read(file).map_err(|error| format!("{error}{}", because(&error)))?;
    Ok(recording.with_listener(|difference| print::note(text::emulator::differs(difference))))
}

/// Prints what became of the recording, if there is one. Whether the emulator differs from it.
pub(crate) fn note(emulator: &Emulator) -> bool {
    let Some(report) = emulator.replay_report() else {
        return false;
    };
    let found = report.differences.len() as u64 + report.omitted;
    print::note(text::emulator::replayed(
        report.replayed as u64,
        report.exchanges as u64,
        found,
        report.unmatched,
    ));
    found > 0
}
