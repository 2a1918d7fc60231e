//! The description of a service: name, operations and features.

use crate::engine::{
    faults::own::FaultKind,
    keeping::Keeping,
    platform::{Platform, names_operation},
};

/// Describes a service: its name, its operations, and which features of the emulator apply to it.
///
/// ```
/// use ms_messenger_emulator::{Platform, service::Description};
///
/// const PAGER: Description = Description::new(Platform::new("pager"), &["send", "list"])
///     .with_pages(true)
///     .with_injections(true);
/// assert_eq!(PAGER.platform().as_str(), "pager");
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Description {
    pub(crate) platform: Platform,
    pub(crate) operations: &'static [&'static str],
    /// Those of its operations that the emulator itself calls others by.
    pub(crate) pushes: &'static [&'static str],
    pub(crate) has_pages: bool,
    pub(crate) token_life_s: Option<u32>,
    pub(crate) has_injections: bool,
    /// The operations whose exchanges are kept for the inbox.
    pub(crate) recorded: &'static [&'static str],
    pub(crate) fault_kinds: fn() -> Vec<FaultKind>,
    pub(crate) keeping: Keeping,
}

impl Description {
    /// Describes a service by its name and the names of its operations, as fault rules use them. A
    /// part before a dot groups operations: `send` also means `send.reply`.
    pub const fn new(platform: Platform, operations: &'static [&'static str]) -> Self {
        Self {
            platform,
            operations,
            pushes: &[],
            has_pages: false,
            token_life_s: None,
            has_injections: false,
            recorded: &["send"],
            fault_kinds: Vec::new,
            keeping: Keeping::CHANGES,
        }
    }

    /// Sets whether its lists (`list`, `delta`, `….list`) have pages with `value` and a link, so that
    /// the fault `empty_page` fits them. Default `false`.
    pub const fn with_pages(mut self, has_pages: bool) -> Self {
        self.has_pages = has_pages;
        self
    }

    /// Declares that it checks bearer tokens with [`Engine::verify`](crate::service::Engine::verify),
    /// so that the fault `token_expiry` fits it and `POST /_emulator/tokens` issues tokens for it, by
    /// default with a life of `life_s` seconds.
    pub const fn with_bearer_tokens(mut self, life_s: u32) -> Self {
        self.token_life_s = Some(life_s);
        self
    }

    /// Some of its operations are calls of the emulator to others, for the faults of `PushFault`.
    pub(crate) const fn with_pushes(mut self, pushes: &'static [&'static str]) -> Self {
        self.pushes = pushes;
        self
    }

    /// Sets whether messages can be injected into it. Default `false`.
    pub const fn with_injections(mut self, has_injections: bool) -> Self {
        self.has_injections = has_injections;
        self
    }

    /// Sets what of it is kept in a data file.
    pub(crate) const fn with_keeping(mut self, keeping: Keeping) -> Self {
        self.keeping = keeping;
        self
    }

    /// The exchanges of these operations are kept for the inbox, in place of `send` alone.
    pub(crate) const fn with_recorded(mut self, operations: &'static [&'static str]) -> Self {
        self.recorded = operations;
        self
    }

    /// Adds the fault kinds that only this service has.
    pub const fn with_fault_kinds(mut self, kinds: fn() -> Vec<FaultKind>) -> Self {
        self.fault_kinds = kinds;
        self
    }

    /// Returns the name of the service.
    pub const fn platform(&self) -> Platform {
        self.platform
    }

    /// Returns the names of its operations.
    pub const fn operations(&self) -> &'static [&'static str] {
        self.operations
    }
}

/// The descriptions of all services that are mounted, or that could be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Catalog<'a>(pub(crate) &'a [Description]);

impl<'a> Catalog<'a> {
    pub(crate) fn services(self) -> impl Iterator<Item = &'a Description> {
        self.0.iter()
    }

    /// The platform of that name.
    pub(crate) fn platform(self, name: &str) -> Option<Platform> {
        let mut platforms = self.services().map(Description::platform);
        platforms.find(|platform| platform.as_str() == name)
    }

    /// The names of all platforms, for an error text.
    pub(crate) fn names(self) -> String {
        names(self.services())
    }

    /// The services that a rule of that platform concerns; all when it names none.
    pub(crate) fn of(self, platform: Option<Platform>) -> impl Iterator<Item = &'a Description> {
        self.services()
            .filter(move |service| platform.is_none_or(|platform| platform == service.platform))
    }

    /// Whether the platform has an operation that `pattern` names.
    pub(crate) fn has_operation(self, platform: Option<Platform>, pattern: &str) -> bool {
        let mut operations = self.of(platform).flat_map(|service| service.operations);
        operations.any(|operation| names_operation(pattern, operation))
    }
}

/// The names of these services, for an error text.
pub(crate) fn names<'a>(services: impl Iterator<Item = &'a Description>) -> String {
    let names: Vec<&str> = services.map(|service| service.platform.as_str()).collect();
    names.join(", ")
}
