//! Hands messages over in a transaction of the caller.

use sqlx::{Postgres, Transaction};

use super::{insert::insert_in, store::PostgresStore};
use crate::{envelope::Envelope, error::Result, outbox::Outbox, store::Inserted};

impl Outbox<PostgresStore> {
    /// Hands messages over in a transaction of the caller, in the database of the store: they exist
    /// once it is committed, and never if it is rolled back. On an error none is handed over, and the
    /// transaction can go on, unless its connection is lost.
    ///
    /// Workers notice the messages when the transaction is committed. Until then, messages with the
    /// same order keys wait to be handed over or ended: commit soon.
    ///
    /// # Errors
    ///
    /// As [`enqueue_all`](Self::enqueue_all). `Unavailable` can also mean a conflict with another
    /// transaction, at the isolation levels that report one: roll back and begin again.
    ///
    /// ```no_run
    /// # use ms_messenger_outbox::{Envelope, Outbox, PostgresStore};
    /// # async fn run(outbox: Outbox<PostgresStore>, envelope: Envelope)
    /// # -> Result<(), Box<dyn std::error::Error>> {
    /// let mut transaction = outbox.store().pool().begin().await?;
    /// sqlx::query("INSERT INTO orders (id) VALUES (4711)").execute(&mut *transaction).await?;
    /// outbox.enqueue_in(&mut transaction, [envelope]).await?;
    /// transaction.commit().await?;
    /// # Ok(()) }
    /// ```
    pub async fn enqueue_in(
        &self,
        transaction: &mut Transaction<'_, Postgres>,
        envelopes: impl IntoIterator<Item = Envelope>,
    ) -> Result<Vec<Inserted>> {
        let prepared = envelopes.into_iter().map(|it| self.prepare(&it));
        let prepared = prepared.collect::<Result<Vec<_>>>()?;
        if prepared.is_empty() {
            return Ok(Vec::new());
        }
        insert_in(&self.store().database, transaction, &prepared).await
    }
}
