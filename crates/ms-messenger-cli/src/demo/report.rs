//! The claims of the clients, compared with the ledger.

use ms_messenger::{Delivery, Receipt, Result, Settled, Target};
use ms_messenger_emulator::LedgerRow;
use serde::Serialize;

use crate::{print, text};

/// A receipt, and how often the ledger has its message.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    platform: String,
    message: &'static str,
    target: String,
    acceptance: &'static str,
    message_id: Option<String>,
    /// How often the ledger has the message.
    stored: usize,
}

impl Row {
    pub(crate) fn new(
        platform: &str,
        message: &'static str,
        to: &Target,
        receipt: &Receipt,
        ledger: &[LedgerRow],
    ) -> Self {
        let id = receipt.message_id.as_ref().map(|id| id.as_str().to_owned());
        // Ids are unique only within their conversation.
        let place = receipt.conversation.as_ref().map(|id| id.as_str());
        let stored = ledger.iter().filter(|row| {
            row.platform.as_str() == platform
                && Some(&row.message_id) == id.as_ref()
                // Skype for Business names a conversation by its URL, the ledger by the last segment.
                && place.is_none_or(|place| place.rsplit('/').next() == Some(&row.conversation))
        });
        Self {
            platform: platform.to_owned(),
            message,
            target: to.to_string(),
            acceptance: receipt.acceptance.as_str(),
            message_id: id.clone(),
            stored: stored.count(),
        }
    }
}

/// What the client reported about a send whose response was lost.
#[derive(Debug, Serialize)]
pub(crate) struct Claim {
    platform: String,
    scenario: &'static str,
    fault: &'static str,
    outcome: &'static str,
    delivery: &'static str,
    message_id: Option<String>,
    error: Option<String>,
    attempts: u32,
    /// The verdict of settling.
    settled: Option<&'static str>,
    stored: usize,
    /// How often the platform recognised a retry.
    recognised: u64,
    honest: bool,
}

impl Claim {
    pub(crate) fn new(
        platform: &str,
        scenario: &'static str,
        outcome: &Result<Receipt>,
        text: &str,
        ledger: &[LedgerRow],
    ) -> Self {
        let rows = || ledger.iter().filter(|row| row.text == text);
        let (stored, recognised) = (rows().count(), rows().map(|row| row.replays).sum::<u64>());
        let delivery = match outcome {
            Ok(_) => Delivery::Sent,
            Err(error) => error.delivery(),
        };
        let id = outcome
            .as_ref()
            .ok()
            .and_then(|receipt| receipt.message_id.as_ref());
        Self {
            platform: platform.to_owned(),
            scenario,
            fault: text::demo::FAULT,
            outcome: if outcome.is_ok() { "receipt" } else { "error" },
            delivery: delivery.as_str(),
            message_id: id.map(ToString::to_string),
            error: outcome.as_ref().err().map(ToString::to_string),
            attempts: match outcome {
                // A receipt has no attempts: the first one, and the retries that were recognised.
                Ok(_) => u32::try_from(recognised)
                    .unwrap_or(u32::MAX)
                    .saturating_add(1),
                Err(error) => error.attempts(),
            },
            settled: None,
            stored,
            recognised,
            honest: is_honest(delivery, stored),
        }
    }
}

impl Claim {
    /// Adds the verdict of settling, which must match the ledger too.
    pub(crate) fn settled(mut self, settled: &Settled) -> Self {
        let (verdict, delivery, id) = match settled {
            Settled::Found(receipt) => ("found", Delivery::Sent, receipt.message_id.as_ref()),
            Settled::NotFound => ("not_found", Delivery::NotSent, None),
            _ => ("cannot_tell", Delivery::Unknown, None),
        };
        self.settled = Some(verdict);
        self.message_id = id.map(ToString::to_string);
        self.honest &= is_honest(delivery, self.stored);
        self
    }
}

/// Returns whether the claim matches the ledger.
fn is_honest(delivery: Delivery, stored: usize) -> bool {
    match delivery {
        Delivery::NotSent => stored == 0,
        Delivery::Sent => stored == 1,
        _ => stored <= 1,
    }
}

/// The whole demonstration.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    status: &'static str,
    receipts: Vec<Row>,
    certainty: Vec<Claim>,
    ledger: Ledger,
}

#[derive(Debug, Serialize)]
struct Ledger {
    stored: usize,
    duplicates: usize,
}

impl Report {
    pub(crate) fn new(receipts: Vec<Row>, certainty: Vec<Claim>, ledger: &[LedgerRow]) -> Self {
        let ledger = Ledger {
            stored: ledger.len(),
            duplicates: ledger
                .iter()
                .filter(|row| row.duplicate_of.is_some())
                .count(),
        };
        let each_once = receipts.iter().all(|row| row.stored == 1);
        // The fault stores the message first, so every claim must have its message once.
        let nothing_else = ledger.stored == receipts.len() + certainty.len();
        let honest = certainty
            .iter()
            .all(|claim| claim.honest && claim.stored == 1);
        let unknown = certainty
            .iter()
            .filter(|c| c.delivery == Delivery::Unknown.as_str());
        let one_unknown = unknown.count() == 1;
        let is_resolved = |claim: &Claim| {
            claim.delivery == Delivery::Sent.as_str() || claim.settled == Some("found")
        };
        let resolved = certainty.iter().all(is_resolved);
        let is_true = each_once
            && nothing_else
            && honest
            && one_unknown
            && resolved
            && ledger.duplicates == 0;
        Self {
            status: if is_true { "ok" } else { "mismatch" },
            receipts,
            certainty,
            ledger,
        }
    }

