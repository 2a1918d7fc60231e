//! Faults: what the emulator does wrong on purpose, and when.

pub(crate) mod action;
pub(crate) mod action_json;
pub(crate) mod delivery;
pub(crate) mod engine;
pub(crate) mod json;
pub(crate) mod own;
pub(crate) mod plan;
pub(crate) mod plan_json;
pub(crate) mod push;
pub(crate) mod reader;
pub(crate) mod rule;
