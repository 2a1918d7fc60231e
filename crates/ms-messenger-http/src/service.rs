//! What sets one platform apart from another, as data.

use http::HeaderName;
use ms_messenger_core::{Delivery, ErrorKind};

use crate::Response;

/// What an error body says, as far as the platform's own reader understands it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceError {
    /// The service's own code.
    pub code: Option<String>,
    /// The service's own words.
    pub message: Option<String>,
}

impl ServiceError {
    /// An error body of which nothing is understood.
    #[must_use]
    pub const fn unknown() -> Self {
        Self {
            code: None,
            message: None,
        }
    }

    /// What the body says.
    #[must_use]
    pub const fn new(code: Option<String>, message: Option<String>) -> Self {
        Self { code, message }
    }
}

/// A platform, as the pipeline needs to know it. Made once, as a constant.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ServiceProfile {
    pub(crate) name: &'static str,
    pub(crate) client_request_id: Option<&'static str>,
    pub(crate) echoes_client_request_id: bool,
    pub(crate) request_ids: &'static [&'static str],
    pub(crate) numbers_responses: bool,
    pub(crate) read_error: fn(&Response) -> ServiceError,
    pub(crate) throttles_with_503: bool,
    pub(crate) classify: fn(&Response) -> Option<(ErrorKind, Delivery)>,
}

impl ServiceProfile {
    /// The platform `name`, e.g. `acs-chat`.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            client_request_id: None,
            echoes_client_request_id: false,
            request_ids: &[],
            numbers_responses: false,
            read_error: |_| ServiceError::unknown(),
            throttles_with_503: false,
            classify: |_| None,
        }
    }

    /// Sets the header that carries one id per call, the same for all its attempts.
    ///
    /// # Panics
    ///
    /// When `header` is no header name in lower case. A profile is a constant, so that this
    /// fails to compile:
    ///
    /// ```compile_fail
    /// use ms_messenger_http::ServiceProfile;
    ///
    /// const PAGER: ServiceProfile = ServiceProfile::new("pager").with_client_request_id("X-Id");
    /// # let _ = PAGER;
    /// ```
    #[must_use]
    pub const fn with_client_request_id(mut self, header: &'static str) -> Self {
        // Its destructor, which no constant can run, has nothing to do for a static name.
        std::mem::forget(HeaderName::from_static(header));
        self.client_request_id = Some(header);
        self
    }

    /// Says that every response repeats the
    /// [client request id](Self::with_client_request_id) in the same header.
    ///
    /// Only calls to such a service share a connection of HTTP/2. A gateway that sends a response
    /// twice makes every later response of the connection that of the request before it; on a
    /// shared connection, a response that names no request could be believed before the copy is
    /// noticed.
    #[must_use]
    pub const fn with_echoed_client_request_id(mut self) -> Self {
        self.echoes_client_request_id = true;
        self
    }

    /// The headers (in lower case) under which a response tells its id, the best first.
    #[must_use]
    pub const fn with_request_ids(mut self, headers: &'static [&'static str]) -> Self {
        self.request_ids = headers;
        self
    }

    /// Says that no two answers of the platform have the same id (see
    /// [`with_request_ids`](Self::with_request_ids)), so that over https one that comes twice is
    /// known to be the copy of a response to another request.
    #[must_use]
    pub const fn with_unique_request_ids(mut self) -> Self {
        self.numbers_responses = true;
        self
    }

    /// How an error body is read.
    #[must_use]
    pub const fn with_error_reader(mut self, read: fn(&Response) -> ServiceError) -> Self {
        self.read_error = read;
        self
    }

    /// Says that the platform documents a 503 with `Retry-After` as throttling, so that it
    /// proves the request was not executed.
    #[must_use]
    pub const fn with_throttling_503(mut self) -> Self {
        self.throttles_with_503 = true;
        self
    }

    /// Sets what reads from a response more than its status says: the kind of the failure and
    /// what it proves. `None` leaves the response to the table of statuses.
    ///
    /// `Unauthenticated` with `NotSent` means that the service refused the token and did not
    /// execute the request, as a 401 does by default: the call is repeated once with another
    /// token, where one can be had.
    ///
    /// ```
    /// use ms_messenger_core::{Delivery, ErrorKind};
    /// use ms_messenger_http::{Response, ServiceProfile};
    ///
    /// const PAGER: ServiceProfile = ServiceProfile::new("pager").with_classifier(classify);
    ///
    /// fn classify(response: &Response) -> Option<(ErrorKind, Delivery)> {
    ///     match response.status() {
    ///         400 if response.body().is_empty() => Some((ErrorKind::Service, Delivery::Unknown)),
    ///         403 if response.body() == "token expired" => {
    ///             Some((ErrorKind::Unauthenticated, Delivery::NotSent))
    ///         }
    ///         _ => None,
    ///     }
    /// }
    /// ```
    #[must_use]
    pub const fn with_classifier(
        mut self,
        classify: fn(&Response) -> Option<(ErrorKind, Delivery)>,
    ) -> Self {
        self.classify = classify;
        self
    }

    /// The name of the platform.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }
}
