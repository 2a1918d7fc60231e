//! What is done within a transaction.

use std::time::SystemTime;

use tokio::sync::oneshot;

use super::sought::Sought;
use crate::{
    change::Change,
    error::Result,
    message::{Head, NewMessage},
    store::{Beat, Claim, Claimed, Inserted, Purge, Report, Session},
};

/// An operation, and who waits for it.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) request: Request,
    pub(super) reply: oneshot::Sender<Result<Response>>,
}

#[derive(Debug)]
pub(super) enum Request {
    Insert(Vec<NewMessage>),
    Apply(Vec<Change>),
    Claim(Claim),
    Report(Report),
    Purge(Purge),
    Pause(String, SystemTime),
    Recall(String, SystemTime),
    Beat(Beat),
    Bury(Session, SystemTime),
    Index(Sought),
}

#[derive(Debug)]
pub(super) enum Response {
    Inserted(Vec<Inserted>),
    Applied(Vec<Result<Head>>),
    Claimed(Claimed),
    Count(u64),
    Done(bool),
}

impl Request {
    /// How many messages it is about.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Insert(messages) => messages.len(),
            Self::Apply(changes) => changes.len(),
            Self::Claim(claim) => claim.limit as usize,
            _ => 1,
        }
    }
}

impl Response {
    /// Whether something may have become due by it, or a route empty.
    pub(super) fn wakes(&self, request: &Request) -> bool {
        match self {
            Self::Inserted(inserted) => inserted.contains(&Inserted::New),
            Self::Applied(applied) => {
                let mut applied = applied.iter().flatten();
                applied.any(|head| head.owner.is_none())
            }
            Self::Done(is_done) => {
                *is_done && !matches!(request, Request::Beat(_) | Request::Index(_))
            }
            Self::Claimed(_) | Self::Count(_) => false,
        }
    }
}
