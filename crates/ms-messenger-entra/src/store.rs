//! Where sign-ins are kept beyond the life of a process.

#[cfg(feature = "token-store")]
mod file;
#[cfg(feature = "token-store")]
mod key;
#[cfg(feature = "keyring")]
mod keyring;
#[cfg(feature = "token-store")]
mod sealed;
#[cfg(feature = "token-store")]
mod unreadable;
#[cfg(feature = "token-store")]
mod variables;

use std::{any::Any, fmt, sync::Arc};

use ms_messenger_core::{Error, ErrorKind, Result};

#[cfg(feature = "keyring")]
pub use self::keyring::KeyringTokenStore;
#[cfg(feature = "token-store")]
pub use self::{
    file::FileTokenStore,
    key::StoreKey,
    unreadable::{StoreError, StoreFault},
};
use crate::SignIn;

/// A store of sign-ins, each under a name. Its methods may block: a
/// [`StoredSignIn`](crate::StoredSignIn) calls them where that does no harm.
///
/// An implementation must keep tokens encrypted, replace a sign-in as a whole or not at all, and
/// never overwrite or delete what it cannot read.
pub trait TokenStore: fmt::Debug + Send + Sync + 'static {
    /// The sign-in under `name`; `None` when there is none.
    ///
    /// # Errors
    ///
    /// `Config` when `name` cannot be one, or what is kept cannot be read.
    fn load(&self, name: &str) -> Result<Option<SignIn>>;

    /// Keeps `sign_in` under `name`, in place of the one before.
    ///
    /// # Errors
    ///
    /// As [`Self::load`]: also for what is kept already, which stays as it is; and when it cannot
    /// be written.
    fn save(&self, name: &str, sign_in: &SignIn) -> Result<()>;

    /// Forgets the sign-in under `name`. Answers whether there was one.
    ///
    /// # Errors
    ///
    /// As [`Self::save`].
    fn remove(&self, name: &str) -> Result<bool>;

    /// Moves what is kept under `name` out of the way, whether it can be read or not, so that a
    /// new sign-in can be kept there; a key that is damaged as well. Nothing is deleted. Returns
    /// the new places, for people; none when there was nothing.
    ///
    /// # Errors
    ///
    /// `Config` when `name` cannot be one, when it cannot be moved, or when the store has no
    /// place to move it to, which is the default.
    fn set_aside(&self, name: &str) -> Result<Vec<String>> {
        let _ = name;
        let text = "this store cannot set a sign-in aside";
        Err(Error::new(ErrorKind::Config, text))
    }

    /// Takes the lock of `name` if nobody has it, in this process or another: who holds it may
    /// renew the sign-in. Does not wait. Loading and saving need no lock.
    ///
    /// # Errors
    ///
    /// `Config` when `name` cannot be one, or the store has no place for a lock.
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

/// A lock of a [`TokenStore`], held until it is dropped. That of a process that dies is free.
#[derive(Debug)]
#[must_use = "it is free again when this is dropped"]
pub struct StoreLock {
    _guard: Box<dyn Guard>,
}

/// Anything whose end is the end of the lock.
trait Guard: Any + fmt::Debug + Send {}

impl<T: Any + fmt::Debug + Send> Guard for T {}

impl StoreLock {
    /// A lock that `guard` frees when it is dropped.
    pub fn new(guard: impl fmt::Debug + Send + 'static) -> Self {
        Self {
            _guard: Box::new(guard),
        }
    }
}
