//! The shared handle of a session.

use std::{fmt, sync::Arc};

use crate::{inner::Inner, words};

/// A shared handle of a session. When the last one is dropped, the session ends.
#[derive(Clone)]
pub(crate) struct SessionHandle(Arc<Guard>);

struct Guard {
    inner: Arc<Inner>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.inner.lifecycle.stop();
    }
}

impl SessionHandle {
    pub(crate) fn new(inner: Arc<Inner>) -> Self {
        Self(Arc::new(Guard { inner }))
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.0.inner
    }
}

impl fmt::Debug for SessionHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = self.inner();
        f.debug_struct("UcwaSession")
            .field("sip", &words::sip(&inner.config.sip))
            .field("is_alive", &inner.lifecycle.check().is_ok())
            .finish_non_exhaustive()
    }
}
