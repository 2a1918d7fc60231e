//! Options of a send.

use ms_messenger_core::IdempotencyKey;

use crate::OutboundDeliveryStrategy;

/// Options of a send in addition to its content.
///
/// ```
/// use acs_messages::{OutboundDeliveryStrategy, SendOptions};
/// use ms_messenger_core::IdempotencyKey;
///
/// let options = SendOptions::default()
///     .with_idempotency(IdempotencyKey::random())
///     .with_outbound_delivery_strategy(OutboundDeliveryStrategy::InternalOnly);
/// assert!(options.idempotency.is_some());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SendOptions {
    /// The key by which the service removes duplicates; a new one when absent.
    pub idempotency: Option<IdempotencyKey>,
    /// The participants that receive a message of a conversation; the client's setting when
    /// absent.
    pub outbound_delivery_strategy: Option<OutboundDeliveryStrategy>,
}

impl SendOptions {
    /// Sends under `key`.
    #[must_use]
    pub fn with_idempotency(mut self, key: IdempotencyKey) -> Self {
        self.idempotency = Some(key);
        self
    }

    /// Sets which participants receive a message of a conversation.
    #[must_use]
    pub fn with_outbound_delivery_strategy(mut self, strategy: OutboundDeliveryStrategy) -> Self {
        self.outbound_delivery_strategy = Some(strategy);
        self
    }
}
