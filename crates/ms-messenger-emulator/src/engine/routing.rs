//! From method and path to an operation of a service.

use crate::engine::tokens::Audience;

/// The result of looking up a method and path in a service.
///
/// ```
/// use ms_messenger_emulator::service::{Audience, Method, Routing};
///
/// fn route(method: &Method, target: &str) -> Routing<()> {
///     match target {
///         "/pager" if *method == Method::POST => {
///             Routing::found("send", ()).with_audience(Audience::new("pager"))
///         }
///         "/pager" => Routing::WrongMethod("POST"),
///         _ => Routing::NotMine,
///     }
/// }
///
/// assert_eq!(route(&Method::GET, "/pager"), Routing::WrongMethod("POST"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Routing<C> {
    /// The path belongs to another service.
    NotMine,
    /// The path belongs to this service, but there is no such operation.
    Unknown,
    /// The path supports other methods only: the value of the `Allow` header.
    WrongMethod(&'static str),
    /// An operation.
    Found(Found<C>),
}

/// An operation with its path parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found<C> {
    /// Its name, one of [`Description::operations`](crate::service::Description::operations).
    pub operation: &'static str,
    /// The call, path parameters decoded.
    pub call: C,
    /// The callers whose bearer tokens the fault `token_expiry` expires at this operation.
    pub audience: Option<Audience>,
    /// The largest request body in bytes; `None`: that of
    /// [`EmulatorBuilder::with_max_body`](crate::EmulatorBuilder::with_max_body).
    pub max_body: Option<usize>,
}

impl<C> Routing<C> {
    /// Creates an operation that accepts no bearer tokens.
    pub const fn found(operation: &'static str, call: C) -> Self {
        Self::Found(Found {
            operation,
            call,
            audience: None,
            max_body: None,
        })
    }

    /// The operation found for the method, or the refusal that names the methods `allowed`; a call
    /// whose ids cannot be read is no operation.
    pub(crate) fn pick(allowed: &'static str, found: Option<(&'static str, Option<C>)>) -> Self {
        match found {
            None => Self::WrongMethod(allowed),
            Some((_, None)) => Self::Unknown,
            Some((operation, Some(call))) => Self::found(operation, call),
        }
    }

    /// Sets the audience of a found operation.
    #[must_use]
    pub fn with_audience(mut self, audience: Audience) -> Self {
        if let Self::Found(found) = &mut self {
            found.audience = Some(audience);
        }
        self
    }

    /// Sets the largest request body of a found operation, in bytes; above it the response is 413.
    ///
    /// ```
    /// use ms_messenger_emulator::service::Routing;
    ///
    /// let upload = Routing::found("upload", ()).with_max_body(64 << 20);
    /// ```
    #[must_use]
    pub fn with_max_body(mut self, bytes: usize) -> Self {
        if let Self::Found(found) = &mut self {
            found.max_body = Some(bytes);
        }
        self
    }

    /// Changes the type of the call.
    pub fn map<D>(self, change: impl FnOnce(C) -> D) -> Routing<D> {
        match self {
            Self::NotMine => Routing::NotMine,
            Self::Unknown => Routing::Unknown,
            Self::WrongMethod(allowed) => Routing::WrongMethod(allowed),
            Self::Found(found) => Routing::Found(Found {
                operation: found.operation,
                call: change(found.call),
                audience: found.audience,
                max_body: found.max_body,
            }),
        }
    }
}
