//! The rules by name.

use super::{
    apply,
    bench::{Bench, Boxed},
    budget, claim, clock,
    expect::Outcome,
    handles, insert, order, purge, random, read, recall, report, session,
};

/// A rule, and the check of it.
pub(super) struct Rule {
    pub(super) name: &'static str,
    pub(super) check: for<'a> fn(&'a Bench<'a>) -> Boxed<'a, Outcome>,
}

const fn rule(name: &'static str, check: for<'a> fn(&'a Bench<'a>) -> Boxed<'a, Outcome>) -> Rule {
    Rule { name, check }
}

/// The name of the random run.
pub(super) const RANDOM: &str = "random/as-in-memory";

pub(super) const RULES: &[Rule] = &[
    rule("insert/all-or-nothing", |it| {
        Box::pin(insert::all_or_nothing(it))
    }),
    rule("insert/same-is-one", |it| Box::pin(insert::same_is_one(it))),
    rule("insert/order", |it| Box::pin(insert::order(it))),
    rule("insert/keeps-all", |it| Box::pin(insert::keeps_all(it))),
    rule("claim/due", |it| Box::pin(claim::due(it))),
    rule("claim/order", |it| Box::pin(claim::order(it))),
    rule("claim/lease", |it| Box::pin(claim::lease(it))),
    rule("claim/once", |it| Box::pin(claim::once(it))),
    rule("claim/route", |it| Box::pin(claim::route(it))),
    rule("claim/session", |it| Box::pin(claim::session(it))),
    rule("claim/expired", |it| Box::pin(claim::expired(it))),
    rule("claim/paused", |it| Box::pin(claim::paused(it))),
    rule("order/one-by-one", |it| Box::pin(order::one_by_one(it))),
    rule("order/holds", |it| Box::pin(order::holds(it))),
    rule("order/lets-go", |it| Box::pin(order::lets_go(it))),
    rule("budget/route", |it| Box::pin(budget::route(it))),
    rule("budget/target", |it| Box::pin(budget::target(it))),
    rule("budget/sending", |it| Box::pin(budget::sending(it))),
    rule("clock/pause", |it| Box::pin(clock::pause(it))),
    rule("clock/target", |it| Box::pin(clock::target(it))),
    rule("clock/route", |it| Box::pin(clock::route(it))),
    rule("clock/forward", |it| Box::pin(clock::forward(it))),
    rule("recall/waiting", |it| Box::pin(recall::waiting(it))),
    rule("recall/held", |it| Box::pin(recall::held(it))),
    rule("recall/owned", |it| Box::pin(recall::owned(it))),
    rule("recall/retried", |it| Box::pin(recall::retried(it))),
    rule("recall/many", |it| Box::pin(recall::many(it))),
    rule("apply/table", |it| Box::pin(apply::table(it))),
    rule("apply/lease", |it| Box::pin(apply::lease(it))),
    rule("apply/each-for-itself", |it| {
        Box::pin(apply::each_for_itself(it))
    }),
    rule("read/missing", |it| Box::pin(read::missing(it))),
    rule("read/paging", |it| Box::pin(read::paging(it))),
    rule("read/filter", |it| Box::pin(read::filter(it))),
    rule("read/counts", |it| Box::pin(read::counts(it))),
    rule("read/pending", |it| Box::pin(read::pending(it))),
    rule("read/twins", |it| Box::pin(read::twins(it))),
    rule("read/being_sent", |it| Box::pin(read::being_sent(it))),
    rule("read/durable", |it| Box::pin(read::durable(it))),
    rule("report/climbs", |it| Box::pin(report::climbs(it))),
    rule("report/conversation", |it| {
        Box::pin(report::conversation(it))
    }),
    rule("purge/only-final", |it| Box::pin(purge::only_final(it))),
    rule("purge/limit", |it| Box::pin(purge::limit(it))),
    rule("session/beats", |it| Box::pin(session::beats(it))),
    rule("session/bury", |it| Box::pin(session::bury(it))),
    rule("session/orphans", |it| Box::pin(session::orphans(it))),
    rule("handles/wakes", |it| Box::pin(handles::wakes(it))),
    rule("handles/waits-no-longer", |it| {
        Box::pin(handles::waits_no_longer(it))
    }),
    rule("handles/same-at-once", |it| {
        Box::pin(handles::same_at_once(it))
    }),
    rule(RANDOM, |it| Box::pin(random::fresh(it))),
];
