//! Settling an unknown send, on the wire: each verdict, and the requests that it needs.

mod absent;
mod clock;
mod compare;
mod deadline;
mod found;
mod lists;
mod teams;
mod twins;
