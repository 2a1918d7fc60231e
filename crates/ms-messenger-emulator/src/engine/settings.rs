//! The builder's choices that all services share.

use std::sync::Arc;

use crate::engine::{limits::RetryAfter, playback::Playback, push::address::Address};

/// The builder's choices that no single service owns.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) seed: u64,
    pub(crate) is_strict: bool,
    pub(crate) max_body: usize,
    /// How many stored messages are kept at most.
    pub(crate) keep: usize,
    pub(crate) has_limits: bool,
    /// Names under which the emulator is reached, beside loopback ones.
    pub(crate) hosts: Vec<String>,
    /// How far the services' clock is ahead of the system's at the start and after a reset.
    pub(crate) clock_offset_ms: i64,
    pub(crate) retry_after: RetryAfter,
    /// Whether the listeners may be reached from other machines. Then every request must name an own
    /// host, not only those of the admin API.
    pub(crate) is_open: bool,
    /// Where each stored message is posted.
    pub(crate) on_message: Option<Address>,
    /// What responds in place of the services.
    pub(crate) playback: Option<Arc<dyn Playback>>,
}
