//! The name of Event Grid among the platforms, and what can be done to it.

use crate::{
    engine::{
        description::Description,
        keeping::{Keeping, is_accepted_change},
        platform::Platform,
    },
    services::acs::events::fault,
};

/// The operation by which an event is delivered.
pub(crate) const DELIVER: &str = "event.deliver";

const OPERATIONS: [&str; 1] = [DELIVER];

pub(crate) const DESCRIPTION: Description = Description::new(Platform::EVENT_GRID, &OPERATIONS)
    .with_pushes(&OPERATIONS)
    .with_fault_kinds(fault::kinds)
    .with_keeping(Keeping::Requests {
        except: &[],
        changes: is_accepted_change,
        admin: &["message-statuses"],
    });

impl Platform {
    /// Event Grid, which delivers the events of ACS to receivers that subscribed.
    pub const EVENT_GRID: Self = Self::new("event-grid");
}
