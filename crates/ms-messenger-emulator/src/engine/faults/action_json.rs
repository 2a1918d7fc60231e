//! The JSON form of one action.

use serde_json::{Map, Value, json};

use crate::engine::faults::json::{Reader, join};
use crate::engine::faults::rule::FaultStatus;
use crate::engine::faults::{FaultAction, LateResponse, LateStore, UcwaFault, When};
use crate::services::entra::EntraFault;

const MAX_DELAY_MS: u64 = 600_000;
const MAX_PIECES: u64 = 10_000;

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
        FaultAction::NoAuthorization => json!({"kind": "no_authorization"}),
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
        FaultAction::ClaimsChallenge { claims } => {
            json!({"kind": "claims_challenge", "claims": claims})
        }
        FaultAction::Ucwa(fault) => fault.to_json(),
        FaultAction::Entra(fault) => fault.to_json(),
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

impl Reader {
    pub(super) fn action(&mut self, path: &str, value: &Value) -> Option<FaultAction> {
        let Some(kind) = value.get("kind").and_then(Value::as_str) else {
            self.problem(&join(path, "kind"), "is required and must be a string");
            return None;
        };
        let members: &[&str] = match kind {
            "status" | "status_after_store" => &["kind", "status", "headers", "body", "bare"],
            "late_store" => &["kind", "ms", "then", "status", "headers", "body", "bare"],
            "headers" => &["kind", "headers"],
            "delay" => &["kind", "ms"],
            "close" | "go_away" => &["kind", "when"],
            "reset" => &["kind", "when", "after_bytes"],
            "cut_body" => &["kind", "after_bytes"],
            "slow_body" => &["kind", "pieces", "ms"],
            "claims_challenge" => &["kind", "claims"],
            "malformed_body" | "duplicate_answer" | "token_expiry" | "no_authorization"
            | "empty_page" => &["kind"],
            EntraFault::KIND => EntraFault::MEMBERS,
            _ => return self.ucwa(path, kind, value).map(FaultAction::Ucwa),
        };
        let object = self.object(path, value, members)?;
        let number = |reader: &mut Self, name: &str, from, to| {
            reader.whole_number(
                &join(path, name),
                object.get(name).unwrap_or(&Value::Null),
                from,
                to,
            )
        };
        Some(match kind {
            "status" => FaultAction::Status(self.status(path, object)?),
            "status_after_store" => FaultAction::StatusAfterStore(self.status(path, object)?),
            "delay" => FaultAction::Delay {
                ms: number(self, "ms", 0, MAX_DELAY_MS)?,
            },
            "close" => FaultAction::Close {
                when: self.when(path, object)?,
            },
            "reset" => match (object.get("when"), object.get("after_bytes")) {
                (Some(_), Some(_)) => {
                    self.problem(path, "takes one of when, after_bytes, not both");
                    return None;
                }
                (None, Some(_)) => FaultAction::ResetAfterBytes {
                    after_bytes: number(self, "after_bytes", 0, u64::MAX)?,
                },
                (None, None) => {
                    self.problem(path, "needs one of when, after_bytes");
                    return None;
                }
                (Some(_), None) => FaultAction::Reset {
                    when: self.when(path, object)?,
                },
            },
            "go_away" => FaultAction::GoAway {
                when: self.when(path, object)?,
            },
            "slow_body" => {
                let (pieces, ms) = (
                    number(self, "pieces", 1, MAX_PIECES),
                    number(self, "ms", 0, MAX_DELAY_MS),
                );
                FaultAction::SlowBody {
                    pieces: pieces?,
                    ms: ms?,
                }
            }
            "duplicate_answer" => FaultAction::DuplicateResponse,
            "token_expiry" => FaultAction::TokenExpiry,
            "no_authorization" => FaultAction::NoAuthorization,
            "empty_page" => FaultAction::EmptyPage,
            "late_store" => FaultAction::LateStore(self.late_store(path, object)?),
            "headers" => {
                let (set, remove) = self.headers(path, object);
                if set.is_empty() && remove.is_empty() {
                    self.problem(&join(path, "headers"), "needs at least one header");
                }
                FaultAction::Headers { set, remove }
            }
            "claims_challenge" => match object.get("claims") {
                None => FaultAction::claims_challenge(),
                Some(claims) => FaultAction::ClaimsChallenge {
                    claims: self.text(&join(path, "claims"), claims)?.to_owned(),
                },
            },
            "cut_body" => FaultAction::CutBody {
                after_bytes: number(self, "after_bytes", 0, u64::MAX)?,
            },
            EntraFault::KIND => match EntraFault::read(object) {
                Ok(fault) => FaultAction::Entra(fault),
                Err((member, rule)) => {
                    self.problem(&join(path, member), rule);
                    return None;
                }
            },
            _ => FaultAction::MalformedBody,
        })
    }

    fn ucwa(&mut self, path: &str, kind: &str, value: &Value) -> Option<UcwaFault> {
        let Some(mut fault) = UcwaFault::all().into_iter().find(|f| f.kind() == kind) else {
            let known = "status, status_after_store, delay, close, reset, cut_body, malformed_body, \
                         slow_body, duplicate_answer, go_away, token_expiry, no_authorization, \
                         claims_challenge, late_store, headers, empty_page, \
                         entra_error";
            let ucwa: Vec<&str> = UcwaFault::all().iter().map(UcwaFault::kind).collect();
            let rule = format!("must be one of {known}, {}", ucwa.join(", "));
            self.problem(&join(path, "kind"), rule);
            return None;
        };
        let object = self.object(path, value, fault.members())?;
        if let Err((member, rule)) = fault.fill(object) {
            self.problem(&join(path, member), rule);
        }
        Some(fault)
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
