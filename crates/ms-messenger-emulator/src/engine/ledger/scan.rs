//! Reads the ledger piece by piece, so that its lock is never held for long.

use std::sync::Arc;

use crate::engine::{
    ledger::{Ledger, row::KeptRow},
    platform::Platform,
    resources::Engine,
};

/// So many rows are looked at while the ledger is locked.
const PART: usize = 512;

/// Where a row belongs.
#[derive(Clone, Debug)]
pub(crate) struct Belongs {
    pub(crate) seq: u64,
    pub(crate) platform: Platform,
    pub(crate) conversation: Arc<str>,
    /// Whether it is a message sent twice.
    pub(crate) is_duplicate: bool,
}

/// What a part of the ledger has.
#[derive(Debug)]
pub(crate) struct Scan {
    /// In the order of the scan.
    pub(crate) rows: Vec<KeptRow>,
    /// The last row that was looked at, where more rows follow.
    pub(crate) continues: Option<u64>,
}

/// The way through the ledger.
#[derive(Clone, Copy, Debug)]
pub(crate) enum From {
    /// The rows before that number, newest first.
    Before(u64),
    /// The rows after that number, oldest first.
    After(u64),
}

impl Scan {
    /// The rows that `admits`, `most` of them at most; looks at about `budget` rows, and lets others use
    /// the ledger meanwhile.
    pub(crate) fn in_parts(
        engine: &Engine,
        from: From,
        (most, budget): (usize, usize),
        admits: impl Fn(&Ledger, &KeptRow) -> bool,
    ) -> Self {
        let mut all = Self {
            rows: Vec::new(),
            continues: None,
        };
        let mut at = from;
        for _ in 0..budget.div_ceil(PART) {
            let left = most - all.rows.len();
            let part = engine.ledger().scan(at, (left, PART), &admits);
            all.rows.extend(part.rows);
            all.continues = part.continues;
            at = match (from, all.continues) {
                (_, None) => break,
                (From::Before(_), Some(seq)) => From::Before(seq),
                (From::After(_), Some(seq)) => From::After(seq),
            };
            if all.rows.len() == most {
                break;
            }
        }
        all
    }
}

impl Ledger {
    /// The number of the newest row; that of the last one that there was, if none is kept.
    pub(crate) fn newest_seq(&self) -> u64 {
        self.gone + self.rows.len() as u64
    }

    /// Distinguishes this ledger from the one before a reset.
    pub(crate) const fn generation(&self) -> u64 {
        self.generation
    }

    /// The row of that number.
    pub(crate) fn row(&self, seq: u64) -> Option<KeptRow> {
        let index = seq.checked_sub(self.gone + 1)?;
        let row = self.rows.get(usize::try_from(index).ok()?)?;
        Some(self.copy(row))
    }

    /// Where the rows after `seq` belong, `most` of them at most.
    pub(crate) fn belongings(&self, seq: u64, most: usize) -> Vec<Belongs> {
        let belongs = |row: &KeptRow| Belongs {
            seq: row.seq,
            platform: row.platform,
            conversation: Arc::clone(&row.conversation),
            is_duplicate: row.duplicate_of.is_some(),
        };
        self.after(seq).take(most).map(belongs).collect()
    }

    /// The rows that `admits`, `most` of them at most; looks at `budget` rows at most.
    pub(crate) fn scan(
        &self,
        from: From,
        (most, budget): (usize, usize),
        mut admits: impl FnMut(&Self, &KeptRow) -> bool,
    ) -> Scan {
        let mut rows = Vec::new();
        let mut look = |all: &mut dyn Iterator<Item = &KeptRow>| {
            let mut all = all.peekable();
            let mut looked = 0;
            while let Some(row) = all.next() {
                looked += 1;
                if admits(self, row) {
                    rows.push(self.copy(row));
                }
                if rows.len() == most || looked == budget {
                    return all.peek().map(|_| row.seq);
                }
            }
            None
        };
        let continues = match from {
            From::After(seq) => look(&mut self.after(seq)),
            From::Before(seq) => {
                let end = seq.saturating_sub(self.gone + 1);
                let end = usize::try_from(end).unwrap_or(usize::MAX);
                look(&mut self.rows.range(..end.min(self.rows.len())).rev())
            }
        };
        Scan { rows, continues }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        engine::ledger::row::NewRow,
        wire::{clock::Clock, request::Request},
    };

    fn ledger(texts: usize, keep: usize) -> Ledger {
        let mut ledger = Ledger::new(keep, &Clock::with_offset(0));
        let parts = http::Request::new(()).into_parts().0;
        let request = Request::new(parts, bytes::Bytes::new(), "h");
        for n in 1..=texts {
            let row = NewRow::new(Platform::new("test"), "send", format!("c{}", n % 2), "1");
            ledger.append(row.with_text("text", n.to_string()), &request);
        }
        ledger
    }

    fn numbers(scan: &Scan) -> Vec<u64> {
        scan.rows.iter().map(|row| row.seq).collect()
    }

    #[test]
    fn pages_go_both_ways_and_end() {
        let ledger = ledger(6, 5);
        let any = |_: &Ledger, _: &KeptRow| true;
        let page = ledger.scan(From::Before(u64::MAX), (2, 99), any);
        assert_eq!((numbers(&page), page.continues), (vec![6, 5], Some(5)));
        let page = ledger.scan(From::Before(5), (9, 99), any);
        assert_eq!((numbers(&page), page.continues), (vec![4, 3, 2], None));
        let page = ledger.scan(From::After(0), (2, 99), any);
        assert_eq!((numbers(&page), page.continues), (vec![2, 3], Some(3)));
        let page = ledger.scan(From::After(4), (2, 99), any);
        assert_eq!((numbers(&page), page.continues), (vec![5, 6], None));
        assert_eq!(ledger.row(2).unwrap().seq, 2);
        assert!(ledger.row(1).is_none() && ledger.row(7).is_none());
        assert_eq!(ledger.newest_seq(), 6);
    }

    #[test]
    fn a_scan_looks_at_so_many_rows_and_says_where_it_ended() {
        let ledger = ledger(10, 99);
        let page = ledger.scan(From::Before(u64::MAX), (5, 4), |_, row| &*row.text == "2");
        assert_eq!((numbers(&page), page.continues), (vec![], Some(7)));
        let page = ledger.scan(From::Before(7), (5, 99), |_, row| &*row.text == "2");
        assert_eq!((numbers(&page), page.continues), (vec![2], None));
        assert_eq!(ledger.belongings(8, 99).len(), 2);
    }
}
