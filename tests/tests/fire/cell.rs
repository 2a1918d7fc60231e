//! One cell of the table: many sends with one fault, and their results.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt as _, stream};
use ms_messenger::{
    ClockOffset, Delivery, Evidence, IdempotencyKey, Messenger, MessengerExt as _, Receipt,
    SendOutcome, SendRequest, SettlePolicy, Settled,
};
use ms_messenger_emulator::{Emulator, Faults, LedgerRow};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    platform::Platform,
    story::{Story, conversation, text},
    tally::Tally,
};

const CONCURRENCY: usize = 16;
/// Settling mostly waits.
const SETTLE_CONCURRENCY: usize = 256;
/// The emulator stores at once or not at all, but a busy machine can be slow.
const MARGIN: Duration = Duration::from_millis(300);
/// Late storage happens within this time.
const LATE_MARGIN: Duration = Duration::from_millis(900);

/// A clock difference that is known only to seconds needs a longer margin.
const CLOCK_MARGIN: Duration = Duration::from_millis(2500);

pub(crate) struct Cell {
    pub(crate) number: usize,
    pub(crate) fault: &'static str,
    pub(crate) strike: &'static str,
    pub(crate) action: Value,
    pub(crate) matching: Value,
    pub(crate) story: Story,
    pub(crate) seed: u64,
    pub(crate) sends: usize,
    pub(crate) with_key: bool,
}

/// What a client reported about a send.
pub(crate) struct Outcome {
    pub(crate) index: usize,
    request: SendRequest,
    result: ms_messenger::Result<Receipt>,
}

/// A send whose delivery is unknown.
struct Unknown {
    number: usize,
    request: SendRequest,
    evidence: Evidence,
}

/// The client that settles.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Settler {
    /// The client that sent.
    Sender,
    /// A client of another process.
    Fresh,
}

/// The verdict on an unknown send.
struct Verdict {
    settler: Settler,
    /// Index of the send among the unknown ones.
    index: usize,
    settled: Settled,
}

impl Cell {
    /// Runs the sends of the cell and compares them with the ledger.
    pub(crate) async fn run(&self, platform: &impl Platform) -> Tally {
        let emulator = platform.emulator();
        if !platform.keeps_ledger() {
            emulator.reset();
        }
        emulator
            .set_clock_offset(self.story.service_clock())
            .unwrap();
        let before = emulator.messages().len();
        let client = platform.client(self.margin());
        self.story.begin(platform, self.number, self.sends);
        self.arm(platform, emulator);
        let talk = self.talk(platform);
        let requests = (0..self.sends).map(|number| {
            let mut request = self.story.request(platform, self.number, number);
            request.idempotency = self.with_key.then(IdempotencyKey::random);
            request
        });
        let sent = self.send(&client, requests).await;
        emulator.set_faults(Faults::new());
        let ended = Instant::now();
        let story = self.story;
        story
            .end_sends(platform, self.number, &sent, self.margin())
            .await;
        let unknown = sent.iter().filter_map(unknown).collect::<Vec<_>>();
        let mut tally = self.tally(platform);
        let verdicts = self.settle(platform, &client, &unknown).await;
        if let Some(talk) = talk {
            talk.abort();
        }
        if self.is_late() {
            tokio::time::sleep_until(ended + LATE_MARGIN).await;
        }
        let rows = rows(emulator, before);
        self.check_sends(platform, &mut tally, &rows, &sent);
        for verdict in &verdicts {
            let send = &unknown[verdict.index];
            self.check_verdict(platform, &mut tally, &rows, send, verdict);
        }
        tally
    }

    async fn send(
        &self,
        client: &Arc<dyn Messenger>,
        requests: impl Iterator<Item = SendRequest> + Send,
    ) -> Vec<Outcome> {
        if self.story == Story::Settled {
            let sends = requests.enumerate().map(|(index, request)| async move {
                let result = client.send_settled_with(&request, &policy(false)).await;
                Outcome {
                    index,
                    request,
                    result,
                }
            });
            let sends = stream::iter(sends.collect::<Vec<_>>());
            return sends.buffer_unordered(SETTLE_CONCURRENCY).collect().await;
        }
        let outcome = |sent: SendOutcome| Outcome {
            index: sent.index,
            request: sent.request,
            result: sent.result,
        };
        client
            .send_all_unordered(stream::iter(requests), CONCURRENCY)
            .map(outcome)
            .collect()
            .await
    }

    fn tally(&self, platform: &impl Platform) -> Tally {
        let key = if self.with_key { ", key" } else { "" };
        let story = match self.story {
            Story::Plain => String::new(),
            story => format!(", {story:?}"),
        };
        Tally {
            platform: format!("{}{key}", platform.label()),
            fault: match self.fault {
                "none" => format!("none{story}"),
                fault => format!("{fault}, {}{story}", self.strike),
            },
            sends: self.sends,
            ..Tally::default()
        }
    }

