//! Messages that are there: read, changed, and followed.

mod changes;
mod lists;
mod query;

pub use self::changes::{Changes, DeltaToken};
pub use self::query::MessageQuery;
