//! The sessions of workers, and the pauses of routes.

use std::time::{Duration, SystemTime};

use sqlx::{PgConnection, Row as _, postgres::PgRow};

use super::{
    database::{Database, run},
    failure::Failure,
    nanos,
    row::{Stored, Updates},
};
use crate::{
    error::Result,
    id::WorkerId,
    pause::Pause,
    store::{Beat, Session},
    time::{SKEW, after, to_millis},
};

/// For how long it is known that a session was ended: its worker opens it no more.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) async fn beat(database: &Database, beat: &Beat) -> Result<bool> {
    let lease = i64::try_from(beat.lease.as_millis()).unwrap_or(i64::MAX);
    run(|| async {
        let mut transaction = database.begin().await?;
        let query = if beat.is_first {
            let query = database.query(&database.statements.open_session);
            query.bind(beat.worker.as_str()).bind(lease)
        } else {
            let query = database.query(&database.statements.beat);
            query.bind(beat.worker.as_str())
        };
        let changed = query.execute(&mut *transaction).await?.rows_affected();
        transaction.commit().await?;
        Ok(changed > 0)
    })
    .await
}

pub(super) async fn sessions(database: &Database) -> Result<Vec<Session>> {
    run(|| async {
        let mut transaction = database.begin_read().await?;
        let query = database.query(&database.statements.sessions);
        let rows = query.fetch_all(&mut *transaction).await?;
        transaction.commit().await?;
        let mut sessions = Vec::with_capacity(rows.len());
        for row in &rows {
            let worker = WorkerId::from_stored(row.try_get::<String, _>("worker")?);
            let beats = u64::try_from(row.try_get::<i64, _>("beats")?).unwrap_or_default();
            let lease = u64::try_from(row.try_get::<i64, _>("lease")?).unwrap_or_default();
            sessions.push(Session::new(worker, beats, Duration::from_millis(lease)));
        }
        Ok(sessions)
    })
    .await
}

pub(super) async fn bury(database: &Database, session: &Session, now: SystemTime) -> Result<bool> {
    let beats = i64::try_from(session.beats).unwrap_or(i64::MAX);
    let worker = session.worker.as_str();
    let forgotten = now.checked_sub(REMEMBERED);
    let forgotten = to_millis(forgotten.unwrap_or(SystemTime::UNIX_EPOCH));
    run(|| async {
        let mut transaction = database.begin().await?;
        // After the claims of the worker that are under way.
        let query = database.query(&database.statements.lock_session);
        let query = query.bind(worker).bind(beats);
        if query.fetch_optional(&mut *transaction).await?.is_none() {
            transaction.rollback().await?;
            return Ok(false);
        }
        let query = database.query(&database.statements.bury);
        let query = query.bind(worker).bind(to_millis(now));
        query.execute(&mut *transaction).await?;
        let query = database.query(&database.statements.owned).bind(worker);
        let rows = query.fetch_all(&mut *transaction).await?;
        let mut updates = Updates::default();
        let mut damaged = Vec::new();
        for row in &rows {
            let Stored { seq, head, .. } = Stored::read(row)?;
            match head {
                Ok(mut head) => {
                    head.orphan(now);
                    updates.add(seq, &head, false)?;
                }
                Err(_) => damaged.push(seq),
            }
        }
        updates.write(database, &mut transaction).await?;
        if !damaged.is_empty() {
            let query = database.query(&database.statements.disown);
            query.bind(&damaged).execute(&mut *transaction).await?;
        }
        let query = database.query(&database.statements.forget_sessions);
        query.bind(forgotten).execute(&mut *transaction).await?;
        database.announce(&mut transaction).await?;
        transaction.commit().await?;
        Ok(true)
    })
    .await
}

pub(super) async fn recall(database: &Database, route: &str, now: SystemTime) -> Result<u64> {
    let later = to_millis(after(now, SKEW));
    run(|| async {
        let mut transaction = database.begin().await?;
        let query = database.query(&database.statements.ahead).bind(route);
        let rows = query.bind(later).fetch_all(&mut *transaction).await?;
        let mut updates = Updates::default();
        let mut seqs = Vec::with_capacity(rows.len());
        for row in &rows {
            let Stored { seq, head, .. } = Stored::read(row)?;
            seqs.push(seq);
            // One that cannot be read is passed over the next time.
            if let Ok(mut head) = head
                && head.recall(now)
            {
                updates.add(seq, &head, false)?;
            }
        }
        updates.write(database, &mut transaction).await?;
        if !seqs.is_empty() {
            let query = database.query(&database.statements.touch);
            let query = query.bind(&seqs).bind(to_millis(now));
            query.execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(rows.len() as u64)
    })
    .await
}

pub(super) async fn pause(database: &Database, route: &str, until: SystemTime) -> Result<()> {
    run(|| async {
        let now = SystemTime::now();
        let mut transaction = database.begin().await?;
        let query = database.query(&database.statements.lock_route).bind(route);
        let stored = stored_pause(&query.fetch_one(&mut *transaction).await?)?;
        let pause = stored.extended(until, now);
        let query = database.query(&database.statements.pause).bind(route);
        let query = query.bind(nanos::of(pause.until));
        let query = query.bind(nanos::of(pause.set_at));
        query.execute(&mut *transaction).await?;
        if pause.is_over(now) {
            database.announce(&mut transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    })
    .await
}

/// The pause of a route, from a row that has its columns.
pub(super) fn stored_pause(row: &PgRow) -> Result<Pause, Failure> {
    let time = |column| Ok::<_, sqlx::Error>(nanos::to_time(row.try_get(column)?));
    Ok(Pause::new(time("paused_until")?, time("paused_at")?))
}

/// Replaces the pause of a route, unless it was changed meanwhile.
pub(super) async fn move_pause(
    database: &Database,
    connection: &mut PgConnection,
    route: &str,
    from: Pause,
    to: Pause,
) -> Result<(), Failure> {
    let mut query = database.query(&database.statements.move_pause).bind(route);
    for time in [to.until, to.set_at, from.until, from.set_at] {
        query = query.bind(nanos::of(time));
    }
    query.execute(connection).await?;
    Ok(())
}
