//! A command that runs below this program.

use std::{io, process::ExitStatus};

use tokio::process::Child;

use crate::emulator::signals::Signals;

/// Waits for the end of the command, and passes on what signals this program gets meanwhile. Returns
/// its exit code: 128 and the number of the signal that ended it, as shells do.
///
/// # Errors
///
/// When the operating system cannot wait.
pub(crate) async fn wait(mut child: Child, mut signals: Signals) -> io::Result<i32> {
    let id = child.id();
    loop {
        tokio::select! {
            status = child.wait() => return status.map(code),
            signal = signals.next() => signals.pass_on(signal, id),
        }
    }
}

fn code(status: ExitStatus) -> i32 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return 128 + signal;
    }
    status.code().unwrap_or(1)
}

/// Returns the exit code of a command that could not be started, as shells do.
pub(crate) fn code_of_not_started(error: &io::Error) -> i32 {
    match error.kind() {
        io::ErrorKind::NotFound => 127,
        _ => 126,
    }
}
