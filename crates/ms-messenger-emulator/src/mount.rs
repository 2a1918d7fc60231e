//! The built-in services: the one place that names them all.
//!
//! A new one needs one line in [`BUILT_IN`], and a field of [`ServiceSettings`] if the builder sets
//! something of it.

use std::sync::Arc;

#[cfg(feature = "acs")]
use crate::services::acs;
#[cfg(feature = "entra")]
use crate::services::entra;
#[cfg(feature = "graph")]
use crate::services::graph;
#[cfg(feature = "ucwa")]
use crate::services::ucwa;
use crate::{
    engine::{
        description::{Catalog, Description},
        faults::{json::ParseFaultsError, rule::Faults},
        mounted::Mounted,
        resources::Engine,
    },
    seed::Seed,
};

/// The builder's choices that a single service owns.
#[derive(Clone, Debug, Default)]
pub(crate) struct ServiceSettings {
    #[cfg(feature = "acs")]
    pub(crate) acs: acs::chat::style::AcsChatErrorStyle,
    #[cfg(feature = "graph")]
    pub(crate) graph: graph::state::GraphSettings,
    #[cfg(feature = "ucwa")]
    pub(crate) ucwa: ucwa::settings::UcwaSettings,
    #[cfg(feature = "entra")]
    pub(crate) entra: entra::settings::EntraSettings,
}

/// What a service is made of.
pub(crate) struct Parts<'a> {
    pub(crate) engine: &'a Arc<Engine>,
    pub(crate) seed: &'a Arc<Seed>,
    pub(crate) settings: &'a ServiceSettings,
}

/// Services that are made together, and their descriptions.
type BuiltIn = (&'static [Description], fn(&Parts<'_>) -> Vec<Mounted>);

/// The built-in services, in the order in which paths are offered to them.
const BUILT_IN: &[BuiltIn] = &[
    #[cfg(feature = "acs")]
    (&acs::DESCRIPTIONS, |p| {
        acs::mount(p.engine, p.seed, p.settings.acs)
    }),
    #[cfg(feature = "graph")]
    (&[graph::description::DESCRIPTION], |p| {
        vec![Mounted::shown(graph::state::Graph::new(
            p.engine,
            p.seed,
            p.settings.graph,
            &graph::description::DESCRIPTION,
        ))]
    }),
    #[cfg(feature = "ucwa")]
    (&[ucwa::DESCRIPTION], |p| {
        vec![Mounted::shown(ucwa::state::Ucwa::new(
            p.engine,
            p.seed,
            p.settings.ucwa,
        ))]
    }),
    #[cfg(feature = "entra")]
    (&[entra::DESCRIPTION], |p| {
        vec![Mounted::plain(entra::state::Entra::new(
            p.engine,
            p.seed,
            p.settings.entra,
        ))]
    }),
];

/// The descriptions of all built-in services.
pub(crate) fn descriptions() -> Vec<Description> {
    let services = BUILT_IN.iter();
    services
        .flat_map(|(known, _)| known.iter().copied())
        .collect()
}

/// All built-in services.
pub(crate) fn services(parts: &Parts<'_>) -> Vec<Mounted> {
    BUILT_IN
        .iter()
        .flat_map(|(_, mount)| mount(parts))
        .collect()
}

impl Faults {
    /// Reads the document of `PUT /_emulator/faults`. Only built-in services may be named;
    /// [`Emulator::parse_faults`](crate::Emulator::parse_faults) also knows services of your own.
    ///
    /// # Errors
    ///
    /// [`ParseFaultsError`] names each member that is unknown, missing or breaks its rule.
    pub fn from_json(value: &serde_json::Value) -> Result<Self, ParseFaultsError> {
        Self::read(value, Catalog(&descriptions()))
    }
}
