//! A service of your own beside the built-in ones: implement [`Service`], mount it with
//! [`EmulatorBuilder::with_service`](crate::EmulatorBuilder::with_service).

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

pub use http::{HeaderMap, Method, StatusCode};
