//! Runs a batch, and says of each part what became of it.

use std::time::{Instant, SystemTime};

use ms_messenger_core::{Delivery, Error, ErrorKind, Evidence, Result};
use ms_messenger_http::Response;

use super::{
    output::BatchOutput,
    part::BatchPart,
    prepare::Prepared,
    responses::{self, PartResponse},
};
use crate::{client::GraphChatClient, error::PLATFORM, send::Stored, sends::UnderWay};

/// A part on its way.
struct Running<'a> {
    part: &'a Prepared,
    under_way: Option<UnderWay<'a>>,
}

/// When a batch began, and when its response was there.
#[derive(Clone, Copy)]
struct Times {
    began_at: SystemTime,
    responded: Instant,
}

impl GraphChatClient {
    /// Sends up to 20 messages and reads in one request: `POST /$batch`. Source: "Combine multiple
    /// HTTP requests using JSON batching".
    ///
    /// Returns the outcome of each part, in the order of the parts. [`Error::delivery`] says of each
    /// message whether it was sent, also when the response to the whole batch is lost: then it is
    /// `Unknown` for every message, each with its own [evidence](Evidence::of). A part that the
    /// service throttles is retried alone, and so are the parts that waited for it. The order of the
    /// messages is certain only with [dependencies](BatchPart::with_dependency). A batch does not
    /// raise the limits of the service.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` or `Unsupported` before any I/O, with every problem of every part. Everything
    /// else is the outcome of the parts.
    ///
    /// ```
    /// use ms_messenger_core::StaticToken;
    /// use ms_messenger_emulator::Emulator;
    /// use msgraph_chat::{BatchPart, GraphChatClient, models::User};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let graph = &emulator.seed().graph;
    /// let token = StaticToken::new(graph.token.as_str());
    /// let client = GraphChatClient::builder(token).with_base_url(&graph.base).build()?;
    ///
    /// let outcomes = client
    ///     .run_batch([
    ///         BatchPart::to_chat(graph.chat_id.as_str(), "First"),
    ///         BatchPart::to_chat(graph.chat_id.as_str(), "Second").with_dependency(0),
    ///         BatchPart::get("/me"),
    ///     ])
    ///     .await?;
    /// for outcome in &outcomes {
    ///     match outcome {
    ///         Ok(output) => println!("{:?}", output.posted().map(|it| &it.id)),
    ///         Err(error) => println!("{:?}: {error}", error.delivery()),
    ///     }
    /// }
    /// let me: Option<User> = outcomes[2].as_ref().map_err(Clone::clone)?.json()?;
    /// assert_eq!(me.unwrap().id, graph.users[0].id.as_str());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn run_batch(
        &self,
        parts: impl IntoIterator<Item = BatchPart>,
    ) -> Result<Vec<Result<BatchOutput>>> {
        let parts: Vec<BatchPart> = parts.into_iter().collect();
        let prepared = self.prepare_batch(&parts)?;
        drop(parts);
        let call = self.batch_call(&prepared)?;
        let mut running: Vec<Running<'_>> = Vec::with_capacity(prepared.len());
        for part in &prepared {
            running.push(self.begin(part).await);
        }
        let began_at = SystemTime::now();
        let outcome = self.pipeline().call(call).await;
        let judged = match outcome {
            Ok(response) => judge(&response, &prepared),
            Err(error) => {
                let lost = running.into_iter().map(|it| {
                    let error = self.doubted(lost(&error, it.part), it.part, began_at);
                    self.ended(it, Err(error))
                });
                return Ok(lost.collect());
            }
        };
        let times = Times {
            began_at,
            responded: Instant::now(),
        };
        let mut outputs: Vec<Result<BatchOutput>> = Vec::with_capacity(running.len());
        for (running, outcome) in running.into_iter().zip(judged) {
            let outcome = match outcome {
                Ok(response) => Ok(response),
                Err(error) => self.retried(error, running.part, &outputs, times).await,
            };
            outputs.push(self.ended(running, outcome));
        }
        Ok(outputs)
    }

    async fn begin<'a>(&'a self, part: &'a Prepared) -> Running<'a> {
        let margin = self.settling_margin();
        let Some((content, _)) = &part.message else {
            return Running {
                part,
                under_way: None,
            };
        };
        let under_way = match self.sends().begin_now(*content, margin, false) {
            Some(under_way) => under_way,
            None => self.sends().begin_later(*content, margin, false).await,
        };
        Running {
            part,
            under_way: Some(under_way),
        }
    }

    /// What becomes of a part that failed within the batch: it is retried alone where it was not
    /// executed because the service throttled it, or one that it waited for.
    async fn retried(
        &self,
        mut error: Error,
        part: &Prepared,
        before: &[Result<BatchOutput>],
        times: Times,
    ) -> Result<Response> {
        if error.delivery() != Delivery::NotSent {
            return Err(self.doubted(error, part, times.began_at));
        }
        if error.kind() == ErrorKind::RateLimited {
            // Parts before this one may have waited as long already.
            if let Some(wait) = error.retry_after() {
                error = error.with_retry_after(wait.saturating_sub(times.responded.elapsed()));
            }
            return self.pipeline().call_after(part.call(), error).await;
        }
        let mut dependencies = part.dependencies.iter();
        let is_ready = dependencies.all(|index| before.get(*index).is_some_and(Result::is_ok));
        if error.status() == Some(424) && is_ready {
            return self.pipeline().call(part.call()).await;
        }
        Err(error)
    }

    /// The error of a part within the batch, with the evidence of its message if it is unknown whether
    /// that was sent.
    fn doubted(&self, error: Error, part: &Prepared, began_at: SystemTime) -> Error {
        let Some((_, mark)) = &part.message else {
            return error;
        };
        if error.delivery() != Delivery::Unknown {
            return error;
        }
        let now = SystemTime::now();
        let until = now.checked_add(self.settling_margin()).unwrap_or(now);
        let mut evidence = Evidence::new(began_at).with_end(now, until);
        if let Some(mark) = mark {
            evidence = evidence.with_mark(mark.clone());
        }
        if let Some(clock) = self.pipeline().service_clock() {
            evidence = evidence.with_service_clock(clock);
        }
        error
            .with_client_request_id(part.client_request_id.to_string())
            .with_evidence(evidence)
    }

    /// Notes how a part ended, as for a send of its own.
    fn ended(&self, running: Running<'_>, outcome: Result<Response>) -> Result<BatchOutput> {
        let Some(under_way) = running.under_way else {
            return outcome.map(Box::new).map(BatchOutput::Read);
        };
        match outcome {
            Ok(response) => {
                let stored = Stored {
                    response,
                    under_way,
                };
                stored.posted().map(Box::new).map(BatchOutput::Posted)
            }
            Err(error) => Err(self.failed(error, under_way, None)),
        }
    }
}

/// The outcome of each part, by the response to the batch.
fn judge(response: &Response, parts: &[Prepared]) -> Vec<Result<Response>> {
    let found = responses::read(response, parts.len());
    let both = found.into_iter().zip(parts);
    both.map(|(found, part)| match found {
        Some(PartResponse {
            status,
            headers,
            body,
        }) => {
            let judged = response.part(part.operation, status, headers, body);
            judged.map_err(|error| named(error, part))
        }
        None => {
            let rule = "the response to the batch does not say what became of this part";
            Err(lost(&response.unusable(rule), part))
        }
    })
    .collect()
}

/// The error of a part of a batch that failed as a whole.
fn lost(error: &Error, part: &Prepared) -> Error {
    let delivery = match error.delivery() {
        _ if !part.is_message() => Delivery::NotSent,
        Delivery::NotSent => Delivery::NotSent,
        // A batch that was accepted says nothing of its parts.
        _ => Delivery::Unknown,
    };
    named(error.clone(), part).with_delivery(delivery)
}

/// The error under the id of the part, which is that of a request of its own.
fn named(error: Error, part: &Prepared) -> Error {
    error
        .with_platform(PLATFORM)
        .with_client_request_id(part.client_request_id.to_string())
}
