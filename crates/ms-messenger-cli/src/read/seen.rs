//! What is known of a place that is followed.

use std::{
    collections::HashSet,
    time::{Duration, SystemTime},
};

use ms_messenger::Result;

use super::{
    item::Item,
    pages::{Since, last},
};
use crate::{args::ReadArgs, place::Place};

/// How far two looks overlap: what is stored late is not missed.
const OVERLAP: Duration = Duration::from_secs(60);

/// What was printed, and when the place changed last. All times are those of its messages, because the
/// clock of this machine may differ from that of the service.
#[derive(Debug)]
pub(super) struct Seen {
    states: HashSet<String>,
    /// The latest change that was seen.
    newest: Option<SystemTime>,
    /// What changed before it was there at the start, printed or not.
    start: Option<SystemTime>,
}

impl Seen {
    /// Begins after what was printed.
    ///
    /// # Errors
    ///
    /// The error of the service.
    pub(super) async fn of(
        args: &ReadArgs,
        place: &Place,
        root: Option<&str>,
        printed: Vec<Item>,
    ) -> Result<Self> {
        // Nothing is printed of a place whose messages are all older than was asked for.
        let Some(since) = args.since.filter(|_| printed.is_empty()) else {
            return Ok(Self::after(&printed));
        };
        let older = last(place, root, None, 1).await?;
        let mut seen = Self::after(&older);
        if older.iter().any(|item| Since::Created(since).wants(item)) {
            // It arrived in between.
            seen.states.clear();
            seen.start = Some(since);
        }
        Ok(seen)
    }

    fn after(items: &[Item]) -> Self {
        let newest = items.iter().filter_map(Item::changed_at).max();
        Self {
            states: items.iter().map(state).collect(),
            newest,
            start: newest,
        }
    }

    /// Which messages the next look reads; `None` for all.
    pub(super) fn since(&self) -> Option<Since> {
        let since = self.newest?.checked_sub(OVERLAP)?;
        Some(Since::Changed(since))
    }

    /// Notes a message; returns whether it is to be printed: it was not seen in this state, and is not
    /// one of the `first` look that was there before.
    pub(super) fn is_new(&mut self, item: &Item, first: bool) -> bool {
        let changed = item.changed_at();
        self.newest = self.newest.max(changed);
        let was_there = match (changed, self.start) {
            (Some(changed), Some(start)) => changed < start,
            _ => false,
        };
        self.states.insert(state(item)) && !(first && was_there)
    }
}

fn state(item: &Item) -> String {
    item.state().map(Option::unwrap_or_default).join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn item(id: &str, second: u32) -> Item {
        Item {
            raw: json!({"id": id, "createdOn": format!("2020-01-01T00:00:{second:02}Z")}),
        }
    }

    #[test]
    fn what_was_there_is_not_new_but_what_is_stored_late_is() {
        let mut seen = Seen::after(&[item("b", 20), item("c", 30)]);
        assert!(!seen.is_new(&item("a", 10), true), "it was left out");
        assert!(!seen.is_new(&item("c", 30), true), "it was printed");
        assert!(seen.is_new(&item("d", 30), true), "of the same second");
        assert!(seen.is_new(&item("e", 31), true));
        assert!(seen.is_new(&item("late", 11), false));
        assert!(!seen.is_new(&item("late", 11), false));
        assert!(!seen.is_new(&item("a", 10), false), "it stays left out");
    }

    #[test]
    fn each_edit_of_one_second_is_new() {
        let edited = |version: &str| Item {
            raw: json!({"id": "1", "createdOn": "2020-01-01T00:00:00Z",
                "editedOn": "2020-01-01T00:00:09Z", "version": version}),
        };
        let mut seen = Seen::after(&[edited("1577836809100")]);
        assert!(!seen.is_new(&edited("1577836809100"), false));
        assert!(seen.is_new(&edited("1577836809200"), false));
        assert!(seen.is_new(&edited("1577836809300"), true));
    }

    #[test]
    fn a_look_begins_before_the_newest_change_by_the_clock_of_the_service() {
        assert!(Seen::after(&[]).since().is_none());
        let mut seen = Seen::after(&[item("a", 10)]);
        let of = |seen: &Seen| seen.since().map(Since::time);
        let first = item("a", 10).changed_at().unwrap();
        assert_eq!(of(&seen), Some(first - OVERLAP));
        assert!(seen.is_new(&item("b", 40), false));
        assert_eq!(of(&seen), Some(first + Duration::from_secs(30) - OVERLAP));
        assert!(seen.is_new(&item("c", 5), false));
        assert_eq!(of(&seen), Some(first + Duration::from_secs(30) - OVERLAP));
    }
}
