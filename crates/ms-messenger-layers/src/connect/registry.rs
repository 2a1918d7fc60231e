//! What can be connected, by name.

use std::{env::VarError, fmt, sync::Arc};

use ms_messenger_core::{ErrorKind, MemoryMessenger, Problem, Problems, Result, SharedMessenger};

use super::{
    config::ConnectConfig,
    options::{OptionSpec, Options, ReadVariable},
    prepare::{Known, Prepared, connect},
    scheme::{Pending, Scheme},
};
use crate::composition::broken_platform;

/// What can be connected, by name: the compositions of this crate, `memory`, and the
/// [schemes](Scheme) that are added.
///
/// The facade `ms-messenger` has one with all platforms, behind its function `connect`. A program
/// with a platform of its own adds it here.
///
/// ```
/// use ms_messenger_core::{MessengerExt, Target};
/// use ms_messenger_layers::Registry;
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let config = "router(phones[kind=tel]=memory:, rest=deadline(memory:)?timeout=30s)".parse()?;
/// let messenger = Registry::new().connect(&config).await?;
/// let receipt = messenger.send_text(Target::phone("+14255550123")?, "hello").await?;
/// assert_eq!(receipt.sent_by().unwrap().name, "phones");
///
/// let error = Registry::new().connect(&"fallbck(memory:)".parse()?).await.unwrap_err();
/// assert_eq!(
///     error.message(),
///     "type: is not a platform or composition: did you mean fallback?"
/// );
/// # Ok::<(), ms_messenger_core::Error>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use = "a registry does nothing until it connects"]
pub struct Registry {
    schemes: Vec<Scheme>,
    missing: Vec<(&'static str, &'static str)>,
    read: ReadVariable,
}

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}

impl Registry {
    /// Creates a registry of the compositions and `memory`, which reads the variables of this
    /// process.
    pub fn new() -> Self {
        Self {
            schemes: vec![Scheme::new("memory", MEMORY, memory)],
            missing: Vec::new(),
            read: Arc::new(|name: &str| std::env::var(name)),
        }
    }

    /// Adds a platform, in the place of an earlier one of its name.
    pub fn with_scheme(mut self, scheme: Scheme) -> Self {
        self.schemes.retain(|it| it.name != scheme.name);
        self.schemes.push(scheme);
        self
    }

    /// Adds the name of a platform that is not built in, so that an error says which Cargo
    /// `feature` adds it.
    pub fn with_missing(mut self, name: &'static str, feature: &'static str) -> Self {
        self.missing.push((name, feature));
        self
    }

    /// Reads variables by `read` instead of those of the process.
    pub fn with_variables(
        mut self,
        read: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.read = Arc::new(move |name: &str| read(name).ok_or(VarError::NotPresent));
        self
    }

    /// Checks a configuration, including the variables and files that it names, without connecting.
    ///
    /// # Errors
    ///
    /// `Config` with every problem, each with the path of its option.
    pub fn check(&self, config: &ConnectConfig) -> Result<()> {
        self.prepare(config).map(|_| ())
    }

    /// Connects.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check); `Config` for members whose messengers do not support what the
    /// composition needs; for platforms that sign in, the error of a failed sign-in.
    pub async fn connect(&self, config: &ConnectConfig) -> Result<SharedMessenger> {
        let prepared = self.prepare(config)?;
        connect(prepared).await
    }

    fn prepare(&self, config: &ConnectConfig) -> Result<Prepared> {
        let known = Known {
            schemes: &self.schemes,
            missing: &self.missing,
            read: &self.read,
        };
        let mut problems = Problems::new();
        let prepared = known.prepare(config, "", &mut problems);
        problems.into_result(ErrorKind::Config)?;
        let missing = || ms_messenger_core::Error::new(ErrorKind::Config, "nothing to connect");
        prepared.ok_or_else(missing)
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.schemes.iter().map(|scheme| scheme.name).collect();
        f.debug_struct("Registry")
            .field("schemes", &names)
            .field("missing", &self.missing)
            .finish_non_exhaustive()
    }
}

const MEMORY: &[OptionSpec] = &[OptionSpec::plain("platform")];

/// A messenger that keeps its messages, for tests of a configuration.
fn memory(options: &Options) -> Result<Pending> {
    let mut memory = MemoryMessenger::new();
    if let Some(platform) = options.get("platform") {
        if let Some(rule) = broken_platform(platform) {
            return Err(Problem::new("platform", rule).into_error(ErrorKind::Config));
        }
        memory = memory.with_platform(platform);
    }
    let memory: SharedMessenger = Arc::new(memory);
    Ok(Box::pin(std::future::ready(Ok(memory))))
}
