//! Faults: what the emulator does wrong on purpose, and when.

mod engine;
mod json;
mod rule;
mod ucwa;

pub use json::InvalidFaults;
pub use rule::{FaultAction, FaultRule, FaultStatus, Faults, When};
pub use ucwa::UcwaFault;

pub(crate) use engine::FaultEngine;
pub(crate) use rule::Selection;
