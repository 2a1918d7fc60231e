//! The order of the events of a conversation, if some of them must be looked up first.
//!
//! A message whose event only names it is looked up. Until the look-up completes, later events of
//! the same conversation wait in its queue, so that a stream gets them in order. Other
//! conversations are not held up.

use std::collections::{HashMap, VecDeque};

use crate::raw_event::RawEvent;

/// A place in the queue of a conversation.
pub(crate) type Place = u64;

#[derive(Debug)]
enum Slot {
    Awaited(Place),
    Ready(RawEvent),
}

/// The events that wait for an earlier one to be looked up, by conversation.
#[derive(Debug, Default)]
pub(crate) struct ConversationQueue {
    lines: HashMap<String, VecDeque<Slot>>,
    next: Place,
}

impl ConversationQueue {
    /// Reserves a place for an event that is looked up.
    pub(crate) fn reserve(&mut self, conversation: &str) -> Place {
        self.next += 1;
        let line = self.lines.entry(conversation.to_owned()).or_default();
        line.push_back(Slot::Awaited(self.next));
        self.next
    }

    /// Returns the event if it can be reported at once; otherwise it waits.
    pub(crate) fn pass(&mut self, event: RawEvent) -> Option<RawEvent> {
        let line = event
            .conversation()
            .and_then(|conversation| self.lines.get_mut(conversation));
        match line {
            Some(line) => {
                line.push_back(Slot::Ready(event));
                None
            }
            None => Some(event),
        }
    }

    /// Fills a place, or frees it if nothing was found, and returns all that can be reported now.
    pub(crate) fn fill(
        &mut self,
        conversation: &str,
        place: Place,
        found: Option<RawEvent>,
    ) -> Vec<RawEvent> {
        let Some(line) = self.lines.get_mut(conversation) else {
            return found.into_iter().collect();
        };
        let is_it = |slot: &Slot| matches!(slot, Slot::Awaited(own) if *own == place);
        if let Some(at) = line.iter().position(is_it) {
            match found {
                Some(found) => line[at] = Slot::Ready(found),
                None => drop(line.remove(at)),
            }
        }
        let mut free = Vec::new();
        while let Some(Slot::Ready(_)) = line.front() {
            if let Some(Slot::Ready(event)) = line.pop_front() {
                free.push(event);
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
    use crate::sender::Sender;

    fn typing(conversation: &str, is_typing: bool) -> RawEvent {
        RawEvent::Typing {
            conversation: conversation.to_owned(),
            from: Sender::default(),
            is_typing,
        }
    }

    #[test]
    fn an_event_waits_for_an_earlier_look_up_of_its_conversation_only() {
        let mut queue = ConversationQueue::default();
        let (first, second) = (queue.reserve("/c"), queue.reserve("/c"));
        assert!(queue.pass(typing("/c", true)).is_none());
        assert!(queue.pass(typing("/d", true)).is_some());
        assert!(
            queue
                .fill("/c", second, Some(typing("/c", false)))
                .is_empty()
        );
        assert_eq!(queue.fill("/c", first, None).len(), 2);
        assert!(queue.pass(typing("/c", true)).is_some());
        assert!(queue.lines.is_empty());
    }
}
