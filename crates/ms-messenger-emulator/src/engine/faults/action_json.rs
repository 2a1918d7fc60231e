//! The JSON form of one action.

use std::ops::RangeInclusive;

use serde_json::{Map, Value, json};

use crate::engine::faults::{
    action::{FaultAction, FaultStatus, LateResponse, LateStore, When},
    own::{FaultKind, OwnFault, WrongMember},
    push::PushFault,
    reader::{Reader, join},
};

const MAX_DELAY_MS: u64 = 600_000;
const MAX_PIECES: u64 = 10_000;

/// The kinds that any service can have, with the members of their actions.
const KINDS: [(&str, &[&str]); 14] = [
    ("status", STATUS),
    ("status_after_store", STATUS),
    ("delay", &["kind", "ms"]),
    ("close", &["kind", "when"]),
    ("reset", &["kind", "when", "after_bytes"]),
    ("cut_body", &["kind", "after_bytes"]),
    ("malformed_body", &["kind"]),
    ("slow_body", &["kind", "pieces", "ms"]),
    ("duplicate_answer", &["kind"]),
    ("go_away", &["kind", "when"]),
    ("token_expiry", &["kind"]),
    (
        "late_store",
        &["kind", "ms", "then", "status", "headers", "body", "bare"],
    ),
    ("headers", &["kind", "headers"]),
    ("empty_page", &["kind"]),
];
const STATUS: &[&str] = &["kind", "status", "headers", "body", "bare"];

impl FaultAction {
    /// The action as fault rules write it.
    pub(crate) fn to_json(&self) -> Value {
        action_to_json(self)
    }
}

pub(super) fn action_to_json(action: &FaultAction) -> Value {
    match action {
        FaultAction::Status(response) => status_to_json("status", response),
        FaultAction::StatusAfterStore(response) => status_to_json("status_after_store", response),
        FaultAction::Delay { ms } => json!({"kind": "delay", "ms": ms}),
        FaultAction::Close { when } => json!({"kind": "close", "when": when.as_str()}),
        FaultAction::Reset { when } => json!({"kind": "reset", "when": when.as_str()}),
        FaultAction::CutBody { after_bytes } => {
            json!({"kind": "cut_body", "after_bytes": after_bytes})
        }
        FaultAction::MalformedBody => json!({"kind": "malformed_body"}),
        FaultAction::ResetAfterBytes { after_bytes } => {
            json!({"kind": "reset", "after_bytes": after_bytes})
        }
        FaultAction::SlowBody { pieces, ms } => {
            json!({"kind": "slow_body", "pieces": pieces, "ms": ms})
        }
        FaultAction::DuplicateResponse => json!({"kind": "duplicate_answer"}),
        FaultAction::GoAway { when } => json!({"kind": "go_away", "when": when.as_str()}),
        FaultAction::TokenExpiry => json!({"kind": "token_expiry"}),
        FaultAction::EmptyPage => json!({"kind": "empty_page"}),
        FaultAction::Headers { set, remove } => {
            json!({"kind": "headers", "headers": headers_to_json(set, remove)})
        }
        FaultAction::LateStore(late) => {
            let mut document = match &late.then {
                LateResponse::Status(response) => status_to_json("late_store", response),
                _ => json!({"kind": "late_store"}),
            };
            document["ms"] = late.ms.into();
            document["then"] = late.then.as_str().into();
            document
        }
        FaultAction::Push(fault) => fault.to_json(),
        FaultAction::Own(fault) => fault.to_json(),
    }
}

fn status_to_json(kind: &str, response: &FaultStatus) -> Value {
    let mut document = json!({"kind": kind, "status": response.status});
    if !response.headers.is_empty() || !response.without.is_empty() {
        document["headers"] = headers_to_json(&response.headers, &response.without);
    }
    if response.is_bare {
        document["bare"] = true.into();
    }
    if let Some(body) = &response.body {
        document["body"] = body.clone();
    }
    document
}

fn headers_to_json(set: &[(String, String)], without: &[String]) -> Value {
    let set = set
        .iter()
        .cloned()
        .map(|(name, value)| (name, value.into()));
    let without = without.iter().cloned().map(|name| (name, Value::Null));
    set.chain(without).collect::<Map<String, Value>>().into()
}

