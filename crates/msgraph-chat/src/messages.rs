//! Messages that are there: read, changed, and followed.

mod changes;
mod export;
mod handle;
mod hosted;
mod lists;
mod query;

pub use self::{
    changes::{Changes, DeltaToken},
    handle::MessageHandle,
    query::MessageQuery,
};
