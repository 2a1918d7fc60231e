//! What crosses crates is tested here; see `tests/` and `benches/` beside this file.

/// The blocks of the README of the repository, which are compiled and, where they need no service,
/// run as tests of documentation.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub mod readme {}
