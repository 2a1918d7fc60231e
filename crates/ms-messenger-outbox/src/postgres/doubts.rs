//! Claims of which it is unknown whether they were committed.
//!
//! Their worker never got the messages, and has them if the commit came through: nobody would take
//! them from it while it lives. Its next claim on the route gives them back first.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use sqlx::PgConnection;

use super::{
    database::Database,
    failure::Failure,
    row::{Stored, Updates},
};
use crate::{message::Head, store::Claim};

/// By worker and route, the number of each message and the fencing token of its lease.
#[derive(Default)]
pub(super) struct Doubts(Mutex<HashMap<(String, String), HashMap<i64, u64>>>);

impl Doubts {
    fn lock(&self) -> MutexGuard<'_, HashMap<(String, String), HashMap<i64, u64>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what is about to be committed.
    pub(super) fn add(&self, claim: &Claim, leased: &[(i64, Head)]) {
        if leased.is_empty() {
            return;
        }
        let mut doubts = self.lock();
        let noted = doubts.entry(key(claim)).or_default();
        noted.extend(leased.iter().map(|(seq, head)| (*seq, head.fence)));
    }

    /// Forgets everything of a worker and route, after a commit that came through.
    pub(super) fn clear(&self, claim: &Claim) {
        self.lock().remove(&key(claim));
    }

    /// Gives back what an earlier claim leased without its worker getting it.
    pub(super) async fn give_back(
        &self,
        database: &Database,
        connection: &mut PgConnection,
        claim: &Claim,
    ) -> Result<(), Failure> {
        let Some(noted) = self.lock().get(&key(claim)).cloned() else {
            return Ok(());
        };
        let worker = claim.worker.as_str();
        let query = database.query(&database.statements.owned).bind(worker);
        let mut updates = Updates::default();
        for row in &query.fetch_all(&mut *connection).await? {
            let Stored { seq, head, .. } = Stored::read(row)?;
            let Ok(mut head) = head else {
                continue;
            };
            if noted.get(&seq) == Some(&head.fence) {
                head.owner = None;
                updates.add(seq, &head, false)?;
            }
        }
        updates.write(database, connection).await?;
        Ok(())
    }
}

fn key(claim: &Claim) -> (String, String) {
    (claim.worker.as_str().to_owned(), claim.route.clone())
}
