//! The emulated services. None knows another.

#[cfg(feature = "acs")]
pub(crate) mod acs;
#[cfg(feature = "entra")]
pub(crate) mod entra;
#[cfg(feature = "graph")]
pub(crate) mod graph;
#[cfg(feature = "ucwa")]
pub(crate) mod ucwa;
