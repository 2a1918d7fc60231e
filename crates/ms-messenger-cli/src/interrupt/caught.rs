//! Catches a signal, unless whoever started this program had it ignored.

use std::{
    io,
    process::{Command, Stdio},
    sync::OnceLock,
};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// A signal that is caught, or one that was ignored when the program started and stays ignored:
/// `nohup` ignores SIGHUP, a shell without job control SIGINT and SIGQUIT of what it starts with `&`.
#[derive(Debug)]
pub(crate) struct Caught(Option<Signal>);

impl Caught {
    /// Starts to listen, if the signal is not ignored.
    ///
    /// # Errors
    ///
    /// When the operating system refuses.
    pub(crate) fn listen(kind: SignalKind) -> io::Result<Self> {
        if is_ignored(kind.as_raw_value()) {
            return Ok(Self(None));
        }
        signal(kind).map(|signal| Self(Some(signal)))
    }

    /// Waits for the next signal: for ever if it is ignored.
    pub(crate) async fn recv(&mut self) {
        match &mut self.0 {
            // It ends with the runtime only.
            Some(signal) => drop(signal.recv().await),
            None => std::future::pending().await,
        }
    }
}

/// Whether a signal was ignored when the program started. Nothing else of this program changes that.
fn is_ignored(number: i32) -> bool {
    static IGNORED: OnceLock<Option<u64>> = OnceLock::new();
    match IGNORED.get_or_init(|| mask(&std::fs::read_to_string("/proc/self/status").ok()?)) {
        Some(mask) => is_in(*mask, number),
        None => survives(number),
    }
}

fn is_in(mask: u64, number: i32) -> bool {
    (1..=64).contains(&number) && mask >> (number - 1) & 1 == 1
}

/// Reads the ignored signals of a process as Linux shows them.
fn mask(status: &str) -> Option<u64> {
    let mut lines = status.lines();
    let mask = lines.find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(mask.trim(), 16).ok()
}

/// Whether a signal does not end a shell. An ignored signal is ignored in what a program starts, too,
/// and a shell cannot change that; the system calls that would tell are not safe Rust.
fn survives(number: i32) -> bool {
    let mut shell = Command::new("sh");
    let script = format!("kill -{number} $$; exit 0");
    shell.args(["-c", &script]).stdin(Stdio::null());
    let ended = shell.stdout(Stdio::null()).stderr(Stdio::null()).status();
    ended.is_ok_and(|it| it.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mask_of_linux_is_read() {
        let status = "Name:\tmsm\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000001003\n";
        let mask = mask(status).unwrap();
        let ignored: Vec<i32> = (1..=64).filter(|number| is_in(mask, *number)).collect();
        assert_eq!(ignored, [1, 2, 13]);
        for other in ["", "SigIgn:", "SigIgn:\tx", "SigCgt:\t1"] {
            assert_eq!(super::mask(other), None, "{other}");
        }
        for number in [i32::MIN, -1, 0, 65, i32::MAX] {
            assert!(!is_in(u64::MAX, number), "{number}");
        }
    }

    #[test]
    fn a_shell_tells_the_same_as_the_mask() {
        let Ok(status) = std::fs::read_to_string("/proc/self/status") else {
            return;
        };
        let mask = mask(&status).unwrap();
        for number in [1, 2, 15] {
            assert_eq!(survives(number), is_in(mask, number), "{number}");
        }
    }
}
