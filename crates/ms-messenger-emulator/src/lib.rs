#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod admin;
mod builder;
mod emulator;
mod engine;
mod expect;
mod seed;
mod services;
mod wire;

pub use admin::{InvalidInjection, InvalidTokenRequest};
pub use builder::{EmulatorBuilder, StartError};
pub use emulator::Emulator;
pub use engine::faults::{
    FaultAction, FaultRule, FaultStatus, Faults, InvalidFaults, LateResponse, LateStore, UcwaFault,
    When,
};
pub use engine::ledger::{CapturedRequest, LedgerRow};
pub use engine::limits::RetryAfter;
pub use engine::platform::Platform;
pub use expect::{Expectation, MessageMatcher, UnknownOperation, UnmetExpectation};
pub use seed::{AcsSeed, AcsUser, EntraSeed, GraphSeed, GraphUser, Seed, UcwaSeed, UcwaUser};
pub use services::acs::chat::ErrorStyle;
pub use services::entra::{EntraApprover, EntraFault};
pub use services::ucwa::UcwaTopology;

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
