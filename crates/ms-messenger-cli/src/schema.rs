//! `msm schema`: what the JSON of each command looks like.

use crate::{args::SchemaArgs, exit::Exit, print};

/// The schemas, by name. Each describes one line of output.
const SCHEMAS: [(&str, &str, &str); 21] = [
    (
        "send",
        "send, settle, and every command that fails",
        include_str!("schema/send.json"),
    ),
    (
        "batch",
        "batch, outbox run and outbox settle: the outcome of a message",
        include_str!("schema/batch.json"),
    ),
    (
        "outbox-head",
        "outbox list and outbox show: a stored message",
        include_str!("schema/outbox-head.json"),
    ),
    (
        "done",
        "outbox add, status, retry, cancel, confirm, give-up, purge; edit, delete, react; logout",
        include_str!("schema/done.json"),
    ),
    ("read", "read and show", include_str!("schema/read.json")),
    ("list", "list", include_str!("schema/list.json")),
    ("api", "api", include_str!("schema/api.json")),
    ("listen", "listen", include_str!("schema/listen.json")),
    (
        "emulator",
        "emulator, when it is ready",
        include_str!("schema/emulator.json"),
    ),
    (
        "emulator-env",
        "emulator env --format json",
        include_str!("schema/emulator-env.json"),
    ),
    (
        "emulator-health",
        "emulator health",
        include_str!("schema/emulator-health.json"),
    ),
    ("demo", "demo", include_str!("schema/demo.json")),
    ("doctor", "doctor", include_str!("schema/doctor.json")),
    (
        "sign-in",
        "login and whoami",
        include_str!("schema/sign-in.json"),
    ),
    (
        "config",
        "config show, check and path",
        include_str!("schema/config.json"),
    ),
    (
        "record",
        "emulator record: the line when it is ready",
        include_str!("schema/record.json"),
    ),
    (
        "recording",
        "emulator record: a line of the file",
        include_str!("schema/recording.json"),
    ),
    (
        "replay",
        "emulator --replay: GET /_emulator/replay",
        include_str!("schema/replay.json"),
    ),
    ("report", "report", include_str!("schema/report.json")),
    (
        "exit-codes",
        "exit-codes",
        include_str!("schema/exit-codes.json"),
    ),
    (
        "log",
        "-v --log-format json, on standard error",
        include_str!("schema/log.json"),
    ),
];

/// Returns the names of the schemas.
pub(crate) fn names() -> Vec<&'static str> {
    SCHEMAS.iter().map(|(name, _, _)| *name).collect()
}

/// Prints a schema, or the list of them.
pub(crate) fn run(args: &SchemaArgs) -> Exit {
    let named = |name: &str| SCHEMAS.iter().find(|(known, _, _)| *known == name);
    let text = match args.name.as_deref().and_then(named) {
        Some((_, _, schema)) => (*schema).to_owned(),
        None => {
            let rows = SCHEMAS
                .iter()
                .map(|(name, of, _)| vec![(*name).to_owned(), (*of).to_owned()]);
            print::columns(&["name", "output of"], &rows.collect::<Vec<_>>())
        }
    };
    print::last(text.trim_end(), Exit::Success)
}
