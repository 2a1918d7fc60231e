//! Which notifications are trusted.

#[cfg(feature = "jwt")]
use std::time::SystemTime;

use super::{
    client_states::ClientStates,
    notification::Notification,
    wire::{EncryptedContent, Item},
};
#[cfg(feature = "decryption")]
use super::{decrypt::decrypt, decryption_key::DecryptionKey};
#[cfg(feature = "jwt")]
use crate::jwt::EntraTokens;
use crate::rejection::Rejection;

/// Which notifications are trusted, and how they are opened.
#[derive(Clone, Debug, Default)]
pub(super) struct Trust {
    pub(super) client_states: ClientStates,
    /// The own tenants, in lower case; with none, every tenant is one.
    pub(super) tenants: Vec<String>,
    #[cfg(feature = "jwt")]
    pub(super) tokens: Option<EntraTokens>,
    #[cfg(feature = "decryption")]
    pub(super) keys: Vec<DecryptionKey>,
}

/// The tenants of the validation tokens of one request.
pub(super) type Tenants = Vec<String>;

impl Trust {
    /// Checks what needs no cryptography.
    pub(super) fn check(&self, item: &Item) -> Result<(), Rejection> {
        let state = item.client_state.as_deref();
        self.client_states.check(&item.subscription_id, state)?;
        let tenant = item.tenant_id.as_deref().unwrap_or_default();
        if !self.tenants.is_empty() && !contains(&self.tenants, tenant) {
            return Err(Rejection::ForeignTenant);
        }
        Ok(())
    }

    /// Checks all validation tokens: if one is not valid, the whole request is rejected.
    #[cfg(feature = "jwt")]
    pub(super) fn check_tokens(
        &self,
        tokens: &[String],
        now: SystemTime,
    ) -> Result<Tenants, Rejection> {
        let Some(check) = &self.tokens else {
            return Ok(Vec::new());
        };
        let tenants = tokens.iter().map(|token| check.check(token, now));
        Ok(tenants.collect::<Result<_, _>>()?)
    }

    /// Reads an item that was checked, and decrypts its content.
    pub(super) fn open(&self, item: &Item, tenants: &Tenants) -> Result<Notification, Rejection> {
        let notification = item.notification()?;
        let Some(content) = &item.encrypted_content else {
            return Ok(notification);
        };
        self.decrypt(notification, content, item, tenants)
    }

    #[cfg(feature = "decryption")]
    fn decrypt(
        &self,
        mut notification: Notification,
        content: &EncryptedContent,
        item: &Item,
        tenants: &Tenants,
    ) -> Result<Notification, Rejection> {
        self.check_encrypted(item, tenants)?;
        if let Notification::Change(change) = &mut notification {
            change.content = Some(decrypt(content, &self.keys)?);
        }
        Ok(notification)
    }

    #[cfg(feature = "decryption")]
    fn check_encrypted(&self, item: &Item, tenants: &Tenants) -> Result<(), Rejection> {
        if self.tokens.is_none() || self.keys.is_empty() {
            return Err(Rejection::EncryptionUnsupported);
        }
        if tenants.is_empty() {
            return Err(Rejection::NoValidationTokens);
        }
        let tenant = item.tenant_id.as_deref().unwrap_or_default();
        let is_covered = contains(tenants, tenant);
        is_covered.then_some(()).ok_or(Rejection::ForeignTenant)
    }

    #[cfg(not(feature = "decryption"))]
    fn decrypt(
        &self,
        _: Notification,
        _: &EncryptedContent,
        _: &Item,
        _: &Tenants,
    ) -> Result<Notification, Rejection> {
        Err(Rejection::EncryptionUnsupported)
    }
}

fn contains(tenants: &[String], tenant: &str) -> bool {
    tenants.iter().any(|it| it.eq_ignore_ascii_case(tenant))
}
