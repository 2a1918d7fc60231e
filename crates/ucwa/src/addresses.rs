//! The addresses that messages have, for look-ups.

use std::collections::HashMap;

/// Which messages have an address, by address. A message with a verdict has no operation any more.
#[derive(Debug, Default)]
pub(crate) struct Addresses(HashMap<String, Vec<Option<String>>>);

impl Addresses {
    /// Whether another message than that of `operation` has this address.
    pub(crate) fn is_taken(&self, operation: &str, href: &str) -> bool {
        let holders = self.0.get(href);
        let mut holders = holders.into_iter().flatten();
        holders.any(|holder| holder.as_deref() != Some(operation))
    }

    /// Records that a message has an address.
    pub(crate) fn hold(&mut self, operation: Option<&str>, href: &str) {
        let holders = self.0.entry(href.to_owned()).or_default();
        holders.push(operation.map(str::to_owned));
    }

    /// Records that a message has it no longer.
    pub(crate) fn release(&mut self, operation: Option<&str>, href: &str) {
        let Some(holders) = self.0.get_mut(href) else {
            return;
        };
        if let Some(at) = holders.iter().position(|it| it.as_deref() == operation) {
            holders.swap_remove(at);
        }
        if holders.is_empty() {
            self.0.remove(href);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        pending::Verdicts,
        verdict::{Part, Verdict},
    };

    #[test]
    fn an_address_is_taken_while_another_message_has_it() {
        let mut addresses = Addresses::default();
        addresses.hold(Some("1"), "/m/1");
        assert!(!addresses.is_taken("1", "/m/1") && addresses.is_taken("2", "/m/1"));
        addresses.hold(None, "/m/1");
        addresses.release(Some("1"), "/m/1");
        assert!(addresses.is_taken("1", "/m/1"));
        addresses.release(None, "/m/1");
        assert!(!addresses.is_taken("2", "/m/1") && addresses.0.is_empty());
    }

    proptest! {
        /// Whatever happens to messages, the index says what a look at all of them says.
        #[test]
        fn the_index_is_that_of_the_messages(steps in prop::collection::vec((0..7_u8, 0..4_u8, 0..4_u8), 0..60)) {
            let mut verdicts = Verdicts::default();
            let mut waiting = Vec::new();
            for (step, operation, href) in steps {
                let (id, href) = (operation.to_string(), format!("/m/{href}"));
                let conversation = if operation % 2 == 0 { "c" } else { "d" };
                match step {
                    0 => waiting.push(verdicts.register(conversation, &id, Part::WHOLE)),
                    1 | 2 => drop(verdicts.locate(&id, &href)),
                    3 => verdicts.complete(conversation, &href, Some(&id), Verdict::Unsaid),
                    4 => verdicts.give_up(&id),
                    5 => verdicts.cancel(&id),
                    _ => verdicts.lose(conversation, "it has ended"),
                }
                for operation in 0..4_u8 {
                    for href in 0..4_u8 {
                        let (id, href) = (operation.to_string(), format!("/m/{href}"));
                        prop_assert_eq!(
                            verdicts.is_taken(&id, &href),
                            verdicts.is_taken_by_any(&id, &href)
                        );
                    }
                }
            }
        }
    }
}