    fn is_late(&self) -> bool {
        self.action["kind"] == "late_store"
    }

    fn margin(&self) -> Duration {
        match self.story {
            Story::ServiceClock(_) => CLOCK_MARGIN,
            _ if self.is_late() => LATE_MARGIN,
            _ => MARGIN,
        }
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
        // The attempts before the one that is struck are rejected, so that there is such an attempt.
        if let Some(struck) = self.matching["attempt"][0].as_u64().filter(|n| *n > 1) {
            let earlier: Vec<u64> = (1..struck).collect();
            let rejection =
                json!({"kind": "status", "status": 429, "headers": {"retry-after-ms": "1"}});
            rules.push(json!({
                "match": matching(json!({"attempt": earlier})),
                "action": rejection,
            }));
        }
        let faults = json!({"seed": self.seed, "rules": rules});
        emulator.set_faults(Faults::from_json(&faults).unwrap());
    }

    /// Lets the recipients of this cell send until the task is aborted.
    fn talk(&self, platform: &impl Platform) -> Option<tokio::task::JoinHandle<()>> {
        let speak = (self.story == Story::Talk).then(|| platform.peers(self.number))?;
        Some(tokio::spawn(async move {
            loop {
                speak();
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
        }))
    }

    /// Settles every unknown send, by every client that can.
    async fn settle(
        &self,
        platform: &impl Platform,
        client: &Arc<dyn Messenger>,
        unknown: &[Unknown],
    ) -> Vec<Verdict> {
        let fresh = platform.fresh();
        let settlers = [
            (!platform.is_keyed()).then_some((Settler::Sender, Arc::clone(client))),
            fresh.map(|fresh| (Settler::Fresh, fresh)),
        ];
        let settles = settlers
            .into_iter()
            .flatten()
            .flat_map(|(settler, messenger)| {
                let sends = unknown.iter().enumerate();
                sends.map(move |(index, send)| (settler, Arc::clone(&messenger), index, send))
            });
        stream::iter(settles)
            .map(|(settler, messenger, index, send)| {
                let evidence = self.evidence(settler, &send.evidence);
                let policy = policy(self.must_settle(platform, settler));
                async move {
                    let settled = if platform.is_keyed() {
                        send_again(&*messenger, send).await
                    } else {
                        messenger
                            .settle_with(&send.request, &evidence, &policy)
                            .await
                    };
                    Verdict {
                        settler,
                        index,
                        settled,
                    }
                }
            })
            .buffer_unordered(SETTLE_CONCURRENCY)
            .collect()
            .await
    }

    /// Returns the evidence that the settler has: another process reads it from JSON.
    fn evidence(&self, settler: Settler, evidence: &Evidence) -> Evidence {
        if settler == Settler::Sender {
            return evidence.clone();
        }
        let json = serde_json::to_string(evidence).unwrap();
        let mut read = Evidence::from_json(&json).unwrap();
        if let (Story::SenderClock(seconds), Some(clock)) = (self.story, read.service_clock) {
            let shifted = ClockOffset::new(seconds * 1000, seconds * 1000);
            read.began_at = shifted.estimate(read.began_at);
            read.ended_at = read.ended_at.map(|time| shifted.estimate(time));
            read.pending_until = read.pending_until.map(|time| shifted.estimate(time));
            read.service_clock = Some(ClockOffset::new(
                clock.at_least_ms - seconds * 1000,
                clock.at_most_ms - seconds * 1000,
            ));
        }
        read
    }

    /// Returns the rows of the nth send; twins are distinguished by the ids of their requests.
    fn rows_of<'a>(&self, rows: &'a [LedgerRow], sent: &Outcome) -> Vec<&'a LedgerRow> {
        if self.story != Story::Twins {
            let text = text(sent.index);
            return rows.iter().filter(|row| row.text == text).collect();
        }
        match &sent.result {
            Ok(receipt) => {
                let id = receipt.message_id.as_ref().unwrap().as_str();
                let place = conversation(&sent.request.to);
                let is_it = |row: &&LedgerRow| row.message_id == id && row.conversation == place;
                rows.iter().filter(is_it).collect()
            }
            Err(error) => of_call(rows, error.client_request_id()),
        }
    }

    /// Compares the ledger with what the client reported about each send.
    fn check_sends(
        &self,
        platform: &impl Platform,
        tally: &mut Tally,
        rows: &[LedgerRow],
        sent: &[Outcome],
    ) {
        assert_eq!(sent.len(), self.sends);
        tally.stored = rows.len();
        for sent in sent {
            let stored = self.rows_of(rows, sent).len();
            let delivery = sent.result.as_ref().map_err(|error| error.delivery());
            let (counter, is_true) = match delivery {
                Ok(_) => (&mut tally.ok, stored == 1),
                Err(Delivery::Sent) => (&mut tally.sent, stored == 1),
                Err(Delivery::NotSent) => (&mut tally.not_sent, stored == 0),
                Err(_) => (&mut tally.unknown, stored <= 1),
            };
            *counter += 1;
            tally.duplicates += usize::from(stored > 1);
            let has_evidence = match &sent.result {
                Err(error) if error.delivery() == Delivery::Unknown => {
                    let has_end = |evidence: Evidence| evidence.ended_at.is_some();
                    Evidence::of(error).is_some_and(|it| !platform.counts_attempts() || has_end(it))
                }
                _ => true,
            };
            if !is_true || !has_evidence {
                tally.false_claims += 1;
                let reported = &sent.result;
                let line = format!(
                    "message {}: stored {stored} times, reported {reported:?}",
                    sent.index
                );
                tally.wrong.push(line);
            }
        }
    }

    fn check_verdict(
        &self,
        platform: &impl Platform,
        tally: &mut Tally,
        rows: &[LedgerRow],
        send: &Unknown,
        verdict: &Verdict,
    ) {
        let Verdict {
            settler, settled, ..
        } = verdict;
        let verdicts = match settler {
            Settler::Sender => &mut tally.sender,
            Settler::Fresh => &mut tally.fresh,
        };
        verdicts.count(settled);
        let stored: Vec<&LedgerRow> = if self.story == Story::Twins {
            of_call(rows, send.evidence.client_request_id.as_deref())
        } else {
            let text = text(send.number);
            rows.iter().filter(|row| row.text == text).collect()
        };
        let ids: Vec<&str> = stored.iter().map(|row| row.message_id.as_str()).collect();
        let is_true = match settled {
            Settled::Found(receipt) => {
                let id = receipt.message_id.as_ref().map_or("", |id| id.as_str());
                let same = !platform.counts_attempts() || ids == [id];
                let is_true = ids.len() == 1 && same;
                tally.false_found += usize::from(!is_true);
                is_true
            }
            Settled::NotFound => {
                tally.false_not_found += usize::from(!ids.is_empty());
                ids.is_empty()
            }
            _ => !self.must_settle(platform, *settler),
        };
        if !is_true {
            let who = if *settler == Settler::Sender {
                "the sender"
            } else {
                "another process"
            };
            let evidence = serde_json::to_string(&self.evidence(*settler, &send.evidence));
            tally.wrong.push(format!(
                "message {}: stored as {ids:?}, {who} reports {settled:?} by {}",
                send.number,
                evidence.unwrap()
            ));
        }
    }

    /// Returns whether the settler must reach a verdict.
    fn must_settle(&self, platform: &impl Platform, settler: Settler) -> bool {
        let is_clear = match self.story {
            Story::Plain | Story::TimedOut | Story::Cancelled => true,
            // With a clock difference known only to seconds, a message without id cannot be placed.
            Story::ServiceClock(_) => platform.marks_messages(),
            _ => false,
        };
        platform.always_settles() && is_clear && settler == Settler::Sender
    }
}

