//! Which part of the source may know which: `wire` knows nothing, `seed` and `engine` know `wire`,
//! a service knows these three and no other service, `admin` knows the engine, and the mounting
//! files know all.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// The largest circle of files that use each other.
const LARGEST_CIRCLE: usize = 5;

/// The parts that each part may use, besides itself. Files outside these parts mount the services
/// and may use everything.
const ARROWS: [(&str, &[&str]); 5] = [
    ("wire", &[]),
    ("seed", &["wire"]),
    ("engine", &["wire"]),
    ("services", &["wire", "seed", "engine"]),
    ("admin", &["wire", "engine"]),
];

/// Modules by path (`engine::faults::rule`), with their code: no comments, no strings, no tests.
type Modules = BTreeMap<String, String>;

fn modules() -> Modules {
    let mut modules = Modules::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    collect(&root, "", &mut modules);
    assert!(modules.len() > 150, "found {} modules", modules.len());
    modules
}

fn collect(folder: &Path, prefix: &str, modules: &mut Modules) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        if path.is_dir() {
            collect(&path, &format!("{prefix}{name}::"), modules);
        } else if path.extension().is_some_and(|e| e == "rs") && name != "lib" {
            let text = fs::read_to_string(&path).unwrap();
            modules.insert(format!("{prefix}{name}"), code(&text));
        }
    }
}

/// The source without comments, strings and unit tests.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    let mut code = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['/', '"', '\'']) {
        code.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with('"') && code.ends_with("r#") {
            rest.find("\"#").unwrap() + 2
        } else if rest.starts_with('"') {
            end_of_string(rest)
        } else if let Some(escaped) = rest.strip_prefix("'\\") {
            escaped.find('\'').map_or(1, |at| at + 3)
        } else if rest.starts_with('\'') && rest.chars().nth(2) == Some('\'') {
            2 + rest.chars().nth(1).unwrap().len_utf8()
        } else {
            1
        };
        rest = &rest[end..];
    }
    code + rest
}

fn end_of_string(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The modules that the code of `module` names.
fn uses(module: &str, modules: &Modules) -> BTreeSet<String> {
    let code = &modules[module];
    let mut paths = Vec::new();
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut at = 0;
    while let Some(found) = code[at..].find("::") {
        let end = at + found;
        at = end + 2;
        let start = code[..end].rfind(|c| !is_word(c)).map_or(0, |at| at + 1);
        let head = &code[start..end];
        if head == "crate" {
            tree("", &code[at..], &mut paths);
        } else if !code[..start].ends_with("::") && !head.is_empty() {
            // A child of this module, named without its parent.
            paths.push(format!("{module}::{head}"));
            let mut below = Vec::new();
            tree(&format!("{module}::{head}"), &code[at..], &mut below);
            if modules.contains_key(&format!("{module}::{head}")) {
                paths.append(&mut below);
            }
        }
    }
    let known = paths.iter().filter_map(|path| longest(path, modules));
    known.filter(|used| used != module).collect()
}

/// Every path of a tree like `a::{b, c::d}`.
fn tree(prefix: &str, text: &str, paths: &mut Vec<String>) {
    let text = text.trim_start();
    if let Some(group) = text.strip_prefix('{') {
        let mut depth = 0;
        let mut start = 0;
        for (at, c) in group.char_indices() {
            let is_end = c == '}' && depth == 0;
            if is_end || (c == ',' && depth == 0) {
                tree(prefix, &group[start..at], paths);
                start = at + 1;
            }
            match c {
                '{' => depth += 1,
                '}' if is_end => return,
                '}' => depth -= 1,
                _ => {}
            }
        }
        return;
    }
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_'));
    let name = &text[..end.unwrap_or(text.len())];
    if name.is_empty() {
        return;
    }
    let path = if prefix.is_empty() {
        name.to_owned()
    } else {
        format!("{prefix}::{name}")
    };
    match text[name.len()..].strip_prefix("::") {
        Some(rest) => tree(&path, rest, paths),
        None => paths.push(path),
    }
}

/// The module that a path leads into.
fn longest(path: &str, modules: &Modules) -> Option<String> {
    let mut path = path;
    loop {
        if modules.contains_key(path) {
            return Some(path.to_owned());
        }
        path = &path[..path.rfind("::")?];
    }
}

fn graph(modules: &Modules) -> BTreeMap<String, BTreeSet<String>> {
    let of = |module: &String| (module.clone(), uses(module, modules));
    modules.keys().map(of).collect()
}

fn part(module: &str) -> &str {
    module.split("::").next().unwrap()
}

fn service(module: &str) -> Option<&str> {
    let mut names = module.split("::");
    (names.next() == Some("services")).then(|| names.next())?
}

/// The arrows that go where they must not.
fn wrong_arrows(graph: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (from, used) in graph {
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == part(from)) else {
            continue;
        };
        for to in used {
            let is_inside = part(from) == part(to) && service(from) == service(to);
            if !is_inside && !allowed.contains(&part(to)) {
                wrong.push(format!("{from} uses {to}"));
            }
        }
    }
    wrong
}

