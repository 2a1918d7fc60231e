//! Event Grid: what happened in ACS, delivered to the receivers that subscribed.

pub(crate) mod admin;
pub(crate) mod bearer;
pub(crate) mod consent;
pub(crate) mod deliver;
pub(crate) mod description;
pub(crate) mod envelope;
pub(crate) mod event;
pub(crate) mod fault;
pub(crate) mod handshake;
pub(crate) mod hub;
pub(crate) mod kept;
pub(crate) mod live;
pub(crate) mod read;
pub(crate) mod retry;
pub(crate) mod service;
pub(crate) mod source;
pub(crate) mod statuses;
pub(crate) mod subscription;
pub(crate) mod timeline;
