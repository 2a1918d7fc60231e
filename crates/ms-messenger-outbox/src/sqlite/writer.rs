//! The one task of a store that writes: it makes one transaction for all operations that wait.

use std::sync::Arc;

use sqlx::SqliteConnection;
use tokio::sync::{Notify, mpsc};

use super::{
    apply, claim, control,
    error::closed,
    insert,
    known::{self, Foreseen},
    open_file::OpenFile,
    operation::{Operation, Request, Response},
    routes::Routes,
    statement,
};
use crate::{
    change::Change,
    error::{OutboxError, OutboxErrorKind, Result},
    message::{Head, NewMessage},
};

/// The most messages of one transaction, so that nobody waits for long.
const MOST: usize = 2000;

/// How often in a row nothing may join before a transaction begins.
const PAUSES: u32 = 3;

/// Writes until no handle is left.
pub(super) struct Writer {
    pub(super) conn: SqliteConnection,
    pub(super) file: Arc<OpenFile>,
    pub(super) operations: mpsc::Receiver<Operation>,
    pub(super) changed: Arc<Notify>,
    pub(super) routes: Routes,
}

impl Writer {
    pub(super) async fn run(mut self) {
        while let Some(first) = self.operations.recv().await {
            let batch = self.gather(first).await;
            match self.file.check() {
                Ok(()) => self.commit(batch).await,
                Err(error) => refuse(batch, &error),
            }
        }
    }

    /// Takes what waits, and gives those who wait for nothing but their turn to run the chance to
    /// join: a commit costs more than it takes them.
    async fn gather(&mut self, first: Operation) -> Vec<Operation> {
        let mut weight = first.request.weight();
        let mut batch = vec![first];
        let mut pauses = 0;
        while weight < MOST {
            if let Ok(next) = self.operations.try_recv() {
                weight += next.request.weight();
                batch.push(next);
                pauses = 0;
            } else if pauses < PAUSES {
                pauses += 1;
                tokio::task::yield_now().await;
            } else {
                break;
            }
        }
        batch
    }

    async fn commit(&mut self, batch: Vec<Operation>) {
        let requests: Vec<&Request> = batch.iter().map(|it| &it.request).collect();
        for request in &requests {
            if let Request::Index(sought) = request {
                sought.create_apart(&mut self.conn).await;
            }
        }
        let responses = match self.transaction(&requests).await {
            Ok(responses) => responses,
            Err(error) if batch.len() > 1 && is_of_one(error.kind()) => {
                // What one operation runs into is not the fault of the others.
                let mut responses = Vec::with_capacity(requests.len());
                for request in requests {
                    let alone = self.transaction(&[request]).await;
                    responses.push(alone.and_then(only));
                }
                responses
            }
            Err(error) => requests.iter().map(|_| Err(error.again())).collect(),
        };
        let mut wakes = false;
        for (operation, response) in batch.into_iter().zip(responses) {
            let woken = response
                .as_ref()
                .is_ok_and(|it| it.wakes(&operation.request));
            wakes |= woken;
            // Who does not wait any more does not need it.
            let _ = operation.reply.send(response);
        }
        if wakes {
            self.changed.notify_waiters();
        }
    }

    /// Does everything, or nothing.
    async fn transaction(&mut self, requests: &[&Request]) -> Result<Vec<Result<Response>>> {
        let changes = changes(requests);
        if requests.iter().all(|it| matches!(it, Request::Apply(_)))
            && let Some(foreseen) = known::alone(&changes)
        {
            if known::write_alone(&mut self.conn, &foreseen).await? {
                let mut after = foreseen.into_iter().map(|it| Ok(it.after));
                return Ok(requests.iter().map(|it| applied(it, &mut after)).collect());
            }
            let done = self.attempt(requests, Vec::new(), &foreseen).await?;
            return done.ok_or_else(closed);
        }
        let foreseen = known::foresee(&changes);
        if let Some(done) = self.attempt(requests, foreseen, &[]).await? {
            return Ok(done);
        }
        let done = self.attempt(requests, Vec::new(), &[]).await?;
        done.ok_or_else(closed)
    }

