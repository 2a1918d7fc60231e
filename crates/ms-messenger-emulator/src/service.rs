//! A service of your own beside the built-in ones: implement [`Service`], and mount it with
//! [`EmulatorBuilder::with_service`](crate::EmulatorBuilder::with_service).
//!
//! | The service | The engine |
//! |---|---|
//! | [`description`](Service::description): name, operations, features | `match` in fault rules, statistics by platform |
//! | [`route`](Service::route): method and path to a call | 404 and 405 in the service's own form ([`error`](Service::error)) |
//! | [`serve`](Service::serve): checks, its own store, the response | faults before and after it, `Date`, the connection |
//! | [`Engine::append`] under the lock of its store | the ledger, `duplicate_of`, `/_emulator/messages` and `wait` |
//! | [`Engine::admit`] with its [`Rate`]s | token buckets, `Retry-After`, `throttled` in the statistics |
//! | [`Engine::verify`] of a bearer token | the fault `token_expiry`, `/_emulator/tokens` ([`grant_token`](Service::grant_token)) |
//! | [`inject`](Service::inject) | `/_emulator/inject`, [`Emulator::inject`](crate::Emulator::inject) |
//! | [`forget`](Service::forget), [`reset`](Service::reset) | [`with_keep`](crate::EmulatorBuilder::with_keep), `/_emulator/reset` |
//!
//! **Locks.** A service locks its own store first and calls the engine inside; the engine never calls
//! a service while the ledger is locked. Then a message and its ledger row appear and disappear
//! together, and no order of requests can deadlock.

pub use crate::{
    engine::{
        description::Description,
        exchange::Exchange,
        faults::own::{FaultKind, OwnFault, ReadFault, ServiceFault, WrongMember},
        injection::{InjectedFields, Injection},
        ledger::row::NewRow,
        limits::{Throttled, bucket::Rate},
        outcome::Outcome,
        resources::Engine,
        routing::{Found, Routing},
        service::{BoxFuture, Service},
        token_request::{TokenGrant, TokenRequest},
        tokens::Audience,
    },
    wire::{
        jwt::{Claims, VerifyTokenError},
        path::decode_segment,
        request::Request,
        response::Response,
    },
};

pub use bytes::Bytes;
pub use http::{HeaderMap, Method, StatusCode};
pub use uuid::Uuid;
