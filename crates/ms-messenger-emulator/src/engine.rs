//! What every service is given: dispatch, faults, ledger, limits, tokens and the server.
//!
//! Nothing in here knows a service by name.

pub(crate) mod admin_response;
pub(crate) mod body;
pub(crate) mod carry_out;
pub(crate) mod description;
pub(crate) mod dispatch;
pub(crate) mod exchange;
pub(crate) mod faults;
pub(crate) mod injection;
pub(crate) mod late;
pub(crate) mod ledger;
pub(crate) mod limits;
pub(crate) mod outcome;
pub(crate) mod platform;
pub(crate) mod refusal;
pub(crate) mod registry;
pub(crate) mod resources;
pub(crate) mod routing;
pub(crate) mod server;
pub(crate) mod service;
pub(crate) mod settings;
pub(crate) mod stats;
pub(crate) mod token_request;
pub(crate) mod tokens;
