//! Pages of messages.

use std::sync::Mutex;

use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    admin::inbox::{
        html::Extent,
        index::{Index, Key},
        item::{Item, STATES, whole_exchange},
        query::Parameters,
    },
    engine::{
        admin_response::{error, ok},
        exchanges::Body,
        ledger::{
            Ledger,
            filter::State,
            row::{INJECT, KeptRow, LedgerRow},
            scan::{From, Scan},
        },
        platform::Platform,
        registry::Registry,
    },
    wire::{lock::lock, request::Request, response::Response},
};

const MOST: usize = 200;
/// So many rows are looked at for one page; it may have fewer messages than asked for then.
const BUDGET: usize = 20_000;
/// So many of these are opened.
const OPENED: usize = 2_000;

/// Which messages are wanted.
struct Wanted<'a> {
    platform: Option<Platform>,
    conversation: Option<&'a str>,
    /// Lower case.
    search: Option<String>,
    sender: Option<String>,
    state: Option<&'static str>,
    from: From,
    limit: usize,
}

impl<'a> Wanted<'a> {
    fn read(registry: &Registry, request: &'a Request) -> Result<Self, Box<Response>> {
        let known = [
            "platform",
            "conversation",
            "search",
            "sender",
            "state",
            "before",
            "after",
            "limit",
        ];
        let mut parameters = Parameters::new(request, &known);
        let lower = |text: Option<&str>| text.map(str::to_lowercase);
        let (before, after) = (parameters.number("before"), parameters.number("after"));
        if before.is_some() && after.is_some() {
            parameters.problem("after: takes one of before, after, not both");
        }
        let wanted = Self {
            platform: parameters.platform(registry),
            conversation: parameters.text("conversation"),
            search: lower(parameters.text("search")),
            sender: lower(parameters.text("sender")),
            state: parameters.word("state", &STATES),
            from: after.map_or(From::Before(before.unwrap_or(u64::MAX)), From::After),
            limit: parameters.limit(50, MOST),
        };
        if wanted.conversation.is_some() && request.query.value("platform").is_none() {
            parameters.problem("platform: is required with conversation");
        }
        match parameters.refusal() {
            Some(refusal) => Err(Box::new(refusal)),
            None => Ok(wanted),
        }
    }

    /// The next rows that may be wanted.
    fn scan(&self, registry: &Registry, index: &Mutex<Index>, from: From, most: usize) -> Scan {
        let admits = |ledger: &Ledger, row: &KeptRow| self.admits(ledger, row);
        let Some(key) = self.key() else {
            return Scan::in_parts(&registry.engine, from, (most, BUDGET), admits);
        };
        let mut index = lock(index);
        index.follow(&registry.engine);
        let rows = index
            .conversation(&key)
            .map_or(&[][..], |found| &found.rows);
        let numbers: Vec<u64> = match from {
            From::Before(seq) => {
                let end = rows.partition_point(|row| *row < seq);
                rows[..end].iter().rev().take(BUDGET).copied().collect()
            }
            From::After(seq) => {
                let start = rows.partition_point(|row| *row <= seq);
                rows[start..].iter().take(BUDGET).copied().collect()
            }
        };
        let mut found = Vec::new();
        let mut last = None;
        for seq in numbers {
            if found.len() == most {
                break;
            }
            last = Some(seq);
            let ledger = registry.engine.ledger();
            found.extend(ledger.row(seq).filter(|row| admits(&ledger, row)));
        }
        let is_end = |last: u64| match from {
            From::Before(_) => rows.first().is_none_or(|first| last <= *first),
            From::After(_) => rows.last().is_none_or(|newest| last >= *newest),
        };
        Scan {
            rows: found,
            continues: last.filter(|last| !is_end(*last)),
        }
    }

    fn key(&self) -> Option<Key> {
        Some((self.platform?, self.conversation?.into()))
    }

