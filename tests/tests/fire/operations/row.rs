//! One operation under each fault: what the client says beside what another client then reads.

use std::time::Duration;

use ms_messenger::{
    Delivery, Error, ErrorKind, Result,
    http::{HttpOptions, Operation, RetryClass},
};
use ms_messenger_emulator::{Emulator, Faults};
use serde_json::{Value, json};

use super::{
    driver::{Caller, Driver, Effect, Service},
    fault::Fault,
    reading::{difference, stable},
    scene::Scene,
};

/// A late response takes longer than this.
const TIMEOUT: Duration = Duration::from_secs(1);

/// An operation with its own emulator, and what it does without a fault.
pub(crate) struct Row<'a, C> {
    service: &'a Service<C>,
    driver: &'a Driver<C>,
    operation: &'a Operation,
    emulator: Emulator,
    /// The client that is struck.
    struck: C,
    /// A client with the same rights that is not.
    preparing: C,
    /// Another client of a user.
    reading: C,
}

/// What the service has, and what the client said of it.
struct Outcome {
    said: Result<String>,
    state: Value,
    files: usize,
    /// Requests, and how many of them the fault struck.
    requests: (u64, u64),
}

impl<'a, C: Clone + Send + Sync> Row<'a, C> {
    pub(crate) async fn new(service: &'a Service<C>, driver: &'a Driver<C>) -> Self {
        let mut operations = service.operations.iter();
        let operation = operations.find(|it| it.name() == driver.name);
        let emulator = Emulator::start().await.unwrap();
        let short = HttpOptions::default().with_timeout(TIMEOUT);
        let connect = |options, caller| (service.connect)(&emulator, options, caller);
        let reader = match driver.caller {
            Caller::App => Caller::User,
            caller => caller,
        };
        Self {
            struck: connect(short, driver.caller),
            preparing: connect(HttpOptions::default(), driver.caller),
            reading: connect(HttpOptions::default(), reader),
            service,
            driver,
            operation: operation.unwrap_or_else(|| panic!("no operation is {}", driver.name)),
            emulator,
        }
    }

    /// Strikes the operation with each fault; returns what was wrong.
    pub(crate) async fn strike(&self, faults: &[Fault]) -> Vec<String> {
        let scene = self.prepared(&self.preparing).await;
        let before = self.state(&scene).await;
        self.end(scene).await;
        let once = self.outcome(&self.preparing, None).await;
        if once.said.is_err() {
            let said = &once.said;
            return vec![format!("{}: without a fault {said:?}", self.operation)];
        }
        let is_seen = matches!(self.driver.effect, Effect::Seen | Effect::SeenBy(_));
        if is_seen == (before == once.state) {
            return vec![format!(
                "{}: its effect: {before} {}",
                self.operation, once.state
            )];
        }
        let mut wrong = Vec::new();
        for fault in faults {
            let outcome = self.outcome(&self.struck, Some(fault)).await;
            if let Err(problem) = self.judge(&before, &once, fault, &outcome) {
                let strike = if fault.is_first { "first" } else { "every" };
                let (operation, name) = (self.operation, fault.name);
                wrong.push(format!(
                    "{operation}, {name}, {strike}: {problem}: {:?}, {} requests; {}",
                    outcome.said,
                    outcome.requests.0,
                    difference(&outcome.state, &once.state)
                ));
            }
        }
        wrong
    }

    /// Prepares what `client` works on.
    async fn prepared(&self, client: &C) -> Scene<C> {
        self.emulator.reset();
        let (first, then) = if self.service.is_session {
            (client, client)
        } else {
            (&self.reading, &self.preparing)
        };
        let scene = (self.service.begin)(first.clone(), &self.emulator).await;
        match self.driver.begin {
            Some(begin) => begin(scene.of(then)).await,
            None => scene,
        }
    }

    async fn outcome(&self, client: &C, fault: Option<&Fault>) -> Outcome {
        let scene = self.prepared(client).await;
        let mut rules: Vec<Value> = self.driver.leading.iter().cloned().collect();
        rules.extend(fault.map(|it| it.rule(self.service.platform, self.driver.strikes)));
        rules.extend(self.counting());
        let faults = self.emulator.parse_faults(&json!({"rules": rules}));
        self.emulator.set_faults(faults.unwrap());
        let counted = self.counted();
        let said = (self.driver.act)(scene.of(client)).await;
        let requests = self.requests(fault.is_some(), counted);
        self.emulator.set_faults(Faults::new());
        let outcome = Outcome {
            said,
            state: self.state(&scene).await,
            files: self.emulator.files().len(),
            requests,
        };
        self.end(scene).await;
        outcome
    }

