//! Every crate can be published alone, and the facade reaches every platform.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn crates() -> Vec<PathBuf> {
    let mut crates: Vec<PathBuf> = fs::read_dir(root().join("crates"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    crates.sort();
    assert!(crates.len() >= 9, "{crates:?}");
    crates
}

fn manifest(dir: &Path) -> String {
    fs::read_to_string(dir.join("Cargo.toml")).unwrap()
}

#[test]
fn every_crate_brings_what_a_registry_wants() {
    for dir in crates() {
        let manifest = manifest(&dir);
        for member in [
            "description = ",
            "license.workspace = true",
            "repository.workspace = true",
            "readme = \"README.md\"",
            "keywords = ",
            "categories = ",
            "include = ",
            "rust-version.workspace = true",
            "[package.metadata.docs.rs]",
            "[lints]",
        ] {
            assert!(manifest.contains(member), "{}: {member}", dir.display());
        }
        for file in ["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"] {
            let text = fs::read_to_string(dir.join(file)).unwrap_or_default();
            assert!(text.len() > 200, "{}: {file}", dir.display());
        }
    }
}

/// `.ci/run` checks the public signatures against the list.
#[test]
fn every_library_lists_the_foreign_types_of_its_signatures() {
    for dir in crates()
        .iter()
        .filter(|dir| dir.join("src/lib.rs").exists())
    {
        let manifest = manifest(dir);
        assert!(
            manifest.contains("[package.metadata.cargo_check_external_types]"),
            "{}",
            dir.display()
        );
    }
}

/// `major.minor`, as numbers.
fn version(text: &str) -> (u32, u32) {
    let mut parts = text
        .trim_matches('"')
        .split('.')
        .map(|it| it.parse().unwrap());
    (parts.next().unwrap(), parts.next().unwrap())
}

/// Of the versions in `Cargo.lock` none needs a newer compiler than we promise.
#[test]
fn every_locked_package_builds_with_the_minimum_supported_rust_version() {
    let ours = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let ours = ours
        .lines()
        .find_map(|line| line.strip_prefix("rust-version = "))
        .map(version)
        .unwrap();
    let output = Command::new(env!("CARGO"))
        .current_dir(root())
        .args(["metadata", "--locked", "--format-version", "1"])
        .output()
        .unwrap();
    assert!(output.status.success());
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 100);
    for package in packages {
        let Some(needed) = package["rust_version"].as_str() else {
            continue;
        };
        assert!(version(needed) <= ours, "{} needs {needed}", package["id"]);
    }
}

/// A dev-dependency with a version would make a cycle of what must be published first.
#[test]
fn crates_of_the_workspace_are_dev_dependencies_by_path_alone() {
    for dir in crates() {
        let manifest = manifest(&dir);
        let dev = manifest.split("[dev-dependencies]").nth(1).unwrap_or("");
        for line in dev.lines().take_while(|line| !line.starts_with('[')) {
            let ours = ["ms-messenger", "acs-", "msgraph-chat", "ucwa"];
            if ours.iter().any(|name| line.starts_with(name)) {
                assert!(
                    line.contains("path = ")
                        && !line.contains("version")
                        && !line.contains("workspace"),
                    "{}: {line}",
                    dir.display()
                );
            }
        }
    }
}

/// A platform crate is one that implements the pipeline's client.
#[test]
fn every_platform_is_reached_through_the_facade() {
    let mut platforms = 0;
    for dir in crates() {
        if !dir.join("src/messenger.rs").exists() || dir.ends_with("ms-messenger-core") {
            continue;
        }
        platforms += 1;
        assert_reached_through_the_facade(&dir);
    }
    assert_eq!(platforms, 4);
}

/// What sends no messages, and is reached all the same.
const BESIDE: &[&str] = &["acs-identity"];

#[test]
fn what_stands_beside_the_platforms_is_reached_through_the_facade() {
    for name in BESIDE {
        assert_reached_through_the_facade(&root().join("crates").join(name));
    }
}

/// What is received needs no TLS: only its own features are passed on.
#[test]
fn events_are_reached_through_the_facade() {
    let facade = manifest(&root().join("crates/ms-messenger"));
    for line in [
        "\nevents = [\"dep:ms-messenger-events\"]",
        "\nevents-jwt = [\"events\", \"ms-messenger-events?/jwt\"]",
        "\nevents-decryption = [\"events-jwt\", \"ms-messenger-events?/decryption\"]",
    ] {
        assert!(facade.contains(line), "{line}");
    }
    let full = facade.lines().find(|line| line.starts_with("full = "));
    assert!(full.unwrap().contains("\"events\""));
    let own = manifest(&root().join("crates/ms-messenger-events"));
    let features = own.split("[features]").nth(1).unwrap();
    let features = features.split("\n[").next().unwrap();
    let names = features.lines().filter_map(|line| line.split_once(" = "));
    let names: Vec<&str> = names.map(|(name, _)| name).collect();
    assert_eq!(names, ["default", "jwt", "decryption"]);
    let source = fs::read_to_string(root().join("crates/ms-messenger/src/lib.rs")).unwrap();
    assert!(source.contains("pub use ms_messenger_events as events;"));
}

