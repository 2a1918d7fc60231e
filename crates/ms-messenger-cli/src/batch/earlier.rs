//! What earlier runs handed over, compared with the input.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use ms_messenger::{Error, ErrorKind, Result};
use ms_messenger_outbox::{EnvelopeId, Hash, Outbox, OutboxErrorKind, Query, State};

use crate::{
    batch::{
        findings::Findings,
        input::{Entry, OWN_ID},
    },
    outbox_store::Address,
    stored::counted_as,
    text,
};

/// How many messages are read at a time.
const PAGE: u32 = 1000;

/// A message of an earlier run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    /// As which it is counted.
    pub(crate) state: State,
    hash: Hash,
}

/// The messages of an outbox.
pub(crate) type Earlier = HashMap<EnvelopeId, Known>;

/// Reads the state of every message.
///
/// # Errors
///
/// Those of the store.
pub(crate) async fn read(outbox: &Outbox) -> ms_messenger_outbox::Result<Earlier> {
    let mut earlier = Earlier::new();
    let mut query = Query::new().with_limit(PAGE);
    loop {
        let page = outbox.list(&query).await?;
        let Some(last) = page.last() else {
            return Ok(earlier);
        };
        query = query.with_after(last.seq);
        earlier.extend(page.into_iter().map(|head| {
            let known = Known {
                state: counted_as(&head),
                hash: head.hash,
            };
            (head.id, known)
        }));
    }
}

/// Finds lines that were changed or removed after they were handed over. `address` is that of
/// the outbox.
///
/// # Errors
///
/// When an envelope cannot be prepared; `Config` when the earlier run had another key.
pub(crate) async fn conflicts(
    entries: &[Entry],
    earlier: &Earlier,
    outbox: &Outbox,
    address: &Address,
) -> Result<Findings> {
    let store = &address.shown();
    let mut findings = Findings::default();
    let ids: HashSet<&EnvelopeId> = entries.iter().map(|it| &it.envelope.id).collect();
    // Those that are no longer in the input, by the number of their line.
    let mut left: BTreeMap<u64, &EnvelopeId> = BTreeMap::new();
    for (id, known) in earlier.iter().filter(|(id, _)| !ids.contains(id)) {
        let is_open = matches!(known.state, State::Queued | State::Sending);
        match number(id) {
            Some(line) => {
                left.insert(line, id);
            }
            None if is_open => {
                let rule = text::batch::left_without_a_line(store);
                findings.add_message(id.as_str(), &rule);
            }
            None => {}
        }
    }
    for entry in entries {
        if left.remove(&entry.line).is_some() {
            findings.add(entry.line, "", text::batch::CHANGED);
        } else if let Some(known) = earlier.get(&entry.envelope.id)
            && hash(outbox, entry, address)? != known.hash
        {
            if findings.is_empty() {
                check_key(outbox, entry, known, address).await?;
            }
            findings.add(entry.line, "id", text::batch::OTHER_MESSAGE);
        }
    }
    for (line, id) in left {
        let known = earlier.get(id);
        if known.is_some_and(|it| matches!(it.state, State::Queued | State::Sending)) {
            let rule = text::batch::removed(store, id);
            findings.add(line, "", &rule);
        }
    }
    Ok(findings)
}

/// Checks that a message whose hash is another one was not handed over with another key, or none: then
/// the hashes of all messages are others.
async fn check_key(outbox: &Outbox, entry: &Entry, known: &Known, address: &Address) -> Result<()> {
    let message = outbox.get(&entry.envelope.id).await;
    if let Some(message) = message.map_err(|error| address.error(error))?
        && let Err(error) = outbox.request(&message)
        && error.kind() == OutboxErrorKind::Sealed
    {
        return Err(address.error(error));
    }
    let without_key = Outbox::shared(Arc::clone(outbox.store()));
    if hash(&without_key, entry, address)? == known.hash {
        let text = text::batch::WITHOUT_KEY;
        return Err(Error::new(ErrorKind::Config, text));
    }
    Ok(())
}

fn hash(outbox: &Outbox, entry: &Entry, address: &Address) -> Result<Hash> {
    let prepared = outbox
        .prepare(&entry.envelope)
        .map_err(|error| address.error(error))?;
    Ok(prepared.head.hash)
}

/// Returns the line of an id that was made from it.
fn number(id: &EnvelopeId) -> Option<u64> {
    let (number, _) = id.as_str().strip_prefix(OWN_ID)?.split_once('-')?;
    number.parse().ok()
}
