//! Reading the ledger without holding it up.

use crate::engine::{
    ledger::{filter::Filter, row::KeptRow},
    resources::Engine,
};

/// So many rows are looked at while the ledger is locked: senders wait for less than a millisecond.
const PART: u64 = 512;

/// How much of what matches is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    All,
    /// The oldest so many.
    First(usize),
    /// The newest so many.
    Last(usize),
}

/// What was found, oldest first.
#[derive(Debug)]
pub(crate) struct Selected {
    pub(crate) rows: Vec<KeptRow>,
    /// Whether more rows match.
    pub(crate) has_more: bool,
}

/// The rows that `filter` admits, oldest first.
pub(crate) fn select(engine: &Engine, filter: &Filter, span: Span) -> Selected {
    let (first, next) = engine.ledger().numbers();
    let from = first.max(filter.since.saturating_add(1));
    let to = filter.before.map_or(next, |before| before.min(next));
    match span {
        Span::Last(most) => backwards(engine, filter, (from, to), most),
        Span::First(most) => forwards(engine, filter, (from, to), most),
        Span::All => forwards(engine, filter, (from, to), usize::MAX),
    }
}

fn forwards(engine: &Engine, filter: &Filter, range: (u64, u64), most: usize) -> Selected {
    let (mut at, end) = range;
    let mut rows = Vec::new();
    while at < end && rows.len() <= most {
        let to = end.min(at.saturating_add(PART));
        rows.extend(engine.ledger().part(filter, at, to));
        at = to;
    }
    let has_more = rows.len() > most;
    rows.truncate(most);
    Selected { rows, has_more }
}

fn backwards(engine: &Engine, filter: &Filter, range: (u64, u64), most: usize) -> Selected {
    let (begin, mut at) = range;
    let mut rows = Vec::new();
    while at > begin && rows.len() <= most {
        let from = begin.max(at.saturating_sub(PART));
        let part = engine.ledger().part(filter, from, at);
        rows.extend(part.into_iter().rev());
        at = from;
    }
    let has_more = rows.len() > most;
    rows.truncate(most);
    rows.reverse();
    Selected { rows, has_more }
}
