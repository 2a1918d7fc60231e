//! A message as a row: its head in JSON, and the columns by which it is found.

use sqlx::{PgConnection, Row as _, postgres::PgRow};

use super::{database::Database, failure::Failure};
use crate::{
    change::Change,
    envelope::Hash,
    error::{OutboxError, OutboxErrorKind, Result},
    id::EnvelopeId,
    message::Head,
    time::to_millis,
};

/// A head and what the row has beside it.
pub(super) struct Stored {
    pub(super) seq: i64,
    pub(super) id: String,
    /// The head, or why it cannot be read.
    pub(super) head: Result<Head>,
}

impl Stored {
    /// Reads the columns `seq`, `id` and `head`.
    pub(super) fn read(row: &PgRow) -> Result<Self, Failure> {
        let seq: i64 = row.try_get("seq")?;
        let id: String = row.try_get("id")?;
        let text: &str = row.try_get("head")?;
        let head = read_head(seq, &id, text);
        Ok(Self { seq, id, head })
    }
}

fn read_head(seq: i64, id: &str, text: &str) -> Result<Head> {
    let damaged = || {
        let message = "the stored message cannot be read";
        OutboxError::new(OutboxErrorKind::Damaged, message).with_id(&EnvelopeId::new(id))
    };
    // The error of the parser may quote the row.
    let mut head: Head = serde_json::from_str(text).map_err(|_| damaged())?;
    if head.id.as_str() != id {
        return Err(damaged());
    }
    head.seq = u64::try_from(seq).map_err(|_| damaged())?;
    Ok(head)
}

/// The JSON of a head.
pub(super) fn write_head(head: &Head) -> Result<String> {
    serde_json::to_string(head).map_err(|error| {
        let message = "a time of the message is before 1970 or after 9999";
        OutboxError::new(OutboxErrorKind::Invalid, message)
            .with_id(&head.id)
            .with_source(error)
    })
}

/// When a worker should look at a message.
pub(super) fn wakes_at(head: &Head) -> i64 {
    to_millis(head.due_at.min(head.expires_at))
}

/// The hash of the id that the platform gave a message: ids can be long, and have any character.
pub(super) fn message_ref(id: &str) -> Vec<u8> {
    Hash::of(&[id.as_bytes()]).as_bytes().to_vec()
}

/// Heads to write back, column by column.
#[derive(Default)]
pub(super) struct Updates {
    seqs: Vec<i64>,
    states: Vec<&'static str>,
    owners: Vec<Option<String>>,
    wakes_at: Vec<i64>,
    changed_at: Vec<i64>,
    message_refs: Vec<Option<Vec<u8>>>,
    heads: Vec<String>,
    erases: Vec<bool>,
}

impl Updates {
    pub(super) fn add(&mut self, seq: i64, head: &Head, erases: bool) -> Result<()> {
        self.heads.push(write_head(head)?);
        self.seqs.push(seq);
        self.states.push(head.state.as_str());
        let owner = head.owner.as_ref().map(|it| it.as_str().to_owned());
        self.owners.push(owner);
        self.wakes_at.push(wakes_at(head));
        self.changed_at.push(to_millis(head.changed_at));
        let id = head.message_id();
        self.message_refs
            .push(id.map(|id| message_ref(id.as_str())));
        self.erases.push(erases);
        Ok(())
    }

    /// Writes them, and returns the rows with their `seq` and, if a worker has it, their `content`.
    pub(super) async fn write(
        &self,
        database: &Database,
        connection: &mut PgConnection,
    ) -> Result<Vec<PgRow>, Failure> {
        if self.seqs.is_empty() {
            return Ok(Vec::new());
        }
        let query = database.query(&database.statements.update);
        let query = query.bind(&self.seqs).bind(&self.states).bind(&self.owners);
        let query = query.bind(&self.wakes_at).bind(&self.changed_at);
        let query = query.bind(&self.message_refs).bind(&self.heads);
        Ok(query.bind(&self.erases).fetch_all(connection).await?)
    }
}

/// Whether a change can end a message, or bring an ended one back, so that others with its order key
/// wait or go on.
pub(super) fn may_move_order(change: &Change) -> bool {
    use crate::step::Step;
    !matches!(
        change.step,
        Step::Begin(_)
            | Step::Doubt { .. }
            | Step::Requeue { .. }
            | Step::Park { .. }
            | Step::Release { .. }
            | Step::Report { .. }
    )
}
