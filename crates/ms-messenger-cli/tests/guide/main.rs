//! The guide of the project: its commands print what the pages show, and its files are valid.
//!
//! Blocks in Rust are tests of documentation of the member `examples`.

#![cfg(unix)]
// The lint spares tests, but not what they share.
#![allow(clippy::unwrap_used)]

mod blocks;
mod files;
mod shell;
mod tables;
mod transcript;
mod units;

use std::{fs, thread};

use blocks::{Block, Page, folder, pages};
use shell::Shell;
use transcript::{Step, matches, steps};

#[test]
fn commands_print_what_the_pages_show() {
    let pages = pages();
    let problems: Vec<String> = thread::scope(|scope| {
        let runs: Vec<_> = pages
            .iter()
            .map(|page| scope.spawn(|| problems(page)))
            .collect();
        let ended = runs.into_iter().map(|run| run.join().unwrap());
        ended.flatten().collect()
    });
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}

/// What the commands of a page do otherwise than it shows. They run in one shell, in their order.
fn problems(page: &Page) -> Vec<String> {
    let blocks = page.blocks.iter();
    let blocks = blocks.filter(|it| it.language() == "console" && it.not_run.is_none());
    let steps: Vec<(&Block, Step)> = blocks
        .flat_map(|block| {
            let steps = steps(&block.lines);
            let steps = steps.unwrap_or_else(|e| panic!("{}:{}: {e}", page.name, block.line));
            steps.into_iter().map(move |step| (block, step))
        })
        .collect();
    if steps.is_empty() {
        return Vec::new();
    }
    let commands: Vec<&str> = steps
        .iter()
        .map(|(_, step)| step.command.as_str())
        .collect();
    let ran = Shell::start().run(&commands);
    let mut problems = Vec::new();
    for ((block, step), ran) in steps.iter().zip(ran) {
        let printed: Vec<&str> = ran.output.lines().collect();
        let is_shown = step.output.is_empty() || matches(&step.output, &printed);
        if ran.code != Some(0) || !is_shown {
            let line = block.line + step.line;
            let (name, command, output) = (&page.name, &step.command, &ran.output);
            let code = ran.code.map_or("none".to_owned(), |code| code.to_string());
            problems.push(format!(
                "{name}:{line}: {command}\nexit code {code}\n{output}"
            ));
        }
    }
    problems
}

#[test]
fn a_block_that_is_not_tested_says_why() {
    let mut problems = Vec::new();
    let mut tested = 0;
    for page in pages() {
        for block in &page.blocks {
            let result = match block.language() {
                "csv" | "ini" | "json" | "sh" | "yaml" if includes_file(block) => Ok(()),
                "rust" => rust(block),
                "console" => steps(&block.lines).map(drop),
                "json" => files::json(&block.text()),
                "toml" => files::toml(&block.text()),
                "text" if block.not_run.is_none() => Ok(()),
                "sh" if block.not_run.is_some() => Ok(()),
                other => Err(format!("is in {other:?}, which no test knows")),
            };
            tested += usize::from(block.not_run.is_none());
            if let Err(problem) = result {
                problems.push(format!("{}:{}: {problem}", page.name, block.line));
            }
        }
    }
    assert!(problems.is_empty(), "{problems:#?}");
    assert!(tested > 30, "{tested} blocks");
}

/// The tests of documentation run every block, except those that it marks.
fn rust(block: &Block) -> Result<(), String> {
    let classes: Vec<&str> = block.info.split(',').skip(1).collect();
    match (classes.as_slice(), &block.not_run) {
        ([], None) | (["no_run"], Some(_)) => Ok(()),
        (["no_run"], None) => Err("is not run, and no comment says why".to_owned()),
        ([], Some(_)) => Err("is run, and a comment says that it is not".to_owned()),
        (other, _) => Err(format!("has the classes {other:?}")),
    }
}

#[test]
fn every_program_is_a_test_of_documentation() {
    let tests = folder().join("../examples/src/lib.rs");
    let tests = fs::read_to_string(tests).unwrap();
    for page in pages() {
        let has_program = page.blocks.iter().any(|it| it.language() == "rust");
        let line = format!("include_str!(\"../../guide/src/{}\")", page.name);
        assert_eq!(tests.contains(&line), has_program, "{line}");
    }
}

/// The files have tests of their own.
fn includes_file(block: &Block) -> bool {
    block.lines.len() == 1 && block.lines[0].starts_with("{{#include ")
}

#[test]
fn blocks_are_read_with_their_reasons() {
    let text =
        "<!-- not run: it would never end -->\n```console\n$ a\n```\n\n```rust,no_run\nb\n```";
    let read = blocks::blocks(text).unwrap();
    assert_eq!(read[0].not_run.as_deref(), Some("it would never end"));
    assert_eq!((read[1].line, read[1].language()), (6, "rust"));
    assert!(rust(&read[1]).is_err());
    assert!(blocks::blocks("<!-- not run: -->\n```\n```").is_err());
    assert!(blocks::blocks("```sh\n").is_err());
}
