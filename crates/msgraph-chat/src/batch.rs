//! Several messages and reads in one request.

mod output;
mod part;
mod prepare;
mod responses;
mod run;

pub use self::{
    output::BatchOutput,
    part::{BatchPart, MAX_BATCH_PARTS},
};
