//! The schemas of the output.

/// The head of the list.
pub(crate) const HEAD: [&str; 2] = ["name", "output of"];

pub(crate) const SEND: &str = "send, settle, and every command that fails";
pub(crate) const BATCH: &str = "batch, outbox run and outbox settle: the outcome of a message";
pub(crate) const OUTBOX_HEAD: &str = "outbox list and outbox show: a stored message";
pub(crate) const DONE: &str =
    "outbox add, status, retry, cancel, confirm, give-up, purge; edit, delete, react; logout";
pub(crate) const READ: &str = "read and show";
pub(crate) const LIST: &str = "list";
pub(crate) const API: &str = "api";
pub(crate) const LISTEN: &str = "listen";
pub(crate) const EMULATOR: &str = "emulator, when it is ready";
pub(crate) const EMULATOR_ENV: &str = "emulator env --format json";
pub(crate) const EMULATOR_HEALTH: &str = "emulator health";
pub(crate) const DEMO: &str = "demo";
pub(crate) const DOCTOR: &str = "doctor";
pub(crate) const SIGN_IN: &str = "login and whoami";
pub(crate) const CONFIG: &str = "config show, check and path";
pub(crate) const RECORD: &str = "emulator record: the line when it is ready";
pub(crate) const RECORDING: &str = "emulator record: a line of the file";
pub(crate) const REPLAY: &str = "emulator --replay: GET /_emulator/replay";
pub(crate) const REPORT: &str = "report";
pub(crate) const EXIT_CODES: &str = "exit-codes";
pub(crate) const LOG: &str = "-v --log-format json, on standard error";
