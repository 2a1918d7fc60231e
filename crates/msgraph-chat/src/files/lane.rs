//! What all calls of one send have in common: client, deadline and patience.

use std::time::{Duration, Instant};

use ms_messenger_core::{
    Attempt, Deadline, Decision, Delivery, Error, ErrorKind, Result, RetryPolicy,
};
use ms_messenger_http::{Call, Response};

use crate::{client::GraphChatClient, error::PLATFORM};

/// The calls of one send.
#[derive(Clone, Copy)]
pub(super) struct Lane<'a> {
    pub(super) client: &'a GraphChatClient,
    pub(super) deadline: &'a Deadline,
}

impl<'a> Lane<'a> {
    pub(super) async fn call(&self, call: Call) -> Result<Response> {
        let call = call.with_deadline(self.deadline.clone());
        self.client.pipeline().call(call).await
    }

    /// Waits between attempts that the pipeline does not see.
    pub(super) fn patience(&self) -> Patience<'a> {
        Patience {
            policy: self.client.retry_policy(),
            deadline: self.deadline,
            began: Instant::now(),
            attempts: 1,
        }
    }
}

/// How often an attempt may fail before the next one is not made.
pub(super) struct Patience<'a> {
    policy: &'a RetryPolicy,
    deadline: &'a Deadline,
    began: Instant,
    attempts: u32,
}

impl Patience<'_> {
    /// Waits for the next attempt. Returns whether it may be made.
    pub(super) async fn wait(&mut self, retry_after: Option<Duration>) -> Result<bool> {
        let mut attempt = Attempt::new(self.attempts, self.began.elapsed(), Delivery::NotSent);
        attempt.transient = true;
        attempt.repeatable = true;
        attempt.retry_after = retry_after;
        let Decision::RetryAfter(wait) = self.policy.decide_with_jitter(&attempt) else {
            return Ok(false);
        };
        self.attempts += 1;
        let sleep = tokio::time::sleep(wait);
        let slept = self.deadline.limit(sleep).await;
        slept.map_err(|reached| reached.into_error().with_platform(PLATFORM))?;
        Ok(true)
    }

    /// Starts again after a successful attempt.
    pub(super) fn renew(&mut self) {
        self.attempts = 1;
        self.began = Instant::now();
    }
}

/// The error of a response without what the next step needs.
pub(super) fn not_found(message: &'static str) -> Error {
    Error::new(ErrorKind::Protocol, message)
        .with_delivery(Delivery::NotSent)
        .with_platform(PLATFORM)
}
