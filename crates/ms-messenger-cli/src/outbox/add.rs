//! `msm outbox add`.

use std::path::Path;

use ms_messenger::{Delivery, Error, ErrorKind};
use ms_messenger_outbox::Inserted;
use serde_json::json;

use super::open::{Opened, open, open_or_create};
use crate::{
    args::{AddArgs, OutboxOptions},
    batch::{
        findings::Findings,
        input::{self, Entry, Reading, Unusable},
    },
    config::Settings,
    environment,
    exit::Exit,
    kept_files,
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
        checks_files: false,
        makes_ids: false,
        keeps_files: true,
    };
    let options = http_options(None);
    let input = input::read(Path::new("-"), None, reading, &settings, &options)?;
    input.warn();
    let (unread, entries): (Vec<Entry>, Vec<Entry>) = {
        let entries = input.entries.into_iter();
        entries.partition(|entry| entry.unread.is_some())
    };
    let stored = unread.len();
    if !unread.is_empty() {
        check_stored(unread, common).await?;
    }
    let opened = open_or_create(&common.outbox).await?;
    let envelopes = entries.into_iter().map(|it| it.envelope);
    let inserted = opened.outbox.enqueue_all(envelopes).await;
    let inserted = inserted.map_err(|error| opened.error(error))?;
    let added = inserted.iter().filter(|it| **it == Inserted::New).count();
    let known = inserted.len() - added + stored;
    let text = if common.json {
        done(json!({"added": added, "known": known}))
    } else {
        text::outbox::added(added, known)
    };
    Ok(print::last(&text, Exit::Success))
}

/// Checks that messages whose files cannot be read are stored already: what is stored stays.
///
/// # Errors
///
/// Those of the files of messages that are not stored, and of what is not the stored message.
async fn check_stored(entries: Vec<Entry>, common: &OutboxOptions) -> Result<(), Unusable> {
    let opened = match open(&common.outbox).await {
        Ok(opened) => Some(opened),
        // Without an outbox nothing is stored.
        Err(error) if error.kind() == ErrorKind::Config => None,
        Err(error) => return Err(error.into()),
    };
    let mut findings = Findings::default();
    let mut notes = Vec::new();
    for mut entry in entries {
        let Some(unread) = entry.unread.take() else {
            continue;
        };
        let compared = match &opened {
            Some(opened) => compare(opened, &mut entry).await?,
            None => Compared::Absent,
        };
        match compared {
            Compared::Absent => findings.add_error(entry.line, &unread),
            Compared::Other => findings.add(entry.line, "id", text::outbox::OTHER_MESSAGE),
            Compared::Same => notes.push((entry.line, unread, text::outbox::STORED_WITH_FILES)),
            Compared::Erased => notes.push((entry.line, unread, text::outbox::STORED_AND_ERASED)),
        }
    }
    if !findings.is_empty() {
        return Err(Unusable::Findings(findings));
    }
    for (line, unread, then) in notes {
        let place = text::batch::place(line, unread.message());
        print::note(text::outcome::warning(text::outbox::and_so(&place, then)));
    }
    Ok(())
}

/// What is stored by the id of a message whose files cannot be read.
enum Compared {
    /// Nothing.
    Absent,
    /// The same message, as far as it can be compared.
    Same,
    /// A message without content.
    Erased,
    /// Another one.
    Other,
}

/// Compares a message with the one that is stored: with the files that are stored.
async fn compare(opened: &Opened, entry: &mut Entry) -> Result<Compared, Error> {
    let outbox = &opened.outbox;
    let envelope = &mut entry.envelope;
    let stored = outbox.get(&envelope.id).await;
    let Some(stored) = stored.map_err(|error| opened.error(error))? else {
        return Ok(Compared::Absent);
    };
    let request = outbox
        .request(&stored)
        .map_err(|error| opened.error(error))?;
    let Some(request) = request else {
        let is_same =
            stored.head.route == envelope.route && stored.head.order_key == envelope.order_key;
        return Ok(if is_same {
            Compared::Erased
        } else {
            Compared::Other
        });
    };
    kept_files::restore(&mut envelope.request.message, &request.message);
    let prepared = outbox
        .prepare(envelope)
        .map_err(|error| opened.error(error))?;
    let is_same = prepared.head.hash == stored.head.hash;
    Ok(if is_same {
        Compared::Same
    } else {
        Compared::Other
    })
}
