//! What the generator for elvish leaves out: values, files and names, as maps that a script uses.

use std::collections::{BTreeMap, BTreeSet};

use clap::{Arg, Command, ValueHint};

use super::names::COMMANDS;
use crate::text;

/// The values, files and names of a command line.
#[derive(Debug, Default)]
struct Known {
    /// The values of the argument after these words: a command, or a command and an option.
    values: BTreeMap<String, BTreeSet<String>>,
    /// The commands and options after which there is a file or folder.
    files: BTreeSet<String>,
}

/// Returns the maps as variables.
pub(super) fn maps(command: &Command) -> String {
    let mut known = Known::default();
    known.add(command, &[]);
    let list = |items: &BTreeSet<String>| {
        let items: Vec<&str> = items.iter().map(String::as_str).collect();
        format!("[{}]", items.join(" "))
    };
    let files: BTreeSet<String> = known.files.iter().map(|it| format!("'{it}'")).collect();
    let values = known.values.iter();
    let values = values.map(|(name, values)| format!(" &'{name}'={}", list(values)));
    let options = [
        ("--profile", "profiles"),
        ("--to", "targets"),
        ("--fallback", "targets"),
    ];
    let commands = COMMANDS.iter().filter(|it| **it != "react");
    let commands = commands.chain(&[text::process::LIST_MEMBERS]);
    let names = commands.map(|command| (*command, "targets")).chain(options);
    let names = names.map(|(name, kind)| format!(" &'{name}'={kind}"));
    text::process::elvish_maps(
        &values.collect::<String>(),
        &list(&files),
        &names.collect::<String>(),
    )
}

impl Known {
    fn add(&mut self, command: &Command, parents: &[&str]) {
        for argument in command.get_arguments().filter(|it| !it.is_hide_set()) {
            self.add_argument(argument, parents);
        }
        for inner in command.get_subcommands() {
            self.add(inner, &[parents, &[inner.get_name()]].concat());
        }
    }

    fn add_argument(&mut self, argument: &Arg, parents: &[&str]) {
        let names: Vec<String> = if argument.is_positional() {
            vec![parents.join(" ")]
        } else {
            let long = argument.get_long().map(|name| format!("--{name}"));
            let short = argument.get_short().map(|name| format!("-{name}"));
            let names = long.into_iter().chain(short);
            names
                .map(|name| [parents, &[&name]].concat().join(" "))
                .collect()
        };
        if !argument.get_action().takes_values() {
            return;
        }
        let values = argument.get_possible_values();
        let names_of = values.iter().map(|value| value.get_name());
        // `-` for standard input is no word to complete.
        let values: Vec<String> = names_of
            .filter(|it| *it != "-")
            .map(str::to_owned)
            .collect();
        let is_file = matches!(
            argument.get_value_hint(),
            ValueHint::FilePath | ValueHint::DirPath
        );
        for name in names {
            if !values.is_empty() {
                self.values.entry(name).or_default().extend(values.clone());
            } else if is_file && !argument.is_positional() {
                self.files.insert(name);
            }
        }
    }
}
