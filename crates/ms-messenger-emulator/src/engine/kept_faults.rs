//! The fault rules of an emulator, with what of them is kept in a data file.
//!
//! The journal has the rules as they were set and added, and each request that they counted: counted
//! again in this order, every counter and every draw is as it was.

use bytes::Bytes;

use crate::{
    engine::{
        description::Description,
        faults::{
            action::FaultAction,
            engine::FaultEngine,
            rule::{FaultRule, Faults},
        },
        journal::entry::{Entry, FaultChange, Head},
        resources::Engine,
    },
    wire::lock::lock,
};

impl Engine {
    pub(crate) fn faults(&self) -> Faults {
        lock(&self.faults).faults().clone()
    }

    /// How often each fault rule was applied, in their order.
    pub(crate) fn applied_faults(&self) -> Vec<u64> {
        lock(&self.faults).applied()
    }

    pub(crate) fn set_faults(&self, faults: Faults) {
        self.change_faults(FaultChange::Set, faults);
    }

    /// Adds rules after all others, whose counters stay.
    pub(crate) fn add_faults(&self, faults: Faults) {
        self.change_faults(FaultChange::Added, faults);
    }

    /// Adds a rule before all but the earlier urgent ones.
    pub(crate) fn add_urgent_fault(&self, rule: FaultRule) {
        self.change_faults(FaultChange::Urgent, Faults::new().with_rule(rule));
    }

    /// Changes the rules, and records it.
    pub(crate) fn change_faults(&self, how: FaultChange, changed: Faults) {
        let mut faults = lock(&self.faults);
        if let Some(journal) = self.journal() {
            let head = Head::Faults { how };
            let body = changed.to_json().to_string().into();
            journal.add(&Entry { head, body });
        }
        let seed = self.settings.seed;
        match how {
            FaultChange::Set => *faults = FaultEngine::new(changed, seed),
            FaultChange::Added => faults.add(changed, seed),
            FaultChange::Urgent => {
                for rule in changed.rules {
                    faults.add_urgent(rule, seed);
                }
            }
        }
        self.activity.note_change();
    }

    /// The fault of the next request of that operation, an attempt of `call`. None strikes while the
    /// state of an earlier start is made again.
    pub(crate) fn decide_fault(
        &self,
        service: &Description,
        operation: &str,
        call: Option<&str>,
    ) -> Option<FaultAction> {
        if self.is_replaying() {
            return None;
        }
        let mut faults = lock(&self.faults);
        if let Some(journal) = self.journal()
            && faults.concern(service, operation)
        {
            let head = Head::Counted {
                platform: service.platform.to_string(),
                operation: operation.to_owned(),
                call: call.map(str::to_owned),
            };
            let body = Bytes::new();
            journal.add(&Entry { head, body });
        }
        faults.decide(service, operation, call)
    }

    /// Counts a request of an earlier start again.
    pub(crate) fn count_again(&self, service: &Description, operation: &str, call: Option<&str>) {
        lock(&self.faults).decide(service, operation, call);
    }
}
