//! Messengers from a text or a table, at run time.

mod compositions;
mod config;
mod node;
mod options;
mod prepare;
mod registry;
mod resolve;
mod scheme;
mod suggest;
mod table;
mod text;

pub use config::ConnectConfig;
pub use options::{OptionSpec, Options};
pub use registry::Registry;
pub use scheme::{Pending, Scheme};
