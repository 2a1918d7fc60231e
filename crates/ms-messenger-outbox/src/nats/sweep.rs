//! Removing contents whose message was never written: a crash has left them in between.

use std::{
    sync::atomic::Ordering,
    time::{Duration, SystemTime},
};

use super::{
    bucket::Trace,
    core::{Core, Found, each},
};
use crate::{envelope::Hash, error::Result};

/// How old a content without a message must be: longer than any clock is wrong, and any call takes.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);
/// How many contents one call looks at.
const AT_ONCE: usize = 1000;

/// Looks at some of the contents, where the last call stopped, and removes those that are old and
/// belong to no message. The index must be up to date.
pub(super) async fn sweep(core: &Core, now: SystemTime) -> Result<()> {
    let from = core.swept.load(Ordering::Relaxed);
    let traces = core.contents.traces(from + 1, AT_ONCE).await?;
    let is_old = |it: &&Trace| now.duration_since(it.at).is_ok_and(|age| age > ABANDONED);
    let old: Vec<&Trace> = traces.iter().take_while(is_old).collect();
    let is_all = old.len() < AT_ONCE;
    let last = old.last().map_or(0, |it| it.revision);
    let known = |trace: &&&Trace| {
        let index = core.mirror.index();
        let name = name(trace);
        name.is_none_or(|(key, token)| index.row(&key).is_some_and(|it| it.has_content(token)))
    };
    let unknown: Vec<&Trace> = old.iter().filter(|it| !known(it)).copied().collect();
    for result in each(&unknown, |trace| remove(core, trace)).await {
        result?;
    }
    // At the end, the next call begins again: a later change may have left its content, too.
    let next = if is_all { 0 } else { last };
    core.swept.store(next, Ordering::Relaxed);
    Ok(())
}

/// The message of a content, and its token.
fn name(trace: &Trace) -> Option<(Hash, &str)> {
    let (key, token) = trace.key.split_once('.')?;
    Some((Hash::from_hex(key)?, token))
}

/// Removes a content, unless its message has it, or may have it soon.
async fn remove(core: &Core, trace: &Trace) -> Result<()> {
    let Some((key, token)) = name(trace) else {
        return Ok(());
    };
    let is_abandoned = match core.find(&key).await? {
        Found::Nothing(_) => true,
        Found::Pending { .. } => false,
        Found::Message(stored) => stored.record.content.as_deref() != Some(token),
    };
    if is_abandoned {
        core.contents.remove(&trace.key).await?;
    }
    Ok(())
}
