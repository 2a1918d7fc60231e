//! `GET /_emulator/messages` and `GET /_emulator/wait`: the ledger, searched and in pages.

use std::time::Duration;

use http::{HeaderName, StatusCode};

use crate::{
    engine::{
        admin_response::{bad_request, error, json_of, repeated},
        ledger::{
            filter::{Filter, State},
            row::{KeptRow, LedgerRow},
            select::{Span, select},
        },
        registry::Registry,
    },
    wire::{request::Request, response::Response},
};

const DEFAULT_WAIT_MS: u64 = 5_000;
const MAX_WAIT_MS: u64 = 300_000;
/// The longest text that is searched for, in bytes.
const LONGEST_TEXT: usize = 4096;
/// The members of the query that choose rows.
const FILTERS: [&str; 9] = [
    "platform",
    "conversation",
    "sender",
    "operation",
    "state",
    "search",
    "since",
    "after",
    "before",
];
/// The cursor of the next page, where there is one.
const NEXT: HeaderName = HeaderName::from_static("x-next-after");

/// Responds with the rows that the query asks for, oldest first.
pub(super) fn list(registry: &Registry, request: &Request) -> Response {
    let mut query = Query::new(request, &["text", "limit", "newest"]);
    let mut filter = query.filter(registry);
    filter.text = query.lower("text");
    let span = query.span();
    if let Some(refusal) = query.refusal() {
        return refusal;
    }
    let found = select(&registry.engine, &filter, span);
    let rows: Vec<LedgerRow> = found.rows.iter().filter_map(KeptRow::open).collect();
    let mut response = json_of(&rows);
    let last = rows.last().filter(|_| matches!(span, Span::First(_)));
    if let Some(last) = last.filter(|_| found.has_more) {
        response.set_header(NEXT, &last.seq.to_string());
    }
    response
}

/// Responds with the newest row that the query asks for, as soon as there is one.
pub(super) async fn wait(registry: &Registry, request: &Request) -> Response {
    let mut query = Query::new(request, &["text", "timeout_ms"]);
    let filter = query.filter(registry);
    let timeout = query.number_within(0, MAX_WAIT_MS, "timeout_ms");
    let timeout = timeout.unwrap_or(DEFAULT_WAIT_MS);
    if let Some(refusal) = query.refusal() {
        return refusal;
    }
    let text = query.value("text");
    // Subscribe before the check, so that no message is missed in between.
    let mut changes = registry.engine.changes();
    let deadline = tokio::time::sleep(Duration::from_millis(timeout));
    tokio::pin!(deadline);
    loop {
        let found = registry.engine.ledger().newest(&filter, text);
        if let Some(row) = found {
            return json_of(&row.open());
        }
        tokio::select! {
            _ = changes.changed() => {}
            () = &mut deadline => {
                let message = "No such message arrived in time.";
                return error(StatusCode::NOT_FOUND, "NoSuchMessage", message, &[]);
            }
        }
    }
}

/// The members of a query, and what is wrong with them.
struct Query<'a> {
    request: &'a Request,
    problems: Vec<String>,
}

impl<'a> Query<'a> {
    /// The query of a request that takes the filters and `also`.
    fn new(request: &'a Request, also: &[&str]) -> Self {
        let known = [&FILTERS, also].concat();
        let unknown = request.query.names().filter(|name| !known.contains(name));
        let problem = |name: &str| format!("{name}: is unknown here; known: {}", known.join(", "));
        let mut problems: Vec<String> = unknown.map(problem).collect();
        problems.extend(repeated(request));
        Self { request, problems }
    }

    fn refusal(&self) -> Option<Response> {
        let has_problems = !self.problems.is_empty();
        has_problems.then(|| bad_request("InvalidQuery", &self.problems))
    }

    /// An empty member counts as absent.
    fn value(&self, name: &str) -> Option<&'a str> {
        let value = self.request.query.value(name);
        value.filter(|value| !value.is_empty())
    }

    fn owned(&self, name: &str) -> Option<String> {
        self.value(name).map(str::to_owned)
    }

    fn lower(&mut self, name: &str) -> Option<String> {
        let value = self.value(name)?;
        if value.len() > LONGEST_TEXT {
            let rule = format!("{name}: must have at most {LONGEST_TEXT} bytes");
            self.problems.push(rule);
        }
        Some(value.to_lowercase())
    }

    fn number(&mut self, name: &str) -> Option<u64> {
        self.number_from(0, name)
    }

    fn count(&mut self, name: &str) -> Option<usize> {
        let number = self.number_from(1, name)?;
        usize::try_from(number).ok()
    }

    fn number_from(&mut self, least: u64, name: &str) -> Option<u64> {
        self.number_within(least, u64::MAX, name)
    }

    fn number_within(&mut self, least: u64, most: u64, name: &str) -> Option<u64> {
        let number = self.request.query.value(name)?.parse().ok();
        let number = number.filter(|number| (least..=most).contains(number));
        if number.is_none() {
            let end = match most {
                u64::MAX => String::new(),
                most => format!(" to {most}"),
            };
            let rule = format!("{name}: must be a whole number from {least}{end}");
            self.problems.push(rule);
        }
        number
    }

    /// `limit` or `newest`.
    fn span(&mut self) -> Span {
        match (self.count("limit"), self.count("newest")) {
            (None, None) => Span::All,
            (Some(most), None) => Span::First(most),
            (None, Some(most)) => Span::Last(most),
            (Some(_), Some(_)) => {
                let rule = "newest: takes one of limit, newest, not both";
                self.problems.push(rule.to_owned());
                Span::All
            }
        }
    }

    /// What all rows must have; not the text, which `wait` reads another way.
    fn filter(&mut self, registry: &Registry) -> Filter {
        let (since, after) = (self.number("since"), self.number("after"));
        if since.is_some() && after.is_some() {
            let rule = "after: is another name of since: takes one of them";
            self.problems.push(rule.to_owned());
        }
        let platform = self.value("platform").and_then(|name| {
            let platform = registry.catalog().platform(name);
            if platform.is_none() {
                let known = registry.catalog().names();
                self.problems
                    .push(format!("platform: must be one of {known}"));
            }
            platform
        });
        let state = self.value("state").and_then(|name| {
            let state = State::parse(name);
            if state.is_none() {
                let known = State::ALL.map(|(name, _)| name).join(", ");
                self.problems.push(format!("state: must be one of {known}"));
            }
            state
        });
        Filter {
            platform,
            state,
            conversation: self.owned("conversation"),
            sender: self.owned("sender"),
            operation: self.owned("operation"),
            search: self.lower("search"),
            text: None,
            since: since.or(after).unwrap_or_default(),
            before: self.number("before"),
        }
    }
}
