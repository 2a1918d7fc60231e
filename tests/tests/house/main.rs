//! How the house is built: no large circle of files, no long file, no long function.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod circles;
mod imports;
mod links;
mod manifests;
mod sources;
mod weight;

use std::path::Path;

use sources::{Source, crates};

const LONGEST_FILE: usize = 500;
const LONGEST_FUNCTION: usize = 60;
const LARGEST_CIRCLE: usize = 5;

#[test]
fn files_and_functions_are_short_and_circles_of_files_small() {
    let mut problems = Vec::new();
    for each in crates() {
        problems.extend(too_long(&each.sources));
        for circle in circles::of(&imports::arrows(&each.sources)) {
            if circle.len() > LARGEST_CIRCLE {
                let name = |file: &usize| each.sources[*file].name();
                let names: Vec<&str> = circle.iter().map(name).collect();
                problems.push(format!("{} files: {}", names.len(), names.join(", ")));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

fn too_long(sources: &[Source]) -> Vec<String> {
    let mut problems = Vec::new();
    for source in sources {
        if source.lines() > LONGEST_FILE {
            problems.push(format!("{}: {} lines", source.name(), source.lines()));
        }
        let functions = source.functions().into_iter();
        let long = functions.filter(|it| it.lines > LONGEST_FUNCTION);
        problems.extend(long.map(|it| format!("{}: {} lines", it.name, it.lines)));
    }
    problems
}

#[test]
fn a_long_file_and_a_long_function_are_found() {
    let text = format!("fn short() {{}}\nfn long() {{{}}}\n", "\n".repeat(500));
    let problems = too_long(&[Source::new(Path::new("a.rs"), &text)]);
    assert_eq!(problems, ["a.rs: 502 lines", "a.rs: long: 501 lines"]);
}

/// `files` as name and text, as a crate.
fn made(files: &[(&str, &str)]) -> Vec<Source> {
    let source = |(name, text): &(&str, &str)| Source::new(Path::new(name), text);
    files.iter().map(source).collect()
}

#[test]
fn a_circle_is_found_through_a_re_export_and_a_qualified_path() {
    let sources = made(&[
        ("lib.rs", "mod a; mod b; mod c; pub use b::B;"),
        ("a.rs", "use crate::B; pub struct A(B);"),
        ("b.rs", "use super::c; pub struct B; fn f() { c::g() }"),
        ("c.rs", "pub fn g() { let _ = crate::a::A::new(); }"),
    ]);
    assert_eq!(circles::of(&imports::arrows(&sources)), [vec![1, 2, 3]]);
}

#[test]
fn tests_and_re_exports_alone_make_no_circle() {
    let sources = made(&[
        ("lib.rs", "mod a; mod b; pub use a::A;"),
        (
            "a.rs",
            "pub struct A; #[cfg(test)] mod tests { use crate::b::B; }",
        ),
        ("b.rs", "use crate::A; pub struct B(A);"),
    ]);
    assert!(circles::of(&imports::arrows(&sources)).is_empty());
}
