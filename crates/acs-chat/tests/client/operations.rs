//! Every operation: its bytes, its errors, its lists, and what a lost response leaves behind.

mod certainty;
mod lists;
mod recorder;
mod refused;
mod story;
mod wire;
