#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(all(
        feature = "acs",
        feature = "entra",
        feature = "graph",
        feature = "inbox",
        feature = "record",
        feature = "ucwa"
    )),
    allow(
        dead_code,
        reason = "each service, the inbox and a replay use a part of the engine"
    )
)]

mod admin;
mod builder;
mod data;
mod emulator;
mod engine;
mod expect;
mod https;
mod mount;
mod program;
#[cfg(feature = "acs")]
mod receivers;
#[cfg(feature = "record")]
mod record;
#[cfg(feature = "record")]
mod replay;
mod running;
mod seed;
mod services;
mod start;
mod start_error;
mod wire;

pub mod service;

pub use admin::IssueTokenError;
pub use builder::EmulatorBuilder;
pub use emulator::Emulator;
pub use engine::{
    faults::{
        action::{FaultAction, FaultStatus, LateResponse, LateStore, When},
        json::ParseFaultsError,
        push::PushFault,
        rule::{FaultRule, Faults},
    },
    injection::InjectError,
    ledger::{request::CapturedRequest, row::LedgerRow},
    limits::RetryAfter,
    platform::Platform,
};
pub use expect::{ExpectError, Expectation, MessageMatcher, UnknownOperationError};
#[cfg(feature = "acs")]
pub use receivers::SubscribeEventsError;
#[cfg(feature = "record")]
pub use record::{
    counts::RecordCounts,
    record_error::RecordError,
    recorder::{Recorder, RecorderBuilder},
    upstream::RecordPlatform,
};
#[cfg(feature = "record")]
pub use replay::{
    difference::ReplayDifference, recording::Recording, recording_error::RecordingError,
    report::ReplayReport,
};
pub use seed::{
    Seed,
    acs::{AcsSeed, AcsUser},
    entra::EntraSeed,
    graph::{GraphSeed, GraphUser},
    ucwa::{UcwaSeed, UcwaUser},
};
#[cfg(feature = "acs")]
pub use services::acs::{
    chat::style::AcsChatErrorStyle,
    events::{
        fault::EventFault,
        statuses::MessageStatuses,
        subscription::{EventSchema, EventSubscription},
    },
    messages::fault::AcsMessagesFault,
};
#[cfg(feature = "entra")]
pub use services::entra::{fault::EntraFault, settings::EntraApprover};
#[cfg(feature = "graph")]
pub use services::graph::{
    drives::admin::{FileLink, FileMessage, FileRow},
    faults::GraphFault,
    notifications::fault::NotificationFault,
};
#[cfg(feature = "ucwa")]
pub use services::ucwa::{faults::UcwaFault, settings::UcwaTopology};
pub use start_error::StartError;

/// Further documentation: the pages of `docs/`. Visible on docs.rs only.
#[cfg(any(doc, doctest))]
pub mod docs {
    #[doc = include_str!("../docs/assumptions.md")]
    pub mod assumptions {}
    #[doc = include_str!("../docs/entra.md")]
    pub mod entra {}
    #[doc = include_str!("../docs/events.md")]
    pub mod events {}
    #[doc = include_str!("../docs/faults.md")]
    pub mod faults {}
    #[doc = include_str!("../docs/files.md")]
    pub mod files {}
    #[doc = include_str!("../docs/inbox.md")]
    pub mod inbox {}
    #[doc = include_str!("../docs/operations.md")]
    pub mod operations {}
    #[doc = include_str!("../docs/own_service.md")]
    pub mod own_service {}
    #[doc = include_str!("../docs/recording.md")]
    pub mod recording {}
    #[doc = include_str!("../docs/ucwa.md")]
    pub mod ucwa {}
}
