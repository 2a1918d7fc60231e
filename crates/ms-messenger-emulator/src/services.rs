//! The emulated services.

pub(crate) mod acs;
pub(crate) mod entra;
pub(crate) mod graph;
pub(crate) mod ucwa;
