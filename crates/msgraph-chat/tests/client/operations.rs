//! The operations beside sending: their bytes on the wire, and their stories on the emulator.

mod activity;
mod batch;
mod certainty;
mod changes;
mod directory;
mod double;
mod lists;
mod management;
mod messages;
mod migration;
mod open;
