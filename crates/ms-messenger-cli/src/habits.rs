//! `msm completions` and `msm man`: what is made of the definition of the command line.

use std::{fs, io, path::Path};

use clap::{Arg, Command, ValueHint};
use clap_complete::aot::{self, Generator};
use ms_messenger::{ErrorKind, Problems, Result};

use crate::{
    args::{self, CompletionsArgs, ManArgs, Shell},
    exit::Exit,
    files::unwritable,
    print, report, text,
};

/// Prints the completions for a shell.
pub(crate) fn completions(args: &CompletionsArgs) -> Exit {
    let text = match args.shell {
        Shell::Bash => generated(aot::Bash),
        Shell::Zsh => generated(aot::Zsh),
        Shell::Fish => generated(aot::Fish) + &values(&args::complete_command(), &[]),
        Shell::Power => generated(aot::PowerShell),
        Shell::Elvish => generated(aot::Elvish),
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

/// Returns the completions of the arguments that have a set of values, for fish: the generator
/// leaves them out.
fn values(command: &Command, parents: &[&str]) -> String {
    let mut script = String::new();
    for inner in command.get_subcommands() {
        let names = [parents, &[inner.get_name()]].concat();
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

/// Writes a page of the manual for each command.
pub(crate) fn man(args: &ManArgs) -> Exit {
    match pages(&args.folder) {
        Ok(count) => {
            let text = text::process::pages(count, args.folder.display());
            print::last(&text, Exit::Success)
        }
        Err(error) => report::failed(error, false),
    }
}

fn pages(folder: &Path) -> Result<usize> {
    let command = args::complete_command();
    let mut pages = Vec::new();
    let written = render(&command, &mut pages).and_then(|()| {
        fs::create_dir_all(folder).map_err(|error| match error.kind() {
            // It exists, but is no folder.
            io::ErrorKind::AlreadyExists => io::ErrorKind::NotADirectory.into(),
            _ => error,
        })?;
        pages
            .iter()
            .try_for_each(|(name, page)| fs::write(folder.join(name), page))
    });
    if let Err(error) = written {
        let mut problems = Problems::new();
        problems.add(folder.display().to_string(), unwritable(folder, &error));
        problems.into_result(ErrorKind::Config)?;
    }
    Ok(pages.len())
}

/// Renders the page of a command and those of its subcommands: `msm-outbox-add.1`.
fn render(command: &Command, pages: &mut Vec<(String, String)>) -> io::Result<()> {
    let man = clap_mangen::Man::new(command.clone());
    let mut page = Vec::new();
    man.render(&mut page)?;
    pages.push((
        man.get_filename(),
        portable(&String::from_utf8_lossy(&page)),
    ));
    command
        .get_subcommands()
        .try_for_each(|inner| render(inner, pages))
}

/// Returns a page whose indented lines stay as they are, as they are commands and JSON, and whose
/// characters every formatter reads.
fn portable(page: &str) -> String {
    let mut portable = String::new();
    let mut was_indented = false;
    for line in page.lines() {
        let is_indented = line.starts_with("  ");
        match (was_indented, is_indented) {
            (false, true) => portable.push_str(".nf\n"),
            (true, false) => portable.push_str(".fi\n"),
            _ => {}
        }
        was_indented = is_indented;
        for c in line.chars() {
            match c {
                '\u{2026}' => portable.push_str("\\&..."),
                c if c.is_ascii() => portable.push(c),
                c => portable.push_str(&format!("\\[u{:04X}]", u32::from(c))),
            }
        }
        portable.push('\n');
    }
    portable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_in_ascii_and_keeps_its_examples() {
        let mut pages = Vec::new();
        render(&args::complete_command(), &mut pages).unwrap();
        for (name, page) in &pages {
            assert!(page.is_ascii(), "{name}");
            let requests = |name: &str| page.lines().filter(|line| *line == name).count();
            assert!(requests(".nf") - requests(".fi") < 2, "{name}");
        }
        let text = "a\n  {\"to\": 1}\n\n  b\u{2026} \u{1f44d}\u{e9}";
        let expected = "a\n.nf\n  {\"to\": 1}\n.fi\n\n.nf\n  b\\&... \\[u1F44D]\\[u00E9]\n";
        assert_eq!(portable(text), expected);
    }
}
