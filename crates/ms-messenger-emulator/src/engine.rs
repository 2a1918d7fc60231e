//! Dispatch, faults, ledger, limits, tokens and the server, for all services alike.
//!
//! Nothing in here knows a service by name. A request goes through these files, in this order:
//!
//! 1. `server.rs` accepts the connection, `server/control.rs` is its handle.
//! 2. `dispatch.rs` asks `registry.rs` for the route, and `faults/engine.rs` for the fault.
//! 3. `body.rs` reads the body.
//! 4. `carry_out.rs` lets the service serve it (`service.rs`, `exchange.rs`, `outcome.rs`).
//! 5. `faults/delivery.rs` sends the response as the fault wants it.

pub(crate) mod activity;
pub(crate) mod addresses;
pub(crate) mod admin_response;
pub(crate) mod body;
pub(crate) mod carry_out;
pub(crate) mod description;
pub(crate) mod dispatch;
pub(crate) mod exchange;
pub(crate) mod exchanges;
pub(crate) mod faults;
pub(crate) mod injection;
pub(crate) mod inspect;
pub(crate) mod journal;
pub(crate) mod keeping;
pub(crate) mod kept_faults;
pub(crate) mod kept_states;
pub(crate) mod late;
pub(crate) mod ledger;
pub(crate) mod limits;
pub(crate) mod mounted;
pub(crate) mod outcome;
pub(crate) mod platform;
pub(crate) mod playback;
pub(crate) mod push;
pub(crate) mod recording;
pub(crate) mod refusal;
pub(crate) mod registry;
pub(crate) mod relay;
pub(crate) mod replay;
pub(crate) mod resources;
pub(crate) mod routing;
pub(crate) mod server;
pub(crate) mod service;
pub(crate) mod settings;
pub(crate) mod stats;
pub(crate) mod strict_json;
pub(crate) mod token_request;
pub(crate) mod tokens;
