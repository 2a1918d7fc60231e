//! `msm report`.

use std::fmt::Display;

/// Where the report is, and what to do with it.
pub(crate) fn written(file: impl Display) -> String {
    format!("the report is in {file}: read it before you publish it")
}

pub(crate) const HEADING: &str = "# msm report\n\n";

/// Stands for a part without content.
pub(crate) const NONE: &str = "none";

/// Stand for what is removed.
pub(crate) const ACCOUNT: &str = "(account)";
pub(crate) const REMOVED: &str = "(removed)";
pub(crate) const HOST: &str = "(host)";