    /// Returns whether every claim matches the ledger.
    pub(crate) fn is_true(&self) -> bool {
        self.status == "ok"
    }

    /// Returns the report as one line of JSON.
    pub(crate) fn to_json(&self) -> String {
        // All keys are strings, so this cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Returns the report as tables.
    pub(crate) fn to_text(&self) -> String {
        text::demo::report(
            &self.receipts_table(),
            &self.claims_table(),
            self.ledger.stored,
            self.ledger.duplicates,
        )
    }

    /// Returns the table of receipts.
    fn receipts_table(&self) -> String {
        let rows = self.receipts.iter().map(|row| {
            vec![
                row.platform.clone(),
                row.message.to_owned(),
                shorten(&row.target),
                row.acceptance.to_owned(),
                shorten(row.message_id.as_deref().unwrap_or_default()),
                text::demo::times(row.stored),
            ]
        });
        print::columns(&text::demo::RECEIPTS, &rows.collect::<Vec<_>>())
    }

    /// Returns the table of lost responses.
    fn claims_table(&self) -> String {
        let rows = self.certainty.iter().map(|claim| {
            vec![
                claim.platform.clone(),
                claim.scenario.to_owned(),
                claim.attempts.to_string(),
                claim.outcome.to_owned(),
                claim.delivery.to_owned(),
                claim.settled.unwrap_or("-").replace('_', " "),
                text::demo::times(claim.stored),
                text::demo::holds(claim.honest).to_owned(),
            ]
        });
        print::columns(&text::demo::CLAIMS, &rows.collect::<Vec<_>>())
    }
}

/// Shortens a long id to its ends.
fn shorten(text: &str) -> String {
    const HEAD: usize = 18;
    const TAIL: usize = 10;
    let chars: Vec<char> = text.chars().collect();
    if chars.len() <= HEAD + TAIL + 1 {
        return text.to_owned();
    }
    let head: String = chars.iter().take(HEAD).collect();
    let tail: String = chars.iter().skip(chars.len() - TAIL).collect();
    format!("{head}…{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(stored: usize) -> Row {
        Row {
            platform: "acs-chat".to_owned(),
            message: "text",
            target: "conversation:19:a".to_owned(),
            acceptance: "posted",
            message_id: Some("1".to_owned()),
            stored,
        }
    }

    fn claim(delivery: Delivery, stored: usize) -> Claim {
        Claim {
            platform: "acs-chat".to_owned(),
            scenario: "no key",
            fault: "closed",
            outcome: "error",
            delivery: delivery.as_str(),
            message_id: None,
            error: None,
            attempts: 1,
            settled: None,
            stored,
            recognised: 0,
            honest: is_honest(delivery, stored),
        }
    }

    fn report(row_stored: usize, claims: Vec<Claim>, stored: usize) -> Report {
        let mut report = Report::new(vec![row(row_stored)], claims, &[]);
        report.ledger.stored = stored;
        report
    }

    #[test]
    fn a_claim_is_honest_only_if_the_ledger_allows_it() {
        for (delivery, honest) in [
            (Delivery::NotSent, [true, false, false]),
            (Delivery::Unknown, [true, true, false]),
            (Delivery::Sent, [false, true, false]),
        ] {
            for (stored, honest) in honest.into_iter().enumerate() {
                assert_eq!(is_honest(delivery, stored), honest, "{delivery} {stored}");
            }
        }
    }

    #[test]
    fn a_receipt_without_a_ledger_row_is_a_mismatch() {
        let report = report(0, vec![claim(Delivery::Unknown, 1)], 0);
        assert!(!report.is_true());
        assert!(report.to_json().starts_with(r#"{"status":"mismatch""#));
        assert!(report.to_text().contains("never"));
    }

    #[test]
    fn a_verdict_that_contradicts_the_ledger_is_a_mismatch() {
        let unknown = || claim(Delivery::Unknown, 1);
        let found = Settled::Found(Receipt::new(ms_messenger::Acceptance::Posted));
        assert!(unknown().settled(&found).honest);
        assert_eq!(unknown().settled(&found).settled, Some("found"));
        let denied = unknown().settled(&Settled::NotFound);
        assert!(!denied.honest);
        let denied = report(1, vec![denied], 2);
        assert!(!denied.is_true());
        assert!(denied.to_text().contains("not found"));
    }

    #[test]
    fn a_false_claim_is_shown_in_the_table() {
        let report = report(1, vec![claim(Delivery::NotSent, 1)], 2);
        assert!(!report.is_true());
        assert!(report.to_text().contains("NO"));
    }

    #[test]
    fn long_targets_lose_their_middle() {
        let text = format!("channel:{}", "é".repeat(60));
        assert_eq!(shorten(&text).chars().count(), 29);
        assert_eq!(shorten("tel:+14255550123"), "tel:+14255550123");
    }
}
