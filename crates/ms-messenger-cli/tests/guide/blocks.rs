//! The fenced blocks of a page.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// What marks a block that is not executed; the reason follows.
const NOT_RUN: &str = "<!-- not run: ";

/// A fenced block.
#[derive(Debug)]
pub(crate) struct Block {
    /// The number of the line with the opening fence, from 1.
    pub(crate) line: usize,
    /// What follows the fence: the language, and classes after commas.
    pub(crate) info: String,
    pub(crate) lines: Vec<String>,
    /// Why it is not executed, from the comment on the line above.
    pub(crate) not_run: Option<String>,
}

impl Block {
    /// The language alone.
    pub(crate) fn language(&self) -> &str {
        self.info.split(',').next().unwrap_or_default()
    }

    pub(crate) fn text(&self) -> String {
        self.lines.join("\n")
    }
}

/// A page of the guide.
#[derive(Debug)]
pub(crate) struct Page {
    /// The path below `guide/src`.
    pub(crate) name: String,
    pub(crate) blocks: Vec<Block>,
}

/// The folder of the guide.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../guide"))
}

/// Every page, in the order of their names.
pub(crate) fn pages() -> Vec<Page> {
    let root = folder().join("src");
    let mut waiting = vec![root.clone()];
    let mut pages = Vec::new();
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|it| it == "md") {
                pages.push(page(&root, &path));
            }
        }
    }
    pages.sort_by(|a, b| a.name.cmp(&b.name));
    pages
}

fn page(root: &Path, path: &Path) -> Page {
    let text = fs::read_to_string(path).unwrap();
    let name = path.strip_prefix(root).unwrap().display().to_string();
    Page {
        blocks: blocks(&text).unwrap_or_else(|problem| panic!("{name}: {problem}")),
        name,
    }
}

/// Reads the blocks of a text.
pub(crate) fn blocks(text: &str) -> Result<Vec<Block>, String> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut is_open = false;
    let mut above = "";
    for (number, line) in text.lines().enumerate() {
        let fence = line.trim_start().strip_prefix("```");
        match (fence, is_open) {
            (Some(info), false) => {
                is_open = true;
                blocks.push(Block {
                    line: number + 1,
                    info: info.trim().to_owned(),
                    lines: Vec::new(),
                    not_run: reason(above, number + 1)?,
                });
            }
            (Some(""), true) => is_open = false,
            (_, true) => {
                let block = blocks.last_mut().ok_or("a block without a fence")?;
                block.lines.push(line.to_owned());
            }
            (None, false) => {}
        }
        if !line.trim().is_empty() {
            above = line.trim();
        }
    }
    if is_open {
        return Err("the last block is not closed".to_owned());
    }
    Ok(blocks)
}

/// The reason of the comment in `line`.
fn reason(line: &str, number: usize) -> Result<Option<String>, String> {
    let Some(rest) = line.strip_prefix(NOT_RUN) else {
        return Ok(None);
    };
    let reason = rest.strip_suffix("-->").map(str::trim);
    match reason.filter(|reason| reason.len() > 10) {
        Some(reason) => Ok(Some(reason.to_owned())),
        None => Err(format!(
            "line {number}: the reason is missing or incomplete"
        )),
    }
}
