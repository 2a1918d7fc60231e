//! Finds what `@NAME` on the command line means, before the command line is parsed: `clap` parses a
//! target without the options that choose configuration file and profile.

use std::ffi::OsString;

use clap::{ArgMatches, Command, builder::ValueParser};
use ms_messenger::Result;

use crate::{
    args::{self, To},
    config::ConfigFile,
    environment, names,
    profile::{self, StoreArgs},
};

/// Reads the named targets if an argument can be such a name.
///
/// # Errors
///
/// `Config` with what is wrong with the configuration file.
pub(crate) fn prepare(words: &[OsString]) -> Result<()> {
    let can_be_name = |word: &OsString| {
        let word = word.to_string_lossy();
        word.starts_with('@') || word.contains("=@")
    };
    if !words.iter().skip(1).any(can_be_name) {
        return Ok(());
    }
    // An error of usage is reported by the parse that follows.
    let Ok(matches) = with_any_target(args::complete_command()).try_get_matches_from(words) else {
        return Ok(());
    };
    let store = store(&matches);
    let env = &environment::process;
    if let Some(file) = ConfigFile::load(store.config.as_deref(), env)? {
        names::set(file.targets(&profile::name(&store, env)));
    }
    Ok(())
}

/// Accepts any text as a target.
fn with_any_target(command: Command) -> Command {
    let names: Vec<String> = command
        .get_subcommands()
        .map(|command| command.get_name().to_owned())
        .collect();
    let command = names.iter().fold(command, |command, name| {
        command.mut_subcommand(name, with_any_target)
    });
    command.mut_args(|arg| {
        let target = ValueParser::from(clap::value_parser!(To));
        let is_target = arg.get_value_parser().type_id() == target.type_id();
        if is_target {
            arg.value_parser(ValueParser::string())
        } else {
            arg
        }
    })
}

/// Returns the options that choose configuration file and profile.
fn store(matches: &ArgMatches) -> StoreArgs {
    let mut innermost = matches;
    while let Some((_, inner)) = innermost.subcommand() {
        innermost = inner;
    }
    let profile = innermost.try_get_one("profile").ok().flatten().cloned();
    let config = innermost.try_get_one("config").ok().flatten().cloned();
    StoreArgs {
        profile,
        config,
        ..StoreArgs::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_options_of_the_innermost_command_choose_the_profile() {
        let matches = |line: &str| {
            let words = std::iter::once("msm").chain(line.split(' '));
            with_any_target(args::complete_command()).try_get_matches_from(words)
        };
        let given = store(&matches("send --to @ops --text x --profile a --config c.toml").unwrap());
        assert_eq!(given.profile.as_deref(), Some("a"));
        assert_eq!(given.config, Some("c.toml".into()));
        // A text is no option.
        let given = store(&matches("send --to=@ops --text --profile=b").unwrap());
        assert_eq!(given.profile, None);
        assert_eq!(store(&matches("exit-codes").unwrap()), StoreArgs::default());
    }
}
