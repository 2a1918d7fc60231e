//! The emulated services. None knows another.
//!
//! A built-in service is a folder here, a file of constants in `seed`, and one line in `mount.rs`.
//! Inside the folder, `state.rs` holds the settings and the store with its lock, `routes.rs` the paths,
//! and the file beside the folder implements `Service`.

#[cfg(feature = "acs")]
pub(crate) mod acs;
#[cfg(feature = "entra")]
pub(crate) mod entra;
#[cfg(feature = "graph")]
pub(crate) mod graph;
#[cfg(feature = "ucwa")]
pub(crate) mod ucwa;
