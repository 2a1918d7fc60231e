//! `msm schema`: what the JSON of each command looks like.

use crate::{args::SchemaArgs, exit::Exit, print, text};

/// The schemas, by name. Each describes one line of output.
const SCHEMAS: [(&str, &str, &str); 21] = [
    ("send", text::schema::SEND, include_str!("schema/send.json")),
    (
        "batch",
        text::schema::BATCH,
        include_str!("schema/batch.json"),
    ),
    (
        "outbox-head",
        text::schema::OUTBOX_HEAD,
        include_str!("schema/outbox-head.json"),
    ),
    ("done", text::schema::DONE, include_str!("schema/done.json")),
    ("read", text::schema::READ, include_str!("schema/read.json")),
    ("list", text::schema::LIST, include_str!("schema/list.json")),
    ("api", text::schema::API, include_str!("schema/api.json")),
    (
        "listen",
        text::schema::LISTEN,
        include_str!("schema/listen.json"),
    ),
    (
        "emulator",
        text::schema::EMULATOR,
        include_str!("schema/emulator.json"),
    ),
    (
        "emulator-env",
        text::schema::EMULATOR_ENV,
        include_str!("schema/emulator-env.json"),
    ),
    (
        "emulator-health",
        text::schema::EMULATOR_HEALTH,
        include_str!("schema/emulator-health.json"),
    ),
    ("demo", text::schema::DEMO, include_str!("schema/demo.json")),
    (
        "doctor",
        text::schema::DOCTOR,
        include_str!("schema/doctor.json"),
    ),
    (
        "sign-in",
        text::schema::SIGN_IN,
        include_str!("schema/sign-in.json"),
    ),
    (
        "config",
        text::schema::CONFIG,
        include_str!("schema/config.json"),
    ),
    (
        "record",
        text::schema::RECORD,
        include_str!("schema/record.json"),
    ),
    (
        "recording",
        text::schema::RECORDING,
        include_str!("schema/recording.json"),
    ),
    (
        "replay",
        text::schema::REPLAY,
        include_str!("schema/replay.json"),
    ),
    (
        "report",
        text::schema::REPORT,
        include_str!("schema/report.json"),
    ),
    (
        "exit-codes",
        text::schema::EXIT_CODES,
        include_str!("schema/exit-codes.json"),
    ),
    ("log", text::schema::LOG, include_str!("schema/log.json")),
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
            print::columns(&text::schema::HEAD, &rows.collect::<Vec<_>>())
        }
    };
    print::last(text.trim_end(), Exit::Success)
}
