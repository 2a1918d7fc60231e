//! Every link of the documentation to a file or a heading of this repository leads there.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

const REPOSITORY: &str = "https://github.com/ms-messenger/ms-messenger/blob/main/";
const DOCUMENTATION: &str = "https://docs.rs/";

fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .canonicalize()
        .unwrap()
}

/// All Markdown files below `folder`, except in what was built or installed, or is hidden.
fn pages(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let is_ours = !["node_modules", "target"].contains(&name) && !name.starts_with('.');
        if path.is_dir() && is_ours {
            pages(&path, found);
        } else if name.ends_with(".md") {
            found.push(path);
        }
    }
}

/// The lines of a page that are not in a block of code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut in_code = false;
    text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        in_code ^= fence;
        !in_code && !fence
    })
}

/// The anchors of the headings of a page, as GitHub and rustdoc make them.
fn anchors(text: &str) -> BTreeSet<String> {
    prose(text)
        .filter_map(|line| line.strip_prefix('#'))
        .map(|heading| {
            let heading = heading.trim_start_matches('#').trim().to_lowercase();
            heading
                .chars()
                .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
                .map(|c| if c == ' ' { '-' } else { c })
                .collect()
        })
        .collect()
}

/// The targets of the links of a page, `[text](target)`.
fn targets(text: &str) -> Vec<String> {
    prose(text)
        .flat_map(|line| line.split("](").skip(1))
        .filter_map(|rest| rest.split(')').next())
        .map(str::to_owned)
        .collect()
}

/// Why `target` leads nowhere when it stands on `page`.
fn problem(page: &Path, target: &str) -> Option<String> {
    let (place, anchor) = target.split_once('#').unwrap_or((target, ""));
    let is_in_crate = page.starts_with(root().join("crates"));
    let book = root().join("guide/src");
    let file = if let Some(path) = place.strip_prefix(REPOSITORY) {
        root().join(path)
    } else if let Some(name) = place.strip_prefix(DOCUMENTATION) {
        let name = name.trim_end_matches('/');
        if anchor.is_empty() || !root().join("crates").join(name).is_dir() {
            return None;
        }
        root().join("crates").join(name).join("README.md")
    } else if place.contains("://") || place.starts_with("mailto:") {
        return None;
    } else if place.is_empty() {
        page.to_owned()
    } else if is_in_crate {
        return Some("is relative, and leads nowhere on docs.rs".to_owned());
    } else {
        page.parent().unwrap().join(place)
    };
    if !file.exists() {
        return Some("names no file".to_owned());
    }
    let is_relative = !place.contains("://");
    if is_relative && page.starts_with(&book) && !file.canonicalize().unwrap().starts_with(&book) {
        return Some("leads out of the book".to_owned());
    }
    if anchor.is_empty() || anchors(&fs::read_to_string(file).unwrap()).contains(anchor) {
        return None;
    }
    Some("names no heading".to_owned())
}

#[test]
fn every_link_within_the_repository_leads_somewhere() {
    let mut files = Vec::new();
    pages(&root(), &mut files);
    let mut links = 0;
    let mut problems = Vec::new();
    for page in &files {
        for target in targets(&fs::read_to_string(page).unwrap()) {
            links += 1;
            if let Some(problem) = problem(page, &target) {
                problems.push(format!("{}: {target} {problem}", page.display()));
            }
        }
    }
    assert!(problems.is_empty(), "{problems:#?}");
    assert!(links > 40, "{links} links in {} pages", files.len());
}

#[test]
fn every_page_of_the_guide_is_in_its_summary() {
    let book = root().join("guide/src");
    let summary = targets(&fs::read_to_string(book.join("SUMMARY.md")).unwrap());
    let named: BTreeSet<PathBuf> = summary.iter().map(|target| book.join(target)).collect();
    let mut files = Vec::new();
    pages(&book, &mut files);
    files.retain(|page| !page.ends_with("SUMMARY.md"));
    assert_eq!(files.into_iter().collect::<BTreeSet<_>>(), named);
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let readme = root().join("README.md");
    let guide = root().join("crates/ms-messenger/docs/teams.md");
    let book = root().join("guide/src/platforms/teams.md");
    for (page, target, found) in [
        (&readme, "crates/no-such-crate", true),
        (&readme, "crates/acs-chat", false),
        (&readme, "README.md#no-such-heading", true),
        (&readme, "#licence", false),
        (&guide, "acs-chat.md", true),
        (&book, "../outbox.md#in-your-transaction", false),
        (&book, "../outbox.md#in-no-transaction", true),
        (&book, "../../../README.md", true),
        (
            &readme,
            "https://docs.rs/ms-messenger#features-of-no-kind",
            true,
        ),
        (
            &readme,
            "https://docs.rs/ms-messenger#beside-your-own-reqwest-or-rustls",
            false,
        ),
        (&readme, "https://example.org/anything#at-all", false),
    ] {
        assert_eq!(problem(page, target).is_some(), found, "{target}");
    }
}
