//! Every text that `msm` prints, by command; the help of commands and options stands in `args`.

pub(crate) mod aliases;
pub(crate) mod api;
pub(crate) mod batch;
pub(crate) mod card;
pub(crate) mod compose;
pub(crate) mod config;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod emulator;
pub(crate) mod examples;
pub(crate) mod exit;
pub(crate) mod explain;
pub(crate) mod files;
pub(crate) mod foreign;
pub(crate) mod input;
pub(crate) mod keyring;
pub(crate) mod keys;
pub(crate) mod listen;
#[cfg(test)]
mod literals;
pub(crate) mod options;
pub(crate) mod outbox;
pub(crate) mod outcome;
pub(crate) mod platform;
pub(crate) mod process;
pub(crate) mod read;
pub(crate) mod recorder;
pub(crate) mod report;
pub(crate) mod schema;
pub(crate) mod send;
pub(crate) mod settle;
pub(crate) mod sign_in;
#[cfg(test)]
mod tests;
pub(crate) mod token;
pub(crate) mod usage;
pub(crate) mod wording;
