//! A response within a response, as a batch has them.

use bytes::Bytes;
use http::HeaderMap;
use ms_messenger_core::Result;

use crate::{Operation, Response, call_context::CallContext, classify};

impl Response {
    /// Judges the response to one of several requests that were made by one call, such as a part of
    /// a batch: as if it were the response to a call of `operation` of its own.
    ///
    /// ```no_run
    /// use ms_messenger_http::{Call, HeaderMap, Method, Operation, Pipeline};
    ///
    /// static PAGE: Operation = Operation::message(Method::POST, "page", "/pages", "it pages twice");
    ///
    /// # async fn run(pipeline: &Pipeline) -> ms_messenger_core::Result<()> {
    /// let batch = pipeline.call(Call::post("batch", "/batch")).await?;
    /// let part = batch.part(&PAGE, 504, HeaderMap::new(), "the gateway gave up");
    /// println!("{:?}", part.unwrap_err().delivery()); // Unknown
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Pipeline::call`](crate::Pipeline::call), without [evidence](ms_messenger_core::Evidence).
    pub fn part(
        &self,
        operation: &'static Operation,
        status: u16,
        headers: HeaderMap,
        body: impl Into<Bytes>,
    ) -> Result<Self> {
        let context = CallContext {
            operation: operation.name,
            doubt: operation.doubt,
            class: operation.class,
            idempotency: None,
            client_request_id: None,
            ..self.context
        };
        let response = Self {
            service: self.service,
            status,
            headers,
            body: body.into(),
            context,
        };
        if (200..300).contains(&status) {
            return Ok(response);
        }
        let error = classify::error_of(&response);
        Err(response.context.finish(error, response.service))
    }
}
