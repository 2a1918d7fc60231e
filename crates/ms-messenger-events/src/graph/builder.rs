//! Builds a receiver of Graph.

use ms_messenger_core::{ErrorKind, Problems, Result, SecretString};

#[cfg(feature = "decryption")]
use super::decryption_key::DecryptionKey;
use super::{receiver::GraphNotifications, trust::Trust};
#[cfg(feature = "jwt")]
use crate::jwt::EntraTokens;
use crate::{guard::Guard, limits::Limits};

/// The application of Graph that sends change notifications, in every tenant of the public cloud.
#[cfg(feature = "jwt")]
const CHANGE_TRACKING: &str = "0bf30f3b-4a52-48df-9a82-234910c4a086";

/// Builds a [`GraphNotifications`].
///
/// A `clientState` is required. Resource data also requires validation tokens and a key to decrypt
/// it: encrypted content without valid tokens is rejected.
///
/// ```
/// use ms_messenger_events::GraphNotifications;
///
/// let graph = GraphNotifications::builder()
///     .with_client_state("of all subscriptions that are created from now on")
///     .with_subscription("11111111-2222-3333-4444-555555555555", "of an older one")
///     .with_tenant("aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee")
///     .build()?;
/// assert!(GraphNotifications::builder().build().is_err());
/// # Ok::<(), ms_messenger_core::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct GraphNotificationsBuilder {
    guard: Guard,
    limits: Limits,
    trust: Trust,
    problems: Problems,
}

impl GraphNotificationsBuilder {
    pub(crate) fn new() -> Self {
        Self {
            guard: Guard::default(),
            limits: Limits::new(4 << 20, 1000),
            trust: Trust::default(),
            problems: Problems::for_platform("msgraph-notifications"),
        }
    }

    /// Accepts `client_state` from every subscription that has none of its own: the id of a
    /// subscription is not known yet when its first notification can arrive. Called again, it
    /// adds a value.
    pub fn with_client_state(mut self, client_state: impl Into<SecretString>) -> Self {
        self.trust.client_states.add(None, client_state.into());
        self
    }

    /// Accepts `client_state` from the subscription `id`, and no other than those added for it.
    /// Called again with the same id, it adds a value.
    pub fn with_subscription(
        mut self,
        id: impl Into<String>,
        client_state: impl Into<SecretString>,
    ) -> Self {
        let id = Some(id.into());
        self.trust.client_states.add(id, client_state.into());
        self
    }

    /// Requires the secret `value` in the parameter `name` of the query, as in the address
    /// `https://contoso.com/graph?key=hunter2`. Called again with the same name, it adds a value.
    pub fn with_secret(mut self, name: impl Into<String>, value: impl Into<SecretString>) -> Self {
        let (guard, problems) = (&mut self.guard, &mut self.problems);
        guard.add_query(name.into(), value.into(), problems);
        self
    }

    /// Adds an own tenant, a GUID: notifications from others are rejected. By default every tenant
    /// is accepted, except with resource data, whose tokens name the tenants.
    pub fn with_tenant(mut self, id: impl Into<String>) -> Self {
        self.trust.tenants.push(id.into());
        self
    }

    /// Sets which validation tokens are accepted.
    #[cfg(feature = "jwt")]
    #[cfg_attr(docsrs, doc(cfg(feature = "jwt")))]
    pub fn with_validation_tokens(mut self, tokens: EntraTokens) -> Self {
        self.trust.tokens = Some(tokens.or_sender(CHANGE_TRACKING));
        self
    }

    /// Adds a key by which resource data is decrypted. Several are valid at the same time.
    #[cfg(feature = "decryption")]
    #[cfg_attr(docsrs, doc(cfg(feature = "decryption")))]
    pub fn with_decryption_key(mut self, key: DecryptionKey) -> Self {
        self.trust.keys.push(key);
        self
    }

    /// Sets the largest body in bytes; 4 MiB by default.
    pub fn with_max_body(mut self, bytes: usize) -> Self {
        self.limits.body = bytes;
        self
    }

    /// Sets the largest number of notifications, and of validation tokens, in a request; 1000 by
    /// default.
    pub fn with_max_notifications(mut self, notifications: usize) -> Self {
        self.limits.items = notifications;
        self
    }

    /// Builds the receiver.
    ///
    /// # Errors
    ///
    /// `Config`, with all problems: no `clientState` or an empty one, a decryption key without
    /// validation tokens, a limit of 0.
    pub fn build(self) -> Result<GraphNotifications> {
        let mut problems = self.problems;
        self.guard.problems(&mut problems);
        self.limits.problems(&mut problems);
        self.trust.client_states.problems(&mut problems);
        #[cfg(feature = "jwt")]
        if let Some(tokens) = &self.trust.tokens {
            tokens.problems(&mut problems);
        }
        #[cfg(feature = "decryption")]
        problems.add_if(
            !self.trust.keys.is_empty() && self.trust.tokens.is_none(),
            "validation_tokens",
            "are required for encrypted content",
        );
        problems.into_result(ErrorKind::Config)?;
        Ok(GraphNotifications {
            guard: self.guard,
            limits: self.limits,
            trust: self.trust,
        })
    }
}
