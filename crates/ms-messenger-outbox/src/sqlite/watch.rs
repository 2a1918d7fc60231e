//! Notices what other processes commit.

use std::{sync::Arc, time::Duration};

use sqlx::{ConnectOptions as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::sync::{Mutex, Notify};

use super::error::OrStoreError as _;
use crate::error::Result;

/// How often it is looked for commits of others. It costs a read of shared memory.
const POLL: Duration = Duration::from_millis(100);

/// Notices commits of other connections, by `PRAGMA data_version` of one of its own.
#[derive(Debug)]
pub(super) struct Watch {
    options: SqliteConnectOptions,
    seen: Mutex<Option<(SqliteConnection, i64)>>,
    changed: Arc<Notify>,
}

impl Watch {
    pub(super) fn new(options: SqliteConnectOptions, changed: Arc<Notify>) -> Self {
        Self {
            options,
            seen: Mutex::new(None),
            changed,
        }
    }

    /// Waits until something has changed.
    pub(super) async fn changed(&self) {
        let own = self.changed.notified();
        tokio::pin!(own);
        // From here on, no notification is missed.
        own.as_mut().enable();
        loop {
            tokio::select! {
                () = &mut own => return,
                () = tokio::time::sleep(POLL) => {}
            }
            match self.look().await {
                Ok(false) => {}
                // The others that wait have the same news.
                Ok(true) => return self.changed.notify_waiters(),
                // Without a connection it is left to who waits how long.
                Err(_) => {}
            }
        }
    }

    /// Looks whether something was committed since the last look.
    async fn look(&self) -> Result<bool> {
        let mut seen = self.seen.lock().await;
        let (mut conn, last) = match seen.take() {
            Some((conn, last)) => (conn, Some(last)),
            None => (self.options.connect().await.or_store_error()?, None),
        };
        let query = sqlx::query_scalar("PRAGMA data_version");
        let version: i64 = query.fetch_one(&mut conn).await.or_store_error()?;
        *seen = Some((conn, version));
        Ok(last.is_some_and(|it| it != version))
    }
}
