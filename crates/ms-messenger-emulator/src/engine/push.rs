//! Requests that the emulator itself makes: to receivers on loopback, when something happened.

pub(crate) mod address;
pub(crate) mod call;
pub(crate) mod fetch;
pub(crate) mod pending;
pub(crate) mod queue;
pub(crate) mod task;
pub(crate) mod tokens;
pub(crate) mod urgent;
