//! Change notifications: subscriptions of apps, and what is delivered to their receivers.

pub(crate) mod admin;
pub(crate) mod certificate;
pub(crate) mod change;
pub(crate) mod deliver;
pub(crate) mod fault;
pub(crate) mod handshake;
pub(crate) mod hub;
pub(crate) mod kept;
pub(crate) mod live;
pub(crate) mod narrowing;
pub(crate) mod operations;
pub(crate) mod pace;
pub(crate) mod read;
pub(crate) mod resource;
pub(crate) mod routes;
pub(crate) mod subscription;