    async fn end(&self, scene: Scene<C>) {
        if let Some(end) = self.service.end {
            end(scene).await;
        }
    }

    /// A fault without an effect, which counts the requests that are not struck beside others.
    fn counting(&self) -> Option<Value> {
        let operation = self.driver.strikes?;
        let matching = json!({"platform": self.service.platform, "operation": operation});
        Some(json!({"match": matching, "action": {"kind": "delay", "ms": 0}}))
    }

    /// The requests of the platform.
    fn counted(&self) -> u64 {
        let stats = self.emulator.stats();
        let requests = &stats["platforms"][self.service.platform]["requests"];
        requests.as_u64().unwrap()
    }

    /// The requests since there were `counted` of the platform, those of one operation if that is
    /// struck; and how many of them a fault struck.
    fn requests(&self, is_struck: bool, counted: u64) -> (u64, u64) {
        let stats = self.emulator.stats();
        let applied = stats["faults_by_rule"].as_array().unwrap();
        let applied: Vec<u64> = applied.iter().filter_map(Value::as_u64).collect();
        let leading = usize::from(self.driver.leading.is_some());
        let struck = if is_struck { applied[leading] } else { 0 };
        if self.driver.strikes.is_none() {
            return (self.counted() - counted, struck);
        }
        (struck + applied.last().unwrap(), struck)
    }

    /// What another client reads, and the messages that were stored.
    async fn state(&self, scene: &Scene<C>) -> Value {
        let scene = if self.service.is_session {
            scene.clone()
        } else {
            scene.of(&self.reading)
        };
        let read = match self.driver.effect {
            Effect::None | Effect::Unseen => Value::Null,
            Effect::Seen => (self.service.see)(scene).await,
            Effect::SeenBy(see) => see(scene).await,
        };
        let rows = self.emulator.messages();
        let sent = rows.iter().filter(|it| it.operation != "inject");
        let ledger: Vec<_> = sent.map(|it| &it.text).collect();
        stable(json!([read, ledger]))
    }

    /// Compares what the client says with what is there.
    fn judge(
        &self,
        before: &Value,
        once: &Outcome,
        fault: &Fault,
        outcome: &Outcome,
    ) -> std::result::Result<(), &'static str> {
        let claim = outcome.said.as_ref().map_err(Error::delivery);
        check(outcome.requests.1 > 0, "was not struck")?;
        let executed = fault.executed(outcome.requests.0, outcome.requests.1);
        let is_alone = !self.driver.is_send;
        if is_alone && !self.operation.is_repeatable() && executed > 1 {
            return Err("executed twice");
        }
        if is_alone && self.operation.class() == RetryClass::NotRepeatable && executed > 0 {
            let is_denied = claim == Err(Delivery::NotSent);
            check(!is_denied, "executed, and said not to be")?;
        }
        let is_claimed = is_alone && claim.is_ok();
        check(!is_claimed || executed > 0, "not executed, and said to be")?;
        if matches!(self.driver.effect, Effect::None) {
            let is_same = outcome.said.as_ref().ok() == once.said.as_ref().ok();
            check(claim.is_err() || is_same, "read something else")?;
        }
        check(outcome.files <= once.files.max(1), "stored a file twice")?;
        let are_there = claim.is_err() || outcome.files == once.files;
        check(are_there, "other files than it says")?;
        let (is_once, is_not) = (outcome.state == once.state, outcome.state == *before);
        match claim {
            Ok(_) | Err(Delivery::Sent) => check(is_once, "not what it says to have done")?,
            // The error of what may be repeated does not say whether it was executed.
            Err(Delivery::NotSent)
                if self.driver.is_send || self.operation.class() != RetryClass::Repeatable =>
            {
                check(is_not, "done, and said not to be")?;
            }
            Err(_) => check(is_once || is_not, "neither done nor not done")?,
        }
        let heals = fault.heals && self.operation.is_repeatable();
        check(
            !heals || self.has_converged(&outcome.said) && is_once,
            "does not converge",
        )
    }

    /// A deletion that is repeated finds nothing.
    fn has_converged(&self, said: &Result<String>) -> bool {
        let is_gone = |error: &Error| error.kind() == ErrorKind::NotFound && error.attempts() == 2;
        said.as_ref().err().is_none_or(is_gone)
    }
}

fn check(holds: bool, problem: &'static str) -> std::result::Result<(), &'static str> {
    if holds { Ok(()) } else { Err(problem) }
}