/// The largest set of modules that all use each other, directly or by way of others.
fn largest_circle(graph: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let reach = |from: &String| {
        let mut seen = BTreeSet::new();
        let mut next = vec![from];
        while let Some(module) = next.pop() {
            for used in &graph[module] {
                if seen.insert(used) {
                    next.push(used);
                }
            }
        }
        seen
    };
    let all: BTreeMap<&String, BTreeSet<&String>> = graph.keys().map(|m| (m, reach(m))).collect();
    let circle = |module: &&String| {
        let together = all[module]
            .iter()
            .filter(|other| all[*other].contains(module));
        together.map(|other| (*other).clone()).collect::<Vec<_>>()
    };
    all.keys()
        .map(circle)
        .max_by_key(Vec::len)
        .unwrap_or_default()
}

#[test]
fn each_part_uses_only_what_it_may_know() {
    let wrong = wrong_arrows(&graph(&modules()));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_circle_of_files_is_large() {
    let circle = largest_circle(&graph(&modules()));
    assert!(circle.len() <= LARGEST_CIRCLE, "{circle:#?}");
}

#[test]
fn what_only_the_services_know_is_named_nowhere_below_them() {
    let names = ["acs", "graph", "ucwa", "entra", "skype", "teams"];
    for (module, code) in modules() {
        if !["wire", "engine", "admin"].contains(&part(&module)) {
            continue;
        }
        let words = code.split(|c: char| !c.is_alphanumeric());
        let found: Vec<&str> = words
            .filter(|word| names.contains(&&*word.to_lowercase()))
            .collect();
        assert!(found.is_empty(), "{module} names {found:?}");
    }
}

#[test]
fn broken_arrows_and_large_circles_are_found() {
    let sources = [
        ("wire::a", "use crate::engine::b;"),
        ("engine::b", "fn f() { crate::services::x::g::run(); }"),
        (
            "services::x::g",
            "use crate::{services::y::{h::T,}, wire::a,};",
        ),
        ("services::y::h", "use crate::services::y::{i, z};"),
        ("services::y::i", "fn f() { child::run() }"),
        ("services::y::i::child", "use crate::admin::Admin;"),
        ("admin", "use crate::seed::Seed;"),
        (
            "seed",
            "// use crate::engine::b;\nconst A: &str = \"crate::engine::b\";",
        ),
    ];
    let modules: Modules = sources
        .map(|(name, text)| (name.to_owned(), code(text)))
        .into();
    let graph = graph(&modules);
    assert_eq!(
        wrong_arrows(&graph),
        [
            "admin uses seed",
            "engine::b uses services::x::g",
            "services::x::g uses services::y::h",
            "services::y::i::child uses admin",
            "wire::a uses engine::b",
        ]
    );
    assert_eq!(
        largest_circle(&graph),
        ["engine::b", "services::x::g", "wire::a"]
    );
}
