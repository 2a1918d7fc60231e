//! A platform that can be connected.

use std::{fmt, pin::Pin, sync::Arc};

use ms_messenger_core::{Result, SharedMessenger};

use super::options::{OptionSpec, Options};

/// What remains to be done when everything about a platform is checked, such as signing in.
pub type Pending = Pin<Box<dyn Future<Output = Result<SharedMessenger>> + Send>>;

type Prepare = dyn Fn(&Options) -> Result<Pending> + Send + Sync;

/// A platform that can be connected by name: which options it has, and how a client is made of
/// them.
///
/// ```
/// use std::sync::Arc;
/// use ms_messenger_core::{Error, MemoryMessenger, MessengerExt, SharedMessenger, Target};
/// use ms_messenger_layers::{OptionSpec, Pending, Registry, Scheme};
///
/// const OPTIONS: &[OptionSpec] = &[OptionSpec::secret("token")];
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let pager = Scheme::new("pager", OPTIONS, |options| {
///     options.get("token").ok_or_else(|| Error::invalid("token", "is missing"))?;
///     let client: SharedMessenger = Arc::new(MemoryMessenger::new().with_platform("pager"));
///     Ok(Box::pin(std::future::ready(Ok(client))) as Pending)
/// });
/// let registry = Registry::new()
///     .with_scheme(pager)
///     .with_variables(|name| (name == "PAGER").then(|| "hunter2".to_owned()));
/// let messenger = registry.connect(&"pager:?token_env=PAGER".parse()?).await?;
/// messenger.send_text(Target::conversation("1"), "hello").await?;
/// # Ok::<(), Error>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use = "a scheme does nothing until a registry has it"]
pub struct Scheme {
    pub(super) name: &'static str,
    pub(super) options: &'static [OptionSpec],
    pub(super) has_address: bool,
    pub(super) prepare: Arc<Prepare>,
}

impl Scheme {
    /// Creates the scheme of a platform. `prepare` checks the options and makes a client, without
    /// I/O; the fields of its problems are names of options, and its texts repeat no value.
    pub fn new(
        name: &'static str,
        options: &'static [OptionSpec],
        prepare: impl Fn(&Options) -> Result<Pending> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name,
            options,
            has_address: false,
            prepare: Arc::new(prepare),
        }
    }

    /// Accepts an address, which [`Options::address`] returns. Without this, one is refused.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use ms_messenger_core::{MemoryMessenger, SharedMessenger};
    /// use ms_messenger_layers::{Pending, Registry, Scheme};
    ///
    /// let pager = || Scheme::new("pager", &[], |_| {
    ///     let client: SharedMessenger = Arc::new(MemoryMessenger::new());
    ///     Ok(Box::pin(std::future::ready(Ok(client))) as Pending)
    /// });
    /// let config = "pager://pager.example".parse()?;
    /// assert!(Registry::new().with_scheme(pager()).check(&config).is_err());
    /// assert!(Registry::new().with_scheme(pager().with_address()).check(&config).is_ok());
    /// # Ok::<(), ms_messenger_core::Error>(())
    /// ```
    pub fn with_address(mut self) -> Self {
        self.has_address = true;
        self
    }
}

impl fmt::Debug for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scheme")
            .field("name", &self.name)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
