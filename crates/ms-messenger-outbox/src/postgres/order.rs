//! The order of messages with one order key.
//!
//! Only the first message of a key that holds the order is claimed (column `is_first`), so that a
//! claim costs the same however many wait behind it. Who stores a message with a key, or ends one,
//! locks the key first, and moves the flag in the same transaction.

use std::collections::BTreeSet;

use sqlx::PgConnection;

use super::{database::Database, failure::Failure};
use crate::envelope::Hash;

/// Order keys of routes.
#[derive(Default)]
pub(super) struct Keys(BTreeSet<(String, String)>);

impl Keys {
    pub(super) fn add(&mut self, route: &str, key: &str) {
        self.0.insert((route.to_owned(), key.to_owned()));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The columns of the statements.
    fn columns(&self) -> (Vec<&str>, Vec<&str>) {
        let pairs = self.0.iter();
        pairs.map(|(route, key)| (&**route, &**key)).unzip()
    }

    /// Locks the keys until the end of the transaction, in an order that all transactions keep.
    pub(super) async fn lock(
        &self,
        database: &Database,
        connection: &mut PgConnection,
    ) -> Result<(), Failure> {
        if self.is_empty() {
            return Ok(());
        }
        let slots: BTreeSet<i32> = self.0.iter().map(|(route, key)| slot(route, key)).collect();
        let slots: Vec<i32> = slots.into_iter().collect();
        let query = database.query(&database.statements.lock_turns);
        query.bind(&slots).execute(connection).await?;
        Ok(())
    }

    /// Marks the first message of each key. Returns how many became it.
    pub(super) async fn promote(
        &self,
        database: &Database,
        connection: &mut PgConnection,
    ) -> Result<u64, Failure> {
        if self.is_empty() {
            return Ok(0);
        }
        let (routes, keys) = self.columns();
        let query = database.query(&database.statements.promote);
        let query = query.bind(&routes).bind(&keys);
        Ok(query.execute(connection).await?.rows_affected())
    }

    /// Takes the mark from every message of the keys.
    pub(super) async fn demote(
        &self,
        database: &Database,
        connection: &mut PgConnection,
    ) -> Result<(), Failure> {
        if self.is_empty() {
            return Ok(());
        }
        let (routes, keys) = self.columns();
        let query = database.query(&database.statements.demote);
        query.bind(&routes).bind(&keys).execute(connection).await?;
        Ok(())
    }
}

/// The row of `turn` that stands for a key.
fn slot(route: &str, key: &str) -> i32 {
    let hash = Hash::of(&[route.as_bytes(), key.as_bytes()]);
    let [first, second, ..] = *hash.as_bytes();
    i32::from(u16::from_be_bytes([first, second]))
}
