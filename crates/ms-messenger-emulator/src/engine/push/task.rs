//! A task that ends with its owner.

use tokio::task::AbortHandle;

/// A task that is ended when this is dropped.
#[derive(Debug)]
pub(crate) struct Task(pub(crate) AbortHandle);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}
