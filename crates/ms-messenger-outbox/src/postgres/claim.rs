//! Leases messages that are due.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

use sqlx::{PgConnection, Row as _};

use super::{
    database::{Database, run},
    failure::Failure,
    row::{Stored, Updates},
    session,
    slots::Rates,
};
use crate::{
    error::Result,
    message::{Head, StoredMessage},
    state::State,
    store::{Claim, Claimed},
    time::{from_millis, to_millis},
};

/// The most messages of one transaction.
const MOST: u32 = 1_000;
/// The fewest that are looked at if targets have rates: a target that has no slot must not hold up
/// the others.
const FEWEST: u32 = 64;
/// How often the next ones are looked at if none of them had a slot.
const ROUNDS: u32 = 16;
/// For how long a message that cannot be read is passed over.
const PUT_OFF: Duration = Duration::from_secs(60 * 60);

/// Leases messages that are due, round by round until one was found, each in a transaction.
pub(super) async fn claim(database: &Database, claim: &Claim) -> Result<Claimed> {
    let mut noted = None;
    for _ in 0..ROUNDS {
        let mut round = run(|| round(database, claim)).await?;
        noted = earliest(noted, round.claimed.next_at);
        if !round.claimed.messages.is_empty() || !round.has_more {
            round.claimed.next_at = noted;
            return Ok(round.claimed);
        }
    }
    Ok(Claimed {
        messages: Vec::new(),
        next_at: Some(claim.now),
    })
}

/// One transaction.
#[derive(Default)]
struct Round {
    claimed: Claimed,
    /// Whether none had a slot and there are others.
    has_more: bool,
}

async fn round(database: &Database, claim: &Claim) -> Result<Round, Failure> {
    let mut transaction = database.begin().await?;
    // Whoever buries the session waits for this transaction, and finds what it leases.
    let session = database.query(&database.statements.claim_session);
    let session = session.bind(claim.worker.as_str()).bind(&claim.route);
    let Some(session) = session.fetch_optional(&mut *transaction).await? else {
        transaction.rollback().await?;
        return Ok(Round::default());
    };
    let doubts = &database.doubts;
    doubts.give_back(database, &mut transaction, claim).await?;
    let stored = session::stored_pause(&session)?;
    let pause = stored.at(claim.now);
    if pause != stored {
        session::move_pause(database, &mut transaction, &claim.route, stored, pause).await?;
    }
    let is_paused = !pause.is_over(claim.now);
    let limit = claim.limit.min(MOST);
    let looked_at = match claim.budget.target {
        Some(_) => limit.max(FEWEST),
        None => limit,
    };
    let query = database.query(&database.statements.candidates);
    let query = query.bind(&claim.route).bind(to_millis(claim.now));
    let query = query.bind(i64::from(looked_at)).bind(is_paused);
    let rows = query.fetch_all(&mut *transaction).await?;
    let candidates = rows.iter().take(looked_at as usize).map(Stored::read);
    let candidates = candidates.collect::<Result<Vec<_>, _>>()?;
    let is_full = candidates.len() == looked_at as usize;
    let mut leasing = Leasing::new(database, claim, limit);
    leasing.run(&mut transaction, candidates).await?;
    doubts.add(claim, &leasing.leased);
    let mut claimed = leasing.finish(&mut transaction).await?;
    let is_served = is_full && !claimed.messages.is_empty();
    if is_served && !leasing.is_denied {
        // There are probably more, and the next claim finds out.
        claimed.next_at = Some(claim.now);
    } else if !leasing.is_denied {
        let next = database.scalar::<Option<i64>>(&database.statements.next);
        let next = next.bind(&claim.route).bind(is_paused);
        let next = next.fetch_one(&mut *transaction).await?;
        claimed.next_at = earliest(claimed.next_at, next.map(from_millis));
    }
    if is_paused {
        claimed.next_at = earliest(claimed.next_at, Some(pause.until));
    }
    transaction.commit().await?;
    doubts.clear(claim);
    let has_more = is_full && limit > 0 && claimed.messages.is_empty() && !leasing.is_denied;
    Ok(Round { claimed, has_more })
}

fn earliest(one: Option<SystemTime>, other: Option<SystemTime>) -> Option<SystemTime> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// What one transaction leases.
struct Leasing<'a> {
    database: &'a Database,
    claim: &'a Claim,
    limit: u32,
    leased: Vec<(i64, Head)>,
    /// Messages whose slot is due later, or whose route has none at the moment.
    waiting: Vec<(i64, Head)>,
    damaged: Vec<i64>,
    next_at: Option<SystemTime>,
    /// Whether the route has no slot at the moment.
    is_denied: bool,
}

impl<'a> Leasing<'a> {
    fn new(database: &'a Database, claim: &'a Claim, limit: u32) -> Self {
        Self {
            database,
            claim,
            limit,
            leased: Vec::new(),
            waiting: Vec::new(),
            damaged: Vec::new(),
            next_at: None,
            is_denied: false,
        }
    }

    /// Leases candidates, in their order, as far as the rates allow.
    async fn run(
        &mut self,
        connection: &mut PgConnection,
        candidates: Vec<Stored>,
    ) -> Result<(), Failure> {
        let mut readable = Vec::with_capacity(candidates.len());
        for Stored { seq, head, .. } in candidates {
            match head {
                Ok(head) => readable.push((seq, head)),
                Err(_) => self.damaged.push(seq),
            }
        }
        let heads = readable.iter().map(|(_, head)| head);
        let paced = heads.filter(|head| is_paced(head, self.claim.now));
        let mut rates = Rates::lock(self.database, connection, self.claim, paced).await?;
        for (seq, mut head) in readable {
            if self.leased.len() >= self.limit as usize {
                break;
            }
            if is_paced(&head, self.claim.now) {
                let had_slot = head.has_slot;
                if let Some(at) = rates.reserve_target(&mut head) {
                    self.next_at = earliest(self.next_at, Some(at));
                    self.waiting.push((seq, head));
                    continue;
                }
                if let Some(at) = rates.take_route() {
                    self.next_at = earliest(self.next_at, Some(at));
                    self.is_denied = true;
                    if head.has_slot != had_slot {
                        self.waiting.push((seq, head));
                    }
                    break;
                }
            }
            head.lease_to(&self.claim.worker);
            self.leased.push((seq, head));
        }
        rates.store(self.database, connection).await
    }

    /// Writes what was leased, and returns it with its contents.
    async fn finish(&mut self, connection: &mut PgConnection) -> Result<Claimed, Failure> {
        let mut updates = Updates::default();
        for (seq, head) in self.leased.iter().chain(&self.waiting) {
            updates.add(*seq, head, false)?;
        }
        let mut contents = HashMap::with_capacity(self.leased.len());
        for row in updates.write(self.database, connection).await? {
            let content: Option<Vec<u8>> = row.try_get("content")?;
            contents.insert(row.try_get::<i64, _>("seq")?, content);
        }
        if !self.damaged.is_empty() {
            let until = to_millis(self.claim.now + PUT_OFF);
            let query = self.database.query(&self.database.statements.put_off);
            let query = query.bind(&self.damaged).bind(until);
            query.execute(connection).await?;
        }
        let leased = self.leased.drain(..).map(|(seq, head)| {
            let content = contents.remove(&seq).flatten().map(Into::into);
            StoredMessage::new(head, content)
        });
        Ok(Claimed {
            messages: leased.collect(),
            next_at: self.next_at,
        })
    }
}

/// Whether a message takes slots: one that is to be sent, and has not expired.
fn is_paced(head: &Head, now: SystemTime) -> bool {
    head.state == State::Queued && head.expires_at > now
}