/// Layers have no TLS of their own, and are off by default.
#[test]
fn layers_are_reached_through_the_facade() {
    let facade = manifest(&root().join("crates/ms-messenger"));
    for line in [
        "\nlayers = [\"dep:ms-messenger-layers\"]",
        "\nconnect = [\"layers\", \"ms-messenger-layers?/connect\"]",
        "\ndefault = [\"rustls\"]",
    ] {
        assert!(facade.contains(line), "{line}");
    }
    let full = facade.lines().find(|line| line.starts_with("full = "));
    for feature in ["\"layers\"", "\"connect\""] {
        assert!(full.unwrap().contains(feature), "{feature}");
    }
    let tracing = facade.lines().find(|line| line.starts_with("tracing = "));
    assert!(
        tracing
            .unwrap()
            .contains("\"ms-messenger-layers?/tracing\"")
    );
    let own = manifest(&root().join("crates/ms-messenger-layers"));
    let dependencies = own.split("[dependencies]").nth(1).unwrap();
    let dependencies = dependencies.split("\n[").next().unwrap();
    let ours = ["ms-messenger", "acs-", "msgraph-chat", "ucwa"];
    let of_ours = dependencies
        .lines()
        .filter(|line| ours.iter().any(|name| line.starts_with(name)));
    let of_ours: Vec<&str> = of_ours.collect();
    assert_eq!(of_ours, ["ms-messenger-core.workspace = true"]);
    let source = fs::read_to_string(root().join("crates/ms-messenger/src/lib.rs")).unwrap();
    assert!(source.contains("pub use ms_messenger_layers as layers;"));
}

/// The outbox sends nothing by itself: only its own features are passed on.
#[test]
fn the_outbox_is_reached_through_the_facade() {
    let facade = manifest(&root().join("crates/ms-messenger"));
    assert!(facade.contains("\noutbox = [\"dep:ms-messenger-outbox\"]"));
    let own = manifest(&root().join("crates/ms-messenger-outbox"));
    let features = own.split("[features]").nth(1).unwrap();
    let features = features.split("\n[").next().unwrap();
    let names = features.lines().filter_map(|line| line.split_once(" = "));
    for (name, _) in names {
        let line = match name {
            // For those who write stores.
            "default" | "conformance" => continue,
            "rustls-ring" | "tracing" => format!("\"ms-messenger-outbox?/{name}\""),
            _ => format!("\noutbox-{name} = [\"outbox\", \"ms-messenger-outbox?/{name}\"]"),
        };
        assert!(facade.contains(&line), "{line}");
    }
    let full = facade.lines().find(|line| line.starts_with("full = "));
    assert!(full.unwrap().contains("\"outbox\"]"));
    let source = fs::read_to_string(root().join("crates/ms-messenger/src/lib.rs")).unwrap();
    assert!(source.contains("pub use ms_messenger_outbox as outbox;"));
}

/// The facade must have a feature of the crate's name, take it into `full`, and pass on every
/// feature of TLS and tracing.
fn assert_reached_through_the_facade(dir: &Path) {
    let facade = manifest(&root().join("crates/ms-messenger"));
    let name = dir.file_name().unwrap().to_str().unwrap().to_owned();
    assert!(
        facade.contains(&format!("\n{name} = [\"dep:{name}\"")),
        "{name}"
    );
    let full = facade
        .lines()
        .find(|line| line.starts_with("full = "))
        .unwrap();
    assert!(full.contains(&format!("\"{name}\"")), "{name}: {full}");
    for feature in ["rustls", "rustls-ring", "native-tls", "tracing"] {
        let line = facade
            .lines()
            .find(|l| l.starts_with(&format!("{feature} = ")))
            .unwrap();
        assert!(
            line.contains(&format!("\"{name}?/{feature}\"")),
            "{name}: {line}"
        );
        let own = manifest(dir);
        assert!(
            own.contains(&format!("\n{feature} = [")),
            "{name}: {feature}"
        );
    }
    let source = fs::read_to_string(root().join("crates/ms-messenger/src/lib.rs")).unwrap();
    assert!(
        source.contains(&format!("pub use {};", name.replace('-', "_"))),
        "{name}"
    );
}

/// The clients and the emulator read the contracts independently.
#[test]
fn the_emulator_depends_on_none_of_our_crates() {
    let emulator = manifest(&root().join("crates/ms-messenger-emulator"));
    let dependencies = emulator.split("[dependencies]").nth(1).unwrap();
    for name in ["ms-messenger", "acs-", "msgraph-", "ucwa"] {
        assert!(
            !dependencies.lines().any(|line| line.starts_with(name)),
            "{name}"
        );
    }
}
