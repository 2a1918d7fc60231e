//! `msm completions`: what is made of the definition of the command line, and names that a shell asks
//! this program for.

mod elvish;
mod names;

use clap::{Arg, Command, ValueHint};
use clap_complete::aot::{self, Generator};

use crate::{
    args::{self, CompletionsArgs, Shell},
    exit::Exit,
    print, text,
};

/// Prints the completions for a shell, or names.
pub(crate) fn completions(args: &CompletionsArgs) -> Exit {
    if let Some(kind) = args.names {
        return print::last(&names::of(kind).join("\n"), Exit::Success);
    }
    let Some(shell) = args.shell else {
        return Exit::Usage;
    };
    let text = match shell {
        Shell::Bash => generated(aot::Bash) + include_str!("completions/names.bash"),
        Shell::Zsh => names::in_zsh(&generated(aot::Zsh)),
        Shell::Fish => {
            let script = names::in_fish(&generated(aot::Fish));
            script + &values(&args::complete_command(), &[])
        }
        Shell::Power => generated(aot::PowerShell),
        Shell::Elvish => {
            let command = with_hints(args::complete_command());
            generated(aot::Elvish) + &elvish::maps(&command) + include_str!("completions/names.elv")
        }
    };
    print::last(text.trim_end(), Exit::Success)
}

fn generated(shell: impl Generator) -> String {
    let mut script = Vec::new();
    let mut command = args::command();
    // Before that, a command has no arguments.
    command.build();
    let mut command = with_hints(command);
    aot::generate(shell, &mut command, "msm", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// Says which values are files and folders: without that, a shell offers files for all of them.
fn with_hints(command: Command) -> Command {
    let command = command.mut_args(|argument| {
        if argument.get_action().takes_values() {
            let hint = hint(&argument);
            argument.value_hint(hint)
        } else {
            argument
        }
    });
    command.mut_subcommands(with_hints)
}

fn hint(argument: &Arg) -> ValueHint {
    let names = argument.get_value_names().unwrap_or_default();
    let is_named = |all: &[&str]| names.iter().any(|name| all.contains(&name.as_str()));
    match argument.get_value_hint() {
        ValueHint::AnyPath if is_named(&["FOLDER", "DIR"]) => ValueHint::DirPath,
        ValueHint::AnyPath => ValueHint::FilePath,
        ValueHint::Unknown => ValueHint::Other,
        given => given,
    }
}

/// Returns the completions of the arguments that have a set of values, and the commands without files, for
/// fish: the generator leaves them out.
fn values(command: &Command, parents: &[&str]) -> String {
    let mut script = String::new();
    for inner in command.get_subcommands() {
        let names = [parents, &[inner.get_name()]].concat();
        let mut positionals = inner.get_positionals();
        let is_text = |argument: &Arg| argument.get_value_hint() == ValueHint::Unknown;
        if !inner.has_subcommands() && positionals.all(is_text) {
            let used = names.join("; and __fish_seen_subcommand_from ");
            script.push_str(&text::process::fish_no_files(&used));
        }
        for argument in inner.get_positionals() {
            let values = argument.get_possible_values();
            let values: Vec<&str> = values.iter().map(|it| it.get_name()).collect();
            if values.is_empty() {
                continue;
            }
            let (used, values) = (
                names.join("; and __fish_seen_subcommand_from "),
                values.join(" "),
            );
            script.push_str(&text::process::fish_values(&used, &values));
        }
        script.push_str(&values(inner, &names));
    }
    script
}
