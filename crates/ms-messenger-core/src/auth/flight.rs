//! One fetch at a time, its failure shared by all callers that waited.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Mutex as AsyncMutex, MutexGuard as AsyncGuard};

use super::{
    request::{OwnedTokenRequest, TokenRequest},
    token::AccessToken,
};
use crate::error::{Error, Result};

/// The most failures that are stored for callers that still wait.
const MOST_FAILURES: usize = 16;

/// Lets one caller at a time fetch a token, for providers that cache tokens themselves.
/// [`CachedTokenProvider`](crate::CachedTokenProvider) uses it.
///
/// A caller that had to wait checks first whether the fetch it waited for returned a usable token.
/// If that fetch failed, the caller gets the same error for the same request instead of a fetch of
/// its own: twenty callers of an issuer that is down wait once, not twenty times.
///
/// ```
/// use ms_messenger_core::{
///     AccessToken, Error, ErrorKind, Result, TokenRequest, auth::SingleFlight,
/// };
///
/// async fn token(flight: &SingleFlight, request: &TokenRequest<'_>) -> Result<AccessToken> {
///     let turn = flight.join(request).await?;
///     // Check here whether another caller has fetched a token in the meantime.
///     turn.end(Err(Error::new(ErrorKind::Connect, "no connection to the issuer")))
/// }
/// ```
#[derive(Debug, Default)]
pub struct SingleFlight {
    turn: AsyncMutex<()>,
    shared: Mutex<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// How many fetches have ended.
    ended: u64,
    waiting: usize,
    failures: Vec<Failure>,
}

#[derive(Debug)]
struct Failure {
    number: u64,
    asked: OwnedTokenRequest,
    error: Error,
}

impl SingleFlight {
    /// Waits for the turn of this caller.
    ///
    /// # Errors
    ///
    /// The error of a fetch for the same request that ended while this caller waited.
    pub async fn join<'a>(&'a self, request: &TokenRequest<'_>) -> Result<Turn<'a>> {
        if let Some(turn) = self.try_join(request) {
            return Ok(turn);
        }
        let waiting = Waiting::begin(self);
        let guard = self.turn.lock().await;
        let shared = self.shared();
        let mut failures = shared.failures.iter().rev();
        let failed = failures.find(|it| it.number > waiting.seen && it.asked == *request);
        match failed {
            Some(failure) => Err(failure.error.clone()),
            None => Ok(self.turn(guard, request)),
        }
    }

    /// Returns the turn of this caller, if no other caller has it.
    pub fn try_join<'a>(&'a self, request: &TokenRequest<'_>) -> Option<Turn<'a>> {
        let guard = self.turn.try_lock().ok()?;
        Some(self.turn(guard, request))
    }

    fn turn<'a>(&'a self, guard: AsyncGuard<'a, ()>, request: &TokenRequest<'_>) -> Turn<'a> {
        Turn {
            flight: self,
            asked: request.into(),
            _guard: guard,
        }
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One caller that waits, for as long as its future lives.
struct Waiting<'a> {
    flight: &'a SingleFlight,
    /// How many fetches had ended when it began to wait.
    seen: u64,
}

impl<'a> Waiting<'a> {
    fn begin(flight: &'a SingleFlight) -> Self {
        let mut shared = flight.shared();
        shared.waiting += 1;
        let seen = shared.ended;
        Self { flight, seen }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut shared = self.flight.shared();
        shared.waiting -= 1;
        if shared.waiting == 0 {
            shared.failures.clear();
        }
    }
}

/// The turn of one caller, which ends when this is dropped.
#[derive(Debug)]
#[must_use = "the turn ends when this is dropped"]
pub struct Turn<'a> {
    flight: &'a SingleFlight,
    asked: OwnedTokenRequest,
    _guard: AsyncGuard<'a, ()>,
}

impl Turn<'_> {
    /// Ends the turn with the result of the fetch, and returns that. An error goes to all callers
    /// that wait for the same request now.
    ///
    /// # Errors
    ///
    /// The error of `fetched`.
    pub fn end(self, fetched: Result<AccessToken>) -> Result<AccessToken> {
        let Self { flight, asked, .. } = &self;
        let mut shared = flight.shared();
        shared.ended += 1;
        let number = shared.ended;
        if let Err(error) = &fetched
            && shared.waiting > 0
        {
            if shared.failures.len() == MOST_FAILURES {
                shared.failures.remove(0);
            }
            shared.failures.push(Failure {
                number,
                asked: asked.clone(),
                error: error.clone(),
            });
        }
        drop(shared);
        fetched
    }
}
