//! The `Containerfile`: what it names exists, and what it runs works. An engine that builds it is not
//! needed.

use std::{fs, path::PathBuf};

use serde_json::Value;

use crate::{emulator::Running, support::run};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|e| panic!("{file}: {e}"))
}

/// The instructions of the file, those on several lines joined.
fn instructions() -> Vec<(String, String)> {
    let text = read("Containerfile").replace("\\\n", " ");
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let parts = lines.map(|line| line.split_once(' ').unwrap());
    parts
        .map(|(name, rest)| (name.to_owned(), rest.trim().to_owned()))
        .collect()
}

/// What follows the only instruction of that name.
fn only(name: &str) -> String {
    let all = instructions();
    let mut found = all.into_iter().filter(|(known, _)| known == name);
    let (_, rest) = found.next().unwrap_or_else(|| panic!("no {name}"));
    assert!(found.next().is_none(), "{name} twice");
    rest
}

fn words(json: &str) -> Vec<String> {
    serde_json::from_str(json).unwrap_or_else(|e| panic!("{e}: {json}"))
}

/// The images, `rust:1.90-slim-bookworm` and `debian:bookworm-slim`.
fn images() -> Vec<String> {
    let all = instructions()
        .into_iter()
        .filter(|(name, _)| name == "FROM");
    all.map(|(_, rest)| rest.split(' ').next().unwrap().to_owned())
        .collect()
}

fn version(text: &str) -> (u32, u32) {
    let (major, rest) = text.split_once('.').unwrap();
    let minor = rest.split(['-', '.']).next().unwrap();
    (major.parse().unwrap(), minor.parse().unwrap())
}

#[test]
fn the_image_of_the_compiler_builds_the_workspace_and_its_program_runs_on_the_other() {
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    let needed = manifest["workspace"]["package"]["rust-version"]
        .as_str()
        .unwrap();
    let images = images();
    let [build, run] = images.as_slice() else {
        panic!("{images:?}");
    };
    let compiler = build.strip_prefix("rust:").unwrap();
    assert!(version(compiler) >= version(needed), "{build} < {needed}");
    // One release of Debian: a newer C library is not in the older one.
    let release = run.strip_prefix("debian:").unwrap();
    let release = release.strip_suffix("-slim").unwrap();
    assert!(build.ends_with(&format!("-{release}")), "{build}, {run}");
}

#[test]
fn what_is_copied_and_built_exists() {
    let all = instructions();
    let of = |name: &str| -> Vec<&str> {
        let found = all.iter().filter(|(known, _)| known == name);
        found.map(|(_, rest)| rest.as_str()).collect()
    };
    let build = of("RUN")[0];
    assert_eq!(
        build,
        "cargo build --locked --release -p ms-messenger-cli --no-default-features"
    );
    let manifest: toml::Table = read("crates/ms-messenger-cli/Cargo.toml").parse().unwrap();
    assert_eq!(
        manifest["package"]["name"].as_str(),
        Some("ms-messenger-cli")
    );
    let program = manifest["bin"][0]["name"].as_str().unwrap();
    let copies = of("COPY");
    assert_eq!(copies[0], ". .");
    let source = of("WORKDIR")[0];
    let path = format!("/usr/local/bin/{program}");
    assert_eq!(
        copies[1],
        format!("--from=build {source}/target/release/{program} {path}")
    );
    assert!(of("FROM")[0].ends_with(" AS build"));
    // What a build needs is not left out of the context.
    let ignored = read(".containerignore");
    let ignored: Vec<&str> = ignored.lines().collect();
    assert_eq!(ignored, ["target", "**/target", ".git"]);
    for needed in ["Cargo.lock", "Cargo.toml", "crates", "examples", "tests"] {
        assert!(root().join(needed).exists(), "{needed}");
    }
}

#[test]
fn the_program_has_no_rights_and_owns_its_folder() {
    let user = only("USER");
    let id: u32 = user.parse().unwrap();
    assert_ne!(id, 0);
    let all = instructions();
    let made = all.iter().find(|(_, rest)| rest.starts_with("useradd "));
    let made = &made.unwrap().1;
    assert!(made.contains(&format!("--uid {id} ")), "{made}");
    let folder = only("VOLUME");
    assert!(made.contains(&format!("--home-dir {folder} ")), "{made}");
    assert!(made.contains("--create-home"), "{made}");
    let position = |name: &str, rest: &str| {
        let mut all = all.iter();
        all.position(|(known, found)| known == name && found == rest)
            .unwrap_or_else(|| panic!("{name} {rest}"))
    };
    assert!(position("USER", &user) < position("WORKDIR", &folder));
}

#[test]
fn the_documented_commands_are_those_of_the_file() {
    let readme = read("crates/ms-messenger-cli/README.md");
    let file = read("Containerfile");
    let build = "podman build --format docker -t msm-emulator .";
    assert!(file.contains(build) && readme.contains(build));
    let entry = words(&only("ENTRYPOINT"));
    assert!(readme.contains(&format!("The image runs `{}`", entry.join(" "))));
    for port in only("EXPOSE").split(' ') {
        assert!(readme.contains(&format!("-p {port}:{port}")), "{port}");
        let help = run(&["emulator", "--help"], &[], "").stdout;
        assert!(help.contains(port), "{port} is no usual port: {help}");
    }
}

#[cfg(unix)]
#[test]
fn the_program_of_the_image_runs_is_healthy_and_ends_by_its_signal() {
    assert_eq!(only("STOPSIGNAL"), "SIGTERM");
    let entry = words(&only("ENTRYPOINT"));
    assert_eq!(entry[..2], ["msm", "emulator"]);
    let options: Vec<&str> = entry[2..].iter().map(String::as_str).collect();
    // Any address, as in a container, at a free port.
    let running = Running::start(&[&options[..], &["--http", "0.0.0.0:0"]].concat());
    let health = only("HEALTHCHECK");
    let (options, command) = health.split_once("CMD ").unwrap();
    assert!(options.contains("--interval=") && options.contains("--timeout="));
    let command = words(command);
    assert_eq!(command[0], "msm");
    let port = running.origin().rsplit(':').next().unwrap().to_owned();
    let command: Vec<String> = command[1..]
        .iter()
        .map(|word| word.replace(":8410", &format!(":{port}")))
        .collect();
    let command: Vec<&str> = command.iter().map(String::as_str).collect();
    let ran = run(&command, &[], "");
    assert_eq!((ran.code, &ran.json()["status"]), (0, &Value::from("ok")));
    let ending = running.stop();
    assert!(ending.contains("ending (SIGTERM)"), "{ending}");
    let ran = run(&command, &[], "");
    assert_ne!(ran.code, 0, "{ran:?}");
}
