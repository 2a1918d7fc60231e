//! Replays a journal: makes the state again that the emulator had when it ended.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use serde_json::Value;

use crate::{
    engine::{
        carry_out::plain,
        faults::rule::Faults,
        journal::{
            Journal,
            entry::{Entry, FaultChange, Head, Kept, Moment},
        },
        ledger::row::{INJECT, KeptFields, NewRow},
        registry::{Registry, Routed},
    },
    wire::{clock, request::Request},
};

/// Replays the entries in order. The error says which of them has another result than it had.
pub(crate) async fn replay(
    registry: &Arc<Registry>,
    journal: &Journal,
    entries: Vec<Entry>,
) -> Result<(), String> {
    journal.set_replaying(true);
    let engine = &registry.engine;
    let asked = engine.faults();
    engine.set_faults(Faults::new());
    let mut replay = Replay {
        registry,
        rows: BTreeMap::new(),
        faults: Value::Null,
    };
    let mut result = Ok(());
    for (n, entry) in entries.into_iter().enumerate() {
        if replay.one(entry).await.is_none() {
            let problem = "has another result than it had: use the settings and the version of the \
                           emulator that wrote it";
            result = Err(format!("entry {} {problem}", n + 1));
            break;
        }
    }
    replay.add_rows(true);
    engine.stats.reset();
    if let Some(relay) = &registry.relay {
        relay.skip(engine);
    }
    journal.set_replaying(false);
    // The same rules as before go on with their counters.
    if !asked.rules.is_empty() && replay.faults != asked.to_json() {
        engine.set_faults(asked);
    }
    result
}

struct Replay<'a> {
    registry: &'a Arc<Registry>,
    /// Rows that wait for those with smaller numbers.
    rows: BTreeMap<u64, Row>,
    /// The document of the fault rules that were set last.
    faults: Value,
}

struct Row {
    moment: Moment,
    platform: String,
    operation: String,
    fields: Box<KeptFields>,
    request: Request,
}

impl Replay<'_> {
    /// Replays one entry; `None` if it has another result than it had.
    async fn one(&mut self, entry: Entry) -> Option<()> {
        match entry.head {
            Head::Clock { offset_ms } => self.registry.engine.clock.set_offset(offset_ms),
            Head::Faults { how } => self.faults_again(how, &entry.body)?,
            Head::Counted {
                platform,
                operation,
                call,
            } => self.count_again(&platform, &operation, call.as_deref()),
            Head::Request {
                moment,
                request,
                status,
            } => {
                let request = self.request(&request, entry.body)?;
                self.request_again(moment, &request, status).await?;
            }
            Head::Admin {
                moment,
                path,
                request,
            } => {
                let request = self.request(&request, entry.body)?;
                self.admin_again(moment, &path, &request).await?;
            }
            Head::State { moment, path } => self.state_again(moment, &path, entry.body).await?,
            Head::Rates => {
                let used = serde_json::from_slice(&entry.body).ok()?;
                self.registry.engine.restore_rates(used);
            }
            Head::Row {
                moment,
                seq,
                platform,
                operation,
                row,
                request,
            } => {
                let request = self.request(&request, entry.body)?;
                let row = Row {
                    moment,
                    platform,
                    operation,
                    fields: row,
                    request,
                };
                self.rows.insert(seq, row);
            }
        }
        self.add_rows(false);
        Some(())
    }

    fn request(&self, kept: &Kept, body: Bytes) -> Option<Request> {
        kept.request(body, &self.registry.engine.authority)
    }

    async fn request_again(&self, moment: Moment, request: &Request, status: u16) -> Option<()> {
        let registry = self.registry;
        let Routed::Operation(route) = registry.route(&request.method, &request.target) else {
            return None;
        };
        registry.engine.set_ids(moment.ids);
        let exchange = plain(registry, &route, request);
        let service = registry.service(route.service);
        let served = service.serve(&exchange, &route.found.call);
        let outcome = clock::hold_task(moment.at, served).await?;
        registry.forget_dropped();
        let same = status == 0 || status == outcome.response.status.as_u16();
        same.then_some(())
    }

    async fn admin_again(&self, moment: Moment, path: &str, request: &Request) -> Option<()> {
        let registry = self.registry;
        registry.engine.set_ids(moment.ids);
        if path == INJECT {
            let document = serde_json::from_slice(&request.body).ok()?;
            let injected = moment.hold(|| registry.inject(&document, request));
            return injected.ok().map(|_| ());
        }
        let response = clock::hold_task(moment.at, registry.admin(path, request)).await?;
        (!response.is_refusal()).then_some(())
    }

    /// Puts a part of a service's state back. What is of a service that is no longer mounted is left
    /// out.
    async fn state_again(&self, moment: Moment, path: &str, body: Bytes) -> Option<()> {
        let registry = self.registry;
        let engine = &registry.engine;
        // It may have been recorded beside another change, which made more ids.
        engine.set_ids(moment.ids.max(engine.ids()));
        let request = self.request(&Kept::of_state(path), body)?;
        match clock::hold_task(moment.at, registry.admin(path, &request)).await {
            Some(response) => (!response.is_refusal()).then_some(()),
            None => Some(()),
        }
    }

    /// Changes the fault rules again. Those of a service that cannot read its own are left out.
    fn faults_again(&mut self, how: FaultChange, body: &[u8]) -> Option<()> {
        let document: Value = serde_json::from_slice(body).ok()?;
        let faults = Faults::read(&document, self.registry.catalog());
        let faults = faults.unwrap_or_default();
        self.registry.engine.change_faults(how, faults);
        if how == FaultChange::Set {
            self.faults = document;
        }
        Some(())
    }

    /// Counts a request again, unless its service is no longer mounted.
    fn count_again(&self, platform: &str, operation: &str, call: Option<&str>) {
        let platform = self.registry.catalog().platform(platform);
        let Some(service) = platform.and_then(|it| self.registry.index_of(it)) else {
            return;
        };
        let service = self.registry.description(service);
        self.registry.engine.count_again(service, operation, call);
    }

    /// Adds the rows whose turn it is to the ledger; `all` of them at the end.
    fn add_rows(&mut self, all: bool) {
        let engine = &self.registry.engine;
        while let Some(first) = self.rows.first_entry() {
            let (_, next) = engine.ledger().numbers();
            if *first.key() > next && !all {
                return;
            }
            let row = first.remove();
            engine.set_ids(row.moment.ids.max(engine.ids()));
            let Some(new) = self.new_row(&row.platform, &row.operation, *row.fields) else {
                continue;
            };
            row.moment.hold(|| engine.append(new, &row.request));
            self.registry.forget_dropped();
        }
    }

    /// `None` for a service that is no longer mounted.
    fn new_row(&self, platform: &str, operation: &str, fields: KeptFields) -> Option<NewRow> {
        let platform = self.registry.catalog().platform(platform)?;
        let service = self.registry.index_of(platform)?;
        let operations = self.registry.description(service).operations.iter();
        let known = operations.copied().find(|known| *known == operation);
        Some(fields.row(platform, known.unwrap_or(INJECT)))
    }
}
