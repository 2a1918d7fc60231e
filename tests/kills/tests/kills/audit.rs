//! What the outbox says, beside what the ledger has.

use std::{collections::HashMap, fmt, time::Duration};

use ms_messenger_emulator::LedgerRow;
use ms_messenger_outbox::{Head, State};

use crate::{clients::ROUTES, person::Person, plan::Plan};

/// The outcome of a run.
#[derive(Debug)]
pub(crate) struct Audit {
    store: String,
    seed: u64,
    struck: (usize, usize),
    took: Duration,
    rows: Vec<Row>,
    faults: Vec<String>,
}

/// The counts of one route.
#[derive(Debug, Default)]
struct Row {
    route: &'static str,
    messages: usize,
    sent: usize,
    refused: usize,
    unconfirmed: usize,
    /// Of those that are sent, how many were unconfirmed until a person decided.
    decided: usize,
    attempts: u64,
}

impl Audit {
    pub(crate) fn new(
        store: &str,
        plan: &Plan,
        struck: (usize, usize),
        heads: &[Head],
        ledger: &[LedgerRow],
        person: &Person,
        took: Duration,
    ) -> Self {
        let mut stored: HashMap<&str, Vec<&str>> = HashMap::new();
        for row in ledger {
            if let Some(id) = id_in(&row.text) {
                stored.entry(id).or_default().push(&row.received_at);
            }
        }
        let mut rows: Vec<Row> = Vec::new();
        let mut faults = Vec::new();
        for route in ROUTES {
            let mut row = Row {
                route,
                ..Row::default()
            };
            for head in heads.iter().filter(|it| it.route == route) {
                let times = stored.remove(head.id.as_str()).unwrap_or_default();
                row.count(head, person);
                faults.extend(fault(head, &times));
            }
            rows.push(row);
        }
        faults.extend(
            stored
                .keys()
                .map(|id| format!("{id} is in the ledger alone")),
        );
        let unexplained = person.unexplained.iter();
        faults.extend(unexplained.map(|id| format!("{id} was unconfirmed without an explanation")));
        Self {
            store: store.to_owned(),
            seed: plan.seed,
            struck,
            took,
            rows,
            faults,
        }
    }

    pub(crate) fn is_good(&self) -> bool {
        self.faults.is_empty()
    }
}

impl Row {
    fn count(&mut self, head: &Head, person: &Person) {
        self.messages += 1;
        self.decided += usize::from(person.decided.iter().any(|id| *id == head.id.as_str()));
        self.attempts += u64::from(head.attempts);
        match head.state {
            State::Sent => self.sent += 1,
            State::Unconfirmed => self.unconfirmed += 1,
            _ => self.refused += 1,
        }
    }
}

/// The id in the text of a message.
pub(crate) fn id_in(text: &str) -> Option<&str> {
    let (_, id) = text.split_once("text of ")?;
    id.get(..8)
}

/// What is wrong with a message that the ledger received at these times.
fn fault(head: &Head, times: &[&str]) -> Option<String> {
    let (id, route, state) = (&head.id, &head.route, head.state);
    let wrong = match (state, times.len()) {
        (_, 2..) => "is there twice",
        (State::Sent, 0) => "was claimed and is not there",
        (State::Refused | State::Expired | State::Cancelled, 1) => "was denied and is there",
        (State::Queued | State::Sending, _) => "has no end",
        (State::Unconfirmed, _) if head.evidence.is_none() || head.error.is_none() => {
            "is unconfirmed without an explanation"
        }
        // Nothing refuses these messages.
        (State::Refused | State::Expired | State::Cancelled, _) => "was not sent",
        _ => return None,
    };
    let error = head
        .error
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default();
    Some(format!(
        "{route} {id} ({state}, stored {times:?}) {wrong} {error}"
    ))
}

impl fmt::Display for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (killed, stopped) = self.struck;
        let (store, took) = (&self.store, self.took.as_secs_f64());
        let seed = self.seed;
        writeln!(
            f,
            "{store}: {killed} killed, {stopped} stopped, {took:.0} s, seed {seed}\n"
        )?;
        writeln!(
            f,
            "| route | messages | attempts | sent | of these by a person | unconfirmed | refused |"
        )?;
        writeln!(f, "|---|---|---|---|---|---|---|")?;
        for row in &self.rows {
            let Row {
                route,
                messages,
                sent,
                refused,
                unconfirmed,
                decided,
                attempts,
            } = row;
            let counts =
                format!("{messages} | {attempts} | {sent} | {decided} | {unconfirmed} | {refused}");
            writeln!(f, "| {route} | {counts} |")?;
        }
        writeln!(f, "\nwrong: {}", self.faults.len())?;
        self.faults
            .iter()
            .take(20)
            .try_for_each(|it| writeln!(f, "  {it}"))
    }
}
