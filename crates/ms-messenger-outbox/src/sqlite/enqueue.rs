//! Hands messages over in a transaction of the caller.

use sqlx::{Sqlite, Transaction};

use super::{SqliteStore, error::closed, insert, routes::Routes};
use crate::{envelope::Envelope, error::Result, outbox::Outbox, store::Inserted};

impl Outbox<SqliteStore> {
    /// Hands messages over in a transaction of the caller: they exist once it is committed, together
    /// with what else it writes, or not at all. Workers notice it as they notice other processes.
    ///
    /// The message is as durable as the caller's connection makes its commits: in WAL mode with
    /// `synchronous=NORMAL`, a loss of power can undo the last ones, and the message with them.
    ///
    /// After an error that is not `Invalid` or `Conflict`, roll the transaction back.
    ///
    /// # Errors
    ///
    /// As [`enqueue`](Self::enqueue).
    ///
    /// ```
    /// use ms_messenger_core::{SendRequest, Target};
    /// use ms_messenger_outbox::{Envelope, Outbox, SqliteStore};
    /// use sqlx::{SqlitePool, sqlite::SqliteConnectOptions};
    ///
    /// # tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("shop.db");
    /// let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    /// let pool = SqlitePool::connect_with(options).await?;
    /// sqlx::query("CREATE TABLE orders (id TEXT PRIMARY KEY)").execute(&pool).await?;
    /// let outbox = Outbox::new(SqliteStore::with_pool(pool.clone()).await?);
    ///
    /// let mut transaction = pool.begin().await?;
    /// sqlx::query("INSERT INTO orders VALUES ('4711')").execute(&mut *transaction).await?;
    /// let request = SendRequest::new(Target::conversation("19:abc@thread.v2"), "shipped");
    /// let envelope = Envelope::new("order-4711", "teams", request);
    /// outbox.enqueue_in(&mut transaction, [envelope]).await?;
    /// transaction.rollback().await?;
    ///
    /// // Neither the order nor the message exists.
    /// assert!(outbox.get(&"order-4711".into()).await?.is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn enqueue_in(
        &self,
        transaction: &mut Transaction<'_, Sqlite>,
        envelopes: impl IntoIterator<Item = Envelope>,
    ) -> Result<Vec<Inserted>> {
        let prepared = envelopes.into_iter().map(|it| self.prepare(&it));
        let prepared = prepared.collect::<Result<Vec<_>>>()?;
        if prepared.is_empty() {
            return Ok(Vec::new());
        }
        let groups = [prepared.as_slice()];
        let inserted = insert::insert(transaction, &mut Routes::default(), &groups).await?;
        inserted.into_iter().next().unwrap_or_else(|| Err(closed()))
    }
}
