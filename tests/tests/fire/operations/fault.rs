//! The faults that strike the operations.

use serde_json::{Value, json};

/// Which of the requests that a fault strikes are executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Executed {
    All,
    None,
    /// The first, and not the others.
    First,
}

/// A fault of transport or of bytes.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) name: &'static str,
    /// `action` or `schedule` of a rule.
    rule: Value,
    /// Whether only the first request is struck.
    pub(crate) is_first: bool,
    pub(crate) executed: Executed,
    /// Whether what may be repeated succeeds.
    pub(crate) heals: bool,
}

impl Fault {
    /// The rule for a request of the emulator's `operation`, or for all of `platform`.
    pub(crate) fn rule(&self, platform: &str, operation: Option<&str>) -> Value {
        let mut rule = self.rule.clone();
        rule["match"] = json!({"platform": platform});
        if let Some(operation) = operation {
            rule["match"]["operation"] = operation.into();
        }
        if self.is_first {
            rule["times"] = 1.into();
        }
        rule
    }

    /// How many of `requests`, of which `struck` were struck, were executed.
    pub(crate) fn executed(&self, requests: u64, struck: u64) -> u64 {
        match self.executed {
            Executed::All => requests,
            Executed::None => requests - struck,
            Executed::First => requests - struck + struck.min(1),
        }
    }
}

/// The faults, each at the first request and at every one. A short run has only some.
pub(crate) fn faults(is_short: bool) -> Vec<Fault> {
    let soon = json!({"retry-after-ms": "1"});
    let status = |status: u16| json!({"kind": "status", "status": status, "headers": soon});
    let cut = |kind: &str, when: &str| json!({"kind": kind, "when": when});
    let lost = cut("close", "after_store");
    let all = [
        ("lost", lost.clone(), Executed::All, true),
        (
            "closed unread",
            cut("close", "before_read"),
            Executed::None,
            true,
        ),
        (
            "closed read",
            cut("close", "after_read"),
            Executed::None,
            true,
        ),
        (
            "reset read",
            cut("reset", "after_read"),
            Executed::None,
            true,
        ),
        (
            "reset stored",
            cut("reset", "after_store"),
            Executed::All,
            true,
        ),
        (
            "reset in the head",
            json!({"kind": "reset", "after_bytes": 20}),
            Executed::All,
            true,
        ),
        (
            "late",
            json!({"kind": "delay", "ms": 1500}),
            Executed::All,
            true,
        ),
        ("429", status(429), Executed::None, true),
        ("500", status(500), Executed::None, true),
        ("503", status(503), Executed::None, true),
        (
            "stored, 504",
            json!({"kind": "status_after_store", "status": 504, "headers": soon}),
            Executed::All,
            true,
        ),
        (
            "body cut",
            json!({"kind": "cut_body", "after_bytes": 5}),
            Executed::All,
            false,
        ),
        (
            "body malformed",
            json!({"kind": "malformed_body"}),
            Executed::All,
            false,
        ),
    ];
    let mut faults = Vec::new();
    for (name, action, executed, heals) in all {
        let first = Fault {
            name,
            rule: json!({"action": action}),
            is_first: true,
            executed,
            heals,
        };
        let every = Fault {
            is_first: false,
            heals: false,
            ..first.clone()
        };
        faults.extend([first, every]);
    }
    // A later rejection does not prove that the first request was not executed.
    for (name, then) in [("lost, 429", 429), ("lost, 400", 400), ("lost, 403", 403)] {
        let schedule = [lost.clone(), status(then), status(then), status(then)];
        faults.push(Fault {
            name,
            rule: json!({"schedule": schedule}),
            is_first: false,
            executed: Executed::First,
            heals: false,
        });
    }
    let in_short_run = ["lost", "closed read", "500", "body malformed"];
    let is_in_short_run = |it: &Fault| match it.executed {
        Executed::First => it.name == "lost, 429",
        _ => it.is_first && in_short_run.contains(&it.name),
    };
    faults.retain(|it| !is_short || is_in_short_run(it));
    faults
}
