//! The refusal of a whole batch.

use crate::services::graph::error::GraphError;

pub(crate) fn malformed(reason: &str) -> GraphError {
    GraphError::bad_request(format!("Invalid batch payload format: {reason}"))
}
