//! `msm outbox add`.

use std::path::Path;

use ms_messenger::Delivery;
use ms_messenger_outbox::Inserted;
use serde_json::json;

use super::open::open_or_create;
use crate::{
    args::{AddArgs, OutboxOptions},
    batch::input::{self, Reading, Unusable},
    config::Settings,
    environment,
    exit::Exit,
    outcome::Line,
    print,
    report::{self, done},
    text,
    transport::http_options,
};

/// Hands over the messages on standard input: all or none.
pub(crate) async fn run(args: &AddArgs, common: &OutboxOptions) -> Exit {
    match add(args, common).await {
        Ok(exit) => exit,
        Err(Unusable::Error(error)) => report::failed(error, common.json),
        Err(Unusable::Findings(findings)) => {
            let (exit, error) = (findings.exit(), findings.to_error());
            let error = error.with_delivery(Delivery::NotSent);
            if common.json {
                let _ = print::result(&Line::of(&error, exit).to_string());
            } else {
                let text = print::plain_error_text(&error, exit, None);
                let more = match findings.more() {
                    0 => String::new(),
                    more => format!("\n{}", text::batch::more_problems(more)),
                };
                let nothing = text::outbox::NOTHING_STORED;
                print::important(format_args!("{text}{more}\n{nothing}"));
            }
            exit
        }
    }
}

async fn add(args: &AddArgs, common: &OutboxOptions) -> Result<Exit, Unusable> {
    let settings = Settings::read(&args.connection, &environment::process)?;
    let reading = Reading {
        platform: args.platform,
        checks_token: false,
        makes_ids: false,
        keeps_files: true,
    };
    let options = http_options(None);
    let input = input::read(Path::new("-"), None, reading, &settings, &options)?;
    input.warn();
    let opened = open_or_create(&common.outbox).await?;
    let envelopes = input.entries.into_iter().map(|it| it.envelope);
    let inserted = opened.outbox.enqueue_all(envelopes).await;
    let inserted = inserted.map_err(|error| opened.error(error))?;
    let added = inserted.iter().filter(|it| **it == Inserted::New).count();
    let known = inserted.len() - added;
    let text = if common.json {
        done(json!({"added": added, "known": known}))
    } else {
        text::outbox::added(added, known)
    };
    Ok(print::last(&text, Exit::Success))
}
