//! Names of profiles and targets, which a shell asks for as it completes them.

use crate::{
    args::{Names, SCHEMES},
    config::ConfigFile,
    environment,
    profile::{self, StoreArgs},
    text,
};

/// The options with a target.
const TARGETS: [&str; 2] = ["to", "fallback"];
/// The commands that begin with a target, or have one after a first argument.
pub(super) const COMMANDS: [&str; 6] = ["read", "show", "reply", "edit", "delete", "react"];

/// Returns the names. A shell shows nothing else: without a file that can be read, there are none.
pub(super) fn of(kind: Names) -> Vec<String> {
    let (env, store) = (&environment::process, StoreArgs::default());
    let file = ConfigFile::load(None, env).ok().flatten();
    match kind {
        Names::Profiles => file.map_or_else(Vec::new, |file| file.profiles.into_keys().collect()),
        Names::Targets => {
            let schemes = SCHEMES.iter().map(|scheme| format!("{scheme}:"));
            let named = file.map(|file| file.targets(&profile::name(&store, env)));
            let named = named.into_iter().flatten();
            schemes
                .chain(named.map(|(name, _)| format!("@{name}")))
                .collect()
        }
    }
}

/// Adds them to the completions for zsh.
pub(super) fn in_zsh(script: &str) -> String {
    let functions = include_str!("names.zsh");
    let mut text = String::new();
    for line in script.lines() {
        let names = if line.starts_with("'--profile=[") {
            "_msm_profiles"
        } else if is_target_in_zsh(line) {
            "_msm_targets"
        } else if line.starts_with("'::of -- ") {
            "_msm_of"
        } else {
            ""
        };
        if line.starts_with("if [ \"$funcstack[1]\"") {
            text.push_str(functions);
        }
        match line.strip_suffix(":' \\").filter(|_| !names.is_empty()) {
            Some(begin) => text.extend([begin, ":", names, "' \\\n"]),
            None => text.extend([line, "\n"]),
        }
    }
    text
}

fn is_target_in_zsh(line: &str) -> bool {
    let option = line.trim_start_matches(['\'', '*']).strip_prefix("--");
    let option = option.and_then(|rest| Some(rest.split_once("=[")?.0));
    option.is_some_and(|name| TARGETS.contains(&name)) || line.starts_with("':target -- ")
}

/// Adds them to the completions for fish.
pub(super) fn in_fish(script: &str) -> String {
    let mut text = String::new();
    for line in script.lines() {
        let option = line
            .split_once(" -l ")
            .and_then(|(_, rest)| rest.split(' ').next());
        let kind = match option {
            Some("profile") => Some("profiles"),
            Some(option) if TARGETS.contains(&option) => Some("targets"),
            _ => None,
        };
        text.push_str(line);
        if let Some(kind) = kind {
            text.push_str(&command_in_fish(kind));
        }
        text.push('\n');
    }
    let positional = COMMANDS.iter().map(|command| (*command).to_owned());
    let member = text::process::FISH_LIST_MEMBERS.to_owned();
    for used in positional.chain([member]) {
        let command = command_in_fish("targets");
        let line =
            format!("complete -c msm -n \"__fish_msm_using_subcommand {used}\" -f{command}\n");
        text.push_str(&line);
    }
    text
}

fn command_in_fish(kind: &str) -> String {
    text::process::fish_names(kind)
}
