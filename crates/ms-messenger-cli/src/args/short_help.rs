//! What the short help omits.

use clap::Arg;

/// Omits the options with a heading from the short help, beside what is omitted already.
pub(crate) fn without_headed(arg: Arg) -> Arg {
    let is_omitted = arg.get_help_heading().is_some() || arg.is_hide_short_help_set();
    arg.hide_short_help(is_omitted)
}
