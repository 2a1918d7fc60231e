//! The process of this program, its completions and its manual.

use std::fmt::Display;

pub(crate) fn no_start(why: &str) -> String {
    format!("cannot start: {why}")
}

pub(crate) const NO_SIGNALS: &str = "cannot listen for signals";

/// As [`NO_SIGNALS`], with the reason.
pub(crate) fn no_signals(why: &str) -> String {
    format!("{NO_SIGNALS}: {why}")
}

/// The pages of the manual that were written.
pub(crate) fn pages(count: usize, folder: impl Display) -> String {
    format!("{count} pages in {folder}")
}

/// Completes the values of an argument in fish, after the commands `used`.
pub(crate) fn fish_values(used: &str, values: &str) -> String {
    format!(
        "complete -c msm -n \"__fish_msm_using_subcommand {used}; and not \
         __fish_seen_subcommand_from {values}\" -f -a \"{values}\"\n"
    )
}

pub(crate) const SESSION_ENDED: &str = "the session has ended";
