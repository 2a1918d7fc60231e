//! What distinguishes one platform from another, as data.

use http::HeaderName;
use ms_messenger_core::{Delivery, ErrorKind};

use crate::Response;

/// The contents of an error body, as far as the platform's reader understands them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceError {
    /// The service's own code.
    pub code: Option<String>,
    /// The service's own message.
    pub message: Option<String>,
}

impl ServiceError {
    /// An error body that cannot be read.
    #[must_use]
    pub const fn unknown() -> Self {
        Self {
            code: None,
            message: None,
        }
    }

    /// An error body with this code and message.
    #[must_use]
    pub const fn new(code: Option<String>, message: Option<String>) -> Self {
        Self { code, message }
    }
}

/// A platform, as the pipeline needs to know it: a constant.
///
/// ```
/// use ms_messenger_http::{Response, ServiceError, ServiceProfile};
///
/// const PAGER: ServiceProfile = ServiceProfile::new("pager")
///     .with_client_request_id("x-client-request-id")
///     .with_request_ids(&["x-request-id"])
///     .with_throttling_503()
///     .with_error_reader(read);
///
/// fn read(response: &Response) -> ServiceError {
///     ServiceError::new(response.header("x-error-code").map(str::to_owned), None)
/// }
/// # assert_eq!(PAGER.name(), "pager");
/// ```
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

    /// Sets whether every response repeats the
    /// [client request id](Self::with_client_request_id) in the same header. Default `false`.
    ///
    /// Only calls to such a service share a connection of HTTP/2. When a gateway sends a response
    /// twice, every later response of the connection belongs to the request before it; on a shared
    /// connection, a response that names no request could be trusted before the copy is noticed.
    #[must_use]
    pub const fn with_echoed_client_request_id(mut self, echoes: bool) -> Self {
        self.echoes_client_request_id = echoes;
        self
    }

    /// Sets the headers of the request id of a response, the best first.
    #[must_use]
    pub const fn with_request_ids(mut self, headers: &'static [&'static str]) -> Self {
        self.request_ids = headers;
        self
    }

    /// Sets whether no two responses of the platform have the same id (see
    /// [`with_request_ids`](Self::with_request_ids)), so that over https a repeated one shows the
    /// copy of a response to another request. Default `false`.
    #[must_use]
    pub const fn with_unique_request_ids(mut self, are_unique: bool) -> Self {
        self.numbers_responses = are_unique;
        self
    }

    /// Sets the function that reads an error body.
    #[must_use]
    pub const fn with_error_reader(mut self, read: fn(&Response) -> ServiceError) -> Self {
        self.read_error = read;
        self
    }

    /// Declares that the platform documents a 503 with `Retry-After` as throttling, so that it
    /// proves that the request was not executed.
    #[must_use]
    pub const fn with_throttling_503(mut self) -> Self {
        self.throttles_with_503 = true;
        self
    }

    /// Sets the function that classifies a failed response by more than its status: the kind of
    /// the failure and what it proves. `None` leaves the response to the table of statuses.
    ///
    /// `Unauthenticated` with `NotSent` means that the service rejected the token and did not
    /// execute the request, as a 401 does by default: the call is retried once with another token,
    /// if there is one.
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
