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

/// The command that lists the members of a target, and how fish finds it.
pub(crate) const LIST_MEMBERS: &str = "list members";
pub(crate) const FISH_LIST_MEMBERS: &str = "list; and __fish_seen_subcommand_from members";

/// Completes names in fish, which this program prints.
pub(crate) fn fish_names(kind: &str) -> String {
    format!(" -a \"(type -q msm; and msm completions --names {kind} 2>/dev/null)\"")
}

/// The maps that the script for elvish uses.
pub(crate) fn elvish_maps(values: &str, files: &str, names: &str) -> String {
    let (values, names) = (values.trim_start(), names.trim_start());
    format!("\nvar msm-values = [{values}]\nvar msm-files = {files}\nvar msm-names = [{names}]\n")
}

/// Completes no files in fish, after the commands `used`.
pub(crate) fn fish_no_files(used: &str) -> String {
    format!("complete -c msm -n \"__fish_msm_using_subcommand {used}\" -f\n")
}

/// Completes the values of an argument in fish, after the commands `used`.
pub(crate) fn fish_values(used: &str, values: &str) -> String {
    format!(
        "complete -c msm -n \"__fish_msm_using_subcommand {used}; and not \
         __fish_seen_subcommand_from {values}\" -f -a \"{values}\"\n"
    )
}

pub(crate) const SESSION_ENDED: &str = "the session has ended";
