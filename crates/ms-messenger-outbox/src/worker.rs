//! Sends what is in an outbox.

mod active;
mod attempt;
mod builder;
mod clock;
mod context;
mod crew;
mod deliver;
mod doubts;
mod guard;
mod journal;
mod outcome;
mod patience;
mod route;
mod route_loop;
mod run;
mod sealed;
mod session;
mod settle;
mod stuck;
mod totals;
mod waiting;

pub use builder::WorkerBuilder;
pub use route::Route;
pub use run::Worker;
pub use totals::Total;
