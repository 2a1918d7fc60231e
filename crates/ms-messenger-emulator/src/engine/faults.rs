//! Faults: what the emulator does wrong on purpose, and when.

mod action_json;
mod delivery;
mod engine;
mod json;
mod plan;
mod plan_json;
mod rule;
mod ucwa;

pub use json::InvalidFaults;
pub use rule::{FaultAction, FaultRule, FaultStatus, Faults, LateResponse, LateStore, When};
pub use ucwa::UcwaFault;

pub(crate) use delivery::{deliver, end_when, respond};
pub(crate) use engine::FaultEngine;
pub(crate) use rule::Selection;
