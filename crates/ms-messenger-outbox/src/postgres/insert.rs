//! Stores messages.

use std::collections::HashMap;

use sqlx::{Acquire as _, PgConnection, Postgres, Row as _, Transaction};

use super::{
    database::{Database, run},
    failure::Failure,
    order::Keys,
    row::{wakes_at, write_head},
};
use crate::{
    envelope::Hash,
    error::{OutboxError, OutboxErrorKind, Result},
    id::EnvelopeId,
    memory::conflict,
    message::NewMessage,
    state::State,
    store::Inserted,
    time::to_millis,
};

/// Stores messages in a transaction of their own.
pub(super) async fn insert(database: &Database, messages: &[NewMessage]) -> Result<Vec<Inserted>> {
    let batch = Batch::new(messages)?;
    run(|| async {
        let mut transaction = database.begin().await?;
        let inserted = batch.insert(database, &mut transaction).await?;
        transaction.commit().await?;
        Ok(inserted)
    })
    .await
}

/// Stores messages in a transaction of the caller: all, or none and the transaction goes on.
pub(super) async fn insert_in(
    database: &Database,
    transaction: &mut Transaction<'_, Postgres>,
    messages: &[NewMessage],
) -> Result<Vec<Inserted>> {
    let batch = Batch::new(messages)?;
    let inserted = async {
        let mut savepoint = transaction.begin().await?;
        let inserted = batch.insert(database, &mut savepoint).await?;
        savepoint.commit().await?;
        Ok(inserted)
    };
    inserted.await.map_err(Failure::into_error)
}

/// Messages to store, column by column, each id once.
struct Batch<'a> {
    messages: &'a [NewMessage],
    keys: Keys,
    ids: Vec<&'a str>,
    routes: Vec<&'a str>,
    order_keys: Vec<Option<&'a str>>,
    states: Vec<&'static str>,
    wakes_at: Vec<i64>,
    enqueued_at: Vec<i64>,
    changed_at: Vec<i64>,
    hashes: Vec<&'a [u8]>,
    twins: Vec<&'a [u8]>,
    heads: Vec<String>,
    contents: Vec<&'a [u8]>,
}

impl<'a> Batch<'a> {
    fn new(messages: &'a [NewMessage]) -> Result<Self> {
        let mut batch = Self {
            messages,
            keys: Keys::default(),
            ids: Vec::new(),
            routes: Vec::new(),
            order_keys: Vec::new(),
            states: Vec::new(),
            wakes_at: Vec::new(),
            enqueued_at: Vec::new(),
            changed_at: Vec::new(),
            hashes: Vec::new(),
            twins: Vec::new(),
            heads: Vec::new(),
            contents: Vec::new(),
        };
        let mut known: HashMap<&EnvelopeId, Hash> = HashMap::new();
        for message in messages {
            let head = &message.head;
            match known.insert(&head.id, head.hash) {
                None => batch.add(message)?,
                Some(hash) if hash == head.hash => {}
                Some(_) => return Err(conflict(&head.id)),
            }
        }
        Ok(batch)
    }

    fn add(&mut self, message: &'a NewMessage) -> Result<()> {
        let head = &message.head;
        if let Some(key) = &head.order_key {
            self.keys.add(&head.route, key);
        }
        self.heads.push(write_head(head)?);
        self.ids.push(head.id.as_str());
        self.routes.push(&head.route);
        self.order_keys.push(head.order_key.as_deref());
        self.states.push(head.state.as_str());
        self.wakes_at.push(wakes_at(head));
        self.enqueued_at.push(to_millis(head.enqueued_at));
        self.changed_at.push(to_millis(head.changed_at));
        self.hashes.push(head.hash.as_bytes());
        self.twins.push(head.twin.as_bytes());
        self.contents.push(&message.content);
        Ok(())
    }

    async fn insert(
        &self,
        database: &Database,
        connection: &mut PgConnection,
    ) -> Result<Vec<Inserted>, Failure> {
        self.keys.lock(database, connection).await?;
        let query = database.query(&database.statements.insert);
        let query = query.bind(&self.ids).bind(&self.routes);
        let query = query.bind(&self.order_keys).bind(&self.states);
        let query = query.bind(&self.wakes_at).bind(&self.enqueued_at);
        let query = query.bind(&self.changed_at).bind(&self.hashes);
        let query = query.bind(&self.twins).bind(&self.heads);
        // The statement announces the messages, too, if there are any: that saves a round trip.
        let query = query.bind(&self.contents).bind(&database.channel);
        let rows = query.fetch_all(&mut *connection).await?;
        let mut outcomes = HashMap::with_capacity(self.ids.len());
        for row in &rows {
            outcomes.insert(row.try_get::<String, _>(0)?, Inserted::New);
        }
        if !rows.is_empty() {
            self.keys.promote(database, connection).await?;
        }
        if outcomes.len() < self.ids.len() {
            self.compare(database, connection, &mut outcomes).await?;
        }
        self.in_order(outcomes)
    }

    /// Compares messages with those that were stored before under their ids.
    async fn compare(
        &self,
        database: &Database,
        connection: &mut PgConnection,
        outcomes: &mut HashMap<String, Inserted>,
    ) -> Result<(), Failure> {
        let pairs = self.ids.iter().zip(&self.hashes);
        let known: HashMap<&str, &[u8]> = pairs
            .filter(|(id, _)| !outcomes.contains_key(**id))
            .map(|(id, hash)| (*id, *hash))
            .collect();
        let ids: Vec<&str> = known.keys().copied().collect();
        let query = database.query(&database.statements.known).bind(&ids);
        for row in query.fetch_all(connection).await? {
            let id: String = row.try_get("id")?;
            let hash: &[u8] = row.try_get("hash")?;
            let state: &str = row.try_get("state")?;
            if known.get(&*id) != Some(&hash) {
                return Err(conflict(&EnvelopeId::new(id)).into());
            }
            let damaged = || {
                let message = "the state of the stored message is unknown";
                OutboxError::new(OutboxErrorKind::Damaged, message)
            };
            let state = State::from_name(state).ok_or_else(damaged)?;
            outcomes.insert(id, Inserted::Same(state));
        }
        Ok(())
    }

    /// The outcome of each message that was handed over; of one id, the first is new at most.
    fn in_order(&self, mut outcomes: HashMap<String, Inserted>) -> Result<Vec<Inserted>, Failure> {
        let mut inserted = Vec::with_capacity(self.messages.len());
        for NewMessage { head, .. } in self.messages {
            let Some(outcome) = outcomes.get_mut(head.id.as_str()) else {
                let message = "the message was deleted at this moment";
                return Err(OutboxError::new(OutboxErrorKind::Unavailable, message).into());
            };
            inserted.push(*outcome);
            if *outcome == Inserted::New {
                *outcome = Inserted::Same(head.state);
            }
        }
        Ok(inserted)
    }
}
