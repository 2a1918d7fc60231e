//! What the short help omits.

use clap::Arg;

use super::output::HEADING;

/// Omits the options with a heading from the short help, beside what is omitted already.
pub(crate) fn without_headed(arg: Arg) -> Arg {
    let heading = arg.get_help_heading();
    // Those of every command are short.
    let has_own_heading = heading.is_some_and(|heading| heading != HEADING);
    let is_omitted = has_own_heading || arg.is_hide_short_help_set();
    arg.hide_short_help(is_omitted)
}
