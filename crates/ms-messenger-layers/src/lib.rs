#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod bucket;
mod combine;
mod composition;
#[cfg(feature = "connect")]
mod connect;
mod deadline;
mod facts;
mod fallback;
mod fan_out;
mod journal;
mod member;
mod outcome;
mod rate_limit;
mod recording;
mod router;
mod rule;
mod target_kind;
mod trace;

pub use bucket::Rate;
#[cfg(feature = "connect")]
#[cfg_attr(docsrs, doc(cfg(feature = "connect")))]
pub use connect::{ConnectConfig, OptionSpec, Options, Pending, Registry, Scheme};
pub use deadline::Deadline;
pub use fallback::Fallback;
pub use fan_out::FanOut;
pub use member::Member;
pub use outcome::MemberOutcome;
pub use rate_limit::RateLimit;
pub use recording::{Record, Replay};
pub use router::{Route, Router};
pub use rule::Rule;
pub use target_kind::{ParseTargetKindError, TargetKind};
