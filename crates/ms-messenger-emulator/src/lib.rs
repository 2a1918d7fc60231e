#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod access_key;
mod acs_auth;
mod acs_chat;
mod acs_error;
mod acs_identity;
mod acs_messages;
mod admin;
mod answer;
mod builder;
mod clock;
mod dispatch;
mod emulator;
mod entra;
mod expect;
mod faults;
mod graph;
mod inbound;
mod ledger;
mod limits;
mod packed;
mod platform;
mod router;
mod server;
mod shared;
mod stats;
mod tls;
mod token;
mod token_life;
mod ucwa;
mod world;

pub use acs_chat::ErrorStyle;
pub use admin::{InvalidInjection, InvalidTokenRequest};
pub use builder::{EmulatorBuilder, StartError};
pub use emulator::Emulator;
pub use entra::{EntraApprover, EntraFault};
pub use expect::{Expectation, MessageMatcher, UnknownOperation, UnmetExpectation};
pub use faults::{
    FaultAction, FaultRule, FaultStatus, Faults, InvalidFaults, LateResponse, LateStore, UcwaFault,
    When,
};
pub use ledger::{CapturedRequest, LedgerRow};
pub use limits::RetryAfter;
pub use platform::Platform;
pub use ucwa::UcwaTopology;
pub use world::{AcsUser, AcsWorld, EntraWorld, GraphUser, GraphWorld, UcwaUser, UcwaWorld, World};

/// The documentation beyond the README, as pages. In the documentation only.
#[cfg(any(doc, doctest))]
pub mod docs {
    #[doc = include_str!("../docs/assumptions.md")]
    pub mod assumptions {}
    #[doc = include_str!("../docs/entra.md")]
    pub mod entra {}
    #[doc = include_str!("../docs/faults.md")]
    pub mod faults {}
    #[doc = include_str!("../docs/operations.md")]
    pub mod operations {}
    #[doc = include_str!("../docs/ucwa.md")]
    pub mod ucwa {}
}