impl Reader<'_> {
    pub(super) fn action(&mut self, path: &str, value: &Value) -> Option<FaultAction> {
        let Some(kind) = value.get("kind").and_then(Value::as_str) else {
            self.problem(&join(path, "kind"), "is required and must be a string");
            return None;
        };
        if let Some((_, members)) = PushFault::KINDS.iter().find(|(name, _)| *name == kind) {
            let object = self.object(path, value, members)?;
            return self
                .noted(path, PushFault::read(kind, object))
                .map(FaultAction::Push);
        }
        let Some((_, members)) = KINDS.iter().find(|(name, _)| *name == kind) else {
            return self.own(path, kind, value).map(FaultAction::Own);
        };
        let object = self.object(path, value, members)?;
        self.generic(path, kind, object)
    }

    /// A fault that any service can have.
    fn generic(
        &mut self,
        path: &str,
        kind: &str,
        object: &Map<String, Value>,
    ) -> Option<FaultAction> {
        Some(match kind {
            "status" => FaultAction::Status(self.status(path, object)?),
            "status_after_store" => FaultAction::StatusAfterStore(self.status(path, object)?),
            "delay" => FaultAction::Delay {
                ms: self.number(path, object, "ms", 0..=MAX_DELAY_MS)?,
            },
            "close" => FaultAction::Close {
                when: self.when(path, object)?,
            },
            "reset" => self.reset(path, object)?,
            "go_away" => FaultAction::GoAway {
                when: self.when(path, object)?,
            },
            "slow_body" => {
                let pieces = self.number(path, object, "pieces", 1..=MAX_PIECES);
                let ms = self.number(path, object, "ms", 0..=MAX_DELAY_MS);
                FaultAction::SlowBody {
                    pieces: pieces?,
                    ms: ms?,
                }
            }
            "duplicate_answer" => FaultAction::DuplicateResponse,
            "token_expiry" => FaultAction::TokenExpiry,
            "empty_page" => FaultAction::EmptyPage,
            "late_store" => FaultAction::LateStore(self.late_store(path, object)?),
            "headers" => {
                let (set, remove) = self.headers(path, object);
                if set.is_empty() && remove.is_empty() {
                    self.problem(&join(path, "headers"), "needs at least one header");
                }
                FaultAction::Headers { set, remove }
            }
            "cut_body" => FaultAction::CutBody {
                after_bytes: self.number(path, object, "after_bytes", 0..=u64::MAX)?,
            },
            _ => FaultAction::MalformedBody,
        })
    }

    fn number(
        &mut self,
        path: &str,
        object: &Map<String, Value>,
        name: &str,
        range: RangeInclusive<u64>,
    ) -> Option<u64> {
        let value = object.get(name).unwrap_or(&Value::Null);
        self.whole_number(&join(path, name), value, *range.start(), *range.end())
    }

    fn reset(&mut self, path: &str, object: &Map<String, Value>) -> Option<FaultAction> {
        match (object.get("when"), object.get("after_bytes")) {
            (Some(_), Some(_)) => {
                self.problem(path, "takes one of when, after_bytes, not both");
                None
            }
            (None, Some(_)) => Some(FaultAction::ResetAfterBytes {
                after_bytes: self.number(path, object, "after_bytes", 0..=u64::MAX)?,
            }),
            (None, None) => {
                self.problem(path, "needs one of when, after_bytes");
                None
            }
            (Some(_), None) => Some(FaultAction::Reset {
                when: self.when(path, object)?,
            }),
        }
    }

    /// A fault that only one service has.
    fn own(&mut self, path: &str, kind: &str, value: &Value) -> Option<OwnFault> {
        let services = self.catalog.services();
        let kinds: Vec<FaultKind> = services.flat_map(|s| (s.fault_kinds)()).collect();
        let Some(found) = kinds.iter().find(|known| known.name == kind) else {
            let generic = KINDS.iter().chain(&PushFault::KINDS);
            let generic = generic.map(|(name, _)| *name);
            let known: Vec<&str> = generic.chain(kinds.iter().map(|kind| kind.name)).collect();
            let rule = format!("must be one of {}", known.join(", "));
            self.problem(&join(path, "kind"), rule);
            return None;
        };
        let members = [&["kind"], found.members].concat();
        let object = self.object(path, value, &members)?;
        self.noted(path, (found.read)(kind, object))
    }

    /// What was read, or the problem of its member.
    fn noted<T>(&mut self, path: &str, read: Result<T, WrongMember>) -> Option<T> {
        let noted = |(member, rule): WrongMember| self.problem(&join(path, member), rule);
        read.map_err(noted).ok()
    }

    fn status(&mut self, path: &str, object: &Map<String, Value>) -> Option<FaultStatus> {
        let status = object.get("status").unwrap_or(&Value::Null);
        let status = self.whole_number(&join(path, "status"), status, 200, 599)?;
        let mut response = FaultStatus::new(u16::try_from(status).ok()?);
        response.body = object.get("body").cloned();
        (response.headers, response.without) = self.headers(path, object);
        match object.get("bare") {
            None => {}
            Some(Value::Bool(is_bare)) => response.is_bare = *is_bare,
            Some(_) => self.problem(&join(path, "bare"), "must be true or false"),
        }
        if response.is_bare && response.body.is_some() {
            self.problem(path, "takes one of body, bare, not both");
        }
        Some(response)
    }

    fn late_store(&mut self, path: &str, object: &Map<String, Value>) -> Option<LateStore> {
        let ms = object.get("ms").unwrap_or(&Value::Null);
        let ms = self.whole_number(&join(path, "ms"), ms, 0, MAX_DELAY_MS);
        let then = object.get("then").and_then(Value::as_str);
        if then != Some("status") {
            for name in ["status", "headers", "body", "bare"] {
                if object.contains_key(name) {
                    self.problem(&join(path, name), "needs then to be status");
                }
            }
        }
        let then = match then {
            Some("close") => LateResponse::Close,
            Some("reset") => LateResponse::Reset,
            Some("answer") => LateResponse::Response,
            Some("silence") => LateResponse::Silence,
            Some("status") => LateResponse::Status(self.status(path, object)?),
            _ => {
                let rule = "must be one of close, reset, answer, silence, status";
                self.problem(&join(path, "then"), rule);
                return None;
            }
        };
        Some(LateStore { ms: ms?, then })
    }

    /// The headers that are set, and the names of those that are left out (`null`).
    fn headers(
        &mut self,
        path: &str,
        object: &Map<String, Value>,
    ) -> (Vec<(String, String)>, Vec<String>) {
        let at = join(path, "headers");
        let (mut set, mut without) = (Vec::new(), Vec::new());
        match object.get("headers") {
            None => {}
            Some(Value::Object(headers)) => {
                for (name, value) in headers {
                    let text = if value.is_null() { &json!("") } else { value };
                    let pair = self.header(&join(&at, name), name, text);
                    if value.is_null() {
                        without.extend(pair.map(|(name, _)| name));
                    } else {
                        set.extend(pair);
                    }
                }
            }
            Some(_) => self.problem(&at, "must be an object of strings"),
        }
        (set, without)
    }

    fn header(&mut self, path: &str, name: &str, value: &Value) -> Option<(String, String)> {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => {
                self.problem(path, "must be a string, a number or null");
                return None;
            }
        };
        let is_valid =
            http::HeaderName::try_from(name).is_ok() && http::HeaderValue::from_str(&text).is_ok();
        if !is_valid {
            self.problem(path, "is not a valid header");
        }
        Some((name.to_owned(), text))
    }

    fn when(&mut self, path: &str, object: &Map<String, Value>) -> Option<When> {
        match object.get("when").and_then(Value::as_str) {
            Some("before_read") => Some(When::BeforeRead),
            Some("after_read") => Some(When::AfterRead),
            Some("after_store") => Some(When::AfterStore),
            _ => {
                self.problem(
                    &join(path, "when"),
                    "must be one of before_read, after_read, after_store",
                );
                None
            }
        }
    }
}
