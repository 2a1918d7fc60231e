//! The order of what is told, where some of it must first be looked up.

use std::collections::{HashMap, VecDeque};

use crate::incoming::Happened;

/// A place in the order of a conversation.
pub(crate) type Seat = u64;

#[derive(Debug)]
enum Slot {
    Awaited(Seat),
    Ready(Happened),
}

/// What waits for something before it, conversation by conversation.
#[derive(Debug, Default)]
pub(crate) struct Order {
    lines: HashMap<String, VecDeque<Slot>>,
    next: Seat,
}

impl Order {
    /// Keeps a place for what is looked up.
    pub(crate) fn reserve(&mut self, conversation: &str) -> Seat {
        self.next += 1;
        let line = self.lines.entry(conversation.to_owned()).or_default();
        line.push_back(Slot::Awaited(self.next));
        self.next
    }

    /// Answers what can be told at once.
    pub(crate) fn pass(&mut self, happened: Happened) -> Option<Happened> {
        let line = happened
            .conversation()
            .and_then(|conversation| self.lines.get_mut(conversation));
        match line {
            Some(line) => {
                line.push_back(Slot::Ready(happened));
                None
            }
            None => Some(happened),
        }
    }

    /// Fills a place, with nothing where nothing was found, and answers all that can be told now.
    pub(crate) fn fill(
        &mut self,
        conversation: &str,
        seat: Seat,
        found: Option<Happened>,
    ) -> Vec<Happened> {
        let Some(line) = self.lines.get_mut(conversation) else {
            return found.into_iter().collect();
        };
        let is_it = |slot: &Slot| matches!(slot, Slot::Awaited(own) if *own == seat);
        if let Some(at) = line.iter().position(is_it) {
            match found {
                Some(found) => line[at] = Slot::Ready(found),
                None => drop(line.remove(at)),
            }
        }
        let mut free = Vec::new();
        while let Some(Slot::Ready(_)) = line.front() {
            if let Some(Slot::Ready(happened)) = line.pop_front() {
                free.push(happened);
            }
        }
        if line.is_empty() {
            self.lines.remove(conversation);
        }
        free
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incoming::Sender;

    fn typing(conversation: &str, is_typing: bool) -> Happened {
        Happened::Typing {
            conversation: conversation.to_owned(),
            from: Sender::default(),
            is_typing,
        }
    }

    #[test]
    fn what_comes_after_something_awaited_waits_for_it_in_its_conversation_alone() {
        let mut order = Order::default();
        let (first, second) = (order.reserve("/c"), order.reserve("/c"));
        assert!(order.pass(typing("/c", true)).is_none());
        assert!(order.pass(typing("/d", true)).is_some());
        assert!(
            order
                .fill("/c", second, Some(typing("/c", false)))
                .is_empty()
        );
        assert_eq!(order.fill("/c", first, None).len(), 2);
        assert!(order.pass(typing("/c", true)).is_some());
        assert!(order.lines.is_empty());
    }
}
