//! Indexes of what has no order, which are created when they are first needed.

use sqlx::{SqliteConnection, SqlitePool};

use super::error::OrStoreError as _;
use crate::error::Result;

/// What few users look for, and what would make each send write a page of its own.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sought {
    /// The ids that platforms gave to sent messages, for reports.
    MessageIds,
    /// The contents of sent messages, for settling.
    Twins,
}

impl Sought {
    const fn name(self) -> &'static str {
        match self {
            Self::MessageIds => "ms_outbox_message_id",
            Self::Twins => "ms_outbox_twin",
        }
    }

    const fn sql(self) -> &'static str {
        match self {
            Self::MessageIds => {
                "CREATE INDEX IF NOT EXISTS ms_outbox_message_id ON ms_outbox_messages \
                (message_id) WHERE message_id IS NOT NULL"
            }
            Self::Twins => {
                "CREATE INDEX IF NOT EXISTS ms_outbox_twin ON ms_outbox_messages (twin, seq) \
                WHERE state = 2"
            }
        }
    }

    /// Creates the index in a transaction of its own, unless there is one. What is sorted for it is in
    /// a file: in memory it would be 80 MB for a million messages. Where that fails, [`create`](Self::create)
    /// is left to do it.
    pub(super) async fn create_apart(self, conn: &mut SqliteConnection) {
        let run = async |conn: &mut SqliteConnection, sql: &'static str| {
            sqlx::query(sql)
                .persistent(false)
                .execute(conn)
                .await
                .is_ok()
        };
        if run(conn, "PRAGMA temp_store = FILE").await {
            run(conn, self.sql()).await;
        }
        run(conn, "PRAGMA temp_store = MEMORY").await;
    }

    /// Creates the index, within a transaction, unless there is one.
    pub(super) async fn create(self, conn: &mut SqliteConnection) -> Result<()> {
        let query = sqlx::query(self.sql());
        query.execute(conn).await.map(drop).or_store_error()
    }

    /// Returns whether there is an index.
    pub(super) async fn exists(self, pool: &SqlitePool) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = ?)";
        let query = sqlx::query_scalar(sql).bind(self.name());
        query.fetch_one(pool).await.or_store_error()
    }
}
