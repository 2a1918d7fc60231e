//! The facade lists what it re-exports by name, and the lists are complete.

use std::{collections::BTreeSet, fs};

/// The source of the root of a crate, `ms-messenger-core` for example.
fn root_of(name: &str) -> String {
    let path = format!("{}/../crates/{name}/src/lib.rs", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(path).unwrap()
}

/// The names that the `pub use` and `pub mod` lines of `source` make public at its top level, as
/// rustfmt writes them: at the beginning of a line.
fn public_names(source: &str) -> BTreeSet<String> {
    let starts = |keyword: &'static str| {
        source
            .split(keyword)
            .skip(1)
            .map(|rest| rest.split([';']).next().unwrap())
    };
    let used = starts("\npub use ").flat_map(|tree| {
        assert!(!tree.contains('*'), "{tree}");
        tree.split(['{', '}', ','])
            .map(str::trim)
            .filter(|path| !path.ends_with("::"))
    });
    let modules = starts("\npub mod ").map(|rest| rest.split(' ').next().unwrap());
    used.chain(modules)
        .map(|path| path.rsplit("::").next().unwrap())
        .map(|name| name.rsplit(" as ").next().unwrap().trim())
        .filter(|name| !name.is_empty() && *name != "__private")
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_facade_reexports_every_public_name_of_the_core() {
    let facade = public_names(&root_of("ms-messenger"));
    let mut core = public_names(&root_of("ms-messenger-core"));
    // An exported macro needs no `pub use`.
    assert!(core.insert("open_enum".to_owned()));
    let missing: Vec<_> = core.difference(&facade).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(core.len() > 60, "{core:?}");
}
/// The names of the prelude, from the source of the facade.
fn prelude() -> BTreeSet<String> {
    let source = root_of("ms-messenger");
    let prelude = source.split("pub mod prelude {").nth(1).unwrap();
    let prelude = prelude.split("\n}").next().unwrap();
    public_names(&prelude.replace("\n    pub use", "\npub use"))
}

/// What `std::prelude` and nearly every program have in scope.
const OFTEN_IN_SCOPE: &[&str] = &[
    "Box", "Clone", "Debug", "Default", "Display", "Duration", "Err", "Error", "From", "Into",
    "Iterator", "None", "Ok", "Option", "Result", "Some", "String", "ToString", "TryFrom",
    "TryInto", "Vec",
];

#[test]
fn the_prelude_collides_with_nothing() {
    let prelude = prelude();
    assert!(prelude.contains("Messenger") && prelude.len() < 20);
    for name in OFTEN_IN_SCOPE {
        assert!(!prelude.contains(*name), "{name}");
    }
    for platform in [
        "acs-chat",
        "acs-identity",
        "acs-messages",
        "ms-messenger-entra",
        "ms-messenger-events",
        "ms-messenger-http",
        "msgraph-chat",
        "ucwa",
    ] {
        let theirs = public_names(&root_of(platform));
        assert!(theirs.len() > 3, "{platform}: {theirs:?}");
        let both: Vec<_> = theirs.intersection(&prelude).collect();
        assert!(both.is_empty(), "{platform}: {both:?}");
    }
}