    /// What can be told of a row that is not opened.
    fn admits(&self, ledger: &Ledger, row: &KeptRow) -> bool {
        let is_here = |platform| row.platform() == platform;
        let has_text = |text: &String| ledger.says(row, text);
        let may_be = |state: &str| match state {
            "duplicate" => row.has(State::Duplicate),
            "replayed" => row.has(State::Replayed),
            "injected" => row.has(State::Injected),
            "sent" => row.has(State::Sent),
            _ => true,
        };
        self.platform.is_none_or(is_here)
            && self.search.as_ref().is_none_or(has_text)
            && self.state.is_none_or(may_be)
    }

    /// Whether an opened one is wanted.
    fn wants(&self, item: &Item, registry: &Registry) -> bool {
        let is_from = |wanted: &String| {
            let name = item.sender_name(registry).unwrap_or_default();
            let is_it = |text: &str| text.to_lowercase().contains(wanted);
            is_it(&item.row.sender) || is_it(&name)
        };
        self.sender.as_ref().is_none_or(is_from)
            && self
                .state
                .is_none_or(|state| item.states().contains(&state))
    }

    /// Whether rows are opened to know whether they are wanted.
    const fn opens(&self) -> bool {
        self.sender.is_some() || self.state.is_some()
    }
}

/// Responds with a page of messages, oldest first: `{messages, next}`, and `next` is where the next
/// page begins, `before` or `after` as this one; null at the end.
pub(super) fn list(registry: &Registry, index: &Mutex<Index>, request: &Request) -> Response {
    let wanted = match Wanted::read(registry, request) {
        Ok(wanted) => wanted,
        Err(refusal) => return *refusal,
    };
    let most = if wanted.opens() { OPENED } else { wanted.limit };
    let mut scan = wanted.scan(registry, index, wanted.from, most);
    let mut messages = Vec::new();
    for kept in std::mem::take(&mut scan.rows) {
        let Some(row) = kept.open() else { continue };
        let seq = row.seq;
        let item = Item::new(registry, row);
        if wanted.wants(&item, registry) {
            messages.push(item.into_json(registry, Extent::Beginning));
        }
        if messages.len() == wanted.limit && wanted.opens() {
            scan.continues = Some(seq);
            break;
        }
    }
    if matches!(wanted.from, From::Before(_)) {
        messages.reverse();
    }
    ok(&json!({"messages": messages, "next": scan.continues}))
}

/// Responds with one message: as it is shown, its request, what its client was told, and what the
/// service has stored.
pub(super) fn one(registry: &Registry, request: &Request) -> Response {
    let mut parameters = Parameters::new(request, &["seq"]);
    let seq = parameters.number("seq");
    if seq.is_none() {
        parameters.required("seq");
    }
    if let Some(refusal) = parameters.refusal() {
        return refusal;
    }
    let kept = registry.engine.ledger().row(seq.unwrap_or_default());
    let Some(row) = kept.and_then(|kept| kept.open()) else {
        let text = "There is no such message, or it is not kept any more.";
        return error(StatusCode::NOT_FOUND, "NoSuchMessage", text, &[]);
    };
    let asked = asked(&row);
    let ledger = json!({
        "text": row.text,
        "request_id": row.request_id,
        "idempotency_key": row.idempotency_key,
    });
    let item = Item::new(registry, row);
    let exchange = item.exchange.as_ref().map(|kept| {
        let exchanges = registry.engine.activity.exchanges();
        whole_exchange(kept, exchanges.rows_of(kept.number))
    });
    let stored = item.shown.stored.clone();
    // What the client under test has sent is its own to change.
    let is_injected = item.row.operation == INJECT;
    let change = item.shown.change.clone().filter(|_| is_injected);
    let mut document = item.into_json(registry, Extent::Whole);
    document["exchange"] = json!(exchange);
    document["stored"] = json!(stored);
    document["change"] = json!(change);
    document["ledger"] = ledger;
    document["request"] = asked;
    ok(&document)
}

/// The request that carried a message.
fn asked(row: &LedgerRow) -> Value {
    let mut document = json!(row.request);
    document["body"] = json!(Body::new(row.request.body()));
    document
}
