//! The files that pages include: pipelines, tables of cron, scripts and units.

use std::{collections::BTreeSet, fs, path::PathBuf, process::Command};

use saphyr::{LoadableYamlNode as _, Yaml};
use serde_json::Value;

use crate::{
    blocks::{folder, pages},
    shell::Shell,
    units,
};

/// Scripts of pipelines that reach out of the machine; they are read by the shell, and not run.
const NOT_RUN: [(&str, &str); 3] = [
    ("cargo install ", "downloads and builds this program"),
    ("ACTIONS_ID_TOKEN_REQUEST_URL", "asks GitHub for a token"),
    ("make", "is the build that the pipeline reports on"),
];

/// Reads one JSON value after the other.
pub(crate) fn json(text: &str) -> Result<(), String> {
    let values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let read: Result<Vec<Value>, _> = values.collect();
    read.map(drop).map_err(|e| format!("is not JSON: {e}"))
}

/// Reads TOML, and the features of the crates of this workspace that it names.
pub(crate) fn toml(text: &str) -> Result<(), String> {
    let table: toml::Table = text.parse().map_err(|e| format!("is not TOML: {e}"))?;
    for section in ["dependencies", "dev-dependencies"] {
        let Some(dependencies) = table.get(section).and_then(toml::Value::as_table) else {
            continue;
        };
        for (name, value) in dependencies {
            let manifest = folder().join(format!("../crates/{name}/Cargo.toml"));
            let Ok(manifest) = fs::read_to_string(manifest) else {
                continue;
            };
            let manifest: toml::Table = manifest.parse().map_err(|e| format!("{name}: {e}"))?;
            let features = value.get("features").and_then(toml::Value::as_array);
            for feature in features
                .into_iter()
                .flatten()
                .filter_map(toml::Value::as_str)
            {
                let known = manifest["features"].get(feature);
                known.ok_or_else(|| format!("{name} has no feature {feature}"))?;
            }
        }
    }
    Ok(())
}

/// The files in `guide/files`, by name.
fn files() -> Vec<(String, String)> {
    let entries = fs::read_dir(folder().join("files")).unwrap();
    let mut files: Vec<(String, String)> = entries
        .map(|entry| entry.unwrap().path())
        .map(|path: PathBuf| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    files.sort();
    files
}

fn with_extension(extension: &str) -> Vec<(String, String)> {
    let mut files = files();
    files.retain(|(name, _)| name.rsplit_once('.').is_some_and(|it| it.1 == extension));
    assert!(!files.is_empty(), "{extension}");
    files
}

#[test]
fn every_file_is_included_by_a_page() {
    let files: BTreeSet<String> = files().into_iter().map(|(name, _)| name).collect();
    let mut included = BTreeSet::new();
    for page in pages() {
        for line in page.blocks.iter().flat_map(|block| &block.lines) {
            if let Some(path) = line.strip_prefix("{{#include ") {
                let path = path.trim_end_matches("}}");
                let name = path.rsplit('/').next().unwrap().to_owned();
                let up = "../".repeat(page.name.matches('/').count() + 1);
                assert_eq!(path, format!("{up}files/{name}"), "{}", page.name);
                included.insert(name);
            }
        }
    }
    assert_eq!(included, files);
}

/// The shell reads it, without running it.
fn assert_is_shell(name: &str, script: &str) {
    let output = Command::new("bash").args(["-n", "-c", script]).output();
    let output = output.unwrap();
    let problem = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{name}: {problem}");
}

/// The scripts of a pipeline, in order: `run` of GitHub Actions, `script` of GitLab.
fn scripts(yaml: &Yaml<'_>, found: &mut Vec<String>) {
    let text = |it: &Yaml<'_>| it.as_str().map(str::to_owned);
    for (key, value) in yaml.as_mapping().into_iter().flatten() {
        match key.as_str() {
            Some("run" | "script" | "before_script" | "after_script") => {
                let lines: Vec<String> = match value.as_sequence() {
                    Some(lines) => lines.iter().map(|it| text(it).unwrap()).collect(),
                    None => vec![text(value).unwrap()],
                };
                found.push(lines.join("\n"));
            }
            _ => scripts(value, found),
        }
    }
    for item in yaml.as_sequence().into_iter().flatten() {
        scripts(item, found);
    }
}

#[test]
fn pipelines_are_yaml_and_their_scripts_send() {
    for (name, text) in with_extension("yml") {
        let documents = Yaml::load_from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(documents.len(), 1, "{name}");
        let mut found = Vec::new();
        scripts(&documents[0], &mut found);
        let shell = Shell::start();
        let mut run = 0;
        for script in &found {
            assert_is_shell(&name, script);
            if NOT_RUN.iter().any(|(part, _)| script.contains(part)) {
                continue;
            }
            let environment = [
                ("GITHUB_REPOSITORY", "contoso/app"),
                ("GITHUB_SERVER_URL", "https://github.com"),
                ("GITHUB_RUN_ID", "1"),
                (
                    "CI_PIPELINE_URL",
                    "https://gitlab.com/contoso/app/-/pipelines/1",
                ),
                ("CI_PROJECT_PATH", "contoso/app"),
                ("CI_COMMIT_SHORT_SHA", "d354c5f0"),
                ("MSM_ID_TOKEN", "a token of GitLab"),
                ("ON_CALL", "tel:+14255550123"),
                ("TEAMS_CHANNEL", "channel:@Contoso/General"),
            ];
            let ran = shell.run_script(script, &environment);
            assert_eq!(ran.code, Some(0), "{name}: {script}\n{}", ran.output);
            run += 1;
        }
        assert!(run > 0 && shell.stored() > 0, "{name}: {found:?}");
    }
}

#[test]
fn scripts_send() {
    for (name, text) in with_extension("sh") {
        assert_is_shell(&name, &text);
        let shell = Shell::start();
        let ran = shell.run_script(&text, &[]);
        assert_eq!(ran.code, Some(0), "{name}: {}", ran.output);
        assert!(shell.stored() > 0, "{name}: {}", ran.output);
    }
}

#[test]
fn tables_of_cron_have_five_fields_and_a_command() {
    for (name, text) in with_extension("crontab") {
        let mut entries = 0;
        for line in text
            .lines()
            .filter(|it| !it.is_empty() && !it.starts_with('#'))
        {
            let is_variable = line
                .split_once('=')
                .is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'));
            if is_variable {
                continue;
            }
            let fields: Vec<&str> = line.splitn(6, ' ').collect();
            let of_time = |it: &&str| it.chars().all(|c| c.is_ascii_digit() || "*/,-".contains(c));
            assert!(
                fields.len() == 6 && fields[..5].iter().all(of_time),
                "{name}: {line}"
            );
            // In a command, cron makes a line break of each percent sign.
            assert!(!fields[5].contains('%'), "{name}: {line}");
            assert_is_shell(&name, fields[5]);
            entries += 1;
        }
        assert!(entries > 0, "{name}");
    }
}

#[test]
fn units_are_valid() {
    let mut all = with_extension("service");
    all.extend(with_extension("timer"));
    for (name, text) in &all {
        units::assert_is_valid(name, text);
    }
    units::verify_with_systemd(&all);
}

#[test]
fn configuration_files_are_json() {
    for (name, text) in with_extension("json") {
        json(&text).unwrap_or_else(|e| panic!("{name} {e}"));
    }
}
