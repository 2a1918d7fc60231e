//! `msm completions` and `msm man`: what is made of the definition of the command line.

use std::{fs, io, path::Path};

use clap_complete::aot::{self, Generator};
use ms_messenger::{ErrorKind, Problems, Result};

use crate::{
    args::{self, CompletionsArgs, ManArgs, Shell},
    exit::Exit,
    files::unreadable,
    print, report,
};

/// Prints the completions for a shell.
pub(crate) fn completions(args: &CompletionsArgs) -> Exit {
    let text = match args.shell {
        Shell::Bash => generated(aot::Bash),
        Shell::Zsh => generated(aot::Zsh),
        Shell::Fish => generated(aot::Fish),
        Shell::Power => generated(aot::PowerShell),
        Shell::Elvish => generated(aot::Elvish),
    };
    print::last(text.trim_end(), Exit::Success)
}

fn generated(shell: impl Generator) -> String {
    let mut script = Vec::new();
    aot::generate(shell, &mut args::command(), "msm", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// Writes a page of the manual for each command.
pub(crate) fn man(args: &ManArgs) -> Exit {
    match pages(&args.folder) {
        Ok(count) => {
            let text = format!("{count} pages in {}", args.folder.display());
            print::last(&text, Exit::Success)
        }
        Err(error) => report::failed(error, false),
    }
}

fn pages(folder: &Path) -> Result<usize> {
    let command = args::complete_command();
    let mut pages = Vec::new();
    let written = render(&command, &mut pages).and_then(|()| {
        pages
            .iter()
            .try_for_each(|(name, page)| fs::write(folder.join(name), page))
    });
    if let Err(error) = written {
        let mut problems = Problems::new();
        problems.add(folder.display().to_string(), unreadable(&error));
        problems.into_result(ErrorKind::Config)?;
    }
    Ok(pages.len())
}

/// Renders the page of a command and those of its subcommands: `msm-outbox-add.1`.
fn render(command: &clap::Command, pages: &mut Vec<(String, Vec<u8>)>) -> io::Result<()> {
    let man = clap_mangen::Man::new(command.clone());
    let mut page = Vec::new();
    man.render(&mut page)?;
    pages.push((man.get_filename(), page));
    command
        .get_subcommands()
        .try_for_each(|inner| render(inner, pages))
}
