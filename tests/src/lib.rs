//! What crosses crates is tested here; see `tests/` and `benches/` beside this file.
