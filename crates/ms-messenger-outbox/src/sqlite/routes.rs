//! The numbers of the routes.

use std::collections::HashMap;

use sqlx::SqliteConnection;

use super::error::OrStoreError as _;
use crate::error::Result;

/// The numbers of the routes, which never change.
#[derive(Debug, Default)]
pub(super) struct Routes(HashMap<String, i64>);

impl Routes {
    /// Returns the number of a route, which gets one if it is new.
    pub(super) async fn id(&mut self, conn: &mut SqliteConnection, name: &str) -> Result<i64> {
        if let Some(id) = self.0.get(name) {
            return Ok(*id);
        }
        let insert = "INSERT INTO ms_outbox_routes (name) VALUES (?) ON CONFLICT DO NOTHING";
        let insert = sqlx::query(insert).bind(name);
        insert.execute(&mut *conn).await.or_store_error()?;
        let select = "SELECT route FROM ms_outbox_routes WHERE name = ?";
        let select = sqlx::query_scalar(select).bind(name);
        let id = select.fetch_one(conn).await.or_store_error()?;
        self.0.insert(name.to_owned(), id);
        Ok(id)
    }

    /// Forgets everything: a transaction that may have made new ones is undone.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
