//! Messages with files: the bytes on the wire, and every failure of every step.

mod bad;
mod certainty;
mod commit;
mod drive;
mod neutral;
mod pieces;
mod reading;
mod simple;