/// On a busy machine a look-up can take longer than the short time-out of these clients, so a verdict
/// that must come is waited for.
fn policy(must_settle: bool) -> SettlePolicy {
    let longest = if must_settle { 60 } else { 5 };
    SettlePolicy::default()
        .with_max_wait(Duration::from_secs(longest))
        .with_pauses(Duration::from_millis(20), Duration::from_millis(200))
}

fn unknown(sent: &Outcome) -> Option<Unknown> {
    Some(Unknown {
        number: sent.index,
        request: sent.request.clone(),
        evidence: Evidence::of(sent.result.as_ref().err()?)?,
    })
}

/// Does what `send_settled` does where the platform removes duplicates: with the key of the first
/// send the message is stored once, whether that send was stored or not.
async fn send_again(messenger: &dyn Messenger, send: &Unknown) -> Settled {
    let asked = messenger.settle(&send.request, &send.evidence).await;
    assert!(matches!(asked, Settled::CannotTell(_)), "{asked:?}");
    let mut request = send.request.clone();
    request.timeout = None;
    request.cancel = None;
    request.idempotency = send.evidence.idempotency;
    assert!(request.idempotency.is_some(), "{:?}", send.evidence);
    match messenger.send(&request).await {
        Ok(receipt) => Settled::Found(receipt),
        Err(error) => Settled::CannotTell(error),
    }
}

/// Returns the sent messages after the first `before` rows.
fn rows(emulator: &Emulator, before: usize) -> Vec<LedgerRow> {
    let rows = emulator.messages().into_iter().skip(before);
    rows.filter(|row| row.operation != "inject").collect()
}

fn of_call<'a>(rows: &'a [LedgerRow], id: Option<&str>) -> Vec<&'a LedgerRow> {
    rows.iter()
        .filter(|row| id.is_some() && row.request_id.as_deref() == id)
        .collect()
}
