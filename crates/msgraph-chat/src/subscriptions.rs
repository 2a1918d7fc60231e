//! Subscriptions to change notifications. Source: Graph, "Change notifications for Teams messages".

mod calls;
mod keeper;
mod new;
mod notices;

pub use keeper::{Kept, SubscriptionKeeper};
pub use new::NewSubscription;
pub use notices::{LifecycleEvent, LifecycleNotices};