    /// Does everything, or nothing. `None` if the messages of foreseen changes are not as their
    /// workers know them. Those of `perhaps` may be made already.
    async fn attempt(
        &mut self,
        requests: &[&Request],
        foreseen: Vec<Foreseen<'_>>,
        perhaps: &[Foreseen<'_>],
    ) -> Result<Option<Vec<Result<Response>>>> {
        let (conn, routes) = (&mut self.conn, &mut self.routes);
        let mut done = execute(conn, routes, requests, foreseen, perhaps).await;
        if let Ok(Some(_)) = done {
            let commit = statement::run(&mut self.conn, sqlx::query("COMMIT"));
            if let Err(error) = commit.await {
                done = Err(error);
            }
        }
        if !matches!(done, Ok(Some(_))) {
            self.routes.clear();
            // It fails if SQLite has rolled back already.
            let _ = sqlx::query("ROLLBACK").execute(&mut self.conn).await;
        }
        done
    }
}

fn refuse(batch: Vec<Operation>, error: &OutboxError) {
    for operation in batch {
        let _ = operation.reply.send(Err(error.again()));
    }
}

/// Whether one operation can run into it and others not: one may need more room than others, e.g. for an
/// index.
fn is_of_one(kind: OutboxErrorKind) -> bool {
    matches!(kind, OutboxErrorKind::Store | OutboxErrorKind::Full)
}

fn changes<'a>(requests: &[&'a Request]) -> Vec<&'a Change> {
    let changes = requests.iter().filter_map(|it| match it {
        Request::Apply(changes) => Some(changes),
        _ => None,
    });
    changes.flatten().collect()
}

/// The outcomes of the changes of one request, from those of all.
fn applied(
    request: &Request,
    outcomes: &mut impl Iterator<Item = Result<Head>>,
) -> Result<Response> {
    let own = outcomes.take(request.weight());
    Ok(Response::Applied(own.collect()))
}

fn only(responses: Vec<Result<Response>>) -> Result<Response> {
    responses
        .into_iter()
        .next()
        .unwrap_or_else(|| Err(closed()))
}

/// Begins a transaction: first what changes and what hands over, each kind at once, then the others
/// one by one. `None` if messages are not as their workers know them.
async fn execute(
    conn: &mut SqliteConnection,
    routes: &mut Routes,
    requests: &[&Request],
    foreseen: Vec<Foreseen<'_>>,
    perhaps: &[Foreseen<'_>],
) -> Result<Option<Vec<Result<Response>>>> {
    let changes = changes(requests);
    if !known::begin(conn, &foreseen).await? {
        return Ok(None);
    }
    let outcomes = apply::apply(conn, routes, &changes, foreseen, perhaps).await?;
    let groups = requests.iter().filter_map(|it| match it {
        Request::Insert(messages) => Some(messages.as_slice()),
        _ => None,
    });
    let groups: Vec<&[NewMessage]> = groups.collect();
    let mut inserted = Vec::new();
    if !groups.is_empty() {
        inserted = insert::insert(conn, routes, &groups).await?;
    }
    let (mut inserted, mut outcomes) = (inserted.into_iter(), outcomes.into_iter());
    let mut responses = Vec::with_capacity(requests.len());
    for request in requests {
        responses.push(match request {
            Request::Insert(_) => {
                let group = inserted.next().unwrap_or_else(|| Err(closed()));
                group.map(Response::Inserted)
            }
            Request::Apply(_) => applied(request, &mut outcomes),
            other => Ok(one(conn, routes, other).await?),
        });
    }
    Ok(Some(responses))
}

async fn one(
    conn: &mut SqliteConnection,
    routes: &mut Routes,
    request: &Request,
) -> Result<Response> {
    Ok(match request {
        Request::Claim(claim) => Response::Claimed(claim::claim(conn, claim).await?),
        Request::Report(report) => Response::Count(apply::report(conn, report).await?),
        Request::Purge(purge) => Response::Count(control::purge(conn, purge).await?),
        Request::Recall(route, now) => Response::Count(control::recall(conn, route, *now).await?),
        Request::Beat(beat) => Response::Done(control::beat(conn, beat).await?),
        Request::Bury(session, now) => Response::Done(control::bury(conn, session, *now).await?),
        Request::Index(sought) => {
            sought.create(conn).await?;
            Response::Done(true)
        }
        Request::Pause(route, until) => {
            control::pause(conn, routes, route, *until).await?;
            Response::Done(true)
        }
        Request::Insert(_) | Request::Apply(_) => Response::Done(false),
    })
}
