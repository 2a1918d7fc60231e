//! `msm man`: the manual, of the definition of the command line.

use std::{fs, io, path::Path};

use clap::Command;
use ms_messenger::{ErrorKind, Problems, Result};

use crate::{
    args::{self, ManArgs},
    exit::Exit,
    files::unwritable,
    print, report, text,
};

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
