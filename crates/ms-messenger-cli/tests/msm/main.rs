//! The program as scripts use it: arguments and environment in, output and exit code back.

// The lint spares tests, but not what they share.
#![allow(clippy::unwrap_used)]

mod api;
mod bad_values;
mod batch;
mod batch_file;
mod batch_input;
mod checks;
mod config;
mod container;
mod demo;
mod diagnostics;
mod doctor;
mod emulator;
mod emulator_commands;
#[cfg(unix)]
mod examples;
mod exit_codes;
mod follow;
mod home;
#[cfg(unix)]
mod ignored_signals;
mod kept_files;
mod keys;
mod listen;
mod named_options;
#[cfg(unix)]
mod narrow;
mod nesting;
mod outbox;
mod outbox_keys;
mod outbox_places;
#[cfg(unix)]
mod outbox_signals;
#[cfg(unix)]
mod output;
mod parts;
mod read;
#[cfg(target_os = "linux")]
mod reading_signals;
#[cfg(unix)]
mod record;
mod redaction;
mod schema;
mod schema_reads;
mod send;
mod settle;
#[cfg(unix)]
mod shells;
mod sign_in;
mod signals;
mod store;
mod support;
mod targets;
mod usage;
#[cfg(unix)]
mod waiting;
#[cfg(unix)]
mod written;
