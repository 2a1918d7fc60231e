//! The outbox on a store in memory, with a platform that fails as it is told.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod ahead;
mod changes;
mod clock;
mod composed;
mod doubt;
mod handing_over;
mod leases;
mod model;
mod order;
mod patience;
mod people;
mod platform;
mod rates;
#[cfg(feature = "encryption")]
mod sealed;
mod sending;
mod store_faults;
