//! What every service is given: dispatch, faults, ledger, limits, tokens and the server.

pub(crate) mod dispatch;
pub(crate) mod faults;
pub(crate) mod ledger;
pub(crate) mod limits;
pub(crate) mod platform;
pub(crate) mod registry;
pub(crate) mod resources;
pub(crate) mod server;
pub(crate) mod stats;
pub(crate) mod tokens;
