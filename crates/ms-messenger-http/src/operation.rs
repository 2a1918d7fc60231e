//! The operations of a service as data: what each is, and whether it may be repeated.

use std::fmt;

use http::Method;

use crate::RetryClass;

/// One operation of a service: its request, whether it may be repeated and why, and the permission
/// that it needs. A client lists its operations in a table, and makes its calls
/// [from that table](crate::Call::of), so that what the table says of retries is what happens.
///
/// ```
/// use ms_messenger_http::{Call, Method, Operation, RetryClass};
///
/// static PIN: Operation = Operation::once(
///     Method::POST,
///     "message.pin",
///     "/chats/{chat}/pinnedMessages",
///     "a second call pins the message twice",
/// )
/// .with_permission("ChatMessage.Send")
/// .with_function("Chat::pin")
/// .with_doubt("list the pinned messages before the next attempt");
///
/// assert_eq!(PIN.class(), RetryClass::NotRepeatable);
/// let call = Call::of(&PIN, "/chats/19%3Aa/pinnedMessages");
/// # assert!(format!("{call:?}").contains("message.pin"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operation {
    pub(crate) method: Method,
    pub(crate) name: &'static str,
    pub(crate) path: &'static str,
    pub(crate) class: RetryClass,
    pub(crate) is_keyed: bool,
    pub(crate) reason: &'static str,
    pub(crate) doubt: Option<&'static str>,
    pub(crate) permission: Option<&'static str>,
    pub(crate) function: &'static str,
}

impl Operation {
    /// A read by GET. `name` stands in errors and spans, `path` is a template such as
    /// `/chats/{chat}/members`.
    #[must_use]
    pub const fn read(name: &'static str, path: &'static str) -> Self {
        Self::new(Method::GET, name, path, RetryClass::Repeatable, "a read")
    }

    /// An operation that carries a message.
    #[must_use]
    pub const fn message(
        method: Method,
        name: &'static str,
        path: &'static str,
        reason: &'static str,
    ) -> Self {
        Self::new(method, name, path, RetryClass::Message, reason)
    }

    /// An operation with the same effect whether it is executed once or twice; `reason` says why.
    #[must_use]
    pub const fn repeatable(
        method: Method,
        name: &'static str,
        path: &'static str,
        reason: &'static str,
    ) -> Self {
        Self::new(method, name, path, RetryClass::Repeatable, reason)
    }

    /// An operation that must not be executed twice; `reason` says what a second one would do.
    #[must_use]
    pub const fn once(
        method: Method,
        name: &'static str,
        path: &'static str,
        reason: &'static str,
    ) -> Self {
        Self::new(method, name, path, RetryClass::NotRepeatable, reason)
    }

    const fn new(
        method: Method,
        name: &'static str,
        path: &'static str,
        class: RetryClass,
        reason: &'static str,
    ) -> Self {
        Self {
            method,
            name,
            path,
            class,
            is_keyed: false,
            reason,
            doubt: None,
            permission: None,
            function: "",
        }
    }

    /// Declares that every call carries a key by which the service removes duplicates, so that it
    /// is retried while the service remembers the key.
    #[must_use]
    pub const fn with_key(mut self) -> Self {
        self.is_keyed = true;
        self
    }

    /// Sets the least permission that the operation needs, in the service's own words.
    #[must_use]
    pub const fn with_permission(mut self, permission: &'static str) -> Self {
        self.permission = Some(permission);
        self
    }

    /// Sets the function of the client that makes the call, e.g. `Chat::pin`.
    #[must_use]
    pub const fn with_function(mut self, function: &'static str) -> Self {
        self.function = function;
        self
    }

    /// Sets what the caller can do when it is unknown whether the call was executed: the error then
    /// says so, e.g. "the chat may exist: list the chats before creating another one".
    #[must_use]
    pub const fn with_doubt(mut self, doubt: &'static str) -> Self {
        self.doubt = Some(doubt);
        self
    }

    /// Its name, in spans and errors.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The method of its request.
    #[must_use]
    pub const fn method(&self) -> &Method {
        &self.method
    }

    /// The path of its request, with the variable parts in braces and without a query.
    #[must_use]
    pub const fn path(&self) -> &'static str {
        self.path
    }

    /// What a retry of it can do.
    #[must_use]
    pub const fn class(&self) -> RetryClass {
        self.class
    }

    /// Whether every call carries a key by which the service removes duplicates.
    #[must_use]
    pub const fn is_keyed(&self) -> bool {
        self.is_keyed
    }

    /// Whether it is retried when it is unknown whether an earlier attempt was executed.
    #[must_use]
    pub const fn is_repeatable(&self) -> bool {
        matches!(self.class, RetryClass::Repeatable) || self.is_keyed
    }

    /// Why it may be repeated, or what a second call would do.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        self.reason
    }

    /// What the caller can do when it is unknown whether it was executed.
    #[must_use]
    pub const fn doubt(&self) -> Option<&'static str> {
        self.doubt
    }

    /// The least permission that it needs.
    #[must_use]
    pub const fn permission(&self) -> Option<&'static str> {
        self.permission
    }

    /// The function of the client that makes the call.
    #[must_use]
    pub const fn function(&self) -> &'static str {
        self.function
    }
}

/// Writes the name, method and path.
impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}", self.name, self.method, self.path)
    }
}
