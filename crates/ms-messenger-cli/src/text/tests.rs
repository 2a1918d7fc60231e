use std::{
    fs,
    path::{Path, PathBuf},
};

use super::literals;

/// Returns whether a literal is a text for a person: two words of lower case in a row.
fn is_text(literal: &str) -> bool {
    let words: Vec<&str> = literal.split(' ').collect();
    let is_lower = |c: &u8| c.is_ascii_lowercase();
    words.windows(2).any(|pair| {
        let ends = pair[0].bytes().rev().take_while(is_lower).count();
        let begins = pair[1].bytes().take_while(is_lower).count();
        ends > 1 && begins > 1
    })
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|it| it == "rs") {
            found.push(path);
        }
    }
}

/// Returns the place and value of each text in a source file.
fn texts(name: &str, source: &str) -> Vec<String> {
    let texts = literals::of(source).into_iter();
    let texts = texts.filter(|it| is_text(&it.value));
    texts
        .map(|it| format!("src/{name}:{}: {:?}", it.line, it.value))
        .collect()
}

#[test]
fn every_text_stands_in_this_module() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    sources(&src, &mut paths);
    assert!(paths.len() > 150, "{}", paths.len());
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        let name = path.strip_prefix(&src).unwrap();
        let name = name.to_str().unwrap().replace('\\', "/");
        let is_test = name.ends_with("/tests.rs") || name.contains("/tests/");
        if is_test || name == "text.rs" || name.starts_with("text/") {
            continue;
        }
        found.extend(texts(&name, &fs::read_to_string(&path).unwrap()));
    }
    assert!(found.is_empty(), "move to src/text/:\n{}", found.join("\n"));
}

#[test]
fn a_text_is_found_wherever_it_stands() {
    let source = r##"
        //! a comment of words
        /// a doc of words
        #[arg(help = "an attribute of words")]
        fn plain() {
            tracing::info!(target: "msm", "a message of words");
            let name = ("a-name", "Content Type", 'x', b"some bytes of it", '"');
            format!("{name}: {name} is not here");
            let raw = r#"a "raw" text, with words"#;
            println!("
                below"; "above\
                 \nit ends here");
        }
        #[cfg(test)]
        mod tests { const A: &str = "a test of words"; }
        #[cfg(test)]
        mod others;
        #[cfg(all(test, unix))]
        fn unix() { "a test of words" }
        const LAST: &str = "the last one";
    "##;
    let found: Vec<String> = texts("a.rs", source);
    assert_eq!(
        found,
        [
            r#"src/a.rs:8: "{name}: {name} is not here""#,
            r#"src/a.rs:9: "a \"raw\" text, with words""#,
            r#"src/a.rs:11: "above\nit ends here""#,
            r#"src/a.rs:20: "the last one""#,
        ]
    );
}
