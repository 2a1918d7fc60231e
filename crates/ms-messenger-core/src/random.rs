//! Random ids, cheap enough for every send.

use std::cell::RefCell;

use uuid::{Builder, Uuid};

/// Bytes of one id.
const ID: usize = 16;
/// Ids per request to the operating system: the request, not the bytes, is what costs.
const BATCH: usize = 32;

thread_local! {
    static STOCK: RefCell<Stock> = const { RefCell::new(Stock::EMPTY) };
}

/// Unused random bytes of one thread of one process.
struct Stock {
    bytes: [u8; ID * BATCH],
    left: usize,
    /// A forked child inherits the stock and must not use the ids of its parent.
    process: u32,
}

impl Stock {
    const EMPTY: Self = Self {
        bytes: [0; ID * BATCH],
        left: 0,
        process: 0,
    };

    fn take(&mut self) -> Option<[u8; ID]> {
        let process = std::process::id();
        if self.left == 0 || self.process != process {
            getrandom::fill(&mut self.bytes).ok()?;
            self.left = BATCH;
            self.process = process;
        }
        self.left -= 1;
        let start = self.left * ID;
        self.bytes[start..start + ID].try_into().ok()
    }
}

/// Returns a random UUID (version 4), from the random numbers of the operating system.
///
/// ```
/// assert_ne!(ms_messenger_core::random_uuid(), ms_messenger_core::random_uuid());
/// ```
#[must_use]
pub fn random_uuid() -> Uuid {
    match STOCK.with_borrow_mut(Stock::take) {
        Some(bytes) => Builder::from_random_bytes(bytes).into_uuid(),
        // Panics without any randomness.
        None => Uuid::new_v4(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_id_is_a_duplicate_over_many_stocks_and_threads() {
        let draw = || (0..5 * BATCH).map(|_| random_uuid()).collect::<Vec<_>>();
        let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(draw)).collect();
        let mut drawn = draw();
        for thread in threads {
            drawn.extend(thread.join().unwrap());
        }
        assert!(drawn.iter().all(|id| id.get_version_num() == 4));
        let count = drawn.len();
        assert_eq!(drawn.into_iter().collect::<HashSet<_>>().len(), count);
    }

    #[test]
    fn a_stock_of_another_process_is_discarded() {
        let mut stock = Stock {
            left: BATCH,
            process: std::process::id().wrapping_add(1),
            ..Stock::EMPTY
        };
        assert_ne!(stock.take(), Some([0; ID]));
        assert_eq!(stock.process, std::process::id());
    }
}
