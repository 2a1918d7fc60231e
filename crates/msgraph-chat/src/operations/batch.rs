//! Several requests in one.

use ms_messenger_http::{Method, Operation};

pub(crate) static BATCH: Operation = Operation::message(
    Method::POST,
    "batch.run",
    "/$batch",
    "its messages would be posted twice",
)
.with_permission("those of its parts")
.with_function("GraphChatClient::run_batch");

pub(crate) static BATCH_OF_READS: Operation = Operation::repeatable(
    Method::POST,
    "batch.read",
    "/$batch",
    "all of its parts are reads",
)
.with_permission("those of its parts")
.with_function("GraphChatClient::run_batch");

/// A read within a batch.
pub(crate) static BATCH_PART: Operation = Operation::read("batch.part", "/{path}")
    .with_permission("that of the path")
    .with_function("BatchPart::get");
