//! One cell of the table: many sends under one fault, and what became of them.

use std::{collections::HashMap, fmt, sync::Arc};

use futures_util::{StreamExt as _, stream};
use ms_messenger::{
    Delivery, Evidence, IdempotencyKey, Message, MessengerExt as _, SendRequest, Sent,
    SettlePolicy, Settled,
};
use ms_messenger_emulator::{Emulator, Faults};
use serde_json::{Value, json};

use crate::platforms::Platform;

const CONCURRENCY: usize = 16;

pub(crate) struct Cell {
    pub(crate) number: usize,
    pub(crate) fault: &'static str,
    pub(crate) strike: &'static str,
    pub(crate) action: Value,
    pub(crate) matching: Value,
    pub(crate) seed: u64,
    pub(crate) sends: usize,
}

/// What a cell counted.
#[derive(Default)]
pub(crate) struct Tally {
    platform: String,
    fault: String,
    sends: usize,
    ok: usize,
    sent: usize,
    not_sent: usize,
    unknown: usize,
    stored: usize,
    duplicates: usize,
    lies: usize,
    found: usize,
    not_found: usize,
    cannot_tell: usize,
    wrong_verdicts: usize,
}

impl Cell {
    pub(crate) async fn run(&self, platform: &impl Platform, with_key: bool) -> Tally {
        let emulator = platform.emulator();
        if !platform.keeps_its_ledger() {
            emulator.reset();
        }
        let before = emulator.messages().len();
        self.arm(platform, emulator);
        let requests = (0..self.sends).map(|number| {
            let message = Message::text(format!("message {number}."));
            let mut request = SendRequest::new(platform.target(self.number, number), message);
            request.idempotency = with_key.then(IdempotencyKey::random);
            request
        });
        let messenger = platform.messenger();
        let sent: Vec<Sent> = messenger
            .send_all_unordered(stream::iter(requests), CONCURRENCY)
            .collect()
            .await;
        emulator.set_faults(Faults::new());
        let key = if with_key { ", with key" } else { "" };
        let mut tally = Tally {
            platform: format!("{}{key}", platform.name()),
            fault: match self.fault {
                "none" => "none".to_owned(),
                fault => format!("{fault}, {}", self.strike),
            },
            sends: self.sends,
            ..Tally::default()
        };
        tally.hold_against(&rows(emulator, before), &sent);
        tally.settle(platform, sent, before).await;
        tally
    }

    fn arm(&self, platform: &impl Platform, emulator: &Emulator) {
        if self.action.is_null() {
            return;
        }
        let matching = |mut matching: Value| {
            matching["platform"] = platform.name().into();
            matching["operation"] = "send".into();
            matching
        };
        let mut rules = vec![json!({
            "match": matching(self.matching.clone()),
            "action": self.action,
        })];
        // The tries before the one that is struck are refused, so that there is such a try.
        if let Some(struck) = self.matching["attempt"][0].as_u64().filter(|n| *n > 1) {
            let earlier: Vec<u64> = (1..struck).collect();
            let refusal =
                json!({"kind": "status", "status": 429, "headers": {"retry-after-ms": "1"}});
            rules.push(json!({
                "match": matching(json!({"attempt": earlier})),
                "action": refusal,
            }));
        }
        let faults = json!({"seed": self.seed, "rules": rules});
        emulator.set_faults(Faults::from_json(&faults).unwrap());
    }
}

/// How often each text is in the ledger, after the first `before` rows.
fn rows(emulator: &Emulator, before: usize) -> HashMap<String, usize> {
    let mut count = HashMap::new();
    for row in emulator.messages().into_iter().skip(before) {
        *count.entry(row.text).or_default() += 1;
    }
    count
}

fn text(sent: &Sent) -> String {
    format!("message {}.", sent.index)
}

impl Tally {
    /// The rows of the ledger against what the client said of each send.
    fn hold_against(&mut self, rows: &HashMap<String, usize>, sent: &[Sent]) {
        assert_eq!(sent.len(), self.sends);
        self.stored = rows.values().sum();
        self.duplicates = rows.values().filter(|count| **count > 1).count();
        for sent in sent {
            let stored = rows.get(&text(sent)).copied().unwrap_or_default();
            let delivery = sent.result.as_ref().map_err(|error| error.delivery());
            let (counter, is_true) = match delivery {
                Ok(_) => (&mut self.ok, stored == 1),
                Err(Delivery::Sent) => (&mut self.sent, stored == 1),
                Err(Delivery::NotSent) => (&mut self.not_sent, stored == 0),
                Err(_) => (&mut self.unknown, stored <= 1),
            };
            *counter += 1;
            self.lies += usize::from(!is_true);
        }
    }

    /// Asks the platform what became of each message in doubt, and holds the verdict against
    /// the ledger as it is then.
    async fn settle(&mut self, platform: &impl Platform, sent: Vec<Sent>, before: usize) {
        let settle = platform.settle();
        let in_doubt = sent.into_iter().filter_map(|sent| {
            let evidence = Evidence::of(sent.result.as_ref().err()?)?;
            Some((text(&sent), sent.request, evidence))
        });
        let verdicts: Vec<(String, Evidence, Settled)> = stream::iter(in_doubt)
            .map(|(text, request, evidence)| {
                let settle = Arc::clone(&settle);
                let policy = SettlePolicy::default();
                async move {
                    let verdict = settle.settle_with(&request, &evidence, &policy).await;
                    (text, evidence, verdict)
                }
            })
            .buffer_unordered(CONCURRENCY)
            .collect()
            .await;
        let rows = rows(platform.emulator(), before);
        for (text, evidence, verdict) in verdicts {
            let stored = rows.get(&text).copied().unwrap_or_default();
            let (counter, is_true) = match &verdict {
                Settled::Found(_) => (&mut self.found, stored == 1),
                Settled::NotFound => (&mut self.not_found, stored == 0),
                _ => (&mut self.cannot_tell, !platform.always_settles()),
            };
            *counter += 1;
            if !is_true && std::env::var("FIRE_DEBUG").is_ok() {
                println!("{text}: stored {stored}, {evidence:?} {verdict:?}");
            }
            self.wrong_verdicts += usize::from(!is_true);
        }
        self.duplicates += rows.values().filter(|count| **count > 1).count();
    }

    pub(crate) fn is_wrong(&self) -> bool {
        self.duplicates + self.lies + self.wrong_verdicts > 0
    }

    pub(crate) fn heading() -> String {
        format!(
            "{:<24}{:<32}{:>6}{:>6}{:>6}{:>9}{:>8}{:>7}{:>11}{:>5} |{:>6}{:>10}{:>12}{:>6}",
            "platform",
            "fault",
            "sends",
            "ok",
            "sent",
            "not sent",
            "unknown",
            "stored",
            "duplicates",
            "lies",
            "found",
            "not found",
            "cannot tell",
            "wrong"
        )
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<24}{:<32}{:>6}{:>6}{:>6}{:>9}{:>8}{:>7}{:>11}{:>5} |{:>6}{:>10}{:>12}{:>6}",
            self.platform,
            self.fault,
            self.sends,
            self.ok,
            self.sent,
            self.not_sent,
            self.unknown,
            self.stored,
            self.duplicates,
            self.lies,
            self.found,
            self.not_found,
            self.cannot_tell,
            self.wrong_verdicts
        )
    }
}
