//! Responds with a recording, and reports where the emulator's own responses differ.

pub(crate) mod difference;
pub(crate) mod identifiers;
pub(crate) mod player;
pub(crate) mod read;
pub(crate) mod recording;
pub(crate) mod recording_error;
pub(crate) mod report;
pub(crate) mod response;
pub(crate) mod shape;
