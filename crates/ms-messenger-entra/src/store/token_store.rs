//! The contract of a store of sign-ins.

use std::{any::Any, fmt, sync::Arc};

use ms_messenger_core::{Error, ErrorKind, Result};

use crate::SignIn;

/// A store of sign-ins, each under a name. Its methods may block: a
/// [`StoredSignIn`](crate::StoredSignIn) calls them on a thread for blocking work.
///
/// An implementation must keep tokens encrypted, replace a sign-in as a whole or not at all, and
/// never overwrite or delete what it cannot read. `Arc<T>` is a store if `T` is one.
///
/// ```no_run
/// # #[cfg(feature = "token-store")]
/// # fn example() -> ms_messenger_core::Result<()> {
/// use ms_messenger_entra::{FileTokenStore, TokenStore};
///
/// let store = FileTokenStore::with_key_file("/var/lib/bot/state", "/etc/bot/key");
/// match store.load("bot")? {
///     Some(sign_in) => println!("signed in as {:?}", sign_in.user),
///     None => println!("not signed in"),
/// }
/// # Ok(())
/// # }
/// ```
pub trait TokenStore: fmt::Debug + Send + Sync + 'static {
    /// Returns the sign-in under `name`; `None` when there is none.
    ///
    /// # Errors
    ///
    /// `Config` when `name` is not a valid name, or the sign-in cannot be read.
    fn load(&self, name: &str) -> Result<Option<SignIn>>;

    /// Stores `sign_in` under `name`, in place of the previous one.
    ///
    /// # Errors
    ///
    /// As [`Self::load`], also for the previous sign-in, which then stays as it is; and when the
    /// new one cannot be written.
    fn save(&self, name: &str, sign_in: &SignIn) -> Result<()>;

    /// Removes the sign-in under `name`. Returns whether there was one.
    ///
    /// # Errors
    ///
    /// As [`Self::save`].
    fn remove(&self, name: &str) -> Result<bool>;

    /// Moves the sign-in under `name` aside, whether it can be read or not, so that a new one can
    /// be stored; a damaged key too. Nothing is deleted. Returns the new places, for display;
    /// empty when there was nothing.
    ///
    /// # Errors
    ///
    /// `Config` when `name` is not a valid name, when the sign-in cannot be moved, or when the
    /// store does not support it, which is the default.
    fn set_aside(&self, name: &str) -> Result<Vec<String>> {
        let _ = name;
        let text = "this store cannot set a sign-in aside";
        Err(Error::new(ErrorKind::Config, text))
    }

    /// Takes the lock of `name` if it is free, in this process and all others; its holder may
    /// renew the sign-in. Does not wait. Loading and saving need no lock.
    ///
    /// # Errors
    ///
    /// `Config` when `name` is not a valid name, or the store cannot lock.
    fn try_lock(&self, name: &str) -> Result<Option<StoreLock>>;
}

#[deny(clippy::missing_trait_methods)]
impl<T: TokenStore + ?Sized> TokenStore for Arc<T> {
    fn load(&self, name: &str) -> Result<Option<SignIn>> {
        (**self).load(name)
    }

    fn save(&self, name: &str, sign_in: &SignIn) -> Result<()> {
        (**self).save(name, sign_in)
    }

    fn remove(&self, name: &str) -> Result<bool> {
        (**self).remove(name)
    }

    fn set_aside(&self, name: &str) -> Result<Vec<String>> {
        (**self).set_aside(name)
    }

    fn try_lock(&self, name: &str) -> Result<Option<StoreLock>> {
        (**self).try_lock(name)
    }
}

/// A lock of a [`TokenStore`], held until it is dropped or the process ends.
#[derive(Debug)]
#[must_use = "the lock is released when this is dropped"]
pub struct StoreLock {
    _guard: Box<dyn Guard>,
}

/// A value whose drop releases the lock.
trait Guard: Any + fmt::Debug + Send {}

impl<T: Any + fmt::Debug + Send> Guard for T {}

impl StoreLock {
    /// Wraps `guard`, which releases the lock when it is dropped.
    pub fn new(guard: impl fmt::Debug + Send + 'static) -> Self {
        Self {
            _guard: Box::new(guard),
        }
    }
}
